/**
 * One consumer group (KIP-848): its members, what each is to have (the target of the assignment epoch), and what each has. Only `replay`
 * changes what is stored; what else is kept is counted from it, or lives as long as the process (timers, which topics were looked at).
 *
 * Three epochs lead to each other: the group's counts up when members or topics change, the assignment's follows when partitions are
 * shared out for it, and each member's when it has got there.
 */
import type { Decision } from '../decision.ts';
import type { GroupEnvironment } from '../environment.ts';
import type { Protocol } from '../member.ts';
import {
  hasPattern,
  isReconciledTo,
  newMember,
  noAssignment,
  noPartitions,
  sameNames,
  type Assignment,
  type ConsumerMember,
  type OwnedPartitions,
} from './member.ts';
import type { ConsumerRecord, ResolvedPattern } from './records.ts';
import { MemberTimers, type TimerName } from './timers.ts';

/** As Kafka's tools print them. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable' | 'Dead';

/** What happens when a member's time is over; fence.ts knows. */
export type MemberEnded = (group: ConsumerGroup, memberId: string, timer: TimerName) => Decision;

/** Members who are not in the group any more, one who is new or changed, and patterns that match other topics. */
export interface GroupChange {
  readonly gone?: readonly ConsumerMember[];
  readonly come?: ConsumerMember;
  readonly patterns?: ReadonlyMap<string, readonly string[]>;
}

export class ConsumerGroup {
  readonly kind = 'consumer';
  readonly protocolType = 'consumer';
  readonly id: string;
  readonly environment: GroupEnvironment;
  readonly members = new Map<string, ConsumerMember>();
  /** Member ids by instance id. */
  readonly staticMembers = new Map<string, string>();
  readonly targets = new Map<string, Assignment>();
  /** Patterns that were matched against the topics. */
  readonly patterns = new Map<string, ResolvedPattern>();
  readonly timers: MemberTimers;
  /** Before its first record, too. */
  epoch = 1;
  metadataHash = 0n;
  assignmentEpoch = 1;
  /** Wall clock; 0 where no record tells. */
  assignedAtMs = 0;
  /** An old broker stored what the group knew of its topics. */
  hasTopicRecord = false;
  /** The state of all topics that the epoch was last compared with; not stored. */
  seenTopicsVersion = -1;
  /** Patterns are being matched just now. */
  isMatching = false;
  /** The state of all topics that patterns were last matched against; not stored. */
  matchedTopicsVersion = -1;
  #isEnded = false;
  readonly #namedBy = new Map<string, number>();
  readonly #patternUsers = new Map<string, number>();
  readonly #assignorVotes = new Map<string, number>();
  readonly #classicSupport = new Map<string, number>();
  #classicCount = 0;
  /** Who holds a partition, by topic id. */
  readonly #holders = new Map<string, Map<number, string>>();
  #lastTopics: readonly string[] = [];

  constructor(id: string, environment: GroupEnvironment, ended: MemberEnded) {
    this.id = id;
    this.environment = environment;
    this.timers = new MemberTimers(environment, (memberId, name) => ended(this, memberId, name));
  }

  get state(): ConsumerGroupState {
    if (this.#isEnded) return 'Dead';
    if (this.members.size === 0) return 'Empty';
    if (this.epoch > this.assignmentEpoch) return 'Assigning';
    for (const member of this.members.values()) if (!isReconciledTo(member, this.assignmentEpoch)) return 'Reconciling';
    return 'Stable';
  }

  get patternUsers(): ReadonlyMap<string, number> {
    return this.#patternUsers;
  }

  get classicCount(): number {
    return this.#classicCount;
  }

  memberOfInstance(instanceId: string): ConsumerMember | undefined {
    const id = this.staticMembers.get(instanceId);
    return id === undefined ? undefined : this.members.get(id);
  }

  /** A static member keeps its target under another id. */
  targetOf(member: ConsumerMember): Assignment {
    const keeper = member.instanceId === null ? undefined : this.staticMembers.get(member.instanceId);
    return this.targets.get(keeper ?? member.id) ?? noAssignment;
  }

  isHeld(topicId: string, partition: number): boolean {
    return this.#holders.get(topicId)?.has(partition) === true;
  }

  /** Some member reads the topic, by name or by a pattern. */
  reads(topic: string): boolean {
    if (this.#namedBy.has(topic)) return true;
    for (const { topics } of this.patterns.values()) if (topics.has(topic)) return true;
    return false;
  }

  /** The names that members read, after a change. */
  topicNames({ gone = [], come, patterns }: GroupChange = {}): Set<string> {
    const fewer = new Map<string, number>();
    const fewerUsers = new Map<string, number>();
    for (const member of gone) {
      for (const name of member.topics) count(fewer, name, 1);
      if (hasPattern(member)) count(fewerUsers, member.pattern, 1);
    }
    const names = new Set<string>(come?.topics);
    for (const [name, users] of this.#namedBy) if (users > (fewer.get(name) ?? 0)) names.add(name);
    const used = new Set<string>(hasPattern(come) ? [come.pattern] : []);
    for (const [pattern, users] of this.#patternUsers) if (users > (fewerUsers.get(pattern) ?? 0)) used.add(pattern);
    for (const pattern of used)
      for (const name of patterns?.get(pattern) ?? this.patterns.get(pattern)?.topics ?? []) names.add(name);
    return names;
  }

  /** The names that one member reads. */
  namesReadBy(member: ConsumerMember): Iterable<string> {
    const matched = hasPattern(member) ? this.patterns.get(member.pattern)?.topics : undefined;
    return matched === undefined || matched.size === 0 ? member.topics : new Set([...member.topics, ...matched]);
  }

  /** The ids of those that exist. */
  topicIdsReadBy(member: ConsumerMember): Set<string> {
    const ids = new Set<string>();
    for (const name of this.namesReadBy(member)) {
      const topic = this.environment.topics.topic(name);
      if (topic !== undefined) ids.add(topic.id);
    }
    return ids;
  }

  /** What most members ask for, of those who ask; undefined where nobody does. */
  preferredAssignor(change: GroupChange = {}): string | undefined {
    const votes = new Map(this.#assignorVotes);
    for (const { assignor } of change.gone ?? []) if (assignor !== null) count(votes, assignor, -1);
    if (change.come !== undefined && change.come.assignor !== null) count(votes, change.come.assignor, 1);
    let winner: string | undefined;
    for (const [name, number] of votes) if (winner === undefined || number > (votes.get(winner) ?? 0)) winner = name;
    return winner;
  }

  /** A member of the classic protocol can come in when it shares a protocol with all others of its kind. */
  supports(protocolType: string, protocols: readonly Protocol[]): boolean {
    if (protocolType !== this.protocolType) return false;
    if (this.members.size === 0) return protocols.length > 0;
    return protocols.some(({ name }) => (this.#classicSupport.get(name) ?? 0) === this.#classicCount);
  }

  replay(record: ConsumerRecord): void {
    switch (record.type) {
      case 'ConsumerGroupMetadata':
        if (record.value === null) return;
        this.epoch = record.value.epoch;
        this.metadataHash = record.value.metadataHash;
        return;
      case 'ConsumerGroupPartitionMetadata':
        this.hasTopicRecord = record.value !== null;
        return;
      case 'ConsumerGroupTargetAssignmentMetadata':
        this.assignmentEpoch = record.value?.assignmentEpoch ?? -1;
        this.assignedAtMs = record.value?.assignmentTimestamp ?? 0;
        return;
      case 'ConsumerGroupTargetAssignmentMember':
        if (record.value === null) this.targets.delete(record.memberId);
        else this.targets.set(record.memberId, record.value);
        return;
      case 'ConsumerGroupRegularExpression':
        if (record.value === null) this.patterns.delete(record.pattern);
        else this.patterns.set(record.pattern, record.value);
        return;
      case 'ConsumerGroupMemberMetadata':
      case 'ConsumerGroupCurrentMemberAssignment':
        this.#replayMember(record);
    }
  }

  /** No timer fires any more. Nobody waits for an answer here. */
  end(_errorCode: number): void {
    this.#isEnded = true;
    this.timers.forgetAll();
  }

  #replayMember(
    record: Extract<
      ConsumerRecord,
      { readonly type: 'ConsumerGroupMemberMetadata' | 'ConsumerGroupCurrentMemberAssignment' }
    >,
  ): void {
    const { memberId, value } = record;
    const known = this.members.get(memberId);
    if (record.type === 'ConsumerGroupMemberMetadata') {
      if (record.value === null) this.#remove(memberId);
      else this.#put({ ...(known ?? newMember(memberId)), ...record.value, topics: this.#shared(record.value.topics) });
    } else if (record.value !== null) {
      this.#put({ ...(known ?? newMember(memberId)), ...record.value });
    } else if (known !== undefined && value === null) {
      this.#put({ ...known, epoch: -1, previousEpoch: -1, assigned: noPartitions, revoking: noPartitions });
    }
  }

  #put(member: ConsumerMember): void {
    const before = this.members.get(member.id);
    this.members.set(member.id, member);
    if (before?.topics !== member.topics || before.pattern !== member.pattern || before.classic !== member.classic) {
      if (before !== undefined) this.#countSubscription(before, -1);
      this.#countSubscription(member, 1);
    } else if (before.assignor !== member.assignor) {
      if (before.assignor !== null) count(this.#assignorVotes, before.assignor, -1);
      if (member.assignor !== null) count(this.#assignorVotes, member.assignor, 1);
    }
    if (before?.instanceId !== member.instanceId) this.#dropInstance(before);
    if (member.instanceId !== null) this.staticMembers.set(member.instanceId, member.id);
    if (before?.assigned !== member.assigned || before.revoking !== member.revoking) {
      if (before !== undefined) this.#release(before);
      this.#hold(member.id, member.assigned);
      this.#hold(member.id, member.revoking);
    }
  }

  #remove(memberId: string): void {
    const member = this.members.get(memberId);
    if (member === undefined) return;
    this.members.delete(memberId);
    this.timers.forget(memberId);
    this.#countSubscription(member, -1);
    this.#dropInstance(member);
    this.#release(member);
  }

  #dropInstance(member: ConsumerMember | undefined): void {
    if (member === undefined || member.instanceId === null) return;
    if (this.staticMembers.get(member.instanceId) === member.id) this.staticMembers.delete(member.instanceId);
  }

  #countSubscription(member: ConsumerMember, change: number): void {
    for (const name of member.topics) count(this.#namedBy, name, change);
    if (hasPattern(member)) count(this.#patternUsers, member.pattern, change);
    if (member.assignor !== null) count(this.#assignorVotes, member.assignor, change);
    if (member.classic === null) return;
    this.#classicCount += change;
    for (const { name } of member.classic.protocols) count(this.#classicSupport, name, change);
  }

  #hold(memberId: string, partitions: OwnedPartitions): void {
    for (const [topicId, held] of partitions) {
      let holders = this.#holders.get(topicId);
      if (holders === undefined) this.#holders.set(topicId, (holders = new Map()));
      for (const partition of held.keys()) holders.set(partition, memberId);
    }
  }

  /** Another may have it by now: records of a compacted log come in an order in which they never were written. */
  #release({ id, assigned, revoking }: ConsumerMember): void {
    for (const partitions of [assigned, revoking]) {
      for (const [topicId, held] of partitions) {
        const holders = this.#holders.get(topicId);
        if (holders === undefined) continue;
        for (const partition of held.keys()) if (holders.get(partition) === id) holders.delete(partition);
        if (holders.size === 0) this.#holders.delete(topicId);
      }
    }
  }

  /** Members who read the same share one list. */
  #shared(topics: readonly string[]): readonly string[] {
    if (!sameNames(this.#lastTopics, topics)) this.#lastTopics = topics;
    return this.#lastTopics;
  }
}

function count(counts: Map<string, number>, key: string, change: number): void {
  const number = (counts.get(key) ?? 0) + change;
  if (number === 0) counts.delete(key);
  else counts.set(key, number);
}
