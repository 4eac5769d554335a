/** Shares out the partitions of a group's topics anew. In: the group, and the member that has just changed. Out: records of what is different. */
import type { AssignedMember, Assignor } from './assignor.ts';
import type { ConsumerGroup, GroupChange } from './group.ts';
import { noAssignment, sameAssignment, type Assignment, type ConsumerMember } from './member.ts';
import { assignRange } from './range.ts';
import type { ConsumerRecord } from './records.ts';
import { assignUniform } from './uniform.ts';

const assignors: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', assignUniform],
  ['range', assignRange],
]);

export interface NewTarget {
  readonly records: readonly ConsumerRecord[];
  readonly epoch: number;
  readonly assignments: ReadonlyMap<string, Assignment>;
}

/** Not so often: members that come together get their partitions together. */
export function mayAssign(group: ConsumerGroup, nowMs: number): boolean {
  const { assignmentIntervalMs } = group.environment.settings.consumer.of(group.id);
  return group.assignedAtMs === 0 || assignmentIntervalMs === 0 || nowMs >= group.assignedAtMs + assignmentIntervalMs;
}

export function newTarget(group: ConsumerGroup, epoch: number, change: GroupChange): NewTarget {
  const { clock, settings } = group.environment;
  const [defaultAssignor = 'uniform'] = settings.consumer.assignors;
  const name = group.preferredAssignor(change) ?? defaultAssignor;
  const members = membersAfter(group, change);
  const { subscriptions, isHomogeneous } = readSubscriptions(group, members);
  const assigned = members.map((member, index): AssignedMember => ({
    id: member.id,
    instanceId: member.instanceId,
    topicIds: subscriptions[index] ?? [],
    previous: group.targetOf(member),
  }));
  const assign = assignors.get(name) ?? assignUniform;
  const partitionCounts = countsOf(group, subscriptions);
  const assignments = new Map(assign({ members: assigned, isHomogeneous, partitionCounts }));
  const records: ConsumerRecord[] = [];
  for (const { id: memberId } of members) {
    const value = assignments.get(memberId) ?? noAssignment;
    const known = group.targets.get(memberId);
    if (known !== undefined && sameAssignment(known, value)) continue;
    records.push({ type: 'ConsumerGroupTargetAssignmentMember', group: group.id, memberId, value });
  }
  const value = { assignmentEpoch: epoch, assignmentTimestamp: clock.now() };
  records.push({ type: 'ConsumerGroupTargetAssignmentMetadata', group: group.id, value });
  return { records, epoch, assignments };
}

function membersAfter(group: ConsumerGroup, { gone = [], come }: GroupChange): ConsumerMember[] {
  const left = new Set(gone.map(({ id }) => id));
  const members: ConsumerMember[] = [];
  let isIn = false;
  for (const member of group.members.values()) {
    if (come !== undefined && member.id === come.id) {
      members.push(come);
      isIn = true;
    } else if (!left.has(member.id)) {
      members.push(member);
    }
  }
  if (come !== undefined && !isIn) members.push(come);
  return members;
}

interface Subscriptions {
  /** Topic ids of each member. */
  readonly subscriptions: readonly (readonly string[])[];
  readonly isHomogeneous: boolean;
}

/** Members who read the same share one list. */
function readSubscriptions(group: ConsumerGroup, members: readonly ConsumerMember[]): Subscriptions {
  const lists = new Map<readonly string[], Map<string, readonly string[]>>();
  const byContent = new Map<string, readonly string[]>();
  const subscriptions = members.map((member) => {
    const pattern = member.pattern ?? '';
    let byPattern = lists.get(member.topics);
    if (byPattern === undefined) lists.set(member.topics, (byPattern = new Map()));
    let list = byPattern.get(pattern);
    if (list === undefined) {
      const ids = [...group.topicIdsReadBy(member)].sort();
      const content = ids.join();
      list = byContent.get(content) ?? ids;
      byContent.set(content, list);
      byPattern.set(pattern, list);
    }
    return list;
  });
  return { subscriptions, isHomogeneous: byContent.size <= 1 };
}

function countsOf({ environment }: ConsumerGroup, subscriptions: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const topicIds of new Set(subscriptions))
    for (const topicId of topicIds)
      if (!counts.has(topicId)) counts.set(topicId, environment.topics.topicById(topicId)?.partitions.length ?? 0);
  return counts;
}
