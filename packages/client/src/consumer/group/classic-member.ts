/**
 * A member of a classic group. In: a subscription, the user's coming for more, what coordinators answer. Out: partitions to the owner.
 *
 * One loop does everything that changes what is owned, one step after another: give up what was lost, or join, wait for the assignment,
 * hand it over. Beside it runs one timer, for heartbeats and for `max.poll.interval.ms`; it never waits for the user's handlers. Whoever
 * finds out that the group has moved on only leaves word (`#reason`, `#isLost`) and wakes the loop.
 *
 * A membership is used once: after `leave` comes another object.
 */
import type { Timer } from '@millrace/base';

import { backoffMs } from '../../cluster/backoff.ts';
import { pause } from '../../client-host.ts';
import { ClientError, isClientError } from '../../error.ts';
import { partitionKey, type TopicPartition } from '../../record.ts';
import type { Assignor, MemberAssignment, RebalanceProtocol } from './assignors/assignor.ts';
import { protocolOf } from './assignors/strategy.ts';
import { ClassicExchange, type Joined } from './classic-exchange.ts';
import { Wakeup } from '../../wakeup.ts';
import { interruptible } from './interruptible.ts';
import type { MemberOptions } from './member-options.ts';
import type { GroupMetadata, Membership, Subscription } from './membership.ts';
import { SubscribedTopics } from './subscribed-topics.ts';
import { isRefusal, isWaitedOut, verdictOf } from './verdict.ts';

export interface ClassicMemberOptions extends MemberOptions {
  /** At least one, the one to prefer first (`assignorsOf`). */
  readonly assignors: readonly Assignor[];
}

export class ClassicMember implements Membership {
  readonly #options: ClassicMemberOptions;
  readonly #protocol: RebalanceProtocol;
  readonly #exchange: ClassicExchange;
  readonly #topics: SubscribedTopics;
  readonly #leaving = new AbortController();
  #loop: Promise<void> | undefined;
  #left: Promise<void> | undefined;
  readonly #wakeup: Wakeup;
  #memberId = '';
  /** -1: in none. */
  #generationId = -1;
  /** Why to join again; undefined while there is no need. */
  #reason: string | undefined;
  /** What is owned may be somebody else's by now. */
  #isLost = false;
  /** The user did not come in time; waits for `polled`. */
  #isAway = false;
  #isRebalancing = false;
  /** The coordinator holds our JoinGroup, which counts as a heartbeat. */
  #isJoining = false;
  /** The group has formed, and who gets what is not known yet. */
  #isSyncing = false;
  #isBeating = false;
  /** No timers any more. */
  #isOver = false;
  #failures = 0;
  #fault: unknown;
  #timer: Timer | undefined;
  #polledAtMs = 0;
  #nextBeatAtMs = 0;

  /** Throws `ClientError` CONFIG. */
  constructor(options: ClassicMemberOptions) {
    const { cluster, config, assignors } = options;
    const { 'heartbeat.interval.ms': intervalMs, 'session.timeout.ms': sessionMs } = config;
    if (intervalMs >= sessionMs)
      throw new ClientError(
        'CONFIG',
        `heartbeat.interval.ms (${intervalMs}) must be below session.timeout.ms (${sessionMs}); a third of it is usual.`,
      );
    this.#options = options;
    this.#wakeup = new Wakeup(options.cluster.host);
    this.#protocol = protocolOf(assignors);
    this.#exchange = new ClassicExchange(cluster, config);
    this.#topics = new SubscribedTopics({
      cluster,
      areInternalExcluded: config['exclude.internal.topics'],
      changed: (reason) => this.rejoin(reason),
      refused: (error) => options.owner.complain(error),
    });
  }

  get metadata(): GroupMetadata {
    const { 'group.id': groupId, 'group.instance.id': groupInstanceId } = this.#options.config;
    return { groupId, generationId: this.#generationId, memberId: this.#memberId, groupInstanceId };
  }

  get isRebalancing(): boolean {
    return this.#isRebalancing || this.#reason !== undefined;
  }

  subscribe(subscription: Subscription): void {
    if (this.#leaving.signal.aborted) throw new ClientError('STATE', 'This member has left its group.');
    this.#topics.set(subscription);
    this.#polledAtMs = this.#nowMs;
    this.rejoin(this.#loop === undefined ? 'the member is new' : 'the subscription has changed');
    this.#loop ??= this.#run();
    this.#watch();
  }

  polled(atMs = this.#nowMs): void {
    this.#polledAtMs = Math.max(this.#polledAtMs, atMs);
    if (!this.#isAway || this.#nowMs >= this.#awayAtMs) return;
    this.#isAway = false;
    this.#watch();
    this.#wakeup.wake();
  }

  rejoin(reason: string): void {
    this.#reason = reason;
    this.#wakeup.wake();
  }

  doubt(error: ClientError, as: GroupMetadata = this.metadata): void {
    if (as.generationId !== this.#generationId || as.memberId !== this.#memberId) return;
    // A JoinGroup under way brings another generation, and says itself what is wrong; a SyncGroup says whether the group rebalances.
    if (this.#isJoining || (this.#isSyncing && verdictOf(error) === 'rejoin')) return;
    this.#react(error);
  }

  leave(how?: 'leave' | 'stay'): Promise<void> {
    return (this.#left ??= this.#leave(how));
  }

  async #run(): Promise<void> {
    while (!this.#isLeaving && this.#fault === undefined) {
      try {
        if (this.#isLost) await this.#loseAll();
        else if (this.#reason === undefined || this.#isAway) await this.#wakeup.wait();
        else await this.#rebalance(this.#reason);
      } catch (error) {
        this.#fault ??= error;
      }
    }
    if (!this.#isLeaving) await this.#end(this.#fault);
  }

  /** Everything that was owned is lost, and the user hears why. The others need not wait for the end of the session. */
  async #end(fault: unknown): Promise<void> {
    this.#stop();
    const { owner, cluster, config } = this.#options;
    const isMember = this.#memberId !== '' && config['group.instance.id'] === null;
    if (isMember && !isRefusal(fault)) void this.#sayGoodbye(this.#memberId, 'the member has failed');
    this.#generationId = -1;
    try {
      await this.#loseAll();
    } catch (error) {
      cluster.host.log.warn({ group: this.#groupId, error }, 'giving up what was lost has failed');
    }
    const text = fault instanceof Error ? fault.message : String(fault);
    const sentence = `The member of ${this.#name} has ended: ${text}`;
    owner.fail(isClientError(fault) ? fault : new ClientError('HANDLER', sentence, { cause: fault }));
  }

  async #rebalance(reason: string): Promise<void> {
    const begunAtMs = this.#nowMs;
    this.#isRebalancing = true;
    try {
      await this.#prepare();
      if (this.#isInterrupted) return;
      this.#reason = undefined;
      const joined = await this.#join(reason);
      if (this.#isAway) return this.#quit('the user went away while the group formed');
      const assignment = await this.#share(joined);
      if (this.#generationId !== joined.generationId) return;
      this.#failures = 0;
      await this.#take(joined, assignment);
      this.#options.meter?.rebalanced(this.#nowMs - begunAtMs);
    } catch (error) {
      if (this.#isLeaving) return;
      this.#options.meter?.rebalanceFailed();
      if (!isClientError(error)) throw error;
      this.#reason ??= reason;
      this.#react(error);
      if (this.#fault === undefined && (verdictOf(error) === 'again' || this.#mayPass(error))) await this.#backOff();
    } finally {
      this.#isRebalancing = false;
    }
  }

  /** Eager: everything is given up, while the membership still counts. Cooperative: only what is not subscribed to any more. */
  async #prepare(): Promise<void> {
    const { cluster, owner } = this.#options;
    if (this.#topics.hasPattern && this.#generationId === -1) await this.#untilLeaving(this.#lookUp());
    if (this.#isInterrupted) return;
    const goes = this.#protocol === 'eager' ? owner.owned : owner.owned.filter(({ topic }) => !this.#topics.has(topic));
    if (goes.length > 0) await owner.revoke([...goes]);
    cluster.metadata.want(this.#topics.names);
  }

  /** A pattern is matched against what there is now, not against what was there when the client began. */
  async #lookUp(): Promise<void> {
    const { cluster } = this.#options;
    await cluster.metadata.refresh().catch((error: unknown) => {
      if (!isClientError(error) || !error.retriable) throw error;
    });
  }

  async #join(reason: string): Promise<Joined> {
    const { owner, assignors } = this.#options;
    const input = {
      memberId: this.#memberId,
      assignors,
      topics: this.#topics.joining(),
      ownedPartitions: this.#protocol === 'eager' ? [] : owner.owned,
      generationId: this.#generationId,
      reason,
    };
    this.#isJoining = true;
    try {
      const joined = await this.#untilLeaving(
        this.#exchange.join(input, (memberId) => void (this.#memberId = memberId)),
      );
      this.#generationId = joined.generationId;
      this.#nextBeatAtMs = this.#nowMs + this.#options.config['heartbeat.interval.ms'];
      return joined;
    } finally {
      this.#isJoining = false;
      this.#watch();
    }
  }

  /** The leader shares out what there is, the others wait for it. */
  async #share(joined: Joined): Promise<MemberAssignment> {
    let assignments: ReadonlyMap<string, MemberAssignment> = new Map();
    const { members, assignor } = joined;
    this.#isSyncing = true;
    try {
      if (members !== undefined) {
        const names = new Set([...members.values()].flatMap(({ topics }) => topics));
        const topics = await this.#untilLeaving(this.#topics.share([...names].sort()));
        assignments = assignor.assign({ members, topics });
      }
      return await this.#untilLeaving(this.#exchange.sync(joined, assignments));
    } finally {
      this.#isSyncing = false;
    }
  }

  async #take({ assignor, generationId }: Joined, assignment: MemberAssignment): Promise<void> {
    const { cluster, owner } = this.#options;
    const { partitions } = assignment;
    if (partitions.some(({ topic }) => !this.#topics.has(topic))) {
      this.#reason ??= 'the assignment has topics that are not subscribed to any more';
      return;
    }
    assignor.onAssignment?.(assignment, generationId);
    cluster.metadata.want(partitions.map(({ topic }) => topic));
    const goes = without(owner.owned, partitions);
    if (goes.length > 0) {
      await owner.revoke(goes);
      // What was given up goes to somebody in the next rebalance (KIP-429).
      this.#reason ??= 'partitions were given up, and are free now';
    }
    if (!this.#isInterrupted) await owner.assign(without(partitions, owner.owned));
  }

  async #loseAll(): Promise<void> {
    this.#isLost = false;
    const { owner } = this.#options;
    if (owner.owned.length > 0) await owner.lose([...owner.owned]);
  }

  #react(error: ClientError): void {
    if (error.code === 'CLOSED' && this.#isLeaving) return;
    const verdict = verdictOf(error);
    if (verdict === 'again') return;
    if (this.#mayPass(error)) return this.#options.owner.complain(error);
    if (verdict === 'end') this.#fault ??= error;
    else if (verdict === 'rejoin') this.#reason ??= 'the group rebalances';
    else this.#forget(verdict === 'lost-member', `the coordinator answered ${error.code}`);
    this.#wakeup.wake();
  }

  /** Others may leave a group that is full. */
  #mayPass(error: ClientError): boolean {
    return isWaitedOut(error, this.#generationId !== -1) || error.code === 'GROUP_MAX_SIZE_REACHED';
  }

  #forget(isMemberUnknown: boolean, reason: string): void {
    this.#generationId = -1;
    if (isMemberUnknown) this.#memberId = '';
    this.#isLost = true;
    this.#reason = reason;
  }

  async #leave(how: 'leave' | 'stay' | undefined): Promise<void> {
    const { owner, config } = this.#options;
    this.#leaving.abort();
    this.#wakeup.wake();
    await this.#loop;
    const hasEnded = this.#fault !== undefined;
    try {
      if (owner.owned.length > 0) {
        if (this.#isLost || this.#generationId === -1) await owner.lose([...owner.owned]);
        else await owner.revoke([...owner.owned]);
      }
    } finally {
      this.#stop();
    }
    const isStatic = config['group.instance.id'] !== null;
    const isGoing = how === 'leave' || (how === undefined && !isStatic);
    if (isGoing && !hasEnded && (this.#memberId !== '' || isStatic))
      await this.#sayGoodbye(this.#memberId, 'the consumer is being closed');
    this.#generationId = -1;
    this.#memberId = '';
  }

  async #sayGoodbye(memberId: string, reason: string): Promise<void> {
    try {
      await this.#exchange.leave(memberId, reason);
    } catch (error) {
      this.#options.cluster.host.log.info(
        { group: this.#groupId, error },
        'the coordinator did not hear that a member left',
      );
    }
  }

  #stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#topics.close();
  }

  /** One timer: the next heartbeat, or the end of the user's time. */
  #watch(): void {
    this.#timer?.cancel();
    if (this.#isOver) return;
    const beatAtMs = this.#mayBeat ? this.#nextBeatAtMs : Number.POSITIVE_INFINITY;
    const atMs = Math.min(beatAtMs, this.#isAway ? Number.POSITIVE_INFINITY : this.#awayAtMs);
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.cluster.host.timers.after(Math.max(0, atMs - this.#nowMs), () => this.#tick());
  }

  #tick(): void {
    if (!this.#isAway && this.#nowMs >= this.#awayAtMs) this.#goAway();
    if (this.#mayBeat && this.#nowMs >= this.#nextBeatAtMs) void this.#beat();
    this.#watch();
  }

  get #awayAtMs(): number {
    return this.#polledAtMs + this.#options.config['max.poll.interval.ms'];
  }

  get #mayBeat(): boolean {
    return this.#generationId !== -1 && !this.#isJoining && !this.#isBeating;
  }

  async #beat(): Promise<void> {
    const { config, cluster } = this.#options;
    const as = this.metadata;
    this.#isBeating = true;
    let nextMs = config['heartbeat.interval.ms'];
    try {
      this.#topics.keep();
      await this.#exchange.heartbeat(as.generationId, as.memberId);
    } catch (error) {
      if (!isClientError(error)) return this.#break(error);
      if (verdictOf(error) === 'again') nextMs = Math.min(nextMs, cluster.config['retry.backoff.max.ms']);
      this.doubt(error, as);
    } finally {
      this.#isBeating = false;
      this.#nextBeatAtMs = this.#nowMs + nextMs;
      this.#watch();
    }
  }

  #break(fault: unknown): void {
    this.#fault ??= fault;
    this.#wakeup.wake();
  }

  /** The user seems stuck or gone; if he is, others get the partitions. Static members wait for their session to end. */
  #goAway(): void {
    const { config, cluster } = this.#options;
    this.polled(this.#options.lookAtUser?.() ?? this.#polledAtMs);
    if (this.#nowMs < this.#awayAtMs) return;
    const maxMs = config['max.poll.interval.ms'];
    cluster.host.log.warn(
      { group: this.#groupId, maxMs },
      'a member leaves: its user does not get on within max.poll.interval.ms',
    );
    this.#isAway = true;
    this.#quit(`the user did not get on within max.poll.interval.ms (${maxMs} ms)`);
    this.#wakeup.wake();
  }

  #quit(reason: string): void {
    const memberId = this.#memberId;
    this.#forget(true, reason);
    if (memberId !== '' && this.#options.config['group.instance.id'] === null) void this.#sayGoodbye(memberId, reason);
  }

  async #backOff(): Promise<void> {
    const { config, host } = this.#options.cluster;
    const waitMs = backoffMs(++this.#failures, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
    await pause(host, waitMs, this.#leaving.signal);
  }

  /** Throws CLOSED when the member leaves before. */
  #untilLeaving<T>(answer: Promise<T>): Promise<T> {
    return interruptible(answer, this.#leaving.signal);
  }

  get #isLeaving(): boolean {
    return this.#leaving.signal.aborted;
  }

  /** Something that must be seen to before the rebalance goes on. */
  get #isInterrupted(): boolean {
    return this.#isLeaving || this.#isLost || this.#isAway || this.#fault !== undefined;
  }

  get #nowMs(): number {
    return this.#options.cluster.host.clock.monotonic();
  }

  get #groupId(): string {
    return this.#options.config['group.id'];
  }

  get #name(): string {
    return `group "${this.#groupId}"`;
  }
}

function without(partitions: readonly TopicPartition[], others: readonly TopicPartition[]): TopicPartition[] {
  const keys = new Set(others.map(({ topic, partition }) => partitionKey(topic, partition)));
  return partitions.filter(({ topic, partition }) => !keys.has(partitionKey(topic, partition)));
}
