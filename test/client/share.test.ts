// Share groups of our consumers (KIP-932): who gets what, and what becomes of it. Millrace has none yet, and says so.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import {
  type AcknowledgementResult,
  Admin,
  isClientError,
  json,
  Producer,
  ShareConsumer,
  type ShareConsumerOptions,
  type ShareRecord,
  strings,
  type TopicSerdesMap,
} from '@millrace/client';

import { until } from './group-reader.ts';
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

const isKafka = (): boolean => target.kind === 'kafka';

/** A topic, and a group that reads it from its beginning. */
class Party implements AsyncDisposable {
  readonly topic: string;
  readonly group = uniqueName('share');
  readonly #consumers: ShareConsumer[] = [];

  static async open(numPartitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<Party> {
    const party = new Party(uniqueName('shared'));
    await admin.createTopics([{ name: party.topic, numPartitions, replicationFactor: target.brokers }]);
    const all = { 'share.auto.offset.reset': 'earliest', ...configs };
    const ops = Object.entries(all).map(([name, value]) => ({ name, value }));
    await admin.incrementalAlterConfigs([{ type: 'GROUP', name: party.group, ops }]);
    return party;
  }

  private constructor(topic: string) {
    this.topic = topic;
  }

  join<const Topics extends TopicSerdesMap = TopicSerdesMap>(
    options: ShareConsumerOptions<Topics> = {},
  ): ShareConsumer<Topics> {
    const consumer = new ShareConsumer<Topics>({
      'bootstrap.servers': target.bootstrap,
      'group.id': this.group,
      'retry.backoff.ms': 20,
      ...options,
    });
    consumer.subscribe({ topics: [this.topic] });
    this.#consumers.push(consumer as unknown as ShareConsumer);
    return consumer;
  }

  async write(count: number, from = 0): Promise<void> {
    const numbers = Array.from({ length: count }, (_, index) => from + index);
    await Promise.all(numbers.map((number) => producer.send({ topic: this.topic, value: `${number}` })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const consumer of this.#consumers) await consumer.close({ timeoutMs: 10_000 });
  }
}

/** So many records, each told to `each`. */
async function take<R extends ShareRecord<unknown, unknown>>(
  consumer: AsyncIterable<R>,
  count: number,
  each: (record: R) => void = () => {},
): Promise<R[]> {
  const taken: R[] = [];
  for await (const record of consumer) {
    each(record);
    if (taken.push(record) === count) break;
  }
  return taken;
}

const valuesOf = (records: readonly ShareRecord[]): string[] => records.map(({ value }) => `${value?.toString()}`);
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);
const sorted = (values: readonly string[]): string[] => values.toSorted((a, b) => Number(a) - Number(b));
const faults = (results: readonly AcknowledgementResult[]): (string | undefined)[] =>
  results.map(({ error }) => error?.code);

suite('share groups', () => {
  test('a broker without share groups is named, and so is what it lacks', async (context) => {
    if (isKafka()) return context.skip('Apache Kafka has them');
    await using consumer = new ShareConsumer({ 'bootstrap.servers': target.bootstrap, 'group.id': 'g' });
    consumer.subscribe(['t']);
    await assert.rejects(take(consumer, 1), (error) => {
      assert.ok(isClientError(error));
      assert.equal(error.code, 'UNSUPPORTED');
      assert.match(error.message, /ShareGroupHeartbeat/);
      assert.ok(error.message.includes(target.bootstrap));
      return true;
    });
  });

  test('members share partitions, each record is read once, and what was accepted does not come again', async (context) => {
    if (!isKafka()) return context.skip('Millrace has no share groups');
    await using party = await Party.open(2);
    await party.write(1000);
    const read: string[] = [];
    const ones = [party.join(), party.join(), party.join()];
    const running = ones.map((one) =>
      one.run({ eachRecord: ({ value }) => void read.push(`${value?.toString()}`), concurrency: 4 }),
    );
    await until('all are read', () => read.length >= 1000);
    for (const one of ones) await one.close();
    await Promise.all(running);
    assert.deepEqual(sorted(read), numbers(1000));
    await party.write(10, 1000);
    const late = await take(party.join(), 10);
    assert.deepEqual(sorted(valuesOf(late)), numbers(1010).slice(1000));
  });

  test('in explicit mode a record is accepted, comes again, or is gone, as it was acknowledged', async (context) => {
    if (!isKafka()) return context.skip('Millrace has no share groups');
    await using party = await Party.open();
    await party.write(9);
    const told: AcknowledgementResult[] = [];
    const consumer = party.join({
      'share.acknowledgement.mode': 'explicit',
      onAcknowledgementCommit: (results) => void told.push(...results),
    });
    const ways = ['accept', 'release', 'reject'] as const;
    const first = await take(consumer, 9, (record) => {
      assert.equal(record.deliveryCount, 1);
      consumer.acknowledge(record, ways[Number(record.offset) % 3]);
    });
    assert.deepEqual(valuesOf(first), numbers(9));
    const results = await consumer.commitSync();
    assert.deepEqual(faults(results), [undefined]);
    assert.equal(results[0]!.ranges.length, 9);
    assert.deepEqual(told, results);
    const again = await take(consumer, 3, (record) => {
      assert.equal(record.deliveryCount, 2);
      consumer.acknowledge(record);
    });
    assert.deepEqual(valuesOf(again), ['1', '4', '7']);
    assert.throws(() => consumer.acknowledge(first[0]!), { code: 'STATE' });
    await consumer.close();
    await party.write(1, 9);
    assert.deepEqual(valuesOf(await take(party.join(), 1)), ['9']);
  });

  test('what was not accepted when a member closes goes to another at once', async (context) => {
    if (!isKafka()) return context.skip('Millrace has no share groups');
    await using party = await Party.open();
    await party.write(20);
    const first = party.join();
    assert.deepEqual(valuesOf(await take(first, 5)), numbers(5));
    await first.close();
    // The fifth was handed out, and nobody asked for the sixth.
    const rest = await take(party.join(), 16);
    assert.deepEqual(valuesOf(rest), numbers(20).slice(4));
    assert.equal(rest[0]!.deliveryCount, 2);
  });

  test('an acknowledgement that comes too late is refused, and the record goes to another', async (context) => {
    if (!isKafka()) return context.skip('Millrace has no share groups');
    await using party = await Party.open(1, { 'share.record.lock.duration.ms': '15000' });
    await party.write(3);
    const options = { 'share.acknowledgement.mode': 'explicit' } as const;
    const slow = party.join(options);
    const [lost, renewed] = await take(slow, 2);
    slow.acknowledge(renewed!, 'renew');
    assert.deepEqual(faults(await slow.commitSync()), [undefined]);
    const sinceMs = performance.now();
    // Only the first is given to somebody else: the second was renewed in time, the third was never handed out.
    await until('half of the time is over', () => performance.now() - sinceMs > 9000);
    slow.acknowledge(renewed!, 'renew');
    assert.deepEqual(faults(await slow.commitSync()), [undefined]);
    const other = party.join(options);
    const seen = await take(other, 2);
    // The group gives them back one by one, in no order.
    assert.deepEqual(sorted(valuesOf(seen)), ['0', '2']);
    assert.deepEqual(
      seen.map(({ deliveryCount }) => deliveryCount),
      [2, 2],
    );
    slow.acknowledge(lost!);
    assert.deepEqual(faults(await slow.commitSync()), ['INVALID_RECORD_STATE']);
    slow.acknowledge(renewed!);
    assert.deepEqual(faults(await slow.commitSync()), [undefined]);
  });

  test('batches, serdes, records that cannot be read, and aborted transactions', async (context) => {
    if (!isKafka()) return context.skip('Millrace has no share groups');
    await using party = await Party.open(1, { 'share.isolation.level': 'read_committed' });
    const { topic } = party;
    await using writer = new Producer({ 'bootstrap.servers': target.bootstrap, 'transactional.id': uniqueName('tx') });
    await writer.initTransactions();
    const transaction = async (value: string, isKept: boolean): Promise<void> => {
      writer.beginTransaction();
      await writer.send({ topic, key: 'k', value });
      await (isKept ? writer.commitTransaction() : writer.abortTransaction());
    };
    await transaction('{"n":1}', true);
    await transaction('{"n":2}', false);
    await transaction('not json', true);
    await transaction('{"n":3}', true);
    const consumer = party.join({
      'share.acknowledgement.mode': 'explicit',
      topics: { [topic]: { key: strings, value: json<{ n: number }>() } },
    });
    const values: unknown[] = [];
    let unread: unknown;
    const read = async (): Promise<void> => {
      for await (const batch of consumer.batches())
        for (const record of batch) {
          values.push([record.key, record.value]);
          consumer.acknowledge(record);
          if (values.length === 2) return;
        }
    };
    await read().catch(async (error: unknown) => {
      unread = error;
      await read();
    });
    if (unread === undefined) unread = await take(consumer, 1).catch((error: unknown) => error);
    assert.ok(isClientError(unread));
    assert.equal(unread.code, 'SERIALIZATION');
    assert.deepEqual(values, [
      ['k', { n: 1 }],
      ['k', { n: 3 }],
    ]);
  });

  test('with record_limit no more is acquired than was asked for, by partitions on all brokers', async (context) => {
    if (!isKafka()) return context.skip('Millrace has no share groups');
    await using party = await Party.open(6);
    await party.write(300);
    const one = party.join({ 'share.acquire.mode': 'record_limit', 'max.poll.records': 7 });
    const read: string[] = [];
    for await (const batch of one.batches()) {
      assert.ok(batch.length <= 7);
      read.push(...valuesOf(batch.records));
      if (read.length >= 300) break;
    }
    assert.deepEqual(sorted(read), numbers(300));
  });

  test('a handler that throws releases its record, and the next run gets it again', async (context) => {
    if (!isKafka()) return context.skip('Millrace has no share groups');
    await using party = await Party.open();
    await party.write(10);
    const consumer = party.join();
    const read: string[] = [];
    const failing = consumer.run({
      eachRecord: async (record) => {
        await Promise.resolve();
        if (record.offset === 4n && record.deliveryCount === 1) throw new Error('once');
        read.push(`${record.value?.toString()}`);
      },
    });
    await assert.rejects(
      failing,
      (error) => isClientError(error) && error.code === 'HANDLER' && /once/.test(error.message),
    );
    const stop = new AbortController();
    await consumer.run({
      signal: stop.signal,
      eachRecord: ({ value }) => {
        if (read.push(`${value?.toString()}`) === 10) stop.abort();
      },
    });
    assert.deepEqual(sorted(read), numbers(10));
    assert.equal(read.at(-1), '4');
  });
});
