/**
 * One classic group: its members, what they have in common, and which step of a rebalance it is in. How it moves from step to step
 * stands in rebalance.ts; here is what each step means for the state.
 *
 * Stored is what `metadata()` says, and only `replay` brings it in. The rest (who waits for an answer, what members could do besides
 * the chosen protocol, the steps between two stable generations) lives as long as the process.
 */
import { assert } from '@millrace/base';
import { errors } from '@millrace/protocol';

import { Deadline } from './deadline.ts';
import type { Decision } from './decision.ts';
import type { GroupEnvironment } from './environment.ts';
import {
  Member,
  noBytes,
  type Identity,
  type JoinAnswer,
  type JoinedMember,
  type Protocol,
  type SyncAnswer,
  type Terms,
} from './member.ts';
import type { GroupMetadata, StoredMember } from './records.ts';
import { subscribedTopics } from './subscribed-topics.ts';
import type { Waiter } from './waiter.ts';

/** As Kafka's tools print them. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const consumerProtocolType = 'consumer';

/** Which states may come before one that is not stored. */
const mayFollow = {
  PreparingRebalance: ['Empty', 'Stable', 'CompletingRebalance'],
  CompletingRebalance: ['PreparingRebalance'],
  Dead: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable'],
} as const satisfies Partial<Record<GroupState, readonly GroupState[]>>;

/** What happens when a group has waited long enough; rebalance.ts knows. */
export interface GroupTimeouts {
  joinEnded(group: ClassicGroup): Decision;
  syncEnded(group: ClassicGroup): Decision;
  memberExpired(group: ClassicGroup, memberId: string): Decision;
  pendingJoinExpired(group: ClassicGroup, memberId: string): Decision;
}

/** A group that begins waits a little for more members, again and again while they come, up to the rebalance timeout. */
export interface InitialDelay {
  readonly delayMs: number;
  readonly remainingMs: number;
  /** Someone came since the delay began. */
  isExtended: boolean;
}

export class ClassicGroup {
  readonly kind = 'classic';
  readonly id: string;
  readonly environment: GroupEnvironment;
  readonly #timeouts: GroupTimeouts;
  readonly members = new Map<string, Member>();
  /** Member ids by instance id. */
  readonly staticMembers = new Map<string, string>();
  /** Ids that were given out and have not come back yet, each with the end of its patience. */
  readonly pendingJoins = new Map<string, Deadline>();
  /** Members that got the answer to their join and have not synced yet. */
  readonly pendingSyncs = new Set<string>();
  readonly joinDeadline: Deadline;
  readonly syncDeadline: Deadline;
  generationId = 0;
  protocolType: string | undefined = undefined;
  protocolName: string | undefined = undefined;
  leaderId: string | undefined = undefined;
  initialDelay: InitialDelay | undefined = undefined;
  #state: GroupState = 'Empty';
  #previousState: GroupState = 'Dead';
  #stateSinceMs = -1;
  #subscribedTopics: ReadonlySet<string> | undefined = undefined;
  /** How many members can do what. */
  readonly #support = new Map<string, number>();
  #joiningCount = 0;

  constructor(id: string, environment: GroupEnvironment, timeouts: GroupTimeouts) {
    this.id = id;
    this.environment = environment;
    this.#timeouts = timeouts;
    this.joinDeadline = this.#deadline(() => timeouts.joinEnded(this));
    this.syncDeadline = this.#deadline(() => timeouts.syncEnded(this));
  }

  get state(): GroupState {
    return this.#state;
  }

  get previousState(): GroupState {
    return this.#previousState;
  }

  /** Wall clock, or -1 where no record tells. */
  get stateSinceMs(): number {
    return this.#stateSinceMs;
  }

  get joiningCount(): number {
    return this.#joiningCount;
  }

  get isConsumerGroup(): boolean {
    return this.protocolType === consumerProtocolType;
  }

  get hasEveryoneJoined(): boolean {
    return this.members.size === this.#joiningCount && this.pendingJoins.size === 0;
  }

  /** The longest that any member wants to be given for rejoining. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const { rebalanceTimeoutMs } of this.members.values()) longest = Math.max(longest, rebalanceTimeoutMs);
    return longest;
  }

  /** Undefined where the coordinator cannot know: no consumers, no protocol yet, or metadata that does not read as theirs. */
  get topics(): ReadonlySet<string> | undefined {
    return this.#subscribedTopics;
  }

  /** In doubt a consumer group reads every topic. */
  reads(topic: string): boolean {
    return this.#subscribedTopics?.has(topic) ?? this.isConsumerGroup;
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  memberOfInstance(instanceId: string): Member | undefined {
    const id = this.staticMembers.get(instanceId);
    return id === undefined ? undefined : this.members.get(id);
  }

  /** The member who asks, or the error that the question earns. */
  memberAsking(memberId: string, instanceId: string | null): Member | number {
    if (instanceId !== null) {
      const known = this.staticMembers.get(instanceId);
      if (known === undefined) return errors.UNKNOWN_MEMBER_ID;
      if (known !== memberId) return errors.FENCED_INSTANCE_ID;
    }
    return this.members.get(memberId) ?? errors.UNKNOWN_MEMBER_ID;
  }

  /** A member can come in when it speaks of the same thing and shares at least one protocol with everyone. */
  supports(protocolType: string, protocols: readonly Protocol[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return (
      this.protocolType === protocolType &&
      protocols.some(({ name }) => (this.#support.get(name) ?? 0) === this.members.size)
    );
  }

  add(identity: Identity, terms: Terms & { readonly protocolType: string }, joining: Waiter<JoinAnswer>): Member {
    assert(!this.members.has(identity.id), 'a member is added once');
    if (this.members.size === 0) this.protocolType = terms.protocolType;
    this.dropPendingJoin(identity.id);
    const member = this.#enter(identity, terms);
    this.leaderId ??= member.id;
    member.isNew = true;
    this.#expectJoin(member, joining);
    return member;
  }

  addPendingJoin(memberId: string, sessionTimeoutMs: number): void {
    const deadline = this.#deadline(() => this.#timeouts.pendingJoinExpired(this, memberId));
    this.pendingJoins.set(memberId, deadline);
    deadline.set(sessionTimeoutMs);
  }

  dropPendingJoin(memberId: string): boolean {
    this.pendingJoins.get(memberId)?.cancel();
    return this.pendingJoins.delete(memberId);
  }

  update(member: Member, terms: Terms, joining: Waiter<JoinAnswer> | undefined): void {
    this.#count(member, -1);
    member.protocols = terms.protocols;
    this.#count(member, 1);
    member.rebalanceTimeoutMs = terms.rebalanceTimeoutMs;
    member.sessionTimeoutMs = terms.sessionTimeoutMs;
    if (joining !== undefined) this.#expectJoin(member, joining);
  }

  /** Whoever waits as this member is told `errorCode`. */
  remove(member: Member, errorCode: number): void {
    this.#dismiss(member, errorCode);
    this.members.delete(member.id);
    this.pendingSyncs.delete(member.id);
    if (this.isLeader(member.id)) this.leaderId = this.members.keys().next().value;
  }

  /** A static member came back: same place, new id. Who held the old id is fenced. */
  replace(member: Member, newId: string): Member {
    const members = [...this.members.values()];
    this.#dismiss(member, errors.FENCED_INSTANCE_ID);
    const { instanceId, clientId, clientHost } = member;
    const successor = this.#enter({ id: newId, instanceId, clientId, clientHost }, member);
    successor.assignment = member.assignment;
    this.pendingSyncs.delete(member.id);
    this.members.clear();
    for (const other of members) {
      const kept = other === member ? successor : other;
      this.members.set(kept.id, kept);
    }
    if (this.isLeader(member.id)) this.leaderId = newId;
    return successor;
  }

  /** The leader, if it rejoined; else the first who did. False when nobody did. */
  electLeader(): boolean {
    const leader = this.leaderId === undefined ? undefined : this.members.get(this.leaderId);
    if (leader?.joining !== undefined) return true;
    for (const member of this.members.values()) {
      if (member.joining === undefined) continue;
      this.leaderId = member.id;
      return true;
    }
    return false;
  }

  /** Everyone who rejoined makes up the next generation; without anyone it is an empty one, which only a record can bring in. */
  beginGeneration(): void {
    assert(this.members.size > 0, 'an empty generation comes from its record');
    this.generationId++;
    this.protocolName = selectProtocol([...this.members.values()].map(({ protocols }) => protocols));
    this.#subscribedTopics = this.#readSubscriptions();
    this.pendingSyncs.clear();
    this.moveTo('CompletingRebalance');
  }

  moveTo(state: keyof typeof mayFollow): void {
    const allowed: readonly GroupState[] = mayFollow[state];
    assert(allowed.includes(this.#state), `group ${this.id} cannot go from ${this.#state} to ${state}`);
    this.#previousState = this.#state;
    this.#state = state;
    this.#stateSinceMs = this.environment.clock.now();
  }

  answerJoin(member: Member, answer: JoinAnswer): void {
    const { joining } = member;
    if (joining === undefined) return;
    member.joining = undefined;
    this.#joiningCount--;
    joining.answer(answer);
  }

  answerSync(member: Member, answer: SyncAnswer): void {
    const { syncing } = member;
    if (syncing === undefined) return;
    member.syncing = undefined;
    syncing.answer(answer);
    // Its session may have ended while it waited, which was excused then.
    member.keepAlive();
  }

  /** Whoever waits for a generation or an assignment is told that none comes. */
  sendAway(errorCode: number): void {
    for (const member of this.members.values()) this.#sendAway(member, errorCode);
  }

  joinedMembers(): JoinedMember[] {
    const protocolName = this.protocolName ?? '';
    return [...this.members.values()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      metadata: member.metadata(protocolName),
    }));
  }

  /** What is stored of the group as it is now, or with other assignments. */
  metadata(assignments?: ReadonlyMap<string, Buffer>): GroupMetadata {
    const protocolName = this.protocolName ?? '';
    return {
      protocolType: this.protocolType ?? '',
      generation: this.generationId,
      protocol: this.protocolName ?? null,
      leader: this.leaderId ?? null,
      currentStateTimestamp: this.#stateSinceMs,
      members: [...this.members.values()].map((member) => ({
        memberId: member.id,
        groupInstanceId: member.instanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: member.metadata(protocolName),
        assignment: assignments === undefined ? member.assignment : (assignments.get(member.id) ?? noBytes),
      })),
    };
  }

  /** What is stored when a static member comes back under a new id. */
  metadataAfterReturn(member: Member, newId: string, terms: Terms): GroupMetadata {
    const metadata = this.metadata();
    return {
      ...metadata,
      leader: this.isLeader(member.id) ? newId : metadata.leader,
      members: metadata.members.map((stored) =>
        stored.memberId !== member.id
          ? stored
          : {
              ...stored,
              memberId: newId,
              rebalanceTimeout: terms.rebalanceTimeoutMs,
              sessionTimeout: terms.sessionTimeoutMs,
              subscription: terms.protocols.find(({ name }) => name === this.protocolName)?.metadata ?? noBytes,
            },
      ),
    };
  }

  /** Takes the state that a record tells. Members who are here already keep what no record tells. */
  replay(metadata: GroupMetadata): void {
    const before = new Map(this.members);
    this.members.clear();
    for (const stored of metadata.members) {
      const known = before.get(stored.memberId);
      before.delete(stored.memberId);
      const terms = termsOf(stored, metadata.protocol);
      const member = known === undefined ? this.#enter(identityOf(stored), terms) : this.#keep(known, terms);
      member.assignment = stored.assignment;
    }
    for (const gone of before.values()) {
      this.#dismiss(gone, errors.UNKNOWN_MEMBER_ID);
      this.pendingSyncs.delete(gone.id);
    }
    this.generationId = metadata.generation;
    this.protocolType = metadata.protocolType === '' ? undefined : metadata.protocolType;
    this.protocolName = metadata.protocol ?? undefined;
    this.leaderId = metadata.leader ?? undefined;
    this.#previousState = this.#state;
    this.#state = this.members.size === 0 ? 'Empty' : 'Stable';
    this.#stateSinceMs = metadata.currentStateTimestamp;
    this.#subscribedTopics = this.#readSubscriptions();
    if (this.members.size === 0) this.pendingSyncs.clear();
  }

  /** No timer fires any more and no one waits. */
  end(errorCode: number): void {
    this.joinDeadline.cancel();
    this.syncDeadline.cancel();
    for (const deadline of this.pendingJoins.values()) deadline.cancel();
    this.pendingJoins.clear();
    for (const member of this.members.values()) this.#dismiss(member, errorCode);
    this.members.clear();
    if (this.#state !== 'Dead') this.moveTo('Dead');
  }

  #enter(identity: Identity, terms: Terms): Member {
    const session = this.#deadline(() => this.#timeouts.memberExpired(this, identity.id));
    const member = new Member(identity, terms, session);
    this.members.set(member.id, member);
    if (member.instanceId !== null) this.staticMembers.set(member.instanceId, member.id);
    this.#count(member, 1);
    return member;
  }

  /** What a member could do besides, no record tells; but what it tells counts, should it be news. */
  #keep(member: Member, terms: Terms): Member {
    this.members.set(member.id, member);
    const isKnown = terms.protocols.every(({ name, metadata }) => member.metadata(name).equals(metadata));
    this.update(member, isKnown ? { ...terms, protocols: member.protocols } : terms, undefined);
    return member;
  }

  #deadline(decide: () => Decision): Deadline {
    return new Deadline(this.environment, () => this.environment.turn(decide));
  }

  #dismiss(member: Member, errorCode: number): void {
    member.session.cancel();
    this.#count(member, -1);
    if (member.instanceId !== null && this.staticMembers.get(member.instanceId) === member.id)
      this.staticMembers.delete(member.instanceId);
    this.#sendAway(member, errorCode);
  }

  #sendAway(member: Member, errorCode: number): void {
    const { joining, syncing } = member;
    member.joining = undefined;
    member.syncing = undefined;
    if (joining !== undefined) this.#joiningCount--;
    joining?.fail(errorCode);
    syncing?.fail(errorCode);
  }

  #expectJoin(member: Member, joining: Waiter<JoinAnswer>): void {
    // Who joins again on another connection gave up on the first.
    if (member.joining === undefined) this.#joiningCount++;
    else member.joining.fail(errors.REBALANCE_IN_PROGRESS);
    member.joining = joining;
  }

  #count(member: Member, change: number): void {
    for (const { name } of member.protocols) {
      const count = (this.#support.get(name) ?? 0) + change;
      if (count === 0) this.#support.delete(name);
      else this.#support.set(name, count);
    }
  }

  #readSubscriptions(): ReadonlySet<string> | undefined {
    if (!this.isConsumerGroup) return undefined;
    const topics = new Set<string>();
    if (this.members.size === 0) return topics;
    if (this.protocolName === undefined) return undefined;
    for (const member of this.members.values()) {
      const names = subscribedTopics(member.metadata(this.protocolName));
      if (names === undefined) return undefined;
      for (const name of names) topics.add(name);
    }
    return topics;
  }
}

/** Each member votes for the first on its list that everyone can do; most votes win, on a tie the one voted for first. */
export function selectProtocol(offers: readonly (readonly Protocol[])[]): string {
  const support = new Map<string, number>();
  for (const protocols of offers) for (const { name } of protocols) support.set(name, (support.get(name) ?? 0) + 1);
  const votes = new Map<string, number>();
  for (const protocols of offers) {
    const choice = protocols.find(({ name }) => support.get(name) === offers.length);
    assert(choice, 'members of a group share a protocol');
    votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  let winner: string | undefined;
  for (const [name, count] of votes) if (winner === undefined || count > (votes.get(winner) ?? 0)) winner = name;
  assert(winner !== undefined, 'a protocol is chosen by members');
  return winner;
}

function identityOf(stored: StoredMember): Identity {
  return {
    id: stored.memberId,
    instanceId: stored.groupInstanceId,
    clientId: stored.clientId,
    clientHost: stored.clientHost,
  };
}

function termsOf(stored: StoredMember, protocol: string | null): Terms {
  return {
    rebalanceTimeoutMs: stored.rebalanceTimeout === -1 ? stored.sessionTimeout : stored.rebalanceTimeout,
    sessionTimeoutMs: stored.sessionTimeout,
    protocols: protocol === null ? [] : [{ name: protocol, metadata: stored.subscription }],
  };
}
