/**
 * Random requests, clocks, failing disks and restarts; then what is in memory is compared with what the records tell. A group that is
 * stable or empty must be exactly what a restart brings back, and every request must have been answered once everyone is gone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors, zeroUuid } from '@millrace/protocol';
import fc from 'fast-check';

import { MetadataHashes } from './consumer/metadata-hash.ts';
import type { ClassicGroup } from './group.ts';
import type { JoinAnswer, SyncAnswer } from './member.ts';
import { replayBatches } from './records.ts';
import { Shard } from './shard.ts';
import { FakeTime, Outcome, Stage } from './stage.ts';
import { silentLogger } from '@millrace/base';

const groupIds = ['g', 'h'] as const;
const clientCount = 4;

interface Client {
  memberId: string;
  generationId: number;
  leads: readonly string[];
}

const client = fc.nat({ max: clientCount - 1 });
const group = fc.constantFrom(...groupIds);
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      name: fc.constant('form' as const),
      group,
      count: fc.integer({ min: 1, max: clientCount }),
      isStatic: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      name: fc.constant('join' as const),
      client,
      group,
      isStatic: fc.boolean(),
      offers: fc.constantFrom('r', 'rs', 's'),
      version: fc.constantFrom(3, 8, 9),
    }),
  },
  { weight: 8, arbitrary: fc.record({ name: fc.constant('sync' as const), client, group }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('heartbeat' as const), client, group }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('leave' as const), client, group }) },
  {
    weight: 5,
    arbitrary: fc.record({
      name: fc.constant('commit' as const),
      client,
      group,
      isMember: fc.boolean(),
      partition: fc.nat({ max: 2 }),
      offset: fc.nat({ max: 99 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('deleteOffsets' as const), group }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('deleteGroup' as const), group }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('deleteTopic' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      name: fc.constant('pass' as const),
      ms: fc.constantFrom(100, 3000, 10_000, 60_000, 20 * 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('disk' as const), isFull: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('syncFails' as const) }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('restart' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

class Run {
  stage = new Stage({ partitionCount: 1, settings: { offsetsRetentionMs: 30 * 60_000 } });
  readonly waiting = new Set<object>();
  readonly #clients = new Map<string, Client>();

  perform(command: Command): void {
    const { stage } = this;
    switch (command.name) {
      case 'form':
        return this.#form(command);
      case 'join':
        return this.#join(command);
      case 'sync':
        return this.#sync(command);
      case 'heartbeat': {
        const { memberId, generationId } = this.#of(command);
        return stage.coordinator.heartbeat(
          { groupId: command.group, memberId, generationId, groupInstanceId: null },
          this.#expect<number>(),
        );
      }
      case 'leave':
        return stage.coordinator.leaveGroup(
          command.group,
          [{ memberId: this.#of(command).memberId, groupInstanceId: null }],
          this.#expect(),
        );
      case 'commit':
        return this.#commit(command);
      case 'deleteOffsets':
        return stage.coordinator.deleteOffsets(
          { groupId: command.group, topics: [{ name: 't', partitions: [0, 1] }] },
          this.#expect(),
        );
      case 'deleteGroup':
        return stage.coordinator.deleteGroup(command.group, this.#expect<number>());
      case 'deleteTopic':
        return stage.coordinator.topicDeleted('t');
      case 'pass':
        return stage.time.pass(command.ms);
      case 'disk':
        stage.appendError = command.isFull ? errors.KAFKA_STORAGE_ERROR : errors.NONE;
        return;
      case 'syncFails':
        stage.holdsSyncs = true;
        this.#commit({ name: 'commit', client: 0, group: 'g', isMember: false, partition: 0, offset: 1 });
        stage.sync(true);
        stage.holdsSyncs = false;
        return;
      case 'restart':
        this.stage = stage.restart();
        return;
    }
  }

  #join({ client, group: groupId, isStatic, offers, version }: Extract<Command, { name: 'join' }>): void {
    const own = this.#of({ client, group: groupId });
    const outcome = this.#expect<JoinAnswer>(({ response }) => {
      if (response?.errorCode === errors.UNKNOWN_MEMBER_ID) own.memberId = '';
      if (response?.errorCode === errors.MEMBER_ID_REQUIRED) own.memberId = response.memberId;
      if (response?.errorCode !== errors.NONE) return;
      Object.assign(own, {
        memberId: response.memberId,
        generationId: response.generationId,
        leads: response.members.map(({ memberId }) => memberId),
      });
    });
    const protocols = offers.split('').map((name) => ({ name, metadata: Buffer.from(offers) }));
    const request = {
      groupId,
      memberId: isStatic ? '' : own.memberId,
      groupInstanceId: isStatic ? `i${client}` : null,
      protocols,
    };
    this.stage.join(request, { apiVersion: version }, outcome);
  }

  /** What well-behaved clients do, so that groups become stable more often than by chance. */
  #form({ group, count, isStatic }: Extract<Command, { name: 'form' }>): void {
    for (let client = 0; client < count; client++)
      this.#join({ name: 'join', client, group, isStatic, offers: 'rs', version: 3 });
    this.stage.time.pass(9000);
    for (let client = 0; client < count; client++) this.#sync({ name: 'sync', client, group });
  }

  #sync({ client, group: groupId }: Extract<Command, { name: 'sync' }>): void {
    const { memberId, generationId, leads } = this.#of({ client, group: groupId });
    const assignments = leads.map((memberId, index) => ({
      memberId,
      assignment: Buffer.from(`part ${index} of ${generationId}`),
    }));
    this.stage.syncGroup(
      { groupId, memberId, generationId, protocolName: null, assignments },
      this.#expect<SyncAnswer>(),
    );
  }

  #commit({
    client,
    group: groupId,
    isMember,
    partition: partitionIndex,
    offset: committedOffset,
  }: Extract<Command, { name: 'commit' }>): void {
    const { memberId, generationId } = isMember
      ? this.#of({ client, group: groupId })
      : { memberId: '', generationId: -1 };
    const partitions = [
      { partitionIndex, committedOffset: BigInt(committedOffset), committedLeaderEpoch: -1, committedMetadata: null },
    ];
    const commit = {
      groupId,
      memberId,
      generationId,
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [{ name: 't', topicId: zeroUuid, partitions }],
    };
    this.stage.coordinator.commitOffsets(commit, { clientId: 'c', clientHost: '/h', apiVersion: 9 }, this.#expect());
  }

  #expect<R>(whenDone?: (outcome: Outcome<R>) => void): Outcome<R> {
    const outcome = new Outcome<R>((done) => {
      this.waiting.delete(done);
      whenDone?.(done);
    });
    this.waiting.add(outcome);
    return outcome;
  }

  #of({ client, group }: { readonly client: number; readonly group: string }): Client {
    const key = `${client} ${group}`;
    const known = this.#clients.get(key) ?? { memberId: '', generationId: -1, leads: [] };
    this.#clients.set(key, known);
    return known;
  }
}

/** The shard as a restart would find it. */
function rebuilt(stage: Stage): Shard {
  const time = new FakeTime();
  const shard = new Shard({
    clock: time,
    timers: time,
    log: silentLogger,
    settings: stage.settings,
    topics: stage.image,
    hashes: new MetadataHashes(null),
    turn: () => {},
    newId: () => '',
  });
  for (const batch of stage.logs.get(0) ?? []) replayBatches(batch, shard);
  return shard;
}

function check(run: Run, isWritten: boolean): void {
  const stored = rebuilt(run.stage);
  for (const groupId of groupIds) {
    // Asking loads what a failed sync has dropped.
    assert.deepEqual(run.stage.offsets(groupId), offsetsOf(stored, groupId));
    const live = run.stage.groupInMemory(groupId);
    const kept = stored.groups.get(groupId);
    assert.equal(live === undefined, kept === undefined, `${groupId} is there and in the log, or neither`);
    if (live?.kind !== 'classic' || kept?.kind !== 'classic') continue;
    checkInvariants(live);
    if (isWritten && (live.state === 'Stable' || live.state === 'Empty'))
      assert.deepEqual(live.metadata(), kept.metadata());
  }
}

function checkInvariants(live: ClassicGroup): void {
  const members = [...live.members.values()];
  assert.equal(live.joiningCount, members.filter(({ joining }) => joining !== undefined).length);
  assert.equal(live.staticMembers.size, members.filter(({ isStatic }) => isStatic).length);
  for (const [instanceId, id] of live.staticMembers) assert.equal(live.members.get(id)?.instanceId, instanceId);
  for (const id of live.pendingSyncs) assert.ok(live.members.has(id), 'who is awaited to sync is a member');
  if (live.state === 'Empty') assert.equal(members.length, 0);
  if (live.state === 'Stable')
    assert.ok(
      members.length > 0 && members.every(({ joining, syncing }) => joining === undefined && syncing === undefined),
    );
  if (live.state === 'Stable' || live.state === 'CompletingRebalance')
    assert.ok(live.members.has(live.leaderId ?? ''), 'a leader is a member');
  for (const member of members)
    assert.ok(member.session.isSet || member.isExcused, 'whoever is a member is missed one day');
  if (live.state === 'PreparingRebalance') assert.ok(live.joinDeadline.isSet, 'a rebalance ends one day');
  if (live.state === 'CompletingRebalance') assert.ok(live.syncDeadline.isSet || live.pendingSyncs.size === 0);
}

function offsetsOf(shard: Shard, groupId: string): Record<string, number> {
  const all = [...shard.offsets.ofGroup(groupId)].flatMap(([topic, partitions]) =>
    [...partitions].map(([partition, { offset }]): [string, number] => [`${topic}-${partition}`, Number(offset)]),
  );
  return Object.fromEntries(all);
}

test('whatever happens, memory and records agree, and everyone is answered', () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 10, maxLength: 60 }), (commands) => {
      const run = new Run();
      let isWritten = true;
      for (const one of commands) {
        run.perform(one);
        // On a full disk a group may be empty without a record of it.
        if (one.name === 'disk' && one.isFull) isWritten = false;
        if (one.name === 'restart') isWritten = run.stage.appendError === errors.NONE;
        check(run, isWritten);
      }
      run.stage.time.pass(60 * 60_000);
      assert.equal(run.waiting.size, 0, 'a request waits for ever');
    }),
    { numRuns: 300 },
  );
});
