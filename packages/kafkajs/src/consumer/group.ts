/**
 * Membership in a group. In: topics, assigners. Out: partitions that are ours, and whether they still are. Joining, sharing out (as leader),
 * heartbeats, leaving.
 */
import { errors } from '@millrace/protocol';

import { AssignerProtocol } from '../assigner-protocol.ts';
import { check, isRebalancing } from '../broker-errors.ts';
import type { DoorCluster } from '../cluster.ts';
import { KafkaJSError, KafkaJSNonRetriableError } from '../errors.ts';
import { consumerEvents as events, type Instrumentation } from '../events.ts';
import type { Logger } from '../logger.ts';
import { retrier, type Retrier, type RetryOptions } from '../retry.ts';
import type { Assigner, Assignment, GroupMemberAssignment } from '../types/consumer.ts';
import { OffsetBook } from './offset-book.ts';
import { SubscriptionState } from './subscription-state.ts';

export interface GroupOptions {
  readonly cluster: DoorCluster;
  readonly groupId: string;
  readonly assigners: readonly Assigner[];
  readonly topics: ReadonlyMap<string, { readonly fromBeginning: boolean }>;
  readonly instrumentation: Instrumentation;
  readonly logger: Logger;
  readonly retry: RetryOptions | undefined;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly heartbeatInterval: number;
  readonly autoCommit: boolean;
  readonly autoCommitInterval: number | null;
  readonly autoCommitThreshold: number | null;
}

interface Member {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

/** Joins are answered when all members have come. */
const joinPatienceMs = 5000;
/** A handler that comes to no end in this time loses its partitions, as with other clients. */
const handlerMsMax = 300_000;

export class ConsumerGroup {
  readonly options: GroupOptions;
  readonly subscriptions = new SubscriptionState();
  readonly #logger: Logger;
  readonly #retrier: Retrier;
  readonly #seeks = new Map<string, bigint>();
  #offsets: OffsetBook | undefined;
  #memberId = '';
  #leaderId = '';
  #generationId = -1;
  #protocol = '';
  #members: readonly Member[] = [];
  /** How many partitions each topic had when they were shared out. */
  #partitionCounts = new Map<string, number>();
  #lastHeardAtMs = 0;
  #lastProgressAtMs = 0;
  #beating: Promise<void> | undefined;
  /** What a heartbeat in the background was answered, until somebody asks. */
  #doubt: unknown;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GroupOptions) {
    this.options = options;
    this.#logger = options.logger.namespace('ConsumerGroup');
    this.#retrier = retrier(options.retry);
  }

  get memberId(): string {
    return this.#memberId;
  }

  get generationId(): number {
    return this.#generationId;
  }

  get offsets(): OffsetBook {
    if (this.#offsets === undefined) throw new KafkaJSError('The consumer has not joined its group yet.');
    return this.#offsets;
  }

  /** Whether topics have more partitions now than were shared out. */
  get isOutgrown(): boolean {
    for (const [topic, count] of this.#partitionCounts)
      if (this.options.cluster.partitionCount(topic) > count) return true;
    return false;
  }

  seek(topic: string, partition: number, offset: bigint): void {
    this.#seeks.set(`${topic}\n${partition}`, offset);
  }

  hasSeek(topic: string, partition: number): boolean {
    return this.#seeks.size > 0 && this.#seeks.has(`${topic}\n${partition}`);
  }

  /** Does what seeks have asked for since, and finds places for partitions without one. */
  async settlePositions(): Promise<void> {
    if (this.#seeks.size > 0) {
      for (const { topic, partitions } of this.subscriptions.assigned()) {
        for (const partition of partitions) {
          const key = `${topic}\n${partition}`;
          const offset = this.#seeks.get(key);
          if (offset === undefined) continue;
          this.#seeks.delete(key);
          await this.offsets.seek(topic, partition, offset);
        }
      }
    }
    await this.offsets.find();
  }

  /** Throws `KafkaJSNumberOfRetriesExceeded`, or what no try can help. */
  async joinAndSync(): Promise<void> {
    const { cluster, groupId, instrumentation } = this.options;
    const beganAt = Date.now();
    await this.#retrier(async (bail) => {
      try {
        this.#doubt = undefined;
        cluster.forgetCoordinator('group', groupId);
        await this.#join();
        const memberAssignment = await this.#sync();
        const payload = {
          groupId,
          memberId: this.#memberId,
          leaderId: this.#leaderId,
          isLeader: this.#isLeader,
          memberAssignment,
          groupProtocol: this.#protocol,
          duration: Date.now() - beganAt,
        };
        this.#heard();
        this.progressed();
        this.#keepAlive();
        instrumentation.emit(events.GROUP_JOIN, payload);
        this.#logger.info('The consumer has joined its group', payload);
      } catch (error) {
        if (isRebalancing(error)) throw new KafkaJSError(error as Error);
        const { type } = error as { type?: string };
        if (type === 'UNKNOWN_MEMBER_ID') {
          this.#memberId = '';
          throw new KafkaJSError(error as Error);
        }
        if (type === 'GROUP_COORDINATOR_NOT_AVAILABLE' || type === 'GROUP_LOAD_IN_PROGRESS') throw error;
        bail(error);
      }
    });
  }

  /** The coordinator has forgotten us: the next join begins anew. */
  forgetMember(): void {
    this.#memberId = '';
  }

  /** The handler has come further. */
  progressed(): void {
    this.#lastProgressAtMs = Date.now();
  }

  /** Undefined when nothing is to be done now. Throws when the group is rebalancing, or does not know us. */
  heartbeat(): Promise<void> | undefined {
    if (this.#doubt !== undefined) return this.#throwDoubt();
    if (this.#memberId === '' || Date.now() < this.#lastHeardAtMs + this.options.heartbeatInterval) return undefined;
    return this.#beat();
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    const memberId = this.#memberId;
    if (memberId === '') return;
    this.#memberId = '';
    const { cluster, groupId } = this.options;
    await cluster.request({ type: 'group', key: groupId }, 'leaveGroup', (version) =>
      version < 3 ? { groupId, memberId } : { groupId, members: [{ memberId, reason: 'the consumer was stopped' }] },
    );
  }

  /** No heartbeats any more. */
  silence(): void {
    clearInterval(this.#timer);
  }

  get #isLeader(): boolean {
    return this.#leaderId !== '' && this.#leaderId === this.#memberId;
  }

  #heard(): void {
    this.#lastHeardAtMs = Date.now();
  }

  async #throwDoubt(): Promise<never> {
    const doubt = this.#doubt;
    this.#doubt = undefined;
    throw doubt;
  }

  #beat(): Promise<void> {
    this.#beating ??= this.#sendHeartbeat().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #sendHeartbeat(): Promise<void> {
    const { cluster, groupId, instrumentation } = this.options;
    const [memberId, generationId] = [this.#memberId, this.#generationId];
    const { errorCode } = await cluster.request({ type: 'group', key: groupId }, 'heartbeat', {
      groupId,
      generationId,
      memberId,
    });
    if (errorCode === errors.NOT_COORDINATOR) cluster.forgetCoordinator('group', groupId);
    check(errorCode);
    this.#heard();
    instrumentation.emit(events.HEARTBEAT, { groupId, memberId, groupGenerationId: generationId });
  }

  /** Heartbeats go on while a handler takes its time, so that a long batch does not cost the membership. */
  #keepAlive(): void {
    clearInterval(this.#timer);
    const { heartbeatInterval } = this.options;
    this.#timer = setInterval(() => {
      const nowMs = Date.now();
      if (this.#memberId === '' || this.#doubt !== undefined || nowMs - this.#lastProgressAtMs > handlerMsMax) return;
      // Whoever works beats by itself; this is for those that have not for longer than they should.
      if (nowMs < this.#lastHeardAtMs + 1.5 * heartbeatInterval) return;
      const generationId = this.#generationId;
      this.#beat().catch((error: unknown) => {
        if (generationId === this.#generationId) this.#doubt = error;
      });
    }, heartbeatInterval);
    this.#timer.unref();
  }

  async #join(): Promise<void> {
    const { cluster, groupId, sessionTimeout, rebalanceTimeout, assigners, topics } = this.options;
    const protocols = assigners.map((assigner) => assigner.protocol({ topics: [...topics.keys()] }));
    const join = (memberId: string) =>
      cluster.request(
        { type: 'group', key: groupId },
        'joinGroup',
        {
          groupId,
          sessionTimeoutMs: sessionTimeout,
          rebalanceTimeoutMs: rebalanceTimeout,
          memberId,
          protocolType: 'consumer',
          protocols,
          reason: '',
        },
        { timeoutMs: rebalanceTimeout + joinPatienceMs },
      );
    let answer = await join(this.#memberId);
    if (answer.errorCode === errors.MEMBER_ID_REQUIRED) answer = await join(answer.memberId);
    check(answer.errorCode);
    this.#generationId = answer.generationId;
    this.#leaderId = answer.leader;
    this.#memberId = answer.memberId;
    this.#protocol = answer.protocolName ?? '';
    this.#members = answer.members.map(({ memberId, metadata }) => ({
      memberId,
      memberMetadata: Buffer.from(metadata),
    }));
  }

  async #sync(): Promise<Assignment> {
    const { cluster, groupId, topics } = this.options;
    const subscribed = [...topics.keys()];
    const shares = this.#isLeader ? await this.#share(subscribed) : [];
    this.#partitionCounts = new Map(subscribed.map((topic) => [topic, cluster.partitionCount(topic)]));
    const answer = await cluster.request(
      { type: 'group', key: groupId },
      'syncGroup',
      {
        groupId,
        generationId: this.#generationId,
        memberId: this.#memberId,
        protocolType: 'consumer',
        protocolName: this.#protocol,
        assignments: shares.map(({ memberId, memberAssignment }) => ({ memberId, assignment: memberAssignment })),
      },
      { timeoutMs: this.options.rebalanceTimeout + joinPatienceMs },
    );
    check(answer.errorCode);
    const decoded = AssignerProtocol.MemberAssignment.decode(Buffer.from(answer.assignment))?.assignment ?? {};
    const assignment = this.#wanted(decoded, subscribed);
    if (
      Object.entries(assignment).some(([topic, partitions]) =>
        partitions.some((index) => index >= cluster.partitionCount(topic)),
      )
    ) {
      await cluster.refreshMetadata();
      this.#partitionCounts = new Map(subscribed.map((topic) => [topic, cluster.partitionCount(topic)]));
    }
    this.#take(assignment);
    return assignment;
  }

  async #share(topics: string[]): Promise<GroupMemberAssignment[]> {
    const assigner = this.options.assigners.find(({ name }) => name === this.#protocol);
    if (assigner === undefined)
      throw new KafkaJSNonRetriableError(
        `The group has chosen the assigner "${this.#protocol}", which this consumer does not have.`,
      );
    await this.options.cluster.refreshMetadata();
    return await assigner.assign({ members: [...this.#members], topics });
  }

  /** Without topics that nobody here asked for. */
  #wanted(decoded: Assignment, topicsSubscribed: string[]): Assignment {
    const assignedTopics = Object.keys(decoded);
    const topicsNotSubscribed = assignedTopics.filter((topic) => !topicsSubscribed.includes(topic));
    if (topicsNotSubscribed.length === 0) return decoded;
    const { groupId, instrumentation } = this.options;
    const [generationId, memberId] = [this.#generationId, this.#memberId];
    const payload = { groupId, generationId, memberId, assignedTopics, topicsSubscribed, topicsNotSubscribed };
    instrumentation.emit(events.RECEIVED_UNSUBSCRIBED_TOPICS, payload);
    this.#logger.warn('The group has assigned topics that this consumer did not subscribe to', payload);
    return Object.fromEntries(Object.entries(decoded).filter(([topic]) => topicsSubscribed.includes(topic)));
  }

  #take(assignment: Assignment): void {
    const { cluster, groupId, topics, autoCommit, autoCommitInterval, autoCommitThreshold, instrumentation } =
      this.options;
    this.subscriptions.assign(Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions })));
    this.#offsets = new OffsetBook({
      cluster,
      groupId,
      memberId: this.#memberId,
      generationId: this.#generationId,
      assignment,
      topics,
      autoCommit,
      autoCommitInterval,
      autoCommitThreshold,
      committed: (payload) => instrumentation.emit(events.COMMIT_OFFSETS, payload),
    });
  }
}
