/**
 * OffsetCommit. In: how far a group has read, from one of its members, or from someone who belongs to no group and whose group id
 * is only a name for offsets. Out: a record for each offset, and an error code for each partition.
 */
import { errors } from '@millrace/protocol';

import type { Caller } from './caller.ts';
import { commitError } from './consumer/offset-access.ts';
import { noRecords, type Decision, type RecordProducer } from './decision.ts';
import type { CoordinatorRecord } from './records.ts';
import type { Group, Shard } from './shard.ts';
import type { Waiter } from './waiter.ts';

/** From this version on an unknown group has an error of its own. */
const groupNotFoundSince = 9;

interface OffsetToCommit {
  readonly partitionIndex: number;
  /** All 64 bits: it is for the client to say, and nothing is reckoned with it here. */
  readonly committedOffset: bigint;
  readonly committedLeaderEpoch: number;
  readonly committedMetadata: string | null;
}

export interface Commit {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** -1 from who is not a member. */
  readonly generationId: number;
  /** -1: as the broker is set. */
  readonly retentionTimeMs: number;
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly partitions: readonly OffsetToCommit[];
  }[];
}

/** Error codes in the order of the commit's topics and partitions. */
export type CommitAnswer = readonly (readonly number[])[];

/** With a producer the offsets count when its transaction is committed. */
export function decideCommit(
  shard: Shard,
  commit: Commit,
  caller: Pick<Caller, 'apiVersion'>,
  waiter: Waiter<CommitAnswer>,
  producer?: RecordProducer,
): Decision {
  const group = shard.groups.get(commit.groupId);
  const isTransactional = producer !== undefined;
  const access = { apiVersion: caller.apiVersion, isTransactional };
  const errorCode = group === undefined ? strangerError(commit, access) : memberError(group, commit, access);
  if (errorCode !== errors.NONE) {
    waiter.fail(errorCode);
    return noRecords;
  }
  // Who commits is alive.
  if (
    !isTransactional &&
    group?.kind === 'classic' &&
    (group.state === 'Stable' || group.state === 'PreparingRebalance')
  )
    group.members.get(commit.memberId)?.keepAlive();
  const records: CoordinatorRecord[] = [];
  const answer = commit.topics.map((topic) =>
    topic.partitions.map((offset) => commitOne(shard, commit, topic, offset, records)),
  );
  if (records.length === 0) {
    waiter.answer(answer);
    return noRecords;
  }
  return {
    records,
    ...(producer === undefined ? undefined : { producer }),
    written: () => waiter.answer(answer),
    failed: (code) => waiter.fail(code),
  };
}

interface Access {
  readonly apiVersion: number;
  readonly isTransactional: boolean;
}

function strangerError({ generationId }: Commit, { apiVersion, isTransactional }: Access): number {
  if (generationId < 0) return errors.NONE;
  return apiVersion >= groupNotFoundSince && !isTransactional ? errors.GROUP_ID_NOT_FOUND : errors.ILLEGAL_GENERATION;
}

function memberError(group: Group, commit: Commit, access: Access): number {
  const { isTransactional } = access;
  if (group.kind === 'consumer') return commitError(group, commit, access);
  const { memberId, groupInstanceId, generationId } = commit;
  if (generationId < 0 && group.state === 'Empty') return errors.NONE;
  // Old producers do not say for which member they commit.
  if (generationId < 0 && memberId === '' && groupInstanceId === null)
    return isTransactional ? errors.NONE : errors.UNKNOWN_MEMBER_ID;
  const member = group.memberAsking(memberId, groupInstanceId);
  if (typeof member === 'number') return member;
  if (generationId !== group.generationId) return errors.ILLEGAL_GENERATION;
  // It knows the new generation and not yet what it is to read: its offsets may be another member's by now.
  return group.state === 'CompletingRebalance' && !isTransactional ? errors.REBALANCE_IN_PROGRESS : errors.NONE;
}

function commitOne(
  shard: Shard,
  commit: Commit,
  topic: { readonly name: string; readonly topicId: string },
  offset: OffsetToCommit,
  records: CoordinatorRecord[],
): number {
  const { clock, settings } = shard.environment;
  const metadata = offset.committedMetadata ?? '';
  if (metadata.length > settings.offsetMetadataLengthMax) return errors.OFFSET_METADATA_TOO_LARGE;
  const nowMs = clock.now();
  records.push({
    type: 'OffsetCommit',
    group: commit.groupId,
    topic: topic.name,
    partition: offset.partitionIndex,
    value: {
      offset: offset.committedOffset,
      leaderEpoch: offset.committedLeaderEpoch,
      metadata,
      commitTimestamp: nowMs,
      expireTimestamp:
        commit.retentionTimeMs === -1 ? -1 : Math.min(nowMs + commit.retentionTimeMs, Number.MAX_SAFE_INTEGER),
      topicId: topic.topicId,
    },
  });
  return errors.NONE;
}
