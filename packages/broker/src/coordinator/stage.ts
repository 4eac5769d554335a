/**
 * A stage for tests: a coordinator with a clock that moves when told, timers on it, and logs in memory whose syncs can be held back
 * or fail. Nothing but tests imports this.
 */
import { type Clock, type Logger, silentLogger, type Timer, type Timers } from '@millrace/base';
import {
  batchHeader,
  type ConsumerGroupHeartbeatRequest,
  errors,
  type JoinGroupRequest,
  type SyncGroupRequest,
  zeroUuid,
} from '@millrace/protocol';

import type { Caller } from './caller.ts';
import type { Commit, CommitAnswer } from './commit.ts';
import { Coordinator, type CoordinatorDoors } from './coordinator.ts';
import type { DescribedConsumerGroup } from './consumer/describe.ts';
import type { HeartbeatAnswer, Refusal } from './consumer/heartbeat-request.ts';
import type { DescribedGroup } from './description.ts';
import type { ConsumerSettings, CoordinatorSettings } from './environment.ts';
import { MetadataImage } from '../metadata/image.ts';
import type { Group } from './shard.ts';
import type { Leaving, LeftMember } from './leave.ts';
import type { JoinAnswer, SyncAnswer } from './member.ts';
import type { FoundTopic } from './offset-query.ts';
import type { Waiter } from './waiter.ts';

interface FakeTimer extends Timer {
  readonly atMs: number;
  readonly callback: () => void;
  isCancelled: boolean;
}

export const startedAtMs = 1_700_000_000_000;

export class FakeTime implements Clock, Timers {
  #nowMs = 0;
  #timers: FakeTimer[] = [];
  /** How often a timer was asked for. */
  started = 0;

  now(): number {
    return startedAtMs + Math.floor(this.#nowMs);
  }

  monotonic(): number {
    return this.#nowMs;
  }

  get running(): number {
    return this.#timers.filter(({ isCancelled }) => !isCancelled).length;
  }

  after(delayMs: number, callback: () => void): Timer {
    this.started++;
    const timer: FakeTimer = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      callback,
      isCancelled: false,
      cancel: () => void (timer.isCancelled = true),
    };
    this.#timers.push(timer);
    return timer;
  }

  pass(ms: number): void {
    const end = this.#nowMs + ms;
    for (;;) {
      this.#timers = this.#timers.filter(({ isCancelled }) => !isCancelled);
      let next: FakeTimer | undefined;
      for (const timer of this.#timers)
        if (timer.atMs <= end && (next === undefined || timer.atMs < next.atMs)) next = timer;
      if (next === undefined) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = end;
  }
}

/** What came back for a request; undefined while it waits. */
export class Outcome<R> implements Waiter<R> {
  response: R | undefined = undefined;
  errorCode: number | undefined = undefined;
  #whenDone: ((outcome: Outcome<R>) => void) | undefined;

  constructor(whenDone?: (outcome: Outcome<R>) => void) {
    this.#whenDone = whenDone;
  }

  get isDone(): boolean {
    return this.response !== undefined || this.errorCode !== undefined;
  }

  answer(response: R): void {
    this.#settle();
    this.response = response;
    this.#whenDone?.(this);
  }

  fail(errorCode: number): void {
    this.#settle();
    this.errorCode = errorCode;
    this.#whenDone?.(this);
  }

  get(): R {
    if (this.response === undefined)
      throw new Error(this.errorCode === undefined ? 'it still waits' : `it failed with ${this.errorCode}`);
    return this.response;
  }

  #settle(): void {
    if (this.isDone) throw new Error('a request is answered once');
  }
}

/** Kafka's defaults, but that members which come one after the other are served at once. */
export const consumerDefaults: ConsumerSettings = {
  isServed: true,
  membersMax: 0x7fff_ffff,
  assignors: ['uniform', 'range'],
  mayUpgrade: true,
  mayDowngrade: true,
  patternRefreshMs: 600_000,
  of: () => ({ sessionTimeoutMs: 45_000, heartbeatIntervalMs: 5000, assignmentIntervalMs: 0 }),
};

export interface StageOptions {
  readonly settings?: Partial<CoordinatorSettings>;
  readonly consumer?: Partial<ConsumerSettings>;
  readonly image?: MetadataImage;
  readonly partitionCount?: number;
  /** Logs of a stage before: what a restart finds. */
  readonly logs?: ReadonlyMap<number, readonly Buffer[]>;
  readonly time?: FakeTime;
  readonly log?: Logger;
}

export class Stage {
  readonly time: FakeTime;
  readonly coordinator: Coordinator;
  readonly image: MetadataImage;
  readonly settings: { -readonly [K in keyof CoordinatorSettings]: CoordinatorSettings[K] };
  /** Batches as they were appended, by partition. */
  readonly logs = new Map<number, Buffer[]>();
  /** While true, syncs wait for `sync()`. */
  holdsSyncs = false;
  /** The next appends fail with this. */
  appendError: number = errors.NONE;
  reads = 0;
  partitionCount: number;
  #ids = 0;
  #waiting: { durable(failed: boolean): void }[] = [];

  constructor(options: StageOptions = {}) {
    this.time = options.time ?? new FakeTime();
    this.image = options.image ?? new MetadataImage();
    this.partitionCount = options.partitionCount ?? 4;
    for (const [partition, batches] of options.logs ?? []) this.logs.set(partition, [...batches]);
    this.settings = {
      sessionTimeoutMsMin: 6000,
      sessionTimeoutMsMax: 1_800_000,
      initialRebalanceDelayMs: 3000,
      membersMax: 0x7fff_ffff,
      offsetMetadataLengthMax: 4096,
      offsetsRetentionMs: 10_080 * 60_000,
      offsetsRetentionCheckMs: 600_000,
      consumer: { ...consumerDefaults, ...options.consumer },
      ...options.settings,
    };
    this.coordinator = new Coordinator(this.#doors(options.log ?? silentLogger));
    this.coordinator.start();
  }

  /** The same logs under a new coordinator, as after a restart. */
  restart(): Stage {
    this.coordinator.close();
    const next = new Stage({
      settings: this.settings,
      partitionCount: this.partitionCount,
      logs: this.logs,
      time: this.time,
      image: this.image,
    });
    next.#ids = this.#ids;
    return next;
  }

  sync(failed = false): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.durable(failed);
  }

  groupInMemory(groupId: string): Group | undefined {
    for (const group of this.coordinator.groups()) if (group.id === groupId) return group;
    return undefined;
  }

  /** Only the sync that was asked for last ends. */
  syncNewest(): void {
    this.#waiting.pop()?.durable(false);
  }

  join(
    request: Partial<JoinGroupRequest>,
    caller: Partial<Caller> = {},
    outcome = new Outcome<JoinAnswer>(),
  ): Outcome<JoinAnswer> {
    this.coordinator.joinGroup({ ...joinRequest, ...request }, { ...anyCaller, ...caller }, outcome);
    return outcome;
  }

  /** A dynamic member that takes the id it is given and comes back with it, as clients since version 4 do. */
  joinTwice(
    request: Partial<JoinGroupRequest>,
    outcome = new Outcome<JoinAnswer>(),
  ): { readonly id: string; readonly joined: Outcome<JoinAnswer> } {
    const { memberId } = this.join(request).get();
    return { id: memberId, joined: this.join({ ...request, memberId }, {}, outcome) };
  }

  syncGroup(request: Partial<SyncGroupRequest>, outcome = new Outcome<SyncAnswer>()): Outcome<SyncAnswer> {
    this.coordinator.syncGroup({ ...syncRequest, ...request }, outcome);
    return outcome;
  }

  /** A stable group of so many members; the first leads, and each is assigned its own place among them. */
  form(count: number, request: Partial<JoinGroupRequest> = {}): string[] {
    const joins = Array.from({ length: count }, () => this.joinTwice(request));
    while (joins.some(({ joined }) => !joined.isDone)) this.time.pass(100);
    const { leader, generationId } = joins[0]?.joined.get() ?? { leader: '', generationId: 0 };
    const ids = joins.map(({ id }) => id);
    this.assign(ids, generationId, leader, request.groupId);
    return ids;
  }

  /** Every one of these members syncs. */
  assign(ids: readonly string[], generationId: number, leader: string, groupId = 'g'): Outcome<SyncAnswer>[] {
    const assignments = ids.map((memberId, index) => ({ memberId, assignment: Buffer.from(`part ${index}`) }));
    return ids.map((memberId) =>
      this.syncGroup({
        groupId,
        generationId,
        memberId,
        protocolType: null,
        assignments: memberId === leader ? assignments : [],
      }),
    );
  }

  describe(groupId = 'g'): DescribedGroup {
    const outcome = new Outcome<DescribedGroup>();
    this.coordinator.describeGroup(groupId, outcome);
    return outcome.get();
  }

  leave(leaving: readonly Leaving[], groupId = 'g'): readonly LeftMember[] {
    const outcome = new Outcome<readonly LeftMember[]>();
    this.coordinator.leaveGroup(groupId, leaving, outcome);
    return outcome.get();
  }

  commit(commit: Partial<Commit>, apiVersion = 9): Outcome<CommitAnswer> {
    const outcome = new Outcome<CommitAnswer>();
    this.coordinator.commitOffsets({ ...anyCommit, ...commit }, { ...anyCaller, apiVersion }, outcome);
    return outcome;
  }

  /** A topic that is new, or has more partitions than before. */
  topic(name: string, partitionCount: number, topicId = idOf(name)): string {
    const present = this.image.topic(name);
    if (present === undefined) this.image.replay({ type: 'TopicRecord', name, topicId });
    for (let partitionId = present?.partitions.length ?? 0; partitionId < partitionCount; partitionId++)
      this.image.replay({ type: 'PartitionRecord', topicId, partitionId, leaderEpoch: 0, partitionEpoch: 0 });
    return topicId;
  }

  removeTopic(name: string): void {
    this.image.replay({ type: 'RemoveTopicRecord', topicId: this.image.topic(name)?.id ?? '' });
    this.coordinator.topicDeleted(name);
  }

  consumer(
    request: Partial<ConsumerGroupHeartbeatRequest>,
    caller: Partial<Caller> = {},
    outcome = new Outcome<HeartbeatAnswer>(),
  ): Outcome<HeartbeatAnswer> {
    this.coordinator.consumerHeartbeat(
      { ...consumerRequest, ...request },
      { ...anyCaller, apiVersion: 1, ...caller },
      outcome,
    );
    return outcome;
  }

  describeConsumer(groupId = 'g'): DescribedConsumerGroup {
    const outcome = new Outcome<DescribedConsumerGroup | Refusal>();
    this.coordinator.describeConsumerGroup(groupId, outcome);
    const described = outcome.get();
    if ('errorCode' in described) throw new Error(described.errorMessage ?? `${described.errorCode}`);
    return described;
  }

  /** Offsets of a group as `topic-partition: offset`. */
  offsets(groupId = 'g'): Record<string, number> {
    const outcome = new Outcome<readonly FoundTopic[]>();
    this.coordinator.queryOffsets({ groupId, topics: null, requireStable: false }, outcome);
    const found = outcome
      .get()
      .flatMap(({ name, partitions }) =>
        partitions.map((one): [string, number] => [`${name}-${one.partitionIndex}`, Number(one.committedOffset)]),
      );
    return Object.fromEntries(found);
  }

  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): number {
    const outcome = new Outcome<number>();
    this.coordinator.heartbeat({ groupId: 'g', memberId, generationId, groupInstanceId }, outcome);
    return outcome.get();
  }

  #doors(log: Logger): CoordinatorDoors {
    return {
      host: { clock: this.time, timers: this.time, log, random: { below: () => 0, bytes: () => this.#nextId() } },
      settings: this.settings,
      topics: this.image,
      rack: null,
      log: {
        ensure: async () => {
          this.partitionCount ||= 4;
          return true;
        },
        partitionCount: () => this.partitionCount,
        isEmpty: (partition) => !this.logs.has(partition),
        read: (partition) => {
          this.reads++;
          return this.logs.get(partition) ?? [];
        },
        append: (partition, batch) => {
          if (this.appendError !== errors.NONE) return { errorCode: this.appendError };
          const batches = this.logs.get(partition) ?? [];
          const last = batches.at(-1);
          const baseOffset = last === undefined ? 0 : batchHeader.lastOffset(last, 0) + 1;
          batchHeader.stampOffset(batch, 0, baseOffset, 0);
          this.logs.set(partition, [...batches, batch]);
          return { baseOffset };
        },
        afterSync: (waiter) => {
          this.#waiting.push(waiter);
          if (!this.holdsSyncs) this.sync();
        },
      },
    };
  }

  #nextId(): Uint8Array {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(12, ++this.#ids);
    return bytes;
  }
}

export const anyCaller: Caller = { clientId: 'client', clientHost: '/127.0.0.1', apiVersion: 9 };

export const anyCommit: Commit = {
  groupId: 'g',
  memberId: '',
  groupInstanceId: null,
  generationId: -1,
  retentionTimeMs: -1,
  topics: [
    {
      name: 't',
      topicId: zeroUuid,
      partitions: [{ partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: -1, committedMetadata: null }],
    },
  ],
};

/** An id that a test can foresee. */
export function idOf(name: string): string {
  return Buffer.from(name.padEnd(16, '.')).toString('base64url').slice(0, 21) + 'A';
}

/** A heartbeat that says nothing but who is alive. */
export const consumerRequest: ConsumerGroupHeartbeatRequest = {
  groupId: 'g',
  memberId: '',
  memberEpoch: 0,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  subscribedTopicNames: null,
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: null,
};

export const joinRequest: JoinGroupRequest = {
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('metadata') }],
  reason: null,
};

const syncRequest: SyncGroupRequest = {
  groupId: 'g',
  generationId: 1,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocolName: 'range',
  assignments: [],
};
