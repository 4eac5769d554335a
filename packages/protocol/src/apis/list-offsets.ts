import { api, arrayOf, int16, int32, int64, int8, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Offsets by time, and the first and last of a partition through negative times. */
export const listOffsets = api(
  2,
  'ListOffsets',
  '1-11',
  6,
  {
    /** -1 for a consumer. */
    replicaId: int32(),
    isolationLevel: int8('2+'),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        currentLeaderEpoch: int32('4+', { default: -1, ignorable: true }),
        /** -1 latest, -2 earliest, -3 of the greatest timestamp, -4 earliest local, -5 latest tiered, -6 earliest to upload. */
        timestamp: int64(),
      }),
    }),
    timeoutMs: int32('10+', { ignorable: true }),
  },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: arrayOf({
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        timestamp: int64({ default: -1 }),
        offset: int64({ default: -1 }),
        leaderEpoch: int32('4+', { default: -1 }),
      }),
    }),
  },
);

export interface ListOffsetsRequest extends RequestOf<typeof listOffsets> {}
export interface ListOffsetsResponse extends ResponseOf<typeof listOffsets> {}
