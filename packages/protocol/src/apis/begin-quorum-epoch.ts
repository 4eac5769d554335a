import {
  api,
  arrayOf,
  int16,
  int32,
  nullable,
  string,
  uint16,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** A new KRaft leader announces itself. */
export const beginQuorumEpoch = api(
  53,
  'BeginQuorumEpoch',
  '0-1',
  1,
  {
    clusterId: nullable(string({ default: null })),
    voterId: int32('1+', { default: -1, ignorable: true }),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        voterDirectoryId: uuid('1+', { ignorable: true }),
        leaderId: int32(),
        leaderEpoch: int32(),
      }),
    }),
    leaderEndpoints: arrayOf(
      '1+',
      { ignorable: true },
      {
        name: string(),
        host: string(),
        port: uint16(),
      },
    ),
  },
  {
    errorCode: int16(),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
      }),
    }),
    nodeEndpoints: arrayOf(
      '1+',
      { tag: 0 },
      {
        nodeId: int32(),
        host: string(),
        port: uint16(),
      },
    ),
  },
  { listeners: ['controller'] },
);

export interface BeginQuorumEpochRequest extends RequestOf<typeof beginQuorumEpoch> {}
export interface BeginQuorumEpochResponse extends ResponseOf<typeof beginQuorumEpoch> {}
