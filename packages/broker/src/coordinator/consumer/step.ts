/**
 * What a change of one member leads to, whichever protocol told it. In: the member before and after, and what it holds. Out: records for
 * its subscription, the group's epoch, a new target, and the member's next assignment, as far as they are different from what is stored.
 */
import { noRecords, type Decision } from '../decision.ts';
import type { CoordinatorRecord } from '../records.ts';
import type { Shard } from '../shard.ts';
import type { ConsumerGroup, GroupChange } from './group.ts';
import type { HeldPartitions } from './heartbeat-request.ts';
import {
  hasPattern,
  isReconciledTo,
  noAssignment,
  sameNames,
  samePartitions,
  type Assignment,
  type ConsumerMember,
} from './member.ts';
import { matchTopics } from './pattern.ts';
import { reconcile } from './reconcile.ts';
import { mayAssign, newTarget } from './target.ts';

export interface Change {
  /** As it will be before these records. */
  readonly group: ConsumerGroup;
  readonly records: CoordinatorRecord[];
  /** Whose place in the group the member takes. */
  readonly before: ConsumerMember | undefined;
  readonly member: ConsumerMember;
  /** The member with what it says now; the same object when that is nothing new. */
  readonly come: ConsumerMember;
  readonly holds: HeldPartitions | null;
}

export interface Step {
  readonly member: ConsumerMember;
  /** Its assignment is another one than before. */
  readonly hasMoved: boolean;
  readonly records: readonly CoordinatorRecord[];
  /** Of the state of the topics that the epoch was compared with. */
  readonly seenTopicsVersion: number;
}

const noTopics: ReadonlySet<string> = new Set();
/** Patterns were matched again not long ago. */
const matchMsMin = 10_000;

export function moveOn(change: Change): Step {
  const { group, records, come, holds } = change;
  const { hasNewSubscription, mustBump } = subscribe(change);
  const groupChange: GroupChange = { gone: change.before === undefined ? [] : [change.before], come };
  const epoch = bump(group, groupChange, mustBump, records);
  const goal = aim(group, epoch, groupChange, come, records);
  const isThere = !hasNewSubscription && isReconciledTo(come, goal.epoch);
  const topicIds = isThere ? noTopics : group.topicIdsReadBy(come);
  const reconciled = reconcile(come, {
    ...goal,
    hasNewSubscription,
    holds,
    reads: (topicId) => topicIds.has(topicId),
    isHeld: (topicId, partition) => group.isHeld(topicId, partition),
  });
  const member = settled(come, reconciled);
  if (member !== come)
    records.push({
      type: 'ConsumerGroupCurrentMemberAssignment',
      group: group.id,
      memberId: come.id,
      value: member,
    });
  const hasMoved = member !== come;
  return { member, hasMoved, records, seenTopicsVersion: group.environment.topics.topicsVersion };
}

/** What begins when the records of a step are in. */
export function afterStep(shard: Shard, group: ConsumerGroup, { member, hasMoved, seenTopicsVersion }: Step): void {
  group.seenTopicsVersion = seenTopicsVersion;
  if (hasMoved && member.classic === null) watchRevocation(group, member);
  matchPatternsIfDue(shard, group);
}

/** Nobody waits for ever for a member to give up what others are to get. */
export function watchRevocation(group: ConsumerGroup, member: ConsumerMember): void {
  if (member.state === 'UNREVOKED_PARTITIONS') group.timers.set(member.id, 'revocation', member.rebalanceTimeoutMs);
  else group.timers.cancel(member.id, 'revocation');
}

interface Subscribed {
  readonly hasNewSubscription: boolean;
  /** The epoch must count up, whatever the topics look like. */
  readonly mustBump: boolean;
}

function subscribe({ group, records, member, come }: Change): Subscribed {
  const ofGroup = { group: group.id };
  const hasNewNames = !sameNames(member.topics, come.topics);
  if (member !== come)
    records.push({ type: 'ConsumerGroupMemberMetadata', ...ofGroup, memberId: come.id, value: come });
  const hasNewPattern = member.pattern !== come.pattern;
  if (hasNewPattern && hasPattern(member) && group.patternUsers.get(member.pattern) === 1)
    records.push({ type: 'ConsumerGroupRegularExpression', ...ofGroup, pattern: member.pattern, value: null });
  // A pattern that is to be matched first brings the next epoch when that has happened.
  const isMatched = hasPattern(come) ? group.patterns.has(come.pattern) : hasPattern(member);
  return {
    hasNewSubscription: hasNewNames || hasNewPattern,
    mustBump: hasNewNames || (hasNewPattern && isMatched),
  };
}

/** Gives the group's epoch: the next one when members or their topics changed. */
function bump(group: ConsumerGroup, change: GroupChange, mustBump: boolean, records: CoordinatorRecord[]): number {
  const { topics, hashes } = group.environment;
  if (!mustBump && group.seenTopicsVersion === topics.topicsVersion) return group.epoch;
  const metadataHash = hashes.of(group.topicNames(change), topics);
  const isNew = mustBump || metadataHash !== group.metadataHash;
  const epoch = isNew ? group.epoch + 1 : group.epoch;
  if (isNew) records.push({ type: 'ConsumerGroupMetadata', group: group.id, value: { epoch, metadataHash } });
  if (group.hasTopicRecord) records.push({ type: 'ConsumerGroupPartitionMetadata', group: group.id, value: null });
  return epoch;
}

function aim(
  group: ConsumerGroup,
  epoch: number,
  change: GroupChange,
  come: ConsumerMember,
  records: CoordinatorRecord[],
): { readonly epoch: number; readonly target: Assignment } {
  if (epoch <= group.assignmentEpoch || !mayAssign(group, group.environment.clock.now()))
    return { epoch: group.assignmentEpoch, target: group.targetOf(come) };
  const target = newTarget(group, epoch, change);
  records.push(...target.records);
  return { epoch, target: target.assignments.get(come.id) ?? noAssignment };
}

/** The member as it was when nothing is different; with the same partitions as the same object. */
function settled(before: ConsumerMember, after: ConsumerMember): ConsumerMember {
  if (after === before) return before;
  const assigned = samePartitions(before.assigned, after.assigned) ? before.assigned : after.assigned;
  const revoking = samePartitions(before.revoking, after.revoking) ? before.revoking : after.revoking;
  const isSame =
    assigned === before.assigned &&
    revoking === before.revoking &&
    after.epoch === before.epoch &&
    after.previousEpoch === before.previousEpoch &&
    after.state === before.state;
  return isSame ? before : { ...after, assigned, revoking };
}

/**
 * Patterns are matched when one is new, when topics have come, and now and then; all of a group's together, so that they lead to one
 * new epoch, and not more often than every ten seconds.
 */
function matchPatternsIfDue(shard: Shard, group: ConsumerGroup): void {
  const { clock, settings, topics } = group.environment;
  if (group.isMatching || group.patternUsers.size === 0) return;
  const nowMs = clock.now();
  const [last] = group.patterns.values();
  if (last !== undefined && nowMs <= last.timestamp + matchMsMin) return;
  const isDue =
    group.patternUsers.size !== group.patterns.size ||
    group.matchedTopicsVersion < topics.newTopicsVersion ||
    (last !== undefined && nowMs > last.timestamp + settings.consumer.patternRefreshMs);
  if (!isDue) return;
  group.isMatching = true;
  const version = topics.topicsVersion;
  matchTopics(group.environment, [...group.patternUsers.keys()], (matches) => {
    if (shard.groups.get(group.id) !== group) return;
    group.isMatching = false;
    group.environment.turn(() => decideMatched(group, matches, version));
  });
}

function decideMatched(
  group: ConsumerGroup,
  matches: ReadonlyMap<string, ReadonlySet<string>>,
  version: number,
): Decision {
  const { clock, topics, hashes, log } = group.environment;
  const records: CoordinatorRecord[] = [];
  const patterns = new Map<string, string[]>();
  let isNew = false;
  for (const [pattern, found] of matches) {
    // Everyone may have left it meanwhile.
    if (!group.patternUsers.has(pattern)) continue;
    patterns.set(pattern, [...found]);
    const value = { topics: found, version, timestamp: clock.now() };
    const known = group.patterns.get(pattern)?.topics;
    if (!sameNames([...(known ?? [])].sort(), [...found].sort())) isNew = true;
    // Nothing new is matched, but what was read by another pattern until now is to go to others.
    else if (known === undefined && keepsOther(group, pattern, found)) isNew = true;
    records.push({ type: 'ConsumerGroupRegularExpression', group: group.id, pattern, value });
  }
  const metadataHash = hashes.of(group.topicNames({ patterns }), topics);
  if (isNew || metadataHash !== group.metadataHash)
    records.push({
      type: 'ConsumerGroupMetadata',
      group: group.id,
      value: { epoch: group.epoch + 1, metadataHash },
    });
  if (records.length === 0) return noRecords;
  return {
    records,
    written: () => {
      group.matchedTopicsVersion = version;
      group.seenTopicsVersion = topics.topicsVersion;
    },
    failed: (errorCode) => log.warn({ group: group.id, errorCode }, 'topics that match could not be stored'),
  };
}

/** Someone is to have partitions of topics that it will not read with its new pattern. */
function keepsOther(group: ConsumerGroup, pattern: string, found: ReadonlySet<string>): boolean {
  const { topics } = group.environment;
  for (const member of group.members.values()) {
    if (member.pattern !== pattern) continue;
    for (const topicId of group.targetOf(member).keys()) {
      const name = topics.topicById(topicId)?.name;
      if (name !== undefined && !found.has(name) && !member.topics.includes(name)) return true;
    }
  }
  return false;
}
