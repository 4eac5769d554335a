import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  nullable,
  string,
  uint16,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** A KRaft candidate, or since version 2 a prospective one, asks for votes. */
export const vote = api(
  52,
  'Vote',
  '0-2',
  0,
  {
    clusterId: nullable(string({ default: null })),
    voterId: int32('1+', { default: -1, ignorable: true }),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        replicaEpoch: int32(),
        replicaId: int32(),
        replicaDirectoryId: uuid('1+', { ignorable: true }),
        voterDirectoryId: uuid('1+', { ignorable: true }),
        lastOffsetEpoch: int32(),
        lastOffset: int64(),
        preVote: bool('2+'),
      }),
    }),
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
        voteGranted: bool(),
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

export interface VoteRequest extends RequestOf<typeof vote> {}
export interface VoteResponse extends ResponseOf<typeof vote> {}
