/** OffsetFetch of one group. In: topics and partitions, or all that have offsets. Out: how far the group has read them. */
import { errors, zeroUuid } from '@millrace/protocol';

import { fetchError } from './consumer/offset-access.ts';
import type { CommittedOffset } from './records.ts';
import type { Shard } from './shard.ts';

export interface OffsetQuery {
  readonly groupId: string;
  /** Left out by who does not say that it is a member. */
  readonly member?: { readonly id: string | null; readonly epoch: number };
  /** Null: all. */
  readonly topics:
    | readonly { readonly name: string; readonly topicId: string; readonly partitionIndexes: readonly number[] }[]
    | null;
  /** Where a transaction that is not over has committed another offset, say so instead of giving the older one. */
  readonly requireStable: boolean;
}

export interface FoundOffset {
  readonly partitionIndex: number;
  /** -1 where there is none. */
  readonly committedOffset: bigint;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

export interface FoundTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly FoundOffset[];
}

/** Only a consumer group minds who asks. */
export function queryError(shard: Shard, { groupId, member }: OffsetQuery): number {
  const group = shard.groups.get(groupId);
  return group?.kind === 'consumer' && member !== undefined ? fetchError(group, member) : errors.NONE;
}

export function queryOffsets(shard: Shard, query: OffsetQuery): FoundTopic[] {
  const { groupId, topics } = query;
  if (topics === null) {
    return [...shard.offsets.ofGroup(groupId)].map(([name, partitions]) => ({
      name,
      topicId: zeroUuid,
      partitions: [...partitions.keys()].map((partition) => find(shard, query, { name, topicId: zeroUuid }, partition)),
    }));
  }
  return topics.map((topic) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitionIndexes.map((partition) => find(shard, query, topic, partition)),
  }));
}

function find(
  { offsets }: Shard,
  { groupId, requireStable }: OffsetQuery,
  topic: { readonly name: string; readonly topicId: string },
  partitionIndex: number,
): FoundOffset {
  if (requireStable && offsets.isUnstable(groupId, topic.name, partitionIndex)) {
    return { ...missing(partitionIndex), errorCode: errors.UNSTABLE_OFFSET_COMMIT };
  }
  const stored = offsets.get(groupId, topic.name, partitionIndex);
  if (stored === undefined || isOfOtherTopic(stored, topic.topicId)) return missing(partitionIndex);
  const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = stored;
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: errors.NONE };
}

export function missing(partitionIndex: number): FoundOffset {
  return { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: errors.NONE };
}

/** The name was given to a new topic since. */
function isOfOtherTopic(stored: CommittedOffset, topicId: string): boolean {
  return stored.topicId !== zeroUuid && topicId !== zeroUuid && stored.topicId !== topicId;
}
