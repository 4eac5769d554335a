/**
 * A member of a share group (KIP-932). In: topics, the user's coming for more, answers to heartbeats. Out: the partitions that it is to read,
 * which it shares with others.
 *
 * One loop says who we are, hears what we are to have, and sleeps until the next heartbeat. There is nothing to revoke: what was acquired
 * stays acquired.
 */
import { errors, type ExactResponse } from '@millrace/protocol';

import { backoffMs } from '../cluster/backoff.ts';
import { Wakeup } from '../wakeup.ts';
import { askCoordinator, refusal } from '../consumer/group/group-request.ts';
import { type HeldPartition, HeldPartitions, type TargetTopic } from '../consumer/group/held-partitions.ts';
import { interruptible } from '../consumer/group/interruptible.ts';
import type { GroupCluster } from '../consumer/group/member-options.ts';
import { verdictOf } from '../consumer/group/verdict.ts';
import { type ClientError, isClientError } from '../error.ts';

export interface ShareMemberOptions {
  readonly cluster: GroupCluster;
  readonly groupId: string;
  readonly memberId: string;
  readonly pollIntervalMsMax: number;
  /** Whether the user has come for records since the last time, or waits for them. */
  readonly isReading: () => boolean;
  /** All that is to be read from now on. */
  readonly assign: (partitions: readonly HeldPartition[]) => void;
  /** What the coordinator has given is all there. */
  readonly rebalanced: () => void;
  /** Nothing more can come of the membership. */
  readonly fail: (error: ClientError) => void;
}

/** Until the coordinator has said how often it wants to hear of us. */
const firstIntervalMs = 5000;
const leaveMs = 5000;

export class ShareMember {
  readonly #options: ShareMemberOptions;
  readonly #leaving = new AbortController();
  readonly #wakeup: Wakeup;
  #loop: Promise<void> | undefined;
  #topics: readonly string[] = [];
  /** What the coordinator knows; undefined for nothing. */
  #told: string | undefined;
  /** 0 while joining. */
  #epoch = 0;
  #intervalMs = firstIntervalMs;
  #target: readonly TargetTopic[] | undefined;
  #isEmpty = true;
  /** Heartbeats in a row that found nothing for us. */
  #emptyBeats = 0;
  #failures = 0;
  #polledAtMs = 0;
  #isAway = false;
  #isOver = false;

  constructor(options: ShareMemberOptions) {
    this.#options = options;
    this.#wakeup = new Wakeup(options.cluster.host);
  }

  get epoch(): number {
    return this.#epoch;
  }

  subscribe(topics: readonly string[]): void {
    this.#topics = topics.toSorted();
    this.#polledAtMs = this.#nowMs;
    const { metadata } = this.#options.cluster;
    metadata.want(topics);
    if (topics.some((name) => metadata.topic(name) === undefined))
      metadata.refresh().catch(() => metadata.invalidate());
    if (this.#loop === undefined) this.#loop = this.#run();
    else this.#wakeup.wake();
  }

  /** The user has come for more. */
  polled(): void {
    this.#polledAtMs = this.#nowMs;
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#wakeup.wake();
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    this.#wakeup.wake();
    await this.#loop;
    if (!this.#isAway && !this.#isOver) await this.#sayGoodbye();
  }

  async #run(): Promise<void> {
    while (!this.#isLeaving && !this.#isOver) {
      if (this.#isAway) await this.#wakeup.wait();
      else await this.#wakeup.wait(await this.#beat());
      if (this.#options.isReading()) this.polled();
      else if (!this.#isAway && this.#nowMs >= this.#awayAtMs) await this.#goAway();
    }
  }

  /** Gives the time until the next one is due. */
  async #beat(): Promise<number> {
    const { cluster, assign, fail } = this.#options;
    const { config, host, metadata } = cluster;
    try {
      metadata.want(this.#topics);
      this.#hear(await interruptible(this.#ask(), this.#leaving.signal));
      this.#failures = 0;
      const isUnclear = await this.#resolve();
      if (!isUnclear) return Math.max(0, Math.min(this.#patienceMs(), this.#awayAtMs - this.#nowMs));
    } catch (error) {
      if (!isClientError(error)) throw error;
      this.#told = undefined;
      if (this.#isLeaving) return 0;
      const verdict = verdictOf(error);
      if (verdict === 'end') {
        this.#isOver = true;
        assign([]);
        fail(error);
        return 0;
      }
      if (verdict === 'lost-member' || verdict === 'lost-generation') {
        this.#epoch = 0;
        this.#target = undefined;
        assign([]);
      }
    }
    return backoffMs(++this.#failures, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
  }

  /** A coordinator makes up its mind after it has answered: a member that has nothing yet asks again sooner than it was told. */
  #patienceMs(): number {
    const { config, host } = this.#options.cluster;
    if (!this.#isEmpty) return this.#intervalMs;
    return Math.min(
      this.#intervalMs,
      backoffMs(++this.#emptyBeats, config['retry.backoff.ms'], this.#intervalMs, host.random),
    );
  }

  async #ask(): Promise<ExactResponse<'shareGroupHeartbeat'>> {
    const { cluster, groupId, memberId } = this.#options;
    const rackId = cluster.config['client.rack'];
    const said = JSON.stringify(this.#topics);
    const isWhole = this.#epoch === 0 || this.#told === undefined;
    const answer = await askCoordinator(cluster, groupId, 'shareGroupHeartbeat', {
      groupId,
      memberId,
      memberEpoch: this.#epoch,
      ...(isWhole && { rackId: rackId === '' ? null : rackId }),
      ...((isWhole || said !== this.#told) && { subscribedTopicNames: this.#topics }),
    });
    const { errorCode, errorMessage } = answer;
    if (errorCode !== errors.NONE)
      throw refusal(cluster, groupId, errorCode, `The heartbeat in share group "${groupId}"`, errorMessage);
    this.#told = said;
    return answer;
  }

  #hear({ memberEpoch, heartbeatIntervalMs, assignment }: ExactResponse<'shareGroupHeartbeat'>): void {
    this.#epoch = memberEpoch;
    this.#intervalMs = Math.max(1, heartbeatIntervalMs);
    if (assignment === null) return;
    this.#target = assignment.topicPartitions;
    this.#isEmpty = this.#target.length === 0;
    if (!this.#isEmpty) this.#emptyBeats = 0;
  }

  /** Partitions by the names of their topics. True: some topic has none yet, and the answer is worth another look soon. */
  async #resolve(): Promise<boolean> {
    const { cluster, assign, rebalanced } = this.#options;
    const target = this.#target;
    if (target === undefined || this.#isLeaving) return false;
    const isUnknown = target.some(({ topicId }) => cluster.metadata.topicOfId(topicId) === undefined);
    if (isUnknown) await interruptible(cluster.metadata.refresh(), this.#leaving.signal);
    const { comes, isUnclear } = new HeldPartitions().difference(target, cluster.metadata);
    assign(comes);
    if (isUnclear) return true;
    this.#target = undefined;
    rebalanced();
    return false;
  }

  /** The user is stuck or gone: others get what comes. */
  async #goAway(): Promise<void> {
    const { cluster, groupId, pollIntervalMsMax: maxMs, assign } = this.#options;
    const text = 'a member leaves: nothing was asked for within max.poll.interval.ms';
    cluster.host.log.warn({ group: groupId, maxMs }, text);
    this.#isAway = true;
    assign([]);
    await this.#sayGoodbye();
    this.#epoch = 0;
    this.#told = undefined;
  }

  async #sayGoodbye(): Promise<void> {
    const { cluster, groupId, memberId } = this.#options;
    const words = { groupId, memberId, memberEpoch: -1 };
    try {
      await askCoordinator(cluster, groupId, 'shareGroupHeartbeat', words, { timeoutMs: leaveMs });
    } catch (error) {
      cluster.host.log.info({ group: groupId, error }, 'the coordinator did not hear that a member left');
    }
  }

  get #isLeaving(): boolean {
    return this.#leaving.signal.aborted;
  }

  get #awayAtMs(): number {
    return this.#polledAtMs + this.#options.pollIntervalMsMax;
  }

  get #nowMs(): number {
    return this.#options.cluster.host.clock.monotonic();
  }
}
