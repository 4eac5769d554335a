/**
 * The group coordinator's front: which shard a group belongs to, and what each request may ask of it. In: requests of the group
 * APIs, without their wire versions' quirks. Out: answers through their waiters, at once or when others have come.
 */
import type { Host, Timer } from '@millrace/base';
import { errors, type HeartbeatRequest, type JoinGroupRequest, type SyncGroupRequest } from '@millrace/protocol';

import type { Caller } from './caller.ts';
import { decideClassicJoin } from './consumer/classic-join.ts';
import { classicHeartbeatOf, decideClassicLeave, decideClassicSync } from './consumer/classic-members.ts';
import { noConsumerGroup } from './consumer/consumer-leave.ts';
import { describeConsumerGroup, type DescribedConsumerGroup } from './consumer/describe.ts';
import {
  heartbeatFault,
  refusedHeartbeat,
  type HeartbeatAnswer,
  type HeartbeatRequest as ConsumerHeartbeat,
  type Refusal,
} from './consumer/heartbeat-request.ts';
import { decideConsumerHeartbeat } from './consumer/heartbeat.ts';
import { MetadataHashes } from './consumer/metadata-hash.ts';
import { decideCommit, type Commit, type CommitAnswer } from './commit.ts';
import { noRecords, type RecordProducer } from './decision.ts';
import {
  describeGroup,
  isListed,
  listed,
  type DescribedGroup,
  type GroupFilter,
  type ListedGroup,
} from './description.ts';
import type { CoordinatorSettings, GroupEnvironment, TopicsView } from './environment.ts';
import {
  decideExpiry,
  decideGroupDelete,
  decideOffsetDelete,
  decideTopicDeleted,
  type DeleteAnswer,
  type OffsetsToDelete,
} from './forget.ts';
import { heartbeatOf } from './heartbeat.ts';
import { decideFirstJoin, decideJoin, refusedJoin } from './join.ts';
import { decideLeave, type Leaving, type LeftMember } from './leave.ts';
import type { JoinAnswer, SyncAnswer } from './member.ts';
import { queryError, queryOffsets, type FoundTopic, type OffsetQuery } from './offset-query.ts';
import { partitionOf } from './partition-of.ts';
import { encodeRecords, replayBatches, type CoordinatorRecord } from './records.ts';
import { ShardRuntime, type ShardKind, type StateLog } from './runtime.ts';
import { Shard, type Group } from './shard.ts';
import { decideSync, refusedSync } from './sync.ts';
import type { Waiter } from './waiter.ts';

export const offsetsTopic = '__consumer_offsets';

export interface GroupProgress {
  readonly groupId: string;
  readonly memberCount: number;
  /** By topic and partition. */
  readonly offsets: ReadonlyMap<string, ReadonlyMap<number, { readonly offset: bigint }>>;
}

/** What the coordinator needs of the broker. */
export interface CoordinatorDoors {
  readonly host: Pick<Host, 'clock' | 'timers' | 'random' | 'log'>;
  readonly settings: CoordinatorSettings;
  readonly topics: TopicsView;
  readonly rack: string | null;
  /** `__consumer_offsets` */
  readonly log: StateLog;
}

type ShardEnvironment = Omit<GroupEnvironment, 'turn'>;
type GroupRuntime = ShardRuntime<Shard, CoordinatorRecord, ShardEnvironment>;

const groupShards: ShardKind<Shard, CoordinatorRecord, ShardEnvironment> = {
  what: 'groups',
  create: (environment) => new Shard(environment),
  encode: encodeRecords,
  replay: replayBatches,
};

export class Coordinator {
  readonly #doors: CoordinatorDoors;
  readonly #environment: ShardEnvironment;
  readonly #runtimes: (GroupRuntime | undefined)[] = [];
  #expiry: Timer | undefined = undefined;

  constructor(doors: CoordinatorDoors) {
    const { clock, timers, random, log } = doors.host;
    this.#doors = doors;
    this.#environment = {
      clock,
      timers,
      log: log.child({ part: 'coordinator' }),
      settings: doors.settings,
      topics: doors.topics,
      hashes: new MetadataHashes(doors.rack),
      newId: () => uuidOf(random.bytes(16)),
    };
  }

  /** Loads what is stored: members who are not back in time must be missed. Costs nothing where nothing is stored. */
  start(): void {
    const count = this.#doors.log.partitionCount();
    for (let partition = 0; partition < count; partition++) {
      if (!this.#doors.log.isEmpty(partition)) this.#runtime(partition).load();
    }
    this.#expireLater();
  }

  /** Whoever waits for others is sent to look for the coordinator again. */
  close(): void {
    this.#expiry?.cancel();
    this.#unloadAll();
  }

  async ensure(): Promise<boolean> {
    return this.#doors.log.partitionCount() > 0 || (await this.#doors.log.ensure());
  }

  joinGroup(request: JoinGroupRequest, caller: Caller, waiter: Waiter<JoinAnswer>): void {
    const { groupId, memberId, sessionTimeoutMs } = request;
    const { sessionTimeoutMsMin, sessionTimeoutMsMax } = this.#doors.settings;
    if (groupId === '') {
      waiter.answer(refusedJoin(memberId, errors.INVALID_GROUP_ID));
    } else if (sessionTimeoutMs < sessionTimeoutMsMin || sessionTimeoutMs > sessionTimeoutMsMax) {
      waiter.answer(refusedJoin(memberId, errors.INVALID_SESSION_TIMEOUT));
    } else {
      this.#runtimeOf(groupId, waiter)?.ask(waiter, (shard, held) => {
        const group = shard.groups.get(groupId);
        const join = { request, caller, waiter: held };
        if (group?.kind === 'classic') return decideJoin(group, join);
        // Without members it may be of the other kind as well.
        return group === undefined || group.members.size === 0
          ? decideFirstJoin(shard, join, group)
          : decideClassicJoin(shard, group, join);
      });
    }
  }

  syncGroup(request: SyncGroupRequest, waiter: Waiter<SyncAnswer>): void {
    if (request.groupId === '') {
      waiter.answer(refusedSync(errors.INVALID_GROUP_ID));
      return;
    }
    this.#runtimeOf(request.groupId, waiter)?.ask(waiter, (shard, held) => {
      const group = shard.groups.get(request.groupId);
      if (group?.kind === 'consumer') return decideClassicSync(group, request, held);
      if (group !== undefined) return decideSync(group, request, held);
      held.answer(refusedSync(errors.UNKNOWN_MEMBER_ID));
      return noRecords;
    });
  }

  /** The answer is an error code. */
  heartbeat(request: HeartbeatRequest, waiter: Waiter<number>): void {
    if (request.groupId === '') {
      waiter.answer(errors.INVALID_GROUP_ID);
      return;
    }
    this.#runtimeOf(request.groupId, waiter)?.ask(waiter, (shard, held) => {
      const group = shard.groups.get(request.groupId);
      if (group === undefined) held.answer(errors.UNKNOWN_MEMBER_ID);
      else held.answer(group.kind === 'classic' ? heartbeatOf(group, request) : classicHeartbeatOf(group, request));
      return noRecords;
    });
  }

  leaveGroup(groupId: string, leaving: readonly Leaving[], waiter: Waiter<readonly LeftMember[]>): void {
    if (groupId === '') {
      waiter.fail(errors.INVALID_GROUP_ID);
      return;
    }
    this.#runtimeOf(groupId, waiter)?.ask(waiter, (shard, held) => {
      const group = shard.groups.get(groupId);
      if (group?.kind === 'consumer') return decideClassicLeave(shard, group, leaving, held);
      if (group !== undefined) return decideLeave(group, leaving, held);
      held.answer(
        leaving.map(({ memberId, groupInstanceId }) => ({
          memberId,
          groupInstanceId,
          errorCode: errors.UNKNOWN_MEMBER_ID,
        })),
      );
      return noRecords;
    });
  }

  commitOffsets(commit: Commit, caller: Caller, waiter: Waiter<CommitAnswer>): void {
    this.#runtimeOf(commit.groupId, waiter)?.ask(waiter, (shard, held) => decideCommit(shard, commit, caller, held));
  }

  /** Offsets that count when the producer's transaction is committed. */
  commitOffsetsInTransaction(
    commit: Commit,
    producer: RecordProducer,
    caller: Caller,
    waiter: Waiter<CommitAnswer>,
  ): void {
    this.#runtimeOf(commit.groupId, waiter)?.ask(waiter, (shard, held) =>
      decideCommit(shard, commit, caller, held, producer),
    );
  }

  /** A transaction has ended in a partition of `__consumer_offsets`. */
  endTransaction(
    partition: number,
    batch: Buffer,
    end: { readonly producerId: number; readonly kind: 'abort' | 'commit'; readonly transactionVersion: number },
    waiter: Waiter<void>,
  ): void {
    this.#runtime(partition).put(batch, end.transactionVersion, waiter, (shard) =>
      shard.transactionEnded(end.producerId, end.kind === 'commit'),
    );
  }

  /** The partition of `__consumer_offsets` that keeps a group; undefined while the topic does not exist. */
  partitionOf(groupId: string): number | undefined {
    const count = this.#doors.log.partitionCount();
    return count > 0 ? partitionOf(groupId, count) : undefined;
  }

  queryOffsets(query: OffsetQuery, waiter: Waiter<readonly FoundTopic[]>): void {
    this.#runtimeOf(query.groupId, waiter)?.ask(waiter, (shard, held) => {
      const errorCode = queryError(shard, query);
      if (errorCode === errors.NONE) held.answer(queryOffsets(shard, query));
      else held.fail(errorCode);
      return noRecords;
    });
  }

  deleteOffsets(offsets: OffsetsToDelete, waiter: Waiter<DeleteAnswer>): void {
    if (offsets.groupId === '') waiter.fail(errors.INVALID_GROUP_ID);
    else
      this.#runtimeOf(offsets.groupId, waiter)?.ask(waiter, (shard, held) => decideOffsetDelete(shard, offsets, held));
  }

  /** The answer is an error code. */
  deleteGroup(groupId: string, waiter: Waiter<number>): void {
    this.#runtimeOf(groupId, waiter)?.ask(waiter, (shard, held) => decideGroupDelete(shard, groupId, held));
  }

  describeGroup(groupId: string, waiter: Waiter<DescribedGroup>): void {
    this.#runtimeOf(groupId, waiter)?.ask(waiter, (shard, held) => {
      held.answer(describeGroup(shard.groups.get(groupId)));
      return noRecords;
    });
  }

  /** `group.coordinator.rebalance.protocols` */
  get servesConsumerGroups(): boolean {
    return this.#doors.settings.consumer.isServed;
  }

  consumerHeartbeat(request: ConsumerHeartbeat, caller: Caller, waiter: Waiter<HeartbeatAnswer>): void {
    const { assignors } = this.#doors.settings.consumer;
    const fault = heartbeatFault(request, caller.apiVersion, assignors);
    if (fault !== undefined) waiter.answer(refusedHeartbeat(fault));
    else
      this.#runtimeOf(request.groupId, waiter)?.ask(waiter, (shard, held) =>
        decideConsumerHeartbeat(shard, request, caller, held),
      );
  }

  describeConsumerGroup(groupId: string, waiter: Waiter<DescribedConsumerGroup | Refusal>): void {
    this.#runtimeOf(groupId, waiter)?.ask(waiter, (shard, held) => {
      const group = shard.groups.get(groupId);
      held.answer(
        group?.kind === 'consumer' ? describeConsumerGroup(group) : noConsumerGroup(groupId, group !== undefined),
      );
      return noRecords;
    });
  }

  listGroups(filter: GroupFilter): ListedGroup[] {
    const found: ListedGroup[] = [];
    for (const group of this.groups()) if (isListed(group, filter)) found.push(listed(group));
    return found;
  }

  *groups(): Generator<Group> {
    for (const runtime of this.#runtimes) yield* runtime?.shard?.groups.values() ?? [];
  }

  /** Every group with what it committed, for metrics. */
  *progress(): Generator<GroupProgress> {
    for (const runtime of this.#runtimes) {
      const shard = runtime?.shard;
      if (shard === undefined) continue;
      for (const { id, members } of shard.groups.values())
        yield { groupId: id, memberCount: members.size, offsets: shard.offsets.ofGroup(id) };
    }
  }

  /** Its offsets mean nothing any more, should another topic get its name. */
  topicDeleted(name: string): void {
    if (name === offsetsTopic) this.#unloadAll();
    for (const runtime of this.#runtimes) runtime?.run((shard) => decideTopicDeleted(shard, name));
  }

  #runtimeOf(groupId: string, waiter: Waiter<never>): GroupRuntime | undefined {
    const count = this.#doors.log.partitionCount();
    if (count > 0) return this.#runtime(partitionOf(groupId, count));
    waiter.fail(errors.NOT_COORDINATOR);
    return undefined;
  }

  #runtime(partition: number): GroupRuntime {
    return (this.#runtimes[partition] ??= new ShardRuntime(this.#doors.log, partition, this.#environment, groupShards));
  }

  #unloadAll(): void {
    for (const runtime of this.#runtimes) runtime?.unload(errors.NOT_COORDINATOR);
    this.#runtimes.length = 0;
  }

  #expireLater(): void {
    const { timers } = this.#doors.host;
    this.#expiry = timers.after(this.#doors.settings.offsetsRetentionCheckMs, () => {
      for (const runtime of this.#runtimes) runtime?.run(decideExpiry);
      this.#expireLater();
    });
  }
}

function uuidOf(bytes: Uint8Array): string {
  const own = Buffer.from(bytes);
  own[6] = ((own[6] ?? 0) & 0x0f) | 0x40;
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80;
  const hex = own.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
