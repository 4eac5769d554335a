// Three brokers of Apache Kafka: kafkajs and the door do the same there, and see the same.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import * as door from '@millrace/kafkajs';
import kafkajs from 'kafkajs';

import { type KafkaCluster, startKafkaCluster } from '../../../../tools/reference/kafka-cluster.ts';
import type { KafkaNode } from '../../../../tools/reference/kafka-node.ts';
import { startAgain, type Toll, Traffic } from '../cluster/outages.ts';
import { groups, type Library, Story, topics, transactions } from '../cluster/story.ts';

const properties = { 'group.min.session.timeout.ms': '1000', 'broker.session.timeout.ms': '3000' };
const ours = door.default as unknown as Library;
const parts = { topics, groups, transactions };

suite('on three brokers', () => {
  let cluster: KafkaCluster;

  before(async () => void (cluster = await startKafkaCluster({ brokers: 3, heapMb: 320, properties })));
  after(async () => await cluster.stop());

  for (const [name, part] of Object.entries(parts)) {
    test(`${name} are with the door what they are with kafkajs`, async () => {
      const theirs = new Story(kafkajs, '-kafkajs', cluster.bootstrap);
      const mine = new Story(ours, '-door', cluster.bootstrap);
      await part(theirs);
      await part(mine);
      assert.ok(theirs.lines.length > 0);
      assert.deepEqual(mine.lines, theirs.lines);
    });
  }

  test('brokers are stopped, killed and started, and everything that was sent is read', async (context) => {
    const restarted: KafkaNode[] = [];
    const traffics = Object.entries({ kafkajs, door: ours }).map(
      ([name, library]) => [name, new Traffic(new Story(library, `-${name}`, cluster.bootstrap))] as const,
    );
    await Promise.all(traffics.map(([, traffic]) => traffic.start()));
    try {
      for (const [index, way] of [
        [1, 'stop'],
        [2, 'kill'],
      ] as const) {
        const node = cluster.nodes[index]!;
        await node[way]();
        await Promise.all(traffics.map(([, traffic]) => traffic.goesOn()));
        restarted.push(await startAgain(node));
        await Promise.all(traffics.map(([, traffic]) => traffic.goesOn()));
      }
    } finally {
      const tolls = new Map<string, Toll>();
      for (const [name, traffic] of traffics) tolls.set(name, await traffic.stop());
      await Promise.all(restarted.map((node) => node.kill()));
      for (const [name, toll] of tolls) context.diagnostic(`${name}: ${JSON.stringify(toll)}`);
      const { failed, lost, ends, crashes } = tolls.get('door')!;
      assert.deepEqual({ failed, lost, ends, crashes }, { failed: [], lost: [], ends: 0, crashes: [] });
    }
  });
});
