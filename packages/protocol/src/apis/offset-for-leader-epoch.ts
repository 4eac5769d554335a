import { api, arrayOf, int16, int32, int64, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Where a leader epoch ended: how followers and consumers find out what was cut. */
export const offsetForLeaderEpoch = api(
  23,
  'OffsetForLeaderEpoch',
  '2-4',
  4,
  {
    /** -1 for a consumer, -2 for a debugging one. */
    replicaId: int32('3+', { default: -2, ignorable: true }),
    topics: arrayOf({
      topic: string(),
      partitions: arrayOf({
        partition: int32(),
        currentLeaderEpoch: int32({ default: -1 }),
        leaderEpoch: int32(),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    topics: arrayOf({
      topic: string(),
      partitions: arrayOf({
        errorCode: int16(),
        partition: int32(),
        leaderEpoch: int32({ default: -1 }),
        /** Exclusive. */
        endOffset: int64({ default: -1 }),
      }),
    }),
  },
);

export interface OffsetForLeaderEpochRequest extends RequestOf<typeof offsetForLeaderEpoch> {}
export interface OffsetForLeaderEpochResponse extends ResponseOf<typeof offsetForLeaderEpoch> {}
