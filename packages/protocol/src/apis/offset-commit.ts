import {
  api,
  arrayOf,
  bigint64,
  int16,
  int32,
  int64,
  nullable,
  string,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Stores how far a group has read. */
export const offsetCommit = api(
  8,
  'OffsetCommit',
  '2-10',
  8,
  {
    groupId: string(),
    /** -1 for a consumer that assigns its partitions itself. */
    generationIdOrMemberEpoch: int32({ default: -1 }),
    memberId: string(),
    groupInstanceId: nullable(string('7+', { default: null })),
    /** -1: as the broker is set. */
    retentionTimeMs: int64('2-4', { default: -1, ignorable: true }),
    topics: arrayOf({
      name: string('2-9', { ignorable: true }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: arrayOf({
        partitionIndex: int32(),
        committedOffset: bigint64(),
        committedLeaderEpoch: int32('6+', { default: -1, ignorable: true }),
        committedMetadata: nullable(string()),
      }),
    }),
  },
  {
    throttleTimeMs: int32('3+', { ignorable: true }),
    topics: arrayOf({
      name: string('2-9', { ignorable: true }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);

export interface OffsetCommitRequest extends RequestOf<typeof offsetCommit> {}
export interface OffsetCommitResponse extends ResponseOf<typeof offsetCommit> {}
