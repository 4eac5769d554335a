import {
  api,
  arrayOf,
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

const replicaState = {
  replicaId: int32(),
  replicaDirectoryId: uuid('2+'),
  logEndOffset: int64(),
  lastFetchTimestamp: int64('1+', { default: -1, ignorable: true }),
  lastCaughtUpTimestamp: int64('1+', { default: -1, ignorable: true }),
};

/** Leader, voters and observers of the metadata quorum with how far each is. */
export const describeQuorum = api(
  55,
  'DescribeQuorum',
  '0-2',
  0,
  {
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
      }),
    }),
  },
  {
    errorCode: int16(),
    errorMessage: nullable(string('2+', { ignorable: true })),
    topics: arrayOf({
      topicName: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullable(string('2+', { ignorable: true })),
        leaderId: int32(),
        leaderEpoch: int32(),
        highWatermark: int64(),
        currentVoters: arrayOf(replicaState),
        observers: arrayOf(replicaState),
      }),
    }),
    nodes: arrayOf('2+', {
      nodeId: int32(),
      listeners: arrayOf({
        name: string(),
        host: string(),
        port: uint16(),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DescribeQuorumRequest extends RequestOf<typeof describeQuorum> {}
export interface DescribeQuorumResponse extends ResponseOf<typeof describeQuorum> {}
