// Clients behind a proxy that loses, delays and spoils what brokers say: nothing is lost, doubled or out of order because of it.
// By environment: FAULT_SEED.

import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';

import { Admin, Consumer, type ConsumerOptions, isClientError, Producer } from '@millrace/client';
import { errors } from '@millrace/protocol';
import { FaultProxy, pick } from '@millrace/testkit';

import { answersError, byChance, cuts, spoiledFetch, spoiledProduce } from './faults-rules.ts';
import { openTarget, type Target, uniqueName } from './target.ts';

const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1e9));
const partitionCount = 3;
const coordinatorErrors = answersError(
  errors.NOT_COORDINATOR,
  errors.COORDINATOR_NOT_AVAILABLE,
  errors.COORDINATOR_LOAD_IN_PROGRESS,
);

suite('faults', () => {
  let target: Target;
  let proxy: FaultProxy;

  before(async () => {
    target = await openTarget();
    proxy = await FaultProxy.open(target.bootstrap);
  });

  after(async () => {
    await proxy.close();
    await target[Symbol.asyncDispose]();
  });

  async function createTopic(): Promise<string> {
    const name = uniqueName('faults');
    await using admin = new Admin({ 'bootstrap.servers': target.bootstrap });
    await admin.createTopics([{ name, numPartitions: partitionCount, replicationFactor: target.brokers }]);
    return name;
  }

  function consumerOf(bootstrap: string, options: Partial<ConsumerOptions> = {}): Consumer {
    return new Consumer({
      'bootstrap.servers': bootstrap,
      'auto.offset.reset': 'earliest',
      'fetch.max.wait.ms': 50,
      ...options,
    });
  }

  /** All that is in the topic, by partition, read past the proxy. */
  async function valuesIn(topic: string, options: Partial<ConsumerOptions> = {}): Promise<number[][]> {
    await using consumer = consumerOf(target.bootstrap, options);
    const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }));
    const ends = await consumer.endOffsets(partitions);
    return await read(
      consumer,
      topic,
      ends.map(({ offset }) => offset),
    );
  }

  /** Up to these offsets. */
  async function read(consumer: Consumer, topic: string, ends: readonly bigint[]): Promise<number[][]> {
    const values: number[][] = ends.map(() => []);
    await consumer.assign(ends.map((_, partition) => ({ topic, partition })));
    const positions = async (): Promise<boolean> => {
      for (const [partition, end] of ends.entries())
        if ((await consumer.position({ topic, partition })) < end) return false;
      return true;
    };
    if (await positions()) return values;
    for await (const { records } of consumer.batches()) {
      for (const { partition, value } of records) values[partition]!.push(Number(value?.toString()));
      if (await positions()) break;
    }
    return values;
  }

  async function writeAll(topic: string, count: number, bootstrap: string): Promise<number[][]> {
    await using producer = new Producer({ 'bootstrap.servers': bootstrap, 'batch.size': 300, 'linger.ms': 0 });
    const expected: number[][] = Array.from({ length: partitionCount }, () => []);
    const sends: Promise<unknown>[] = [];
    for (let index = 0; index < count; index++) {
      const partition = index % partitionCount;
      expected[partition]!.push(index);
      sends.push(producer.send({ topic, partition, value: `${index}` }));
      if (index % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(sends);
    return expected;
  }

  function told(context: TestContext): void {
    context.diagnostic(
      `FAULT_SEED=${seed}; ${[...proxy.counts].map(([name, count]) => `${name} ${count}`).join(', ')}`,
    );
    proxy.rule = () => undefined;
    proxy.counts.clear();
  }

  test('an idempotent producer writes every record once, in order', async (context) => {
    const topic = await createTopic();
    proxy.rule = byChance(seed, 6, ({ name }, random) => {
      if (name === 'produce') return random.below(2) === 0 ? pick(random, cuts) : spoiledProduce(random);
      return name === 'metadata' || name === 'initProducerId' ? pick(random, cuts) : undefined;
    });
    const expected = await writeAll(topic, 3000, proxy.bootstrap);
    told(context);
    assert.deepEqual(await valuesIn(topic), expected);
  });

  test('transactions are written whole or not at all, and those that were committed are', async (context) => {
    const topic = await createTopic();
    proxy.rule = byChance(seed, 8, ({ name }, random) => {
      switch (name) {
        case 'addPartitionsToTxn':
        case 'endTxn':
        case 'initProducerId':
          return random.below(2) === 0 ? coordinatorErrors(random) : pick(random, cuts);
        case 'findCoordinator':
        case 'produce':
          return pick(random, cuts);
        default:
          return undefined;
      }
    });
    const [transactionCount, recordCount] = [40, 9];
    const outcomes: ('committed' | 'aborted' | 'failed')[] = [];
    {
      await using producer = new Producer({
        'bootstrap.servers': proxy.bootstrap,
        'transactional.id': uniqueName('faults'),
        'request.timeout.ms': 5000,
      });
      for (let index = 0; index < transactionCount; index++) {
        const isAborted = index % 4 === 3;
        const work = async (): Promise<void> => {
          const records = Array.from({ length: recordCount }, (_, at) => ({
            topic,
            partition: at % partitionCount,
            value: `${index}`,
          }));
          await producer.send(records);
          if (isAborted) throw new Error('on purpose');
        };
        outcomes.push(
          await producer.transaction(work).then(
            () => 'committed',
            (error: unknown) => (isClientError(error) ? 'failed' : 'aborted'),
          ),
        );
      }
    }
    told(context);
    const read = (await valuesIn(topic, { 'isolation.level': 'read_committed' })).flat();
    const counts = outcomes.map((_, index) => read.filter((value) => value === index).length);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome === 'committed') assert.equal(counts[index], recordCount, `transaction ${index} was committed`);
      if (outcome === 'aborted') assert.equal(counts[index], 0, `transaction ${index} was aborted`);
      assert.ok(
        counts[index] === 0 || counts[index] === recordCount,
        `${counts[index]} records of transaction ${index}`,
      );
    }
    const committed = outcomes.filter((outcome) => outcome === 'committed').length;
    context.diagnostic(`${committed} of ${transactionCount} were committed`);
    assert.ok(committed >= transactionCount / 2, `${committed} of ${transactionCount} were committed`);
  });

  test('a full buffer is told or waited for, and what was taken arrives', async (context) => {
    const topic = await createTopic();
    proxy.rule = ({ name }) => (name === 'produce' ? { delayMs: 40 } : undefined);
    const expected: number[] = [];
    let refused = 0;
    {
      await using producer = new Producer({
        'bootstrap.servers': proxy.bootstrap,
        'batch.size': 1000,
        'buffer.memory': 5000,
        'max.block.ms': 100,
        'max.in.flight.requests.per.connection': 1,
      });
      await producer.partitionsFor(topic);
      const sends = Array.from({ length: 200 }, async (_, index) => {
        try {
          await producer.send({ topic, partition: 0, value: `${index}`.padStart(300, '0') });
          expected.push(index);
        } catch (error) {
          assert.ok(isClientError(error) && error.code === 'BUFFER_FULL', String(error));
          refused++;
        }
      });
      await Promise.all(sends);
    }
    told(context);
    assert.ok(refused > 0 && expected.length > 5, `${refused} refused, ${expected.length} taken`);
    assert.deepEqual(
      (await valuesIn(topic))[0],
      expected.toSorted((a, b) => a - b),
    );
  });

  test('a consumer of assigned partitions reads every record once, in order', async (context) => {
    const topic = await createTopic();
    const expected = await writeAll(topic, 2000, target.bootstrap);
    proxy.rule = byChance(seed, 4, ({ name }, random) => {
      if (name === 'fetch') return random.below(2) === 0 ? pick(random, cuts) : spoiledFetch(random);
      return name === 'metadata' || name === 'listOffsets' ? pick(random, cuts) : undefined;
    });
    const ends = expected.map(({ length }) => BigInt(length));
    {
      await using consumer = consumerOf(proxy.bootstrap, { 'max.partition.fetch.bytes': 1000 });
      assert.deepEqual(await read(consumer, topic, ends), expected);
    }
    told(context);
  });

  for (const protocol of ['classic', 'consumer'] as const) {
    test(`two members of a group (${protocol}) come through coordinator errors, and commit what they read`, async (context) => {
      const topic = await createTopic();
      const group = uniqueName('faults');
      await writeAll(topic, 600, target.bootstrap);
      proxy.rule = byChance(seed, 4, ({ name }, random) => {
        switch (name) {
          case 'joinGroup':
          case 'syncGroup':
          case 'offsetCommit':
          case 'offsetFetch':
          case 'findCoordinator':
            return random.below(2) === 0 ? coordinatorErrors(random) : pick(random, cuts);
          case 'heartbeat':
          case 'consumerGroupHeartbeat':
            return random.below(2) === 0 ? coordinatorErrors(random) : pick(random, cuts);
          default:
            return undefined;
        }
      });
      const seen = new Set<number>();
      const ended = new AbortController();
      await using admin = new Admin({ 'bootstrap.servers': target.bootstrap });
      const members = ['a', 'b'].map(async () => {
        await using consumer = consumerOf(proxy.bootstrap, {
          'group.id': group,
          'group.protocol': protocol,
          ...(protocol === 'classic' && { 'heartbeat.interval.ms': 100, 'session.timeout.ms': 6000 }),
          'auto.commit.interval.ms': 100,
        });
        consumer.subscribe([topic]);
        await consumer.run({
          signal: ended.signal,
          eachRecord: async ({ value }) => {
            seen.add(Number(value?.toString()));
            if (seen.size % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
          },
        });
      });
      const committed = async (): Promise<bigint> => {
        const [listed] = await admin.listConsumerGroupOffsets([group]);
        return (listed?.offsets ?? []).reduce((sum, { offset }) => sum + offset, 0n);
      };
      const all = Promise.all(members);
      const isDone = async (): Promise<boolean> => seen.size === 600 && (await committed()) === 600n;
      while (!(await Promise.race([isDone(), all.then(() => true)])))
        await new Promise((resolve) => setTimeout(resolve, 50));
      ended.abort();
      await all;
      told(context);
      assert.equal(seen.size, 600);
      assert.equal(await committed(), 600n);
    });
  }
});
