// Members that come, close, are cut off and are slow, in an order that a seed decides: in the end each partition has one owner, and no
// record was left out. `CHAOS_SEED=7` repeats a run.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Admin, type ConsumerOptions, Producer } from '@millrace/client';
import { seededRandom } from '@millrace/testkit';

import { GroupReader, until } from './group-reader.ts';
import { openTarget, type Target, uniqueName } from './target.ts';

const partitions = 8;
const membersMax = 4;
/** Fewer in npm test, which runs often. */
const deedsOf = { millrace: 20, kafka: 60 };
const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000));

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

const strategies: readonly (readonly [string, Partial<ConsumerOptions>])[] = [
  ['range', { 'partition.assignment.strategy': 'range', 'session.timeout.ms': 2000 }],
  ['cooperative-sticky', { 'partition.assignment.strategy': 'cooperative-sticky', 'session.timeout.ms': 2000 }],
  ['the consumer protocol', { 'group.protocol': 'consumer' }],
];

suite(`a group by seed ${seed}`, () => {
  for (const [kind, options] of strategies) {
    test(`comes to rest by ${kind}, with one owner for each partition, and no record left out`, async () => {
      const random = seededRandom(seed);
      const topic = uniqueName('t');
      const group = uniqueName('group');
      await admin.createTopics([{ name: topic, numPartitions: partitions, replicationFactor: target.brokers }]);
      const all: GroupReader[] = [];
      const living: GroupReader[] = [];
      const join = (): void => {
        const name = `member ${all.length}`;
        const settings = { 'bootstrap.servers': target.bootstrap, 'group.id': group, 'auto.commit.interval.ms': 50 };
        const reader = new GroupReader(name, [topic], { ...settings, ...options });
        all.push(reader);
        living.push(reader);
      };
      const written: string[] = [];
      const write = async (): Promise<void> => {
        const value = `${written.length}`;
        written.push(value);
        await producer.send({ topic, partition: random.below(partitions), value: Buffer.from(value) });
      };
      const closing: Promise<void>[] = [];
      join();
      for (let deed = 0; deed < deedsOf[target.kind]; deed++) {
        const one = living[random.below(living.length)]!;
        const choice = random.below(6);
        if (choice === 0 && living.length < membersMax) join();
        else if (choice === 1 && living.length > 1)
          closing.push(living.splice(living.indexOf(one), 1)[0]!.consumer.close());
        else if (choice === 2) one.host.cut();
        else if (choice === 3) one.handler = () => sleep(random.below(30));
        else if (choice === 4) one.consumer.enforceRebalance('chaos');
        await write();
        await sleep(random.below(60));
      }
      await Promise.all(closing);
      for (const reader of living) reader.handler = () => {};
      const owners = (): string => living.map((reader) => reader.owned).join(' | ');
      const isShared = (): boolean => {
        const owned = living.flatMap((reader) => reader.consumer.assignment().map(({ partition }) => partition));
        return owned.length === partitions && new Set(owned).size === partitions;
      };
      await until('each partition has one owner', isShared, owners);
      const isRead = (value: string): boolean => all.some(({ values }) => values.includes(value));
      const missing = (): string[] => written.filter((value) => !isRead(value));
      await until(
        'all is read',
        () => missing().length === 0,
        () => `${missing().join()}; ${owners()}`,
      );
      assert.ok(isShared(), owners());
      await Promise.all(living.map((reader) => reader[Symbol.asyncDispose]()));
      for (const reader of all) assert.equal(await reader.ended, undefined);
    });
  }
});
