import { api, arrayOf, int16, int32, int8, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Makes the preferred replica the leader, or any replica at the price of lost records. */
export const electLeaders = api(
  43,
  'ElectLeaders',
  '0-2',
  2,
  {
    /** 0 preferred, 1 unclean. */
    electionType: int8('1+'),
    /** Null: all partitions. */
    topicPartitions: nullable(
      arrayOf({
        topic: string(),
        partitions: arrayOf(int32()),
      }),
    ),
    timeoutMs: int32({ default: 60_000 }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16('1+'),
    replicaElectionResults: arrayOf({
      topic: string(),
      partitionResult: arrayOf({
        partitionId: int32(),
        errorCode: int16(),
        errorMessage: nullable(string()),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface ElectLeadersRequest extends RequestOf<typeof electLeaders> {}
export interface ElectLeadersResponse extends ResponseOf<typeof electLeaders> {}
