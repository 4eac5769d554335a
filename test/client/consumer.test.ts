import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { suite, test } from 'node:test';

import { type ConsumedMessage, Consumer, isClientError, json, Producer, strings } from '@millrace/client';

import { consumerOf, numbered, stageTopic, take, write } from './consumer-stage.ts';
import { openTarget, uniqueName } from './target.ts';

suite('consumer', () => {
  test('10,000 records of three partitions come whole, and in order within each', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target, 3);
    await write(target, partitions[0]!, 4000);
    await write(target, partitions[1]!, 3000, { 'compression.type': 'gzip' });
    await write(target, partitions[2]!, 3000, { 'compression.type': 'zstd' });
    await using consumer = consumerOf(target, { 'max.partition.fetch.bytes': 20_000 });
    await consumer.assign(partitions);
    const next = [0n, 0n, 0n];
    let count = 0;
    for await (const batch of consumer.batches()) {
      assert.equal(batch.topic, topic);
      for (const { partition, offset, value, key, headers } of batch) {
        assert.equal(offset, next[partition]!++);
        assert.deepEqual([value?.toString(), key, headers], [`v${offset}`, null, []]);
      }
      count += batch.length;
      assert.equal(batch.nextOffset, next[batch.partition]);
      if (count === 10_000) break;
    }
    assert.deepEqual(next, [4000n, 3000n, 3000n]);
    assert.deepEqual(
      partitions.map((partition) => consumer.currentLag(partition)),
      [0n, 0n, 0n],
    );
  });

  test('goes on after a loop was left, seeks back and forth, and knows its position', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target);
    const partition = partitions[0]!;
    await write(target, partition, 100);
    await using consumer = consumerOf(target);
    await consumer.assign(partitions);
    assert.equal(await consumer.position(partition), 0n);
    assert.deepEqual(await take(consumer, 3), numbered(0, 3));
    assert.equal(await consumer.position(partition), 3n);
    assert.deepEqual(await take(consumer, 2), numbered(3, 5));
    consumer.seek(partition, 90n);
    assert.deepEqual(await take(consumer, 10), numbered(90, 100));
    consumer.seekToBeginning();
    assert.deepEqual(await take(consumer, 1), ['v0']);
    consumer.seekToEnd();
    assert.equal(await consumer.position(partition), 100n);
    await write(target, partition, 1, { first: 100 });
    assert.deepEqual(await take(consumer, 1), ['v100']);
  });

  test('a paused partition gives nothing until it is resumed, even of what is at hand', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target, 2);
    await write(target, partitions[0]!, 10);
    await write(target, partitions[1]!, 10, { first: 100 });
    await using consumer = consumerOf(target);
    await consumer.assign(partitions);
    const seen: string[] = [];
    for await (const { value, partition } of consumer) {
      seen.push(value!.toString());
      if (seen.length === 1) consumer.pause([partitions[partition]!]);
      if (seen.length === 11) break;
    }
    const first = seen[0] === 'v0' ? 0 : 1;
    assert.deepEqual(consumer.paused(), [partitions[first]]);
    assert.deepEqual(seen.slice(1), first === 0 ? numbered(100, 110) : numbered(0, 10));
    consumer.resume();
    assert.deepEqual(await take(consumer, 9), first === 0 ? numbered(1, 10) : numbered(101, 110));
  });

  test('tells offsets of times, of the beginning and of the end', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target, 2);
    const partition = partitions[0]!;
    const from = Date.now();
    await write(target, partition, 50, { from });
    await using consumer = consumerOf(target);
    const [found, none] = await consumer.offsetsForTimes([
      { ...partition, timestamp: from + 20 },
      { ...partition, timestamp: from + 1000 },
    ]);
    assert.deepEqual([found?.offset, found?.timestamp], [20n, from + 20]);
    assert.equal(none?.offset, undefined);
    const offsets = async (list: Promise<readonly { readonly offset: bigint }[]>): Promise<bigint[]> =>
      (await list).map(({ offset }) => offset);
    assert.deepEqual(await offsets(consumer.beginningOffsets(partitions)), [0n, 0n]);
    assert.deepEqual(await offsets(consumer.endOffsets(partitions)), [50n, 0n]);
    assert.equal((await consumer.partitionsFor(partition.topic)).length, 2);
    assert.ok((await consumer.listTopics()).has(partition.topic));
  });

  test('handlers run one at a time within a partition, and a slow one holds no other partition up', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target, 2);
    await write(target, partitions[0]!, 50);
    await write(target, partitions[1]!, 500);
    await using consumer = consumerOf(target);
    await consumer.assign(partitions);
    const stop = new AbortController();
    const gate = Promise.withResolvers<void>();
    const seen = [0n, 0n];
    let atWork = 0;
    await consumer.run({
      signal: stop.signal,
      eachRecord: async ({ partition, offset }) => {
        assert.equal(offset, seen[partition]!);
        if (partition === 0) {
          assert.equal(++atWork, 1);
          if (offset === 0n) await gate.promise;
          atWork--;
        }
        seen[partition]!++;
        // The slow one goes on only when the other is through.
        if (seen[1] === 500n) gate.resolve();
        if (seen[0] === 50n && seen[1] === 500n) stop.abort();
      },
    });
    assert.deepEqual(seen, [50n, 500n]);
  });

  test('a handler that throws ends run, which then goes on with that record', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 20);
    await using consumer = consumerOf(target);
    await consumer.assign(partitions);
    const seen: string[] = [];
    const handle = (until: number, stop: () => void) => (record: { readonly value: Buffer | null }) => {
      if (seen.length === until) stop();
      else seen.push(record.value!.toString());
    };
    await assert.rejects(
      consumer.run({
        eachRecord: handle(7, () => {
          throw new Error('no');
        }),
      }),
      (error) => isClientError(error) && error.code === 'HANDLER' && /offset 7: no/.test(error.message),
    );
    assert.equal(await consumer.position(partitions[0]!), 7n);
    const stop = new AbortController();
    await consumer.run({
      eachBatch: (batch) => {
        for (const record of batch) handle(20, () => {})(record);
        if (seen.length === 20) stop.abort();
      },
      signal: stop.signal,
    });
    assert.deepEqual(seen, numbered(0, 20));
  });

  test('reads with serdes, says which record cannot be read, and goes on behind it', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 1);
    await using consumer = new Consumer({
      'bootstrap.servers': target.bootstrap,
      'auto.offset.reset': 'earliest',
      topics: { [topic]: { key: strings, value: json<{ readonly n: number }>() } },
    });
    await consumer.assign(partitions);
    await assert.rejects(take(consumer as never, 1), {
      code: 'SERIALIZATION',
      message: new RegExp(`${topic}-0, offset 0, cannot be read`),
    });
    await using producer = new Producer({ 'bootstrap.servers': target.bootstrap });
    await producer.send({ topic, key: 'k', value: '{"n":5}' });
    consumer.seek(partitions[0]!, 1n);
    for await (const record of consumer) {
      const n: number | undefined = record.value?.n;
      assert.deepEqual([record.key, n], ['k', 5]);
      break;
    }
  });

  test('without anything committed, auto.offset.reset says where to begin', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target);
    const partition = partitions[0]!;
    const from = Date.now() - 3_600_000;
    await write(target, partition, 10, { from });
    await write(target, partition, 10, { first: 10 });
    const begins = async (reset: string): Promise<bigint> => {
      await using consumer = consumerOf(target, { 'auto.offset.reset': reset });
      await consumer.assign(partitions);
      return await consumer.position(partition);
    };
    assert.equal(await begins('earliest'), 0n);
    assert.equal(await begins('latest'), 20n);
    assert.equal(await begins('by_duration:PT30M'), 10n);
    await assert.rejects(begins('none'), { code: 'NO_OFFSET' });
    assert.throws(() => consumerOf(target, { 'auto.offset.reset': 'by_duration:1h' }), /by_duration/);
  });

  test('an offset that is not in the log leads to where auto.offset.reset says, or to an error', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 10);
    await using consumer = consumerOf(target);
    await consumer.assign(partitions);
    consumer.seek(partitions[0]!, 1_000_000n);
    assert.deepEqual(await take(consumer, 1), ['v0']);
    await using strict = consumerOf(target, { 'auto.offset.reset': 'none' });
    await strict.assign(partitions);
    strict.seek(partitions[0]!, 1_000_000n);
    await assert.rejects(take(strict, 1), { code: 'NO_OFFSET' });
    strict.seek(partitions[0]!, 9n);
    assert.deepEqual(await take(strict, 1), ['v9']);
  });

  test('what was processed is committed when the consumer closes; the record in hand is read again', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target, 2);
    await write(target, partitions[0]!, 30);
    const group = uniqueName('group');
    const first = consumerOf(target, { 'group.id': group });
    first.subscribe([topic]);
    assert.deepEqual(await take(first, 10), numbered(0, 10));
    await first.close();
    await using second = consumerOf(target, { 'group.id': group });
    second.subscribe({ topics: [topic] });
    assert.deepEqual(await take(second, 5), numbered(9, 14));
    await second.commitSync();
    const [committed] = await second.committed(partitions);
    assert.equal(committed?.offset, 14n);
    assert.equal(second.groupMetadata().groupId, group);
  });

  test('closing inside of a loop ends the loop', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 30);
    const consumer = consumerOf(target, { 'group.id': uniqueName('group') });
    consumer.subscribe([topic]);
    let count = 0;
    for await (const record of consumer) {
      assert.equal(record.offset, BigInt(count++));
      if (count === 3) await consumer.close();
    }
    assert.equal(count, 3);
    assert.throws(() => consumer.pause(), { code: 'CLOSED' });
  });

  test('says what it has done: in metrics, and on a diagnostics channel', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target, 2);
    await write(target, partitions[0]!, 40);
    await write(target, partitions[1]!, 10);
    const told: ConsumedMessage[] = [];
    const listen = (message: unknown): void => void told.push(message as ConsumedMessage);
    subscribe('millrace:client:consume', listen);
    await using consumer = consumerOf(target, { 'client.id': 'me' });
    await consumer.assign(partitions);
    assert.equal((await take(consumer, 50)).length, 50);
    unsubscribe('millrace:client:consume', listen);
    const mine = told.filter((message) => message.topic === topic);
    assert.equal(
      mine.reduce((sum, { records }) => sum + records.length, 0),
      50,
    );
    assert.deepEqual([mine[0]!.clientId, mine[0]!.groupId], ['me', undefined]);
    const metrics = consumer.metrics();
    assert.deepEqual(
      [
        metrics['records-consumed-total'],
        metrics['records-lag-max'],
        metrics['records-lead-min'],
        metrics['assigned-partitions'],
      ],
      [50, 0, 10, 2],
    );
    assert.equal(metrics['buffered-bytes'], 0);
    assert.ok(metrics['fetch-total'] >= 1 && metrics['bytes-consumed-total'] > 50 * 8);
  });

  test('a reader that waits is ended by its signal and by close', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target);
    await using consumer = consumerOf(target);
    await consumer.assign(partitions);
    const stop = new AbortController();
    const waiting = consumer.records({ signal: stop.signal }).next();
    assert.throws(() => consumer.batches(), { code: 'STATE' });
    stop.abort();
    await assert.rejects(waiting, { code: 'ABORTED' });
    const running = consumer.run({ eachRecord: () => {} });
    const closing = consumer.close();
    await running;
    await closing;
  });
});
