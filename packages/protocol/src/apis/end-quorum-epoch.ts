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

/** A KRaft leader resigns and names who should follow. */
export const endQuorumEpoch = api(
  54,
  'EndQuorumEpoch',
  '0-1',
  1,
  {
    clusterId: nullable(string({ default: null })),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32(),
        preferredSuccessors: arrayOf('0', { ignorable: true }, int32()),
        preferredCandidates: arrayOf(
          '1+',
          { ignorable: true },
          {
            candidateId: int32(),
            candidateDirectoryId: uuid(),
          },
        ),
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

export interface EndQuorumEpochRequest extends RequestOf<typeof endQuorumEpoch> {}
export interface EndQuorumEpochResponse extends ResponseOf<typeof endQuorumEpoch> {}
