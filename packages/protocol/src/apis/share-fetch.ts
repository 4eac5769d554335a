import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  int8,
  nullable,
  records,
  string,
  struct,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Acquires records for a share group, and acknowledges earlier ones along the way. */
export const shareFetch = api(
  78,
  'ShareFetch',
  '1-2',
  1,
  {
    groupId: nullable(string({ default: null })),
    memberId: nullable(string()),
    /** 0 opens a session, -1 ends it. */
    shareSessionEpoch: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 0x7fff_ffff }),
    maxRecords: int32(),
    batchSize: int32(),
    shareAcquireMode: int8('2+', { default: 0, ignorable: true }),
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
    forgottenTopicsData: arrayOf({
      topicId: uuid(),
      partitions: arrayOf(int32()),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
    acquisitionLockTimeoutMs: int32(),
    responses: arrayOf({
      topicId: uuid(),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: nullable(string({ default: null })),
        acknowledgeErrorCode: int16(),
        acknowledgeErrorMessage: nullable(string({ default: null })),
        currentLeader: struct({
          leaderId: int32(),
          leaderEpoch: int32(),
        }),
        records: records(),
        acquiredRecords: arrayOf({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryCount: int16(),
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

export interface ShareFetchRequest extends RequestOf<typeof shareFetch> {}
export interface ShareFetchResponse extends ResponseOf<typeof shareFetch> {}
