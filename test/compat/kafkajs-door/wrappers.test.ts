// What stands around kafkajs in programs: tracing that wraps the methods of its prototypes and objects, codecs from packages of their own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CompressionCodecs, CompressionTypes, type Consumer, Kafka, logLevel, Partitioners } from '@millrace/kafkajs';
import type { ConsumerRunConfig, Producer, ProducerRecord } from '@millrace/kafkajs';
import { startBroker } from '@millrace/testkit';

/** As OpenTelemetry's instrumentation of kafkajs does it: by putting functions in the place of others. */
function wrap<T extends object, K extends keyof T>(owner: T, name: K, around: (original: T[K]) => T[K]): Disposable {
  const original = owner[name];
  owner[name] = around(original);
  return { [Symbol.dispose]: () => void (owner[name] = original) };
}

const prototype = Kafka.prototype as Kafka;

test('tracing that wraps doors and their calls sees each send, and its headers arrive', async () => {
  await using broker = await startBroker();
  const heard: string[] = [];
  using _producers = wrap(
    prototype,
    'producer',
    (original) =>
      function traced(this: Kafka, ...args): Producer {
        const producer = original.apply(this, args);
        wrap(producer, 'send', (send) => async (record: ProducerRecord) => {
          heard.push(`send ${record.topic}`);
          for (const message of record.messages) message.headers = { ...message.headers, traceparent: '00-1' };
          return await send(record);
        });
        producer.on(producer.events.REQUEST, ({ payload }) => void heard.push(payload.apiName));
        return producer;
      },
  );
  using _consumers = wrap(
    prototype,
    'consumer',
    (original) =>
      function traced(this: Kafka, ...args): Consumer {
        const consumer = original.apply(this, args);
        wrap(consumer, 'run', (run) => async (config: ConsumerRunConfig = {}) => {
          const { eachMessage } = config;
          const traced = async (payload: Parameters<NonNullable<typeof eachMessage>>[0]): Promise<void> => {
            heard.push(`process ${String(payload.message.headers?.['traceparent'])}`);
            await eachMessage?.(payload);
          };
          return await run({ ...config, eachMessage: traced });
        });
        return consumer;
      },
  );
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: 'traced', messages: [{ value: 'x' }] });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: 'g', maxWaitTimeInMs: 50 });
  const read = Promise.withResolvers<string | undefined>();
  await consumer.connect();
  await consumer.subscribe({ topics: ['traced'], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => read.resolve(message.value?.toString()) });
  assert.equal(await read.promise, 'x');
  await consumer.disconnect();
  for (const one of ['send traced', 'Produce', 'process 00-1']) assert.ok(heard.includes(one), heard.join(', '));
});

test('codecs of packages may be put into the table, and everybody can read what is sent', async () => {
  await using broker = await startBroker();
  const before = { ...CompressionCodecs };
  try {
    // As kafkajs-snappy and kafkajs-lz4 have it.
    const codec = { compress: async () => Buffer.alloc(0), decompress: async () => Buffer.alloc(0) };
    for (const type of [CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD] as const)
      CompressionCodecs[type] = () => codec;
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: Partitioners.LegacyPartitioner });
    await producer.connect();
    for (const compression of Object.values(CompressionTypes))
      await producer.send({ topic: 'packed', compression, messages: [{ value: `${compression}`.repeat(100) }] });
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: 'g', maxWaitTimeInMs: 50 });
    const read: string[] = [];
    const done = Promise.withResolvers<void>();
    await consumer.connect();
    await consumer.subscribe({ topics: ['packed'], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        read.push(message.value?.toString() ?? '');
        if (read.length === 5) done.resolve();
      },
    });
    await done.promise;
    await consumer.disconnect();
    assert.deepEqual(
      read.sort(),
      [0, 1, 2, 3, 4].map((type) => `${type}`.repeat(100)),
    );
  } finally {
    Object.assign(CompressionCodecs, before);
  }
});
