// Groups of our consumers, classic and KIP-848: who comes, goes, is killed, or takes too long.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Admin, type ConsumerOptions, Producer } from '@millrace/client';

import { GroupReader, textOf, until } from './group-reader.ts';
import { openTarget, type Target, uniqueName } from './target.ts';

let target: Target;
let admin: Admin;
let producer: Producer;

before(async () => {
  target = await openTarget();
  admin = new Admin({ 'bootstrap.servers': target.bootstrap });
  producer = new Producer({ 'bootstrap.servers': target.bootstrap });
});

after(async () => {
  await producer.close();
  await admin.close();
  await target[Symbol.asyncDispose]();
});

/** A topic with a group of its own. */
class Party implements AsyncDisposable {
  readonly topic: string;
  readonly group = uniqueName('group');
  readonly partitions: number;
  readonly #readers: GroupReader[] = [];
  #written = 0;

  constructor(topic: string, partitions: number) {
    this.topic = topic;
    this.partitions = partitions;
  }

  join(name: string, options: Partial<ConsumerOptions> = {}): GroupReader {
    const reader = new GroupReader(name, [this.topic], {
      'bootstrap.servers': target.bootstrap,
      'group.id': this.group,
      'client.id': name,
      ...options,
    });
    this.#readers.push(reader);
    return reader;
  }

  /** Writes one record to each partition, and waits until somebody has read it. */
  async roundTrip(): Promise<void> {
    const round = this.#written++;
    const values = Array.from({ length: this.partitions }, (_, partition) => `${partition}/${round}`);
    await Promise.all(
      values.map((value, partition) => producer.send({ topic: this.topic, partition, value: Buffer.from(value) })),
    );
    const isRead = (value: string): boolean => this.#readers.some(({ values: read }) => read.includes(value));
    await until(
      `round ${round} is read`,
      () => values.every(isRead),
      () => values.filter((one) => !isRead(one)).join(),
    );
  }

  /** How often each record was read, by everybody together. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { values } of this.#readers) for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader[Symbol.asyncDispose]()));
  }
}

async function party(partitions: number, word = 't'): Promise<Party> {
  const topic = uniqueName(word);
  await admin.createTopics([{ name: topic, numPartitions: partitions, replicationFactor: target.brokers }]);
  return new Party(topic, partitions);
}

const modern = { 'group.protocol': 'consumer' } as const;
const cooperative = { 'partition.assignment.strategy': ['cooperative-sticky'] };

for (const [kind, options] of [
  ['range', { 'partition.assignment.strategy': ['range'] }],
  ['roundrobin', { 'partition.assignment.strategy': ['roundrobin'] }],
  ['sticky', { 'partition.assignment.strategy': ['sticky'] }],
  ['cooperative-sticky', cooperative],
  ['the consumer protocol', modern],
] as const) {
  suite(`a group by ${kind}`, () => {
    test('shares the partitions of a topic, and hands them over without losing or repeating a record', async () => {
      await using group = await party(4);
      const first = group.join('first', options);
      await first.has(4);
      await group.roundTrip();
      const second = group.join('second', options);
      await second.has(2);
      await first.has(2);
      assert.equal(textOf([...first.consumer.assignment(), ...second.consumer.assignment()]), 't0,t1,t2,t3');
      await group.roundTrip();
      await first.consumer.close();
      await second.has(4);
      await group.roundTrip();
      assert.deepEqual(
        [...group.counts().values()],
        Array.from({ length: 12 }, () => 1),
      );
    });

    if (kind === 'roundrobin' || kind === 'sticky') return;

    test('lets go of whoever closes in the middle of a rebalance', async () => {
      await using group = await party(4);
      const first = group.join('first', options);
      await first.has(4);
      for (let round = 0; round < 3; round++) {
        const passing = group.join(`passing ${round}`, options);
        await sleep(round * 30);
        await passing.consumer.close();
        assert.equal(await passing.ended, undefined);
        assert.deepEqual(passing.consumer.assignment(), []);
      }
      await first.has(4);
      await group.roundTrip();
    });

    test('goes on when a member’s connections break, and nobody loses anything', async () => {
      await using group = await party(2);
      const reader = group.join('reader', options);
      await reader.has(2);
      await group.roundTrip();
      reader.host.cut();
      await group.roundTrip();
      reader.host.cut();
      await group.roundTrip();
      assert.deepEqual(reader.events, ['+t0,t1']);
    });

    test('gives the partitions of a member that takes longer than max.poll.interval.ms to others, until it comes back', async () => {
      await using group = await party(2);
      const slow = group.join('slow', { ...options, 'max.poll.interval.ms': 1000 });
      await slow.has(2);
      const release = Promise.withResolvers<void>();
      slow.handler = () => release.promise;
      await group.roundTrip();
      await until(
        'slow has lost its partitions',
        () => slow.events.includes('!t0,t1'),
        () => slow.takeEvents(),
      );
      const quick = group.join('quick', options);
      await quick.has(2);
      slow.handler = () => {};
      release.resolve();
      await slow.has(1);
      await quick.has(1);
      await group.roundTrip();
    });
  });
}

suite('cooperative groups', () => {
  for (const [kind, options] of [
    ['cooperative-sticky', cooperative],
    ['the consumer protocol', modern],
  ] as const) {
    test(`by ${kind} take from a member only what moves, which reads on meanwhile`, async () => {
      await using group = await party(6);
      const first = group.join('first', options);
      await first.has(6);
      first.takeEvents();
      const second = group.join('second', options);
      await second.has(3);
      await first.has(3);
      const events = first.events.join(' ');
      assert.match(events, /^-t\d,t\d,t\d$/, 'three go, the others stay');
      assert.equal(second.events.join(' '), `+${events.slice(1)}`);
    });
  }
});

suite('static members', () => {
  for (const [kind, options] of [
    ['a classic group', {}],
    ['a consumer group', modern],
  ] as const) {
    test(`of ${kind} come back to the partitions they had, and the others notice nothing`, async () => {
      await using group = await party(4);
      const stays = group.join('stays', { ...options, 'group.instance.id': 'a' });
      await stays.has(4);
      const goes = group.join('goes', { ...options, 'group.instance.id': 'b' });
      await goes.has(2);
      await stays.has(2);
      await group.roundTrip();
      const { owned } = goes;
      await goes.consumer.close();
      stays.takeEvents();
      const back = group.join('back', { ...options, 'group.instance.id': 'b' });
      await back.has(2);
      assert.equal(back.owned, owned);
      await group.roundTrip();
      assert.equal(stays.takeEvents(), '');
      await back.consumer.close({ leave: true });
      await stays.has(4);
    });
  }

  test('are out when somebody else takes their instance id', async () => {
    await using group = await party(1);
    const first = group.join('first', { 'group.instance.id': 'a' });
    await first.has(1);
    const second = group.join('second', { 'group.instance.id': 'a' });
    await second.has(1);
    const error = await first.ended;
    assert.equal((error as { code: string }).code, 'FENCED_INSTANCE_ID');
  });
});

suite('a member that is cut off', () => {
  for (const [kind, options] of [
    ['a classic group', { 'session.timeout.ms': 1000 }],
    ['a consumer group', modern],
  ] as const) {
    test(`from ${kind} loses its place when its session ends, and comes back when it can`, async () => {
      await using group = await party(2);
      if (kind === 'a consumer group') await shortSessions(group.group);
      const lost = group.join('lost', options);
      await lost.has(2);
      await group.roundTrip();
      lost.host.isDown = true;
      lost.host.cut();
      const other = group.join('other', options);
      await other.has(2);
      await group.roundTrip();
      assert.deepEqual(lost.takeEvents(), '+t0,t1');
      lost.host.isDown = false;
      await other.has(1);
      await lost.has(1);
      assert.match(lost.takeEvents(), /^!t0,t1 /);
      await group.roundTrip();
    });
  }
});

suite('a coordinator that moves to another broker', () => {
  for (const [kind, options] of [
    ['a classic group', {}],
    ['a consumer group', modern],
  ] as const) {
    test(`takes ${kind} with it, and nobody loses anything`, async (context) => {
      if (target.brokers < 3) return context.skip('needs three brokers');
      await using group = await party(2);
      const reader = group.join('reader', options);
      await reader.has(2);
      for (let move = 0; move < 2; move++) {
        await group.roundTrip();
        await moveCoordinator(group.group);
        await group.roundTrip();
        await reader.consumer.commitSync();
      }
      assert.deepEqual(reader.events, ['+t0,t1']);
      const second = group.join('second', options);
      await second.has(1);
      await reader.has(1);
    });
  }
});

async function shortSessions(group: string): Promise<void> {
  const ops = [{ name: 'consumer.session.timeout.ms', value: 1000 }];
  await admin.incrementalAlterConfigs([{ type: 'GROUP', name: group, ops }]);
}

/** The partition of the offsets topic that keeps the group gets another leader. */
async function moveCoordinator(group: string): Promise<void> {
  const topic = '__consumer_offsets';
  const [description] = await admin.describeTopics([topic]);
  const partition = (javaHash(group) & 0x7fff_ffff) % description!.partitions.length;
  const { replicas } = description!.partitions[partition]!;
  await admin.alterPartitionReassignments([{ topic, partition, replicas: [...replicas.slice(1), replicas[0]!] }]);
  await admin.electLeaders('PREFERRED', [{ topic, partition }]);
}

function javaHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

suite('a live migration', () => {
  test('to the consumer protocol and back, one member at a time', async () => {
    await using group = await party(4);
    const classic = group.join('classic', cooperative);
    await classic.has(4);
    await group.roundTrip();
    const consumer = group.join('modern', modern);
    await consumer.has(2);
    await classic.has(2);
    await group.roundTrip();
    await classic.consumer.close();
    await consumer.has(4);
    await group.roundTrip();
    const again = group.join('classic again', cooperative);
    await again.has(2);
    await consumer.has(2);
    await group.roundTrip();
    await consumer.consumer.close();
    await again.has(4);
    await group.roundTrip();
  });
});

suite('a pattern', () => {
  for (const [kind, options] of [
    ['a classic group', {}],
    ['a consumer group', modern],
  ] as const) {
    test(`in ${kind} takes topics that are made later`, async () => {
      const word = uniqueName('word');
      const group = uniqueName('group');
      const make = async (name: string): Promise<void> => {
        await admin.createTopics([{ name, numPartitions: 1, replicationFactor: target.brokers }]);
      };
      await make(`a-${word}`);
      const settings = { 'bootstrap.servers': target.bootstrap, 'group.id': group, ...options };
      await using reader = new GroupReader('reader', { pattern: new RegExp(`${word}$`) }, settings);
      await until(
        'a is read',
        () => reader.owned === 'a0',
        () => reader.owned,
      );
      await make(`b-${word}`);
      await until(
        'b is read',
        () => reader.owned === 'a0,b0',
        () => reader.owned,
      );
    });
  }

  test('in RE2 is looked at by the broker', async () => {
    const word = uniqueName('word');
    const settings = { 'bootstrap.servers': target.bootstrap, 'group.id': uniqueName('group'), ...modern };
    await admin.createTopics([{ name: `a-${word}`, numPartitions: 2, replicationFactor: target.brokers }]);
    await using reader = new GroupReader('reader', { pattern: { re2: `[ab]-${word}` } }, settings);
    await until(
      'a is read',
      () => reader.owned === 'a0,a1',
      () => reader.owned,
    );
  });
});
