import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { type Consumer, type ConsumerOptions, type TopicPartition } from '@millrace/client';

import { consumerOf, numbered, stageTopic, take, write } from './consumer-stage.ts';
import { openTarget, type Target, uniqueName } from './target.ts';

/** Reads into `seen`, slowly enough to be met at work. */
function reader(
  target: Target,
  topic: string,
  seen: Map<string, number>,
  options: Partial<ConsumerOptions>,
): { consumer: Consumer; running: Promise<void> } {
  const consumer = consumerOf(target, options);
  consumer.subscribe([topic]);
  const running = consumer.run({
    eachRecord: async ({ partition, offset }) => {
      await new Promise(setImmediate);
      const place = `${partition}:${offset}`;
      seen.set(place, (seen.get(place) ?? 0) + 1);
    },
  });
  return { consumer, running };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

suite('consumers of a group', () => {
  for (const protocol of ['classic', 'consumer'] as const) {
    for (const strategy of protocol === 'classic' ? ['range', 'cooperative-sticky'] : ['range'])
      test(`share partitions, and hand them over without a record lost or read twice (${protocol}, ${strategy})`, async () => {
        await using target = await openTarget();
        const { topic, partitions } = await stageTopic(target, 4);
        for (const partition of partitions) await write(target, partition, 800);
        const seen = new Map<string, number>();
        const revoked: TopicPartition[] = [];
        const options = {
          'group.id': uniqueName('group'),
          'group.protocol': protocol,
          ...(protocol === 'classic' && { 'partition.assignment.strategy': [strategy], 'heartbeat.interval.ms': 100 }),
        };
        const first = reader(target, topic, seen, {
          ...options,
          onPartitionsRevoked: (gone) => void revoked.push(...gone),
        });
        await until(() => seen.size > 100);
        const second = reader(target, topic, seen, options);
        await until(() => second.consumer.assignment().length > 0);
        await first.consumer.close();
        await first.running;
        await until(() => seen.size === 3200);
        await second.consumer.close();
        await second.running;
        assert.ok(revoked.length >= 4);
        assert.deepEqual(
          [...seen.values()].filter((times) => times !== 1),
          [],
        );
        await using outside = consumerOf(target, { 'group.id': options['group.id'] });
        const committed = await outside.committed(partitions);
        assert.deepEqual(
          committed.map((offset) => offset?.offset),
          [800n, 800n, 800n, 800n],
        );
      });

    test(`read what a pattern matches, also what is made later (${protocol})`, async () => {
      await using target = await openTarget();
      const name = uniqueName('pattern');
      const first = await stageTopic(target, 1, `${name}-1`);
      await write(target, first.partitions[0]!, 5);
      await using consumer = consumerOf(target, {
        'group.id': uniqueName('group'),
        'group.protocol': protocol,
        'metadata.max.age.ms': 200,
      });
      consumer.subscribe({ pattern: new RegExp(`^${name}-\\d+$`) });
      assert.deepEqual(await take(consumer, 5), numbered(0, 5));
      // Whether the record that was in hand when the loop was left is processed, nobody knows: it may come again.
      await consumer.commitSync();
      const second = await stageTopic(target, 1, `${name}-2`);
      await write(target, second.partitions[0]!, 5, { first: 5 });
      assert.deepEqual(await take(consumer, 5), numbered(5, 10));
    });

    test(`may be closed in the middle of a rebalance (${protocol})`, async () => {
      await using target = await openTarget();
      const { topic } = await stageTopic(target, 2);
      const group = uniqueName('group');
      const options = { 'group.id': group, 'group.protocol': protocol, 'heartbeat.interval.ms': 100 };
      await using steady = consumerOf(target, options);
      steady.subscribe([topic]);
      const running = steady.run({ eachRecord: () => {} });
      for (const waitMs of [0, 2, 5, 20, 60]) {
        const passing = consumerOf(target, options);
        passing.subscribe([topic]);
        const reading = passing.records().next();
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        await passing.close();
        assert.equal((await reading).done, true);
        assert.ok(passing.cluster.isClosed);
      }
      await until(() => steady.assignment().length === 2);
      await steady.close();
      await running;
    });
  }

  test('who does not come back in max.poll.interval.ms loses its partitions, hears of it, and gets them back when it comes', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 3);
    const heard: string[] = [];
    await using consumer = consumerOf(target, {
      'group.id': uniqueName('group'),
      'max.poll.interval.ms': 300,
      'enable.auto.commit': false,
      onPartitionsAssigned: (given) => void heard.push(`assigned ${given.length}`),
      onPartitionsLost: (gone) => void heard.push(`lost ${gone.length}`),
    });
    consumer.subscribe([topic]);
    const values: string[] = [];
    for await (const { value } of consumer) {
      values.push(String(value));
      if (values.length === 1) {
        await until(() => heard.includes('lost 1'));
        await assert.rejects(consumer.commitSync([{ ...partitions[0]!, offset: 1n }]), { retriable: false });
      }
      if (values.length === 4) break;
    }
    assert.deepEqual(values, ['v0', 'v0', 'v1', 'v2']);
    assert.deepEqual(heard, ['assigned 1', 'lost 1', 'assigned 1']);
  });

  test('begin where callbacks say, and are told what callbacks throw', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 20);
    const consumer = consumerOf(target, {
      'group.id': uniqueName('group'),
      onPartitionsAssigned: async (given) => {
        await Promise.resolve();
        for (const partition of given) consumer.seek(partition, 15n);
      },
      onPartitionsRevoked: async () => {
        await consumer.commitSync([{ ...partitions[0]!, offset: 3n }]);
        throw new Error('no');
      },
    });
    consumer.subscribe([topic]);
    assert.deepEqual(await take(consumer, 5), numbered(15, 20));
    await consumer.unsubscribe();
    assert.deepEqual(consumer.assignment(), []);
    const [committed] = await consumer.committed(partitions);
    assert.equal(committed?.offset, 3n);
    await consumer.close();
  });
});
