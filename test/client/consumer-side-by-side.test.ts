// Reading by partition and by key.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { type ConsumerRecord, type PartitionStream, Producer } from '@millrace/client';

import { consumerOf, numbered, stageTopic, write } from './consumer-stage.ts';
import { openTarget, uniqueName } from './target.ts';

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

type Stream = PartitionStream<ConsumerRecord>;

async function valuesOf(stream: Stream, into: string[]): Promise<string[]> {
  for await (const { value } of stream) into.push(String(value));
  return into;
}

suite('streams of partitions', () => {
  test('each come whole and at their own pace, and one that is not read holds up nobody', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target, 3);
    for (const partition of partitions) await write(target, partition, 1500);
    await using consumer = consumerOf(target, { 'group.id': uniqueName('group'), 'enable.auto.commit': false });
    consumer.subscribe([topic]);
    const read = new Map<number, string[]>();
    const ends: Promise<unknown>[] = [];
    const reading = (async () => {
      for await (const stream of consumer.partitionStreams()) {
        const values: string[] = [];
        read.set(stream.partition, values);
        if (stream.partition !== 1) ends.push(valuesOf(stream, values));
      }
    })();
    await until(() => read.get(0)?.length === 1500 && read.get(2)?.length === 1500);
    assert.deepEqual(read.get(0), numbered(0, 1500));
    assert.deepEqual([read.get(1), consumer.assignment().length], [[], 3]);
    // Both have asked for the next record, or are about to: then all before it are done.
    let places: (bigint | undefined)[] = [];
    for (let tries = 0; tries < 200 && String(places) !== '1500,0,1500'; tries++) {
      await consumer.commitSync();
      places = (await consumer.committed(partitions)).map((place) => place?.offset);
    }
    assert.deepEqual(places, [1500n, 0n, 1500n]);
    await consumer.close();
    await reading;
    await Promise.all(ends);
  });

  test('end when their partitions go to another member, and what was processed is not read twice', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target, 2);
    for (const partition of partitions) await write(target, partition, 200);
    const options = {
      'group.id': uniqueName('group'),
      'heartbeat.interval.ms': 100,
      'partition.assignment.strategy': ['cooperative-sticky'],
    };
    const seen: string[] = [];
    const follow = (name: string) => {
      const consumer = consumerOf(target, options);
      const ended: number[] = [];
      consumer.subscribe([topic]);
      const reading = (async () => {
        const ends: Promise<void>[] = [];
        const one = async (stream: Stream): Promise<void> => {
          for await (const batch of stream.batches()) {
            await new Promise(setImmediate);
            for (const { partition, offset } of batch) seen.push(`${partition}:${offset}`);
          }
          ended.push(stream.partition);
        };
        for await (const stream of consumer.partitionStreams({ recordsMax: 7 })) ends.push(one(stream));
        await Promise.all(ends);
      })();
      return { name, consumer, ended, reading };
    };
    const first = follow('first');
    await until(() => seen.length > 20);
    const second = follow('second');
    await until(() => first.ended.length === 1 && second.consumer.assignment().length === 1);
    await write(target, partitions[0]!, 50, { first: 200 });
    await write(target, partitions[1]!, 50, { first: 200 });
    await until(() => seen.length >= 500);
    await first.consumer.close();
    await second.consumer.close();
    await Promise.all([first.reading, second.reading]);
    assert.deepEqual([seen.length, new Set(seen).size], [500, 500]);
    assert.equal(first.ended.length, 2);
  });

  test('all end when the loop over them is left, and reading goes on where it was; an abort is thrown', async () => {
    await using target = await openTarget();
    const { partitions } = await stageTopic(target, 2);
    for (const partition of partitions) await write(target, partition, 10);
    await using consumer = consumerOf(target, { 'max.poll.records': 2 });
    await consumer.assign(partitions);
    let taken: string[] = [];
    let left: Stream | undefined;
    for await (const stream of consumer.partitionStreams()) {
      left = stream;
      for await (const { value } of stream) if (taken.push(String(value)) === 5) break;
      for await (const { value } of stream) if (taken.push(String(value)) === 7) break;
      break;
    }
    assert.deepEqual(taken, numbered(0, 7));
    assert.deepEqual(await valuesOf(left!, []), []);
    taken = [];
    for await (const { partition, value } of consumer) {
      if (partition === left!.partition) taken.push(String(value));
      if (taken.length === 3) break;
    }
    assert.deepEqual(taken, numbered(7, 10));
    const stop = new AbortController();
    const streams = consumer.partitionStreams({ signal: stop.signal });
    assert.equal((await streams.next()).done, false);
    assert.equal((await streams.next()).done, false);
    const waiting = streams.next();
    stop.abort();
    await assert.rejects(waiting, { code: 'ABORTED' });
    assert.equal((await streams.next()).done, true);
  });
});

suite('handlers by key', () => {
  test('keep the order of each key, and go on beside a slow one; what is committed leaves nothing out', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    const keys = ['slow', 'b', 'c', 'd', 'e'];
    {
      await using producer = new Producer({ 'bootstrap.servers': target.bootstrap });
      const records = Array.from({ length: 300 }, (_, index) => ({
        topic,
        partition: 0,
        key: keys[index % 5]!,
        value: `${index}`,
      }));
      await producer.send(records);
    }
    const group = uniqueName('group');
    const consumer = consumerOf(target, { 'group.id': group, 'enable.auto.commit': false });
    consumer.subscribe([topic]);
    const seen = new Map<string, number[]>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const running = consumer.run({
      concurrency: 'key',
      eachRecord: async ({ key, value }) => {
        const name = String(key);
        await (name === 'slow' && String(value) === '50' ? released : new Promise(setImmediate));
        const of = seen.get(name) ?? [];
        of.push(Number(value));
        seen.set(name, of);
      },
    });
    await until(() => keys.slice(1).every((key) => seen.get(key)?.length === 60));
    assert.equal(seen.get('slow')?.length, 10);
    await consumer.commitSync();
    assert.equal((await consumer.committed(partitions))[0]?.offset, 50n);
    release();
    await until(() => seen.get('slow')?.length === 60);
    for (const of of seen.values())
      assert.deepEqual(
        of,
        of.toSorted((a, b) => a - b),
      );
    await until(() => consumer.currentLag(partitions[0]!) === 0n);
    await consumer.commitSync();
    assert.equal((await consumer.committed(partitions))[0]?.offset, 300n);
    await consumer.close();
    await running;
  });

  test('say which record has failed, and begin with the first that is not done', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 20);
    await using consumer = consumerOf(target);
    await consumer.assign([{ topic, partition: 0 }]);
    const seen: bigint[] = [];
    const eachRecord = async ({ offset }: ConsumerRecord): Promise<void> => {
      await new Promise(setImmediate);
      if (offset === 7n && seen.includes(9n)) throw new Error('not yet');
      seen.push(offset);
      if (offset === 7n) await until(() => seen.includes(9n)).then(() => Promise.reject(new Error('not yet')));
    };
    const failed = { code: 'HANDLER', message: /offset 7: not yet/ };
    await assert.rejects(consumer.run({ concurrency: 'key', eachRecord }), failed);
    const again: bigint[] = [];
    const stop = new AbortController();
    const rest = (): void => void (new Set([...seen, ...again]).size === 20 && again.includes(7n) && stop.abort());
    await consumer.run({
      concurrency: 'key',
      signal: stop.signal,
      eachRecord: ({ offset }) => {
        again.push(offset);
        rest();
      },
    });
    assert.equal(again[0], 7n);
    assert.ok(!again.includes(6n) && !again.includes(9n));
    await assert.rejects(consumer.run({ concurrency: 'none' as never, eachRecord }), { code: 'CONFIG' });
  });
});
