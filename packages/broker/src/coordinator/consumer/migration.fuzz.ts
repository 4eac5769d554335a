/**
 * Consumers and classic members in one group, which changes sides whenever it may; clocks, failing disks and restarts. After every step
 * no partition has two holders, and memory is what the records tell. At the end every request has been answered.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@millrace/base';
import { consumerProtocolAssignment, consumerProtocolSubscription, encodeVersioned, errors } from '@millrace/protocol';
import fc from 'fast-check';

import type { JoinAnswer, SyncAnswer } from '../member.ts';
import { replayBatches } from '../records.ts';
import { Shard, type Group } from '../shard.ts';
import { FakeTime, Outcome, Stage } from '../stage.ts';
import { MetadataHashes } from './metadata-hash.ts';
import { StageMember } from './stage-member.ts';

const who = fc.nat({ max: 2 });
const command = fc.oneof(
  { weight: 8, arbitrary: fc.record({ name: fc.constant('beat' as const), who }) },
  { weight: 6, arbitrary: fc.record({ name: fc.constant('follow' as const), who }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('leave' as const), who, epoch: fc.constantFrom(-1, -2) }) },
  {
    weight: 10,
    arbitrary: fc.record({ name: fc.constant('join' as const), who, offers: fc.constantFrom('r', 'rs', 's') }),
  },
  { weight: 8, arbitrary: fc.record({ name: fc.constant('sync' as const), who }) },
  { weight: 5, arbitrary: fc.record({ name: fc.constant('heartbeat' as const), who }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('leaveClassic' as const), who }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('grow' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ name: fc.constant('pass' as const), ms: fc.constantFrom(1, 1000, 20_000, 60_000) }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('disk' as const), isFull: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('restart' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

interface Classic {
  id: string;
  generation: number;
  leads: readonly string[];
  readonly instanceId: string | null;
}

class Run {
  stage = new Stage({ partitionCount: 1, settings: { initialRebalanceDelayMs: 0 } });
  /** How often the group was seen to have changed sides. */
  changes = 0;
  readonly waiting = new Set<object>();
  readonly #consumers: StageMember[];
  readonly #classics: Classic[];
  #kind: string | undefined;

  constructor() {
    this.stage.topic('t', 2);
    this.#consumers = [null, null, 'i'].map(
      (instanceId, index) => new StageMember(this.stage, `k${index}`, { instanceId, subscribedTopicNames: ['t'] }),
    );
    this.#classics = [null, null, 'i'].map((instanceId) => ({ id: '', generation: -1, leads: [], instanceId }));
  }

  perform(command: Command): void {
    const consumer = 'who' in command ? this.#consumers[command.who] : undefined;
    const classic = 'who' in command ? this.#classics[command.who] : undefined;
    switch (command.name) {
      case 'beat':
        return this.#attempt(() => consumer?.beat());
      case 'follow':
        return consumer?.follow();
      case 'leave':
        if (consumer?.isIn === true && (command.epoch === -1 || consumer.says.instanceId !== null))
          this.#attempt(() => consumer.leave(command.epoch));
        return;
      case 'join':
        return this.#join(classic, command.offers);
      case 'sync':
        return this.#sync(classic);
      case 'heartbeat':
        if (classic !== undefined)
          this.#attempt(() => this.stage.heartbeat(classic.id, classic.generation, classic.instanceId));
        return;
      case 'leaveClassic':
        if (classic !== undefined)
          this.#attempt(() => this.stage.leave([{ memberId: classic.id, groupInstanceId: classic.instanceId }]));
        return;
      case 'grow':
        return void this.stage.topic('t', command.count);
      case 'pass':
        return this.stage.time.pass(command.ms);
      case 'disk':
        this.stage.appendError = command.isFull ? errors.KAFKA_STORAGE_ERROR : errors.NONE;
        return;
      case 'restart':
        return this.#restart();
    }
  }

  saw(group: Group | undefined): void {
    if (group !== undefined && this.#kind !== undefined && group.kind !== this.#kind) this.changes++;
    this.#kind = group?.kind ?? this.#kind;
  }

  #join(classic: Classic | undefined, offers: string): void {
    if (classic === undefined) return;
    const metadata = Buffer.from(
      encodeVersioned(consumerProtocolSubscription, 1, { topics: ['t'], userData: null, ownedPartitions: [] }),
    );
    const protocols = offers.split('').map((name) => ({ name, metadata }));
    const outcome = this.#expect<JoinAnswer>(({ response }) => {
      if (response?.errorCode === errors.MEMBER_ID_REQUIRED) classic.id = response.memberId;
      if (response?.errorCode === errors.UNKNOWN_MEMBER_ID) classic.id = '';
      if (response?.errorCode !== errors.NONE) return;
      const { memberId, generationId, members } = response;
      Object.assign(classic, {
        id: memberId,
        generation: generationId,
        leads: members.map((member) => member.memberId),
      });
    });
    const memberId = classic.instanceId === null ? classic.id : '';
    this.stage.join(
      { memberId, groupInstanceId: classic.instanceId, protocols, sessionTimeoutMs: 45_000 },
      {},
      outcome,
    );
  }

  #sync(classic: Classic | undefined): void {
    if (classic === undefined) return;
    const assignments = classic.leads.map((memberId, index) => ({
      memberId,
      assignment: Buffer.from(
        encodeVersioned(consumerProtocolAssignment, 1, {
          assignedPartitions: [{ topic: 't', partitions: index < 6 ? [index] : [] }],
          userData: null,
        }),
      ),
    }));
    this.stage.syncGroup(
      {
        memberId: classic.id,
        generationId: classic.generation,
        groupInstanceId: classic.instanceId,
        protocolName: null,
        assignments,
      },
      this.#expect<SyncAnswer>(),
    );
  }

  #restart(): void {
    const { appendError } = this.stage;
    this.stage = this.stage.restart();
    this.stage.appendError = appendError;
    for (const each of this.#consumers) each.stage = this.stage;
  }

  #expect<R>(whenDone?: (outcome: Outcome<R>) => void): Outcome<R> {
    const outcome = new Outcome<R>((done) => {
      this.waiting.delete(done);
      whenDone?.(done);
    });
    this.waiting.add(outcome);
    return outcome;
  }

  /** On a full disk there is an error in the place of an answer. */
  #attempt(ask: () => unknown): void {
    try {
      ask();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('it failed with')) throw error;
    }
  }
}

function rebuilt(stage: Stage): Group | undefined {
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
  return shard.groups.get('g');
}

function check(run: Run, isWritten: boolean): void {
  run.stage.offsets();
  const live = run.stage.groupInMemory('g');
  const kept = rebuilt(run.stage);
  run.saw(live);
  assert.equal(live?.kind, kept?.kind);
  if (live?.kind === 'classic' && kept?.kind === 'classic') {
    if (isWritten && (live.state === 'Stable' || live.state === 'Empty'))
      assert.deepEqual(live.metadata(), kept.metadata());
    return;
  }
  if (live?.kind !== 'consumer' || kept?.kind !== 'consumer') return;
  assert.deepEqual(live.members, kept.members);
  assert.deepEqual(live.targets, kept.targets);
  assert.deepEqual(
    [live.epoch, live.assignmentEpoch, live.metadataHash],
    [kept.epoch, kept.assignmentEpoch, kept.metadataHash],
  );
  assert.deepEqual(live.staticMembers, kept.staticMembers);
  assert.equal(live.classicCount, kept.classicCount);
  const held = new Set<string>();
  for (const { id, assigned, revoking } of live.members.values()) {
    assert.ok(live.timers.isSet(id, 'session'), 'whoever is a member is missed one day');
    for (const partitions of [assigned, revoking]) {
      for (const [topicId, owned] of partitions) {
        for (const partition of owned.keys()) {
          assert.ok(!held.has(`${topicId}-${partition}`), 'a partition has one holder');
          held.add(`${topicId}-${partition}`);
        }
      }
    }
  }
}

test('groups change sides at any moment, and nothing is held twice, lost or left unanswered', () => {
  let changes = 0;
  fc.assert(
    fc.property(fc.array(command, { minLength: 10, maxLength: 80 }), (commands) => {
      const run = new Run();
      let isWritten = true;
      for (const one of commands) {
        run.perform(one);
        // On a full disk a classic group may be empty without a record of it.
        if (one.name === 'disk' && one.isFull) isWritten = false;
        if (one.name === 'restart') isWritten = run.stage.appendError === errors.NONE;
        check(run, isWritten);
      }
      changes += run.changes;
      run.stage.time.pass(60 * 60_000);
      assert.equal(run.waiting.size, 0, 'a request waits for ever');
    }),
    { numRuns: 200 },
  );
  assert.ok(changes > 50, 'they do change sides');
});
