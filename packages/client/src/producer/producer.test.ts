import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { startBroker } from '@millrace/testkit';

import type { ClientError } from '../error.ts';
import { json } from '../serdes/json.ts';
import type { Serde } from '../serdes/serde.ts';
import { strings } from '../serdes/serdes.ts';
import { Producer, type ProducerOptions } from './producer.ts';
import type { RecordMetadata } from './record-metadata.ts';

async function withProducer(
  options: ProducerOptions,
  work: (producer: Producer, bootstrap: string) => Promise<void>,
): Promise<void> {
  await using broker = await startBroker();
  await using producer = new Producer({ 'bootstrap.servers': broker.bootstrap, ...options });
  await work(producer, broker.bootstrap);
}

type Typed = Producer<{ orders: { key: Serde<string>; value: Serde<{ id: number }> }; raw: {} }>;

/** Never called: the compiler is the test. */
export function typed(producer: Typed): void {
  void producer.send({ topic: 'orders', key: 'a', value: { id: 1 } });
  void producer.send({ topic: 'raw', key: 'a', value: Buffer.from('x') });
  // @ts-expect-error -- the id is a number
  void producer.send({ topic: 'orders', key: 'a', value: { id: 'x' } });
  // @ts-expect-error -- the key is a text
  void producer.send({ topic: 'orders', key: 1, value: { id: 1 } });
  // @ts-expect-error -- there is no such topic
  void producer.send({ topic: 'other', value: 'x' });
  // @ts-expect-error -- without a serde a value is bytes or a text
  void producer.send({ topic: 'raw', value: { id: 1 } });
}

suite('producer', () => {
  test('tells where a record stands', async () => {
    await withProducer({}, async (producer) => {
      const first = await producer.send({ topic: 'orders', key: 'a', value: 'one' });
      assert.deepEqual([first.topic, first.partition, first.offset], ['orders', 0, 0n]);
      const second = await producer.send({ topic: 'orders', value: Buffer.from('two'), timestamp: 1234 });
      assert.deepEqual([second.offset, second.timestamp], [1n, 1234]);
    });
  });

  test('keeps the order of many sends at once, of lists, and of what waits for its topic', async () => {
    await withProducer({ 'batch.size': 300 }, async (producer) => {
      const sends = Array.from({ length: 200 }, (_, index) => producer.send({ topic: 'many', value: `v${index}` }));
      const offsets = (await Promise.all(sends)).map(({ offset }) => offset);
      assert.deepEqual(
        offsets,
        Array.from({ length: 200 }, (_, index) => BigInt(index)),
      );
      const list = await producer.send([
        { topic: 'many', value: 'a' },
        { topic: 'other', value: 'b' },
        { topic: 'many', value: 'c' },
      ]);
      assert.deepEqual(
        list.map(({ topic, offset }) => `${topic} ${offset}`),
        ['many 200', 'other 0', 'many 201'],
      );
      assert.deepEqual(await producer.send([]), []);
    });
  });

  test('waits for serializers that take their time, and keeps order', async () => {
    await using broker = await startBroker();
    const slow: Serde<string> = {
      serialize: async (value) => {
        await new Promise((resolve) => setTimeout(resolve, value === 'a' ? 5 : 0));
        if (value === 'bad') throw new Error('no');
        return value;
      },
      deserialize: (read) => Buffer.from(read).toString(),
    };
    await using producer = new Producer({
      'bootstrap.servers': broker.bootstrap,
      topics: { slow: { value: slow }, orders: { key: strings, value: json<{ id: number }>() } },
    });
    const settled = Promise.allSettled(['a', 'bad', 'b', 'c'].map((value) => producer.send({ topic: 'slow', value })));
    assert.equal((await producer.send({ topic: 'orders', key: 'k', value: { id: 1 } })).offset, 0n);
    const ends = await settled;
    assert.deepEqual(
      ends.map((end) => (end.status === 'fulfilled' ? end.value.offset : (end.reason as ClientError).code)),
      [0n, 'SERIALIZATION', 1n, 2n],
    );
  });

  test('with acks 0 knows no offset', async () => {
    await withProducer({ acks: 0 } as never, async (producer) => {
      assert.equal((await producer.send({ topic: 't', value: 'x' })).offset, -1n);
    });
  });

  test('calls back, or tells nobody, and says when to wait', async () => {
    await withProducer({ 'buffer.memory': 400_000 }, async (producer) => {
      const told: (bigint | string)[] = [];
      const note = (error: ClientError | null, metadata: RecordMetadata | undefined): void => {
        told.push(error?.code ?? metadata!.offset);
      };
      assert.equal(producer.produce({ topic: 't', value: 'first' }, note), false, 'its topic is not known yet');
      await producer.drained();
      let taken = 0;
      while (producer.produce({ topic: 't', value: 'x'.repeat(100) })) taken++;
      assert.ok(taken > 10, `${taken} records fit`);
      await producer.drained();
      assert.equal(producer.produce({ topic: 't', value: 'last' }, note), true);
      producer.produce({ topic: 't', value: 5 as never }, note);
      await producer.flush();
      assert.deepEqual(told, [0n, 'SERIALIZATION', BigInt(taken + 2)]);
    });
  });

  test('refuses what cannot be sent, and goes on', async () => {
    await withProducer({ 'max.request.size': 2000 }, async (producer) => {
      const refused = (record: object, code: string): Promise<void> =>
        assert.rejects(producer.send({ topic: 't', value: 'x', ...record }), { code });
      await producer.send({ topic: 't', value: 'x' });
      await refused({ value: 'x'.repeat(2001) }, 'MESSAGE_TOO_LARGE');
      await refused({ partition: 7 }, 'UNKNOWN_TOPIC_OR_PARTITION');
      await refused({ timestamp: Number.NaN }, 'SERIALIZATION');
      await refused({ value: { an: 'object' } }, 'SERIALIZATION');
      await refused({ topic: 'not a name' }, 'INVALID_TOPIC_EXCEPTION');
      await assert.rejects(producer.send({ topic: 't', value: 'x' }, { signal: AbortSignal.abort() }), {
        code: 'ABORTED',
      });
      assert.equal((await producer.send({ topic: 't', value: 'x' })).offset, 1n);
    });
  });

  test('closed sends what it was given, and no more', async () => {
    await withProducer({ 'linger.ms': 10_000 }, async (producer) => {
      const sent = producer.send({ topic: 't', value: 'x' });
      await producer.close();
      assert.equal((await sent).offset, 0n);
      await assert.rejects(producer.send({ topic: 't', value: 'y' }), { code: 'CLOSED' });
    });
  });

  test('that cannot reach anybody fails when its time is over, and can be closed', async () => {
    const producer = new Producer({ 'bootstrap.servers': '127.0.0.1:1', 'max.block.ms': 50 });
    await assert.rejects(producer.send({ topic: 't', value: 'x' }), (error: ClientError) => {
      assert.equal(error.code, 'TIMEOUT', error.message);
      assert.match(error.message, /Topic "t" could not be looked up .* 127\.0\.0\.1:1 /);
      return true;
    });
    await producer.close();
  });

  test('refuses options that contradict each other', () => {
    const refused = (options: ProducerOptions, text: RegExp): void => {
      assert.throws(() => new Producer({ 'bootstrap.servers': 'x:1', ...options }), { code: 'CONFIG', message: text });
    };
    refused({ 'enable.idempotence': true, acks: '1' }, /acks=all/);
    refused({ 'transactional.id': 't', retries: 0 }, /retries/);
    refused({ 'transactional.id': 't', 'enable.idempotence': false }, /enable.idempotence/);
    refused({ 'delivery.timeout.ms': 10, 'linger.ms': 5 }, /at least linger/);
    refused({ 'partitioner.class': 'org.example.Mine' }, /Java class/);
    refused({ 'transaction.two.phase.commit.enable': true }, /two-phase/);
    refused({ 'linger.mss': 1 } as never, /linger\.ms/);
  });
});
