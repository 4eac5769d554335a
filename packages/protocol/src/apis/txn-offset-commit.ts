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

/** Stores offsets of a group as part of a transaction. */
export const txnOffsetCommit = api(
  28,
  'TxnOffsetCommit',
  '0-6',
  3,
  {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationIdOrMemberEpoch: int32('3+', { default: -1 }),
    memberId: string('3+', { default: '' }),
    groupInstanceId: nullable(string('3+', { default: null })),
    topics: arrayOf({
      name: string('0-5', { ignorable: true }),
      topicId: uuid('6+', { ignorable: true }),
      partitions: arrayOf({
        partitionIndex: int32(),
        committedOffset: bigint64(),
        committedLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
        committedMetadata: nullable(string()),
      }),
    }),
  },
  {
    throttleTimeMs: int32(),
    topics: arrayOf({
      name: string('0-5', { ignorable: true }),
      topicId: uuid('6+', { ignorable: true }),
      partitions: arrayOf({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);

export interface TxnOffsetCommitRequest extends RequestOf<typeof txnOffsetCommit> {}
export interface TxnOffsetCommitResponse extends ResponseOf<typeof txnOffsetCommit> {}
