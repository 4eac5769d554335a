import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  int8,
  nullable,
  string,
  struct,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Acknowledges records of a share group. */
export const shareAcknowledge = api(
  79,
  'ShareAcknowledge',
  '1-2',
  1,
  {
    groupId: nullable(string({ default: null })),
    memberId: nullable(string()),
    shareSessionEpoch: int32(),
    isRenewAck: bool('2+', { default: false }),
    topics: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        acknowledgementBatches: arrayOf({
          firstOffset: int64(),
          lastOffset: int64(),
          /** One for the whole batch or one per offset; 0 gap, 1 accept, 2 release, 3 reject, 4 renew. */
          acknowledgeTypes: arrayOf(int8()),
        }),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
    acquisitionLockTimeoutMs: int32('2+', { ignorable: true }),
    responses: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullable(string({ default: null })),
        currentLeader: struct({
          leaderId: int32(),
          leaderEpoch: int32(),
        }),
      }),
    }),
    nodeEndpoints: arrayOf({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: nullable(string({ default: null })),
    }),
  },
);

export interface ShareAcknowledgeRequest extends RequestOf<typeof shareAcknowledge> {}
export interface ShareAcknowledgeResponse extends ResponseOf<typeof shareAcknowledge> {}
