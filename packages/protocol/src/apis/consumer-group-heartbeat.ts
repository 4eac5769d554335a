import {
  api,
  arrayOf,
  int16,
  int32,
  nullable,
  string,
  struct,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

const topicPartitions = {
  topicId: uuid(),
  partitions: arrayOf(int32()),
};

/** The one call of a KIP-848 consumer group: joins, reports, receives the assignment, leaves. */
export const consumerGroupHeartbeat = api(
  68,
  'ConsumerGroupHeartbeat',
  '0-1',
  0,
  {
    groupId: string(),
    memberId: string(),
    /** 0 joins, -1 leaves, -2 leaves for a while as a static member. */
    memberEpoch: int32(),
    instanceId: nullable(string({ default: null })),
    rackId: nullable(string({ default: null })),
    /** Here and below null (or -1) means: as in my last heartbeat. */
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: nullable(arrayOf({ default: null }, string())),
    subscribedTopicRegex: nullable(string('1+', { default: null })),
    serverAssignor: nullable(string({ default: null })),
    topicPartitions: nullable(
      arrayOf(
        { default: null },
        {
          topicId: uuid(),
          partitions: arrayOf(int32()),
        },
      ),
    ),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
    memberId: nullable(string({ default: null })),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    /** Null: unchanged. */
    assignment: nullable(
      struct(
        { default: null },
        {
          topicPartitions: arrayOf(topicPartitions),
        },
      ),
    ),
  },
);

export interface ConsumerGroupHeartbeatRequest extends RequestOf<typeof consumerGroupHeartbeat> {}
export interface ConsumerGroupHeartbeatResponse extends ResponseOf<typeof consumerGroupHeartbeat> {}
