// One of three brokers is killed, the one that coordinates the groups and leads a third of their partitions: members stay members, and
// read everything.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  Admin,
  clientKeys,
  Cluster,
  type ConsumerOptions,
  nodeClientHost,
  Producer,
  readOptions,
} from '@millrace/client';

import { type KafkaCluster, startKafkaCluster } from '../../../tools/reference/kafka-cluster.ts';
import { install } from '../../../tools/reference/kafka-home.ts';
import { GroupReader, until } from '../group-reader.ts';
import { quickGroups, uniqueName } from '../target.ts';

const ways: readonly (readonly [string, Partial<ConsumerOptions>])[] = [
  ['range', {}],
  ['cooperative-sticky', { 'partition.assignment.strategy': 'cooperative-sticky' }],
  ['the consumer protocol', { 'group.protocol': 'consumer' }],
];
const records = 40;
/** Not the first, which is the controller. */
const victim = 3;

install('kafka');

suite('groups whose coordinator is killed', () => {
  let cluster: KafkaCluster;
  let admin: Admin;
  let producer: Producer;

  before(async () => {
    const properties = { ...quickGroups, 'broker.session.timeout.ms': '3000' };
    cluster = await startKafkaCluster({ brokers: 3, heapMb: 320, properties });
    admin = new Admin({ 'bootstrap.servers': cluster.bootstrap });
    producer = new Producer({ 'bootstrap.servers': cluster.bootstrap });
  });

  after(async () => {
    await producer.close();
    await admin.close();
    await cluster.stop();
  });

  test('go on at another broker, with the same members', async () => {
    const topic = uniqueName('t');
    await admin.createTopics([{ name: topic, numPartitions: 6, replicationFactor: 3 }]);
    const join = (name: string, group: string, options: Partial<ConsumerOptions>): GroupReader =>
      new GroupReader(name, [topic], { 'bootstrap.servers': cluster.bootstrap, 'group.id': group, ...options });
    const pairs: (readonly [GroupReader, GroupReader])[] = [];
    for (const [kind, options] of ways) {
      const group = await groupAt(cluster.bootstrap, victim);
      const first = join(`first by ${kind}`, group, options);
      await first.has(6);
      const second = join(`second by ${kind}`, group, options);
      await second.has(3);
      await first.has(3);
      pairs.push([first, second]);
    }
    for (const pair of pairs) for (const reader of pair) reader.takeEvents();
    await cluster.nodes[victim - 1]!.kill();
    for (let record = 0; record < records; record++) {
      await producer.send({ topic, partition: record % 6, value: Buffer.from(`${record}`) });
      await sleep(100);
    }
    for (const pair of pairs) {
      const missing = (): string[] =>
        Array.from({ length: records }, (_, record) => `${record}`).filter(
          (value) => !pair.some(({ values }) => values.includes(value)),
        );
      const what = (): string => `${missing().join()}; ${pair.map(({ owned }) => owned).join(' | ')}`;
      await until(`all is read ${pair[0].name}`, () => missing().length === 0, what);
      for (const reader of pair) {
        await reader.consumer.commitSync();
        assert.equal(reader.takeEvents(), '', reader.name);
      }
      await pair[0][Symbol.asyncDispose]();
      await pair[1].has(6);
      await pair[1][Symbol.asyncDispose]();
    }
  });
});

/** A name whose group is kept by that broker. */
async function groupAt(bootstrap: string, broker: number): Promise<string> {
  const config = readOptions(clientKeys, { 'bootstrap.servers': bootstrap });
  const asked = new Cluster({ host: nodeClientHost(), config });
  try {
    for (;;) {
      const key = uniqueName('group');
      const { id } = await asked.retry(asked.deadline(), () => asked.coordinators.find('group', key));
      if (id === broker) return key;
    }
  } finally {
    await asked.close();
  }
}
