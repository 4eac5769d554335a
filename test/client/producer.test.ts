import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  int32s,
  json,
  partitionOfKey,
  Producer,
  type RecordMetadata,
  roundRobin,
  type StandardSchema,
} from '@millrace/client';

import { createTopic, readTopic } from './read-topic.ts';
import { openTarget, uniqueName } from './target.ts';

interface Order {
  readonly id: number;
  readonly lines: readonly { readonly sku: string }[];
}

/** Looks at the articles only, in the way of Standard Schema that zod, valibot and arktype speak. */
const order: StandardSchema<unknown, Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const { lines } = value as Order;
      const wrong = lines.findIndex(({ sku }) => typeof sku !== 'string');
      if (wrong < 0) return { value: value as Order };
      return { issues: [{ message: 'expected a string', path: ['lines', { key: wrong }, 'sku'] }] };
    },
  },
};

suite('producer', () => {
  test('writes keys, values, headers and times as they were given, with every codec', async () => {
    await using target = await openTarget();
    const topic = uniqueName('codecs');
    await createTopic(target.bootstrap, topic, 1);
    const given = [
      { key: 'a', value: 'x'.repeat(500), headers: { one: 'eins', none: null } },
      { key: null, value: null },
      { key: '', value: '' },
      {
        key: 'ключ',
        value: 'zürich 🚲',
        headers: [
          { key: 'h', value: '1' },
          { key: 'h', value: '2' },
        ],
      },
    ];
    let expected = 0;
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      await using producer = new Producer({ 'bootstrap.servers': target.bootstrap, 'compression.type': codec });
      const sent = await producer.send(given.map((record) => ({ topic, timestamp: 1_700_000_000_000, ...record })));
      assert.deepEqual(
        sent.map(({ offset }) => Number(offset)),
        given.map((_, index) => expected + index),
      );
      expected += given.length;
    }
    const read = await readTopic(target.bootstrap, topic);
    assert.equal(read.length, 5 * given.length);
    for (const [index, { key, value, headers, timestamp }] of read.entries()) {
      const one = given[index % given.length]!;
      assert.deepEqual([key, value, timestamp], [one.key, one.value, 1_700_000_000_000]);
      const list = Array.isArray(one.headers)
        ? one.headers.map((header) => [header.key, header.value])
        : Object.entries(one.headers ?? {});
      assert.deepEqual(headers, list);
    }
  });

  test('puts keys where Java puts them, and keeps their order', async () => {
    await using target = await openTarget();
    const topic = uniqueName('keys');
    await createTopic(target.bootstrap, topic, 6);
    await using producer = new Producer({ 'bootstrap.servers': target.bootstrap, 'batch.size': 200 });
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}-ü`);
    const sends: Promise<RecordMetadata>[] = [];
    for (let round = 0; round < 10; round++)
      for (const key of keys) sends.push(producer.send({ topic, key, value: `${round}` }));
    for (const [index, { partition }] of (await Promise.all(sends)).entries())
      assert.equal(partition, partitionOfKey(Buffer.from(keys[index % keys.length]!), 6));
    const read = await readTopic(target.bootstrap, topic);
    for (const key of keys) {
      const values = read.filter((record) => record.key === key).map(({ value }) => Number(value));
      assert.deepEqual(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test('fills a batch of one partition after the other when there is no key', async () => {
    await using target = await openTarget();
    const topic = uniqueName('sticky');
    await createTopic(target.bootstrap, topic, 3);
    await using producer = new Producer({ 'bootstrap.servers': target.bootstrap, 'batch.size': 1000 });
    const sent = await producer.send(Array.from({ length: 300 }, () => ({ topic, value: 'x'.repeat(80) })));
    const partitions = sent.map(({ partition }) => partition);
    assert.equal(new Set(partitions).size, 3, 'all partitions get some');
    const switches = partitions.filter((partition, index) => index > 0 && partition !== partitions[index - 1]).length;
    assert.ok(switches < 60, `${switches} switches for about 27 batches`);
  });

  test('takes partitions in turn, or as a function says', async () => {
    await using target = await openTarget();
    const topic = uniqueName('turns');
    await createTopic(target.bootstrap, topic, 3);
    await using turns = new Producer({ 'bootstrap.servers': target.bootstrap, partitioner: roundRobin() });
    const sent = await turns.send(Array.from({ length: 6 }, () => ({ topic, key: 'same', value: 'x' })));
    assert.deepEqual(
      sent.map(({ partition }) => partition),
      [0, 1, 2, 0, 1, 2],
    );
    await using own = new Producer({
      'bootstrap.servers': target.bootstrap,
      partitioner: ({ value }, { partitions }) => Number(value) % partitions.length,
    });
    assert.equal((await own.send({ topic, value: '5' })).partition, 2);
    assert.equal((await own.send({ topic, value: '5', partition: 1 })).partition, 1);
  });

  test('without idempotence and without waiting for answers loses nothing while nothing fails', async () => {
    await using target = await openTarget();
    for (const acks of ['0', '1'] as const) {
      const topic = uniqueName(`acks-${acks}`);
      await createTopic(target.bootstrap, topic, 2);
      const producer = new Producer({ 'bootstrap.servers': target.bootstrap, acks });
      for (let index = 0; index < 2000; index++)
        if (!producer.produce({ topic, value: `${index}` })) await producer.drained();
      await producer.close();
      // With acks 0 the last request may still be on its way when the connection is closed.
      for (let tries = 0; tries < 50; tries++) {
        const read = await readTopic(target.bootstrap, topic);
        if (read.length < 2000) continue;
        assert.equal(new Set(read.map(({ value }) => value)).size, 2000);
        break;
      }
    }
  });

  test('writes by serdes and schemas, and says what is wrong with a value', async () => {
    await using target = await openTarget();
    const topic = uniqueName('typed');
    await using producer = new Producer({
      'bootstrap.servers': target.bootstrap,
      topics: { [topic]: { key: int32s, value: json(order) } },
    });
    await producer.send({ topic, key: 7, value: { id: 1, lines: [{ sku: 'x' }] } });
    await assert.rejects(producer.send({ topic, key: 7, value: { id: 1, lines: [{ sku: 5 as never }] } }), (error) => {
      assert.match(String(error), /lines\.0\.sku/);
      assert.ok(String(error).includes(topic));
      return true;
    });
    const [record] = await readTopic(target.bootstrap, topic);
    assert.deepEqual([record!.key, record!.value], ['\0\0\0\u0007', '{"id":1,"lines":[{"sku":"x"}]}']);
  });

  test('splits a batch that the topic finds too large, and gives up a record that is', async () => {
    await using target = await openTarget();
    const topic = uniqueName('large');
    await createTopic(target.bootstrap, topic, 1, { 'max.message.bytes': '3000' });
    await using producer = new Producer({ 'bootstrap.servers': target.bootstrap, 'batch.size': 20_000 });
    const values = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(900, '.'));
    const sent = await producer.send(values.map((value) => ({ topic, value })));
    assert.deepEqual(
      sent.map(({ offset }) => Number(offset)),
      values.map((_, index) => index),
    );
    await assert.rejects(producer.send({ topic, value: 'x'.repeat(4000) }), { code: 'MESSAGE_TOO_LARGE' });
    await producer.send({ topic, value: 'after' });
    assert.deepEqual(
      (await readTopic(target.bootstrap, topic)).map(({ value }) => value),
      [...values, 'after'],
    );
  });

  test('tells which records of a batch were refused', async () => {
    await using target = await openTarget();
    const topic = uniqueName('compacted');
    await createTopic(target.bootstrap, topic, 1, { 'cleanup.policy': 'compact' });
    await using producer = new Producer({ 'bootstrap.servers': target.bootstrap });
    const results = await Promise.allSettled([
      producer.send({ topic, key: 'a', value: 'x' }),
      producer.send({ topic, value: 'no key' }),
    ]);
    const [beside, refused] = results.map((result) => (result.status === 'rejected' ? result.reason : undefined));
    assert.equal(refused.code, 'INVALID_RECORD');
    assert.equal(refused.retriable, false);
    assert.match(beside.message, /others of its batch/);
    assert.equal((await producer.send({ topic, key: 'a', value: 'x' })).offset, 0n);
  });

  test('has the time of the append where the topic says so', async () => {
    await using target = await openTarget();
    const topic = uniqueName('append-time');
    await createTopic(target.bootstrap, topic, 1, { 'message.timestamp.type': 'LogAppendTime' });
    await using producer = new Producer({ 'bootstrap.servers': target.bootstrap });
    const { timestamp, logAppendTimeMs } = await producer.send({ topic, value: 'x', timestamp: 5 });
    assert.ok(timestamp > 1_600_000_000_000);
    assert.equal(timestamp, logAppendTimeMs);
  });
});
