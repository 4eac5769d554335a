/**
 * How offsets and groups go: by OffsetDelete and DeleteGroups, with their topic, or because they are too old. In: which. Out: a
 * record without a value for each thing that goes.
 */
import { errors } from '@millrace/protocol';

import { noRecords, type Decision } from './decision.ts';
import { groupGone } from './consumer/tombstones.ts';
import type { CommittedOffset, CoordinatorRecord } from './records.ts';
import type { Group, Shard } from './shard.ts';
import type { Waiter } from './waiter.ts';

export interface OffsetsToDelete {
  readonly groupId: string;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

/** Error codes in the order of topics and partitions. */
export type DeleteAnswer = readonly (readonly number[])[];

export function decideOffsetDelete(
  shard: Shard,
  { groupId, topics }: OffsetsToDelete,
  waiter: Waiter<DeleteAnswer>,
): Decision {
  const group = shard.groups.get(groupId);
  const errorCode =
    group === undefined
      ? errors.GROUP_ID_NOT_FOUND
      : group.state === 'Empty' || group.kind === 'consumer' || group.isConsumerGroup
        ? errors.NONE
        : errors.NON_EMPTY_GROUP;
  if (group === undefined || errorCode !== errors.NONE) {
    waiter.fail(errorCode);
    return noRecords;
  }
  const records: CoordinatorRecord[] = [];
  const answer = topics.map(({ name, partitions }) => {
    if (group.reads(name)) return partitions.map(() => errors.GROUP_SUBSCRIBED_TO_TOPIC);
    for (const partition of partitions)
      if (hasOffset(shard, groupId, name, partition)) records.push(goneOffset(groupId, name, partition));
    return partitions.map(() => errors.NONE);
  });
  return answered(records, answer, waiter);
}

/** The answer is an error code. */
export function decideGroupDelete(shard: Shard, groupId: string, waiter: Waiter<number>): Decision {
  const group = shard.groups.get(groupId);
  if (group === undefined || group.state !== 'Empty') {
    waiter.answer(group === undefined ? errors.GROUP_ID_NOT_FOUND : errors.NON_EMPTY_GROUP);
    return noRecords;
  }
  const records = [...shard.offsets.partitionsOf(groupId)].map(({ topic, partition }) =>
    goneOffset(groupId, topic, partition),
  );
  records.push(...goneGroup(group));
  return answered(records, errors.NONE, waiter);
}

/** Nobody can read the topic any more. */
export function decideTopicDeleted(shard: Shard, topicName: string): Decision {
  const records: CoordinatorRecord[] = [];
  for (const group of shard.offsets.groupsWith(topicName)) {
    for (const { topic, partition } of shard.offsets.partitionsOf(group)) {
      if (topic === topicName) records.push(goneOffset(group, topic, partition));
    }
  }
  return unasked(shard, records, 'the offsets of a deleted topic could not be removed');
}

/** Old offsets that nobody needs, and empty groups that have none left. */
export function decideExpiry(shard: Shard): Decision {
  const records: CoordinatorRecord[] = [];
  for (const group of shard.groups.values()) {
    const before = records.length;
    const remaining = expireOffsets(shard, group, records);
    const isUsed =
      remaining > 0 ||
      group.state !== 'Empty' ||
      (group.kind === 'classic' && group.pendingJoins.size > 0) ||
      shard.offsets.hasOpenTransaction(group.id);
    if (!isUsed) records.push(...goneGroup(group));
    if (records.length > before)
      shard.environment.log.info({ group: group.id, remaining, isRemoved: !isUsed }, 'offsets of a group expired');
  }
  return unasked(shard, records, 'expired offsets could not be removed');
}

/** Gives how many offsets stay. */
function expireOffsets(shard: Shard, group: Group, records: CoordinatorRecord[]): number {
  const { clock, settings } = shard.environment;
  const nowMs = clock.now();
  const since = usedSince(group);
  let remaining = 0;
  for (const [topic, partitions] of shard.offsets.ofGroup(group.id)) {
    for (const [partition, offset] of partitions) {
      const isOld =
        since !== undefined &&
        (offset.expireTimestamp === -1
          ? nowMs - since(offset) >= settings.offsetsRetentionMs
          : nowMs >= offset.expireTimestamp);
      if (isOld && !group.reads(topic) && !shard.offsets.isUnstable(group.id, topic, partition)) {
        records.push(goneOffset(group.id, topic, partition));
      } else {
        remaining++;
      }
    }
  }
  return remaining;
}

/**
 * From when the age of an offset counts; undefined where none may expire. A group with members keeps what it reads; a consumer
 * group that is stable drops what it reads no longer; an empty one keeps everything for a while after the last member left; offsets
 * of no group at all age from their commit. A group of the new protocol knows what it reads at any time: the rest ages from its commit.
 */
function usedSince(group: Group): ((offset: CommittedOffset) => number) | undefined {
  const sinceCommit = (offset: CommittedOffset): number => offset.commitTimestamp;
  if (group.kind === 'consumer' || group.protocolType === undefined) return sinceCommit;
  if (group.state === 'Empty') return group.stateSinceMs === -1 ? sinceCommit : () => group.stateSinceMs;
  return group.isConsumerGroup && group.topics !== undefined && group.state === 'Stable' ? sinceCommit : undefined;
}

function hasOffset({ offsets }: Shard, group: string, topic: string, partition: number): boolean {
  return offsets.get(group, topic, partition) !== undefined || offsets.isUnstable(group, topic, partition);
}

function goneOffset(group: string, topic: string, partition: number): CoordinatorRecord {
  return { type: 'OffsetCommit', group, topic, partition, value: null };
}

function goneGroup(group: Group): CoordinatorRecord[] {
  return group.kind === 'classic' ? [{ type: 'GroupMetadata', group: group.id, value: null }] : groupGone(group);
}

function answered<R>(records: readonly CoordinatorRecord[], answer: R, waiter: Waiter<R>): Decision {
  if (records.length > 0)
    return { records, written: () => waiter.answer(answer), failed: (errorCode) => waiter.fail(errorCode) };
  waiter.answer(answer);
  return noRecords;
}

function unasked(shard: Shard, records: readonly CoordinatorRecord[], warning: string): Decision {
  if (records.length === 0) return noRecords;
  return {
    records,
    written: () => {},
    failed: (errorCode) => shard.environment.log.warn({ errorCode, offsets: records.length }, warning),
  };
}
