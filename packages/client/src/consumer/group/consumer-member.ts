/**
 * A member of a consumer group (KIP-848), where the coordinator shares partitions out. In: a subscription, the user's coming for more, the
 * answers to heartbeats. Out: partitions to the owner.
 *
 * Heartbeats say who we are, and bring what we are to have. One loop hands it over: give up what goes, take what comes, say so. Heartbeats
 * never wait for it, and one timer serves them and `max.poll.interval.ms`. A member that the coordinator has fenced loses what it had and
 * joins again; it keeps its id.
 *
 * A membership is used once: after `leave` comes another object.
 */
import type { Timer } from '@millrace/base';
import { errors, type ExactResponse } from '@millrace/protocol';

import { backoffMs } from '../../cluster/backoff.ts';
import { ClientError, isClientError } from '../../error.ts';
import { HeartbeatWords } from './consumer-heartbeat.ts';
import { askCoordinator, refusal } from './group-request.ts';
import { Wakeup } from '../../wakeup.ts';
import { interruptible } from './interruptible.ts';
import { HeldPartitions, type TargetTopic } from './held-partitions.ts';
import type { MemberConfig, MemberOptions } from './member-options.ts';
import type { GroupMetadata, Membership, Subscription } from './membership.ts';
import { SubscribedTopics } from './subscribed-topics.ts';
import { isRefusal, isWaitedOut, verdictOf } from './verdict.ts';

export interface ConsumerMemberOptions extends Omit<MemberOptions, 'config'> {
  /** Heartbeats come as often as the coordinator says, and sessions last as long as it says. */
  readonly config: Omit<MemberConfig, 'session.timeout.ms' | 'heartbeat.interval.ms'> & {
    readonly 'group.remote.assignor': string | null;
  };
}

/** Until the coordinator has said how often it wants to hear of us. */
const firstIntervalMs = 5000;
const leaveMs = 5000;

export class ConsumerMember implements Membership {
  readonly #options: ConsumerMemberOptions;
  readonly #words: HeartbeatWords;
  readonly #topics: SubscribedTopics;
  readonly #held = new HeldPartitions();
  readonly #leaving = new AbortController();
  #loop: Promise<void> | undefined;
  #left: Promise<void> | undefined;
  readonly #wakeup: Wakeup;
  #memberId: string;
  /** 0 while joining; -1 while not a member at all. */
  #epoch = -1;
  /** What we are to have; undefined when there is nothing to do about it. */
  #target: readonly TargetTopic[] | undefined;
  #isReconciling = false;
  #isLost = false;
  #isAway = false;
  #isBeating = false;
  /** A heartbeat is due as soon as the one under way is answered. */
  #isNewsDue = false;
  /** No timers any more. */
  #isOver = false;
  #failures = 0;
  #fault: unknown;
  #timer: Timer | undefined;
  #intervalMs = firstIntervalMs;
  #nextBeatAtMs = 0;
  #polledAtMs = 0;

  constructor(options: ConsumerMemberOptions) {
    const { cluster, config } = options;
    this.#options = options;
    this.#wakeup = new Wakeup(options.cluster.host);
    this.#memberId = Buffer.from(cluster.host.random.bytes(16)).toString('base64url');
    const rackId = cluster.config['client.rack'];
    this.#words = new HeartbeatWords({
      groupId: config['group.id'],
      instanceId: config['group.instance.id'],
      rackId: rackId === '' ? null : rackId,
      rebalanceTimeoutMs: config['max.poll.interval.ms'],
      serverAssignor: config['group.remote.assignor'],
    });
    this.#topics = new SubscribedTopics({
      cluster,
      areInternalExcluded: config['exclude.internal.topics'],
      doesBrokerMatch: true,
      changed: () => this.#beatSoon(),
    });
  }

  get metadata(): GroupMetadata {
    const { 'group.id': groupId, 'group.instance.id': groupInstanceId } = this.#options.config;
    const generationId = this.#epoch > 0 ? this.#epoch : -1;
    return { groupId, generationId, memberId: this.#memberId, groupInstanceId };
  }

  get isRebalancing(): boolean {
    return this.#epoch <= 0 || this.#target !== undefined || this.#isReconciling;
  }

  subscribe(subscription: Subscription): void {
    if (this.#isLeaving) throw new ClientError('STATE', 'This member has left its group.');
    this.#topics.set(subscription);
    this.#polledAtMs = this.#nowMs;
    if (this.#loop === undefined) this.#loop = this.#run();
    else this.#beatSoon();
  }

  polled(atMs = this.#nowMs): void {
    this.#polledAtMs = Math.max(this.#polledAtMs, atMs);
    if (!this.#isAway || this.#nowMs >= this.#awayAtMs) return;
    this.#isAway = false;
    this.#wakeup.wake();
  }

  /** The coordinator decides alone when to rebalance; it hears of us at once. */
  rejoin(): void {
    this.#beatSoon();
  }

  doubt(error: ClientError, as: GroupMetadata = this.metadata): void {
    if (as.memberId !== this.#memberId || this.#epoch <= 0) return;
    // The heartbeat brings the epoch, or that there is none.
    if (error.code === 'STALE_MEMBER_EPOCH' || as.generationId !== this.#epoch) this.#beatSoon();
    else this.#react(error);
  }

  leave(how?: 'leave' | 'stay'): Promise<void> {
    return (this.#left ??= this.#leave(how));
  }

  async #run(): Promise<void> {
    try {
      await this.#enter();
      while (!this.#isLeaving && this.#fault === undefined) {
        if (this.#isLost) await this.#loseAll();
        else if (this.#isAway) await this.#wakeup.wait();
        else if (this.#epoch === -1) this.#join();
        else if (this.#target !== undefined) await this.#reconcile(this.#target);
        else await this.#wakeup.wait();
      }
    } catch (error) {
      this.#fault ??= error;
    }
    if (!this.#isLeaving) await this.#end(this.#fault);
  }

  /** A pattern of ours is matched against what there is now, not against what was there when the client began. */
  async #enter(): Promise<void> {
    if (!this.#topics.hasPattern) return;
    const lookup = this.#options.cluster.metadata.refresh();
    await interruptible(lookup, this.#leaving.signal).catch((error: unknown) => {
      if (!isClientError(error) || !error.retriable) throw error;
    });
  }

  #join(): void {
    this.#epoch = 0;
    this.#target = undefined;
    this.#words.unheard();
    this.#beatSoon();
  }

  /** Everything that was owned is lost, and the user hears why. The others need not wait for the end of the session. */
  async #end(fault: unknown): Promise<void> {
    const { owner, cluster, config } = this.#options;
    this.#stop();
    const isMember = this.#epoch > 0 && config['group.instance.id'] === null;
    if (isMember && !isRefusal(fault)) void this.#sayGoodbye(-1);
    try {
      await this.#loseAll();
    } catch (error) {
      cluster.host.log.warn({ group: this.#groupId, error }, 'giving up what was lost has failed');
    }
    const text = fault instanceof Error ? fault.message : String(fault);
    const sentence = `The member of group "${this.#groupId}" has ended: ${text}`;
    owner.fail(isClientError(fault) ? fault : new ClientError('HANDLER', sentence, { cause: fault }));
  }

  async #loseAll(): Promise<void> {
    this.#isLost = false;
    this.#epoch = -1;
    this.#target = undefined;
    this.#held.clear();
    const { owner } = this.#options;
    if (owner.owned.length > 0) await owner.lose([...owner.owned]);
  }

  async #reconcile(target: readonly TargetTopic[]): Promise<void> {
    const { owner, cluster, meter } = this.#options;
    const begunAtMs = this.#nowMs;
    const { goes, comes, isUnclear } = this.#held.difference(target, cluster.metadata);
    this.#isReconciling = true;
    try {
      if (goes.length > 0) {
        await owner.revoke(goes);
        this.#held.remove(goes);
      }
      if (this.#isInterrupted) return;
      cluster.metadata.want(comes.map(({ topic }) => topic));
      this.#held.add(comes);
      await owner.assign(comes);
      meter?.rebalanced(this.#nowMs - begunAtMs);
    } catch (error) {
      meter?.rebalanceFailed();
      throw error;
    } finally {
      this.#isReconciling = false;
    }
    if (this.#isInterrupted) return;
    if (this.#target === target && !isUnclear) this.#target = undefined;
    this.#beatSoon();
    // A topic without a name was made a moment ago, or is gone; then the coordinator takes it back.
    if (isUnclear && this.#target === target) await this.#lookForNames();
  }

  async #lookForNames(): Promise<void> {
    const { cluster } = this.#options;
    const { config, host } = cluster;
    const waitMs = backoffMs(++this.#failures, config['retry.backoff.ms'], this.#intervalMs, host.random);
    const unlisten = cluster.metadata.onChanged(() => this.#wakeup.wake());
    const timer = host.timers.after(waitMs, () => {
      cluster.metadata.refresh().catch(() => this.#wakeup.wake());
    });
    await this.#wakeup.wait();
    timer.cancel();
    unlisten();
  }

  /** Now, or when the one under way is answered. */
  #beatSoon(): void {
    if (this.#isBeating) this.#isNewsDue = true;
    else this.#nextBeatAtMs = this.#nowMs;
    this.#watch();
  }

  async #beat(): Promise<void> {
    const { cluster } = this.#options;
    const epoch = this.#epoch;
    this.#isBeating = true;
    this.#isNewsDue = false;
    let nextMs = this.#intervalMs;
    try {
      this.#topics.keep();
      const answer = await this.#ask();
      if (this.#epoch === epoch && !this.#isLost) this.#hear(answer);
      nextMs = this.#intervalMs;
      this.#failures = 0;
    } catch (error) {
      this.#words.unheard();
      if (!isClientError(error)) return this.#break(error);
      if (this.#epoch === epoch) this.#react(isUnknown(error) ? tooOld(error) : error);
      const { 'retry.backoff.ms': firstMs, 'retry.backoff.max.ms': maxMs } = cluster.config;
      nextMs = backoffMs(++this.#failures, firstMs, maxMs, cluster.host.random);
    } finally {
      this.#isBeating = false;
      this.#nextBeatAtMs = this.#nowMs + (this.#isNewsDue ? 0 : nextMs);
      this.#watch();
    }
  }

  #break(fault: unknown): void {
    this.#fault ??= fault;
    this.#wakeup.wake();
  }

  async #ask(): Promise<ExactResponse<'consumerGroupHeartbeat'>> {
    const { cluster } = this.#options;
    const words = this.#words.say({
      memberId: this.#memberId,
      memberEpoch: this.#epoch,
      topics: this.#topics.joining(),
      pattern: this.#topics.pattern,
      held: this.#held.byTopicId(),
    });
    const answer = await askCoordinator(cluster, this.#groupId, 'consumerGroupHeartbeat', words);
    const { errorCode, errorMessage } = answer;
    if (errorCode === errors.NONE) return answer;
    throw refusal(cluster, this.#groupId, errorCode, `The heartbeat in group "${this.#groupId}"`, errorMessage);
  }

  #hear({ memberId, memberEpoch, heartbeatIntervalMs, assignment }: ExactResponse<'consumerGroupHeartbeat'>): void {
    if (this.#isLeaving) return;
    this.#words.heard();
    if (memberId !== null && memberId !== '') this.#memberId = memberId;
    this.#epoch = memberEpoch;
    this.#intervalMs = Math.max(1, heartbeatIntervalMs);
    if (assignment === null) return;
    this.#target = assignment.topicPartitions;
    this.#wakeup.wake();
  }

  #react(error: ClientError): void {
    if (this.#isLeaving) return;
    const verdict = verdictOf(error);
    if (verdict === 'again' || verdict === 'rejoin') return;
    if (isWaitedOut(error, this.#epoch > 0)) return this.#options.owner.complain(error);
    if (verdict === 'end') this.#fault ??= error;
    else this.#forget();
    this.#wakeup.wake();
  }

  #forget(): void {
    this.#epoch = -1;
    this.#isLost = true;
    this.#words.unheard();
  }

  async #leave(how: 'leave' | 'stay' | undefined): Promise<void> {
    const { owner, config } = this.#options;
    this.#leaving.abort();
    this.#wakeup.wake();
    await this.#loop;
    const isMember = this.#epoch >= 0 && this.#fault === undefined;
    try {
      if (owner.owned.length > 0) {
        if (this.#isLost || !isMember) await owner.lose([...owner.owned]);
        else await owner.revoke([...owner.owned]);
      }
    } finally {
      this.#stop();
    }
    const isStatic = config['group.instance.id'] !== null;
    const isTold = isStatic || how !== 'stay';
    if (isMember && isTold) await this.#sayGoodbye(isStatic && how !== 'leave' ? -2 : -1);
    this.#epoch = -1;
  }

  async #sayGoodbye(epoch: -1 | -2): Promise<void> {
    const { cluster } = this.#options;
    const words = this.#words.bye(this.#memberId, epoch);
    try {
      await askCoordinator(cluster, this.#groupId, 'consumerGroupHeartbeat', words, { timeoutMs: leaveMs });
    } catch (error) {
      cluster.host.log.info({ group: this.#groupId, error }, 'the coordinator did not hear that a member left');
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
    this.#timer = undefined;
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
    return this.#epoch >= 0 && !this.#isBeating && !this.#isLost;
  }

  /** The user seems stuck or gone; if he is, others get the partitions. */
  #goAway(): void {
    const { config, cluster } = this.#options;
    this.polled(this.#options.lookAtUser?.() ?? this.#polledAtMs);
    if (this.#nowMs < this.#awayAtMs) return;
    const maxMs = config['max.poll.interval.ms'];
    const text = 'a member leaves: its user does not get on within max.poll.interval.ms';
    cluster.host.log.warn({ group: this.#groupId, maxMs }, text);
    this.#isAway = true;
    if (this.#epoch >= 0) void this.#sayGoodbye(config['group.instance.id'] === null ? -1 : -2);
    this.#forget();
    this.#wakeup.wake();
  }

  get #isLeaving(): boolean {
    return this.#leaving.signal.aborted;
  }

  /** Something that must be seen to before the hand-over goes on. */
  get #isInterrupted(): boolean {
    return this.#isLeaving || this.#isLost || this.#isAway || this.#fault !== undefined;
  }

  get #groupId(): string {
    return this.#options.config['group.id'];
  }

  get #nowMs(): number {
    return this.#options.cluster.host.clock.monotonic();
  }
}

const isUnknown = ({ code }: ClientError): boolean => code === 'UNSUPPORTED' || code === 'UNSUPPORTED_VERSION';

/** There is no way back by itself: a group is of one kind or the other for all its members. */
function tooOld(error: ClientError): ClientError {
  const text = `${error.message} Groups of group.protocol=consumer need Kafka 4.0; group.protocol=classic is what every broker has.`;
  return new ClientError(error.code, text, { cause: error });
}
