import { bigint64, int32, int64, never, string, uuid } from '../schema.ts';
import { coordinatorRecord } from './coordinator-record.ts';

/** Written by old brokers only. */
export const legacyOffsetCommitRecord = coordinatorRecord(
  0,
  'LegacyOffsetCommit',
  {
    group: string(),
    topic: string(),
    partition: int32(),
  },
  '0',
  never,
  {
    offset: bigint64(),
    metadata: string(),
    commitTimestamp: int64(),
  },
);

/** How far a group has read a partition. Without a value: forgotten. */
export const offsetCommitRecord = coordinatorRecord(
  1,
  'OffsetCommit',
  {
    group: string(),
    topic: string(),
    partition: int32(),
  },
  '0-4',
  4,
  {
    offset: bigint64(),
    leaderEpoch: int32('3+', { default: -1, ignorable: true }),
    metadata: string(),
    /** When it was committed, by the clock of the coordinator. */
    commitTimestamp: int64(),
    /** When it expires, where the client asked for that itself (OffsetCommit 2 to 4). */
    expireTimestamp: int64('1', { default: -1, ignorable: true }),
    topicId: uuid('4+', { tag: 0, ignorable: true }),
  },
);
