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

/** The heartbeat of a share group member: joins, reports, receives the assignment, leaves. */
export const shareGroupHeartbeat = api(
  76,
  'ShareGroupHeartbeat',
  '1',
  1,
  {
    groupId: string(),
    memberId: string(),
    /** 0 joins, -1 leaves. */
    memberEpoch: int32(),
    rackId: nullable(string({ default: null })),
    subscribedTopicNames: nullable(arrayOf({ default: null }, string())),
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

export interface ShareGroupHeartbeatRequest extends RequestOf<typeof shareGroupHeartbeat> {}
export interface ShareGroupHeartbeatResponse extends ResponseOf<typeof shareGroupHeartbeat> {}
