/**
 * One step of a member towards its target. In: what it has, what it is to have, what it says it holds. Out: what it has next; the same
 * member when it cannot move. It gets nothing that another holds, and gets on to the next epoch only when it holds nothing that it
 * must give up.
 */
import type { HeldPartitions } from './heartbeat-request.ts';
import { isReconciledTo, noPartitions, type Assignment, type ConsumerMember, type OwnedPartitions } from './member.ts';

export interface Goal {
  readonly epoch: number;
  readonly target: Assignment;
  /** Ids of the topics that the member reads. */
  readonly reads: (topicId: string) => boolean;
  /** The member changed what it reads: what it reads no longer must go at once. */
  readonly hasNewSubscription: boolean;
  /** Someone holds it. */
  readonly isHeld: (topicId: string, partition: number) => boolean;
  /** Null: it does not say. */
  readonly holds: HeldPartitions | null;
}

export function reconcile(member: ConsumerMember, goal: Goal): ConsumerMember {
  if (!goal.hasNewSubscription && isReconciledTo(member, goal.epoch)) return member;
  switch (member.state) {
    case 'STABLE':
      if (member.epoch !== goal.epoch) return approach(member, goal);
      return goal.hasNewSubscription ? dropUnread(member, goal) : member;
    case 'UNREVOKED_PARTITIONS':
      if (!holdsAny(goal.holds, member.revoking)) return approach(member, goal);
      return goal.hasNewSubscription ? dropUnread(member, goal) : member;
    case 'UNRELEASED_PARTITIONS':
    case 'UNKNOWN':
      return approach(member, goal);
  }
}

function approach(member: ConsumerMember, goal: Goal): ConsumerMember {
  const { epoch, target, reads } = goal;
  const kept = new Map<string, Map<number, number>>();
  const lost = new Map<string, Map<number, number>>();
  for (const [topicId, partitions] of member.assigned) {
    const wanted = reads(topicId) ? target.get(topicId) : undefined;
    for (const [partition, since] of partitions)
      put(wanted?.has(partition) === true ? kept : lost, topicId, partition, since);
  }
  if (lost.size > 0 && holdsAny(goal.holds, lost)) return toRevoke(member, kept, lost);
  let isWaiting = false;
  for (const [topicId, partitions] of target) {
    if (!reads(topicId)) continue;
    for (const partition of partitions) {
      if (kept.get(topicId)?.has(partition) === true) continue;
      // What it has just given up is its own still in the group's books.
      const isOwn = member.revoking.get(topicId)?.has(partition) === true;
      if (isOwn || !goal.isHeld(topicId, partition)) put(kept, topicId, partition, epoch);
      else isWaiting = true;
    }
  }
  const state = isWaiting ? 'UNRELEASED_PARTITIONS' : 'STABLE';
  return { ...member, epoch, previousEpoch: member.epoch, state, assigned: kept, revoking: noPartitions };
}

/** The member keeps its epoch until it has given them up. */
function toRevoke(member: ConsumerMember, assigned: OwnedPartitions, revoking: OwnedPartitions): ConsumerMember {
  const state = 'UNREVOKED_PARTITIONS';
  return { ...member, previousEpoch: member.epoch, state, assigned, revoking };
}

/** Its target stands, or comes later; what it reads no longer is taken away already. */
function dropUnread(member: ConsumerMember, { reads, holds }: Goal): ConsumerMember {
  const assigned = new Map(member.assigned);
  const revoking = new Map(member.revoking);
  for (const [topicId, partitions] of member.assigned) {
    if (reads(topicId)) continue;
    assigned.delete(topicId);
    revoking.set(topicId, new Map([...(revoking.get(topicId) ?? []), ...partitions]));
  }
  if (assigned.size === member.assigned.size) return member;
  if (holdsAny(holds, revoking)) return toRevoke(member, assigned, revoking);
  return { ...member, previousEpoch: member.epoch, assigned };
}

/** Who does not say what it holds may hold anything. */
function holdsAny(holds: HeldPartitions | null, partitions: OwnedPartitions): boolean {
  if (holds === null) return true;
  return holds.some(({ topicId, partitions: held }) => {
    const asked = partitions.get(topicId);
    return asked !== undefined && held.some((partition) => asked.has(partition));
  });
}

function put(into: Map<string, Map<number, number>>, topicId: string, partition: number, epoch: number): void {
  const partitions = into.get(topicId);
  if (partitions === undefined) into.set(topicId, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}
