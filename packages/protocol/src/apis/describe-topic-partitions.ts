import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  nullable,
  string,
  struct,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Topics page by page, with eligible leader replicas. */
export const describeTopicPartitions = api(
  75,
  'DescribeTopicPartitions',
  '0',
  0,
  {
    topics: arrayOf({
      name: string(),
    }),
    responsePartitionLimit: int32({ default: 2000 }),
    /** Where to go on; null from the beginning. */
    cursor: nullable(
      struct(
        { default: null },
        {
          topicName: string(),
          partitionIndex: int32(),
        },
      ),
    ),
  },
  {
    throttleTimeMs: int32(),
    topics: arrayOf({
      errorCode: int16(),
      name: nullable(string()),
      topicId: uuid(),
      isInternal: bool({ default: false }),
      partitions: arrayOf({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ default: -1 }),
        replicaNodes: arrayOf(int32()),
        isrNodes: arrayOf(int32()),
        eligibleLeaderReplicas: nullable(arrayOf({ default: null }, int32())),
        lastKnownElr: nullable(arrayOf({ default: null }, int32())),
        offlineReplicas: arrayOf(int32()),
      }),
      topicAuthorizedOperations: int32({ default: -0x8000_0000 }),
    }),
    nextCursor: nullable(
      struct(
        { default: null },
        {
          topicName: string(),
          partitionIndex: int32(),
        },
      ),
    ),
  },
);

export interface DescribeTopicPartitionsRequest extends RequestOf<typeof describeTopicPartitions> {}
export interface DescribeTopicPartitionsResponse extends ResponseOf<typeof describeTopicPartitions> {}
