/**
 * Random members, topics, clocks, failing disks and restarts. After every step: no partition has two holders, nobody that is in good
 * standing holds what is not its own, and what is in memory is what the records tell. At the end everyone behaves, and everything must
 * be held by someone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@millrace/base';
import { errors } from '@millrace/protocol';
import fc from 'fast-check';

import { replayBatches } from '../records.ts';
import { Shard } from '../shard.ts';
import { FakeTime, Stage } from '../stage.ts';
import type { ConsumerGroup } from './group.ts';
import { MetadataHashes } from './metadata-hash.ts';
import { settle, StageMember } from './stage-member.ts';

const memberCount = 5;
const topicNames = ['t', 'u', 'v'] as const;
const member = fc.nat({ max: memberCount - 1 });
const topic = fc.constantFrom(...topicNames);
const says = fc.oneof(
  fc.subarray([...topicNames]).map((subscribedTopicNames) => ({ subscribedTopicNames, subscribedTopicRegex: '' })),
  fc.constantFrom('[tu]', '.*').map((subscribedTopicRegex) => ({ subscribedTopicRegex, subscribedTopicNames: [] })),
);
const command = fc.oneof(
  { weight: 12, arbitrary: fc.record({ name: fc.constant('beat' as const), member }) },
  { weight: 10, arbitrary: fc.record({ name: fc.constant('follow' as const), member }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('lose' as const), member }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('leave' as const), member }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('stepAside' as const), member }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('crash' as const), member }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('change' as const), member, says }) },
  {
    weight: 3,
    arbitrary: fc.record({ name: fc.constant('grow' as const), topic, count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('remove' as const), topic }) },
  {
    weight: 4,
    arbitrary: fc.record({ name: fc.constant('pass' as const), ms: fc.constantFrom(1, 1000, 10_001, 30_000, 60_000) }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('disk' as const), isFull: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('syncFails' as const) }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('restart' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

class Run {
  stage = new Stage({ partitionCount: 1 });
  readonly members: StageMember[] = [];
  #ids = 0;

  constructor(settings: readonly { readonly isStatic: boolean; readonly says: object }[]) {
    for (const [index, { isStatic, says }] of settings.entries()) {
      const instance = isStatic ? { instanceId: `i${index}` } : {};
      this.members.push(new StageMember(this.stage, this.#newId(), { ...says, ...instance }));
    }
  }

  perform(command: Command): void {
    const one = 'member' in command ? this.members[command.member] : undefined;
    switch (command.name) {
      case 'beat':
        return this.#attempt(() => one?.beat());
      case 'follow':
        return one?.follow();
      case 'lose':
        return this.#attempt(() => one?.beat({ isLost: true }));
      case 'leave':
        if (one?.isIn === true) this.#attempt(() => one.leave());
        return;
      case 'stepAside':
        if (one?.isIn === true && one.says.instanceId !== undefined) this.#attempt(() => one.leave(-2));
        return;
      case 'crash':
        return this.#crash(command.member);
      case 'change':
        return one?.change(command.says);
      case 'grow': {
        const { count, topic } = command;
        this.stage.topic(topic, count, this.stage.image.topic(topic)?.id ?? this.#topicId());
        return;
      }
      case 'remove':
        if (this.stage.image.topic(command.topic) !== undefined) this.stage.removeTopic(command.topic);
        return;
      case 'pass':
        return this.stage.time.pass(command.ms);
      case 'disk':
        this.stage.appendError = command.isFull ? errors.KAFKA_STORAGE_ERROR : errors.NONE;
        return;
      case 'syncFails':
        return this.stage.sync(true);
      case 'restart':
        return this.restart();
    }
  }

  restart(): void {
    const { appendError } = this.stage;
    this.stage = this.stage.restart();
    this.stage.appendError = appendError;
    for (const each of this.members) each.stage = this.stage;
  }

  /** Its process ends without a word; another takes its place. */
  #crash(index: number): void {
    const { says } = this.members[index] ?? { says: {} };
    this.members[index] = new StageMember(this.stage, this.#newId(), says);
  }

  /** On a full disk there is an error in the place of an answer. */
  #attempt(ask: () => unknown): void {
    try {
      ask();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('it failed with')) throw error;
    }
  }

  #newId(): string {
    return `m${++this.#ids}`;
  }

  /** A topic that is made again has another id. */
  #topicId(): string {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32BE(++this.#ids, 12);
    return bytes.toString('base64url');
  }
}

/** The group as a restart would find it. */
function rebuilt(stage: Stage): ConsumerGroup | undefined {
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
  const group = shard.groups.get('g');
  return group?.kind === 'consumer' ? group : undefined;
}

function stored(group: ConsumerGroup | undefined): object | undefined {
  if (group === undefined) return undefined;
  const { epoch, metadataHash, assignmentEpoch, assignedAtMs, members, targets, patterns, staticMembers } = group;
  return { epoch, metadataHash, assignmentEpoch, assignedAtMs, members, targets, patterns, staticMembers };
}

function check({ stage, members }: Run): void {
  // Asking loads what a failed sync has dropped.
  stage.offsets();
  const group = stage.groupInMemory('g');
  assert.ok(group?.kind !== 'classic');
  assert.deepEqual(stored(group), stored(rebuilt(stage)));
  if (group === undefined) return;
  const holders = new Map<string, string>();
  for (const { id, assigned, revoking } of group.members.values()) {
    for (const partitions of [assigned, revoking]) {
      for (const [topicId, held] of partitions) {
        for (const partition of held.keys()) {
          const key = `${topicId}-${partition}`;
          assert.equal(holders.get(key), undefined, `${key} has one holder`);
          holders.set(key, id);
        }
      }
    }
  }
  for (const { id, epoch, holds } of members) {
    const known = group.members.get(id);
    if (known === undefined || known.epoch !== epoch) continue;
    for (const [topicId, partitions] of holds)
      for (const partition of partitions) assert.equal(holders.get(`${topicId}-${partition}`), id, 'it holds its own');
  }
}

function settleAll(run: Run): void {
  run.stage.appendError = errors.NONE;
  for (let round = 0; round < 8; round++) {
    for (const each of run.members) if (!each.isIn) each.errorCode = errors.NONE;
    settle(run.members);
    // Patterns are matched, and who is gone is missed.
    for (let step = 0; step < 8; step++) {
      run.stage.time.pass(10_001);
      for (const each of run.members) {
        each.beat();
        each.follow();
      }
    }
  }
}

function checkWhole({ stage, members }: Run): void {
  const group = stage.groupInMemory('g');
  assert.ok(group?.kind === 'consumer');
  assert.equal(group.state, 'Stable');
  assert.equal(group.members.size, members.length);
  const held = new Map<string, string>();
  for (const { id, holds } of members) {
    for (const [topicId, partitions] of holds) {
      for (const partition of partitions) {
        assert.equal(held.get(`${topicId}-${partition}`), undefined, 'nobody else holds it');
        held.set(`${topicId}-${partition}`, id);
      }
    }
  }
  const read = group.topicNames();
  const wanted = [...stage.image.topics()]
    .filter(({ name }) => read.has(name))
    .reduce((sum, { partitions }) => sum + partitions.length, 0);
  assert.equal(held.size, wanted, 'everything that is read is held');
}

test('whatever happens, a partition has one holder, memory is what the records tell, and in the end all is held', () => {
  const setting = fc.record({ isStatic: fc.boolean(), says });
  fc.assert(
    fc.property(
      fc.array(setting, { minLength: memberCount, maxLength: memberCount }),
      fc.array(command, { minLength: 10, maxLength: 80 }),
      (settings, commands) => {
        const run = new Run(settings);
        for (const one of commands) {
          run.perform(one);
          check(run);
        }
        settleAll(run);
        check(run);
        checkWhole(run);
      },
    ),
    { numRuns: 150 },
  );
});
