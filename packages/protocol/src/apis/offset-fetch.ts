import {
  api,
  arrayOf,
  bigint64,
  bool,
  int16,
  int32,
  nullable,
  string,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** How far groups have read: one group until version 7, many since version 8. */
export const offsetFetch = api(
  9,
  'OffsetFetch',
  '1-10',
  6,
  {
    groupId: string('1-7'),
    /** Null: all topics with offsets. */
    topics: nullable(
      '2-7',
      arrayOf('1-7', {
        name: string(),
        partitionIndexes: arrayOf(int32()),
      }),
    ),
    groups: arrayOf('8+', {
      groupId: string(),
      memberId: nullable(string('9+', { default: null, ignorable: true })),
      memberEpoch: int32('9+', { default: -1, ignorable: true }),
      /** Null: all topics with offsets. */
      topics: nullable(
        arrayOf({
          name: string('8-9', { ignorable: true }),
          topicId: uuid('10+', { ignorable: true }),
          partitionIndexes: arrayOf(int32()),
        }),
      ),
    }),
    /** Offsets of unfinished transactions are answered UNSTABLE_OFFSET_COMMIT instead of with the older value. */
    requireStable: bool('7+', { default: false }),
  },
  {
    throttleTimeMs: int32('3+', { ignorable: true }),
    topics: arrayOf('1-7', {
      name: string(),
      partitions: arrayOf({
        partitionIndex: int32(),
        committedOffset: bigint64(),
        committedLeaderEpoch: int32('5-7', { default: -1, ignorable: true }),
        metadata: nullable(string()),
        errorCode: int16(),
      }),
    }),
    errorCode: int16('2-7', { default: 0, ignorable: true }),
    groups: arrayOf('8+', {
      groupId: string(),
      topics: arrayOf({
        name: string('8-9', { ignorable: true }),
        topicId: uuid('10+', { ignorable: true }),
        partitions: arrayOf({
          partitionIndex: int32(),
          /** -1 where there is none. */
          committedOffset: bigint64(),
          committedLeaderEpoch: int32({ default: -1 }),
          metadata: nullable(string()),
          errorCode: int16(),
        }),
      }),
      errorCode: int16({ default: 0 }),
    }),
  },
);

export interface OffsetFetchRequest extends RequestOf<typeof offsetFetch> {}
export interface OffsetFetchResponse extends ResponseOf<typeof offsetFetch> {}
