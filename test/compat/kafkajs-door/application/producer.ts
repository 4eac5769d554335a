// Sending: what is told of it, where messages go, what cannot be sent.

import kafkajs, { type IHeaders, type Message, type RecordMetadata } from 'kafkajs';

import { logCollector, shapeOf, type Stage } from './stage.ts';

const { CompressionTypes, Partitioners } = kafkajs;

export interface Read {
  topic: string;
  partition: number;
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: IHeaders | undefined;
}

let readers = 0;

/** All messages of a topic, by partition and offset. */
export async function readAll(
  stage: Stage,
  topic: string,
  count: number,
  config: { readUncommitted?: boolean } = {},
): Promise<Read[]> {
  const consumer = stage
    .kafka()
    .consumer({ groupId: stage.name(`reader-${++readers}`), maxWaitTimeInMs: 50, ...config });
  const read: Read[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, partition, message: { offset, timestamp, key, value, headers } }) => {
      read.push({ topic, partition, offset, timestamp, key, value, headers });
    },
  });
  await stage.until(`${count} messages of ${topic}`, () => read.length >= count);
  await consumer.disconnect();
  return read.sort((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset));
}

const noted = (told: RecordMetadata[]) =>
  told.sort((a, b) => (a.topicName < b.topicName ? -1 : a.topicName > b.topicName ? 1 : a.partition - b.partition));

export async function producer(stage: Stage): Promise<void> {
  const topic = await stage.topic('sent', 3);
  const kafka = stage.kafka();

  stage.step('send');
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    metadataMaxAge: 60_000,
    allowAutoTopicCreation: false,
  });
  await stage.fails('sending before connecting', () => producer.send({ topic, messages: [{ value: 'x' }] }));
  const off = producer.on(producer.events.CONNECT, (event) => stage.say('connected', [event.type, shapeOf(event)]));
  producer.on(producer.events.DISCONNECT, (event) => stage.say('disconnected', event.type));
  await producer.connect();
  off();
  const sent: Message[] = [
    {
      key: 'k0',
      value: 'text',
      partition: 0,
      timestamp: '1500000000000',
      headers: { a: 'one', b: Buffer.from([1, 2]), c: ['x', Buffer.from('y')] },
    },
    { key: Buffer.from('k1'), value: Buffer.from('bytes'), partition: 1, timestamp: '1500000000001' },
    { key: null, value: null, partition: 1, timestamp: '1500000000002', headers: {} },
    { key: '', value: '', partition: 2, timestamp: '1500000000003', headers: { empty: '' } },
  ];
  stage.say('told', noted(await producer.send({ topic, messages: sent })));
  stage.say(
    'told again',
    noted(
      await producer.send({
        topic,
        messages: [{ key: 'k0', value: 'more', timestamp: '1500000000004' }],
        acks: -1,
        timeout: 10_000,
      }),
    ),
  );
  for (const one of await readAll(stage, topic, 5)) stage.say('read', one);

  stage.step('keys find their partitions');
  const keyed = await stage.topic('keyed', 5);
  await producer.send({
    topic: keyed,
    messages: Array.from({ length: 12 }, (_, i) => ({ key: `key-${i}`, value: String(i) })),
  });
  for (const { partition, key } of await readAll(stage, keyed, 12)) stage.say(`${key?.toString()} is in`, partition);

  stage.step('send a batch to several topics');
  const other = await stage.topic('other');
  const told = await producer.sendBatch({
    topicMessages: [
      { topic, messages: [{ value: 'a', partition: 2 }] },
      { topic: other, messages: [{ value: 'b' }, { value: 'c' }] },
      { topic, messages: [{ value: 'd', partition: 2 }] },
    ],
  });
  stage.say('told', noted(told));
  stage.say('nothing to send', await producer.sendBatch({ topicMessages: [] }));
  stage.say('nothing given', await producer.sendBatch({}));
  await stage.fails('no messages', async () => shapeOf(await producer.send({ topic, messages: [] })));

  stage.step('acks');
  stage.say('acks 1', noted(await producer.send({ topic: other, messages: [{ value: '1' }], acks: 1 })));
  stage.say('acks 0', await producer.send({ topic: other, messages: [{ value: '0' }], acks: 0 }));
  stage.say(
    'values',
    (await readAll(stage, other, 4)).map(({ value }) => value),
  );

  stage.step('compression');
  const packed = await stage.topic('packed');
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP])
    stage.say(
      `told ${compression}`,
      await producer.send({ topic: packed, compression, messages: [{ value: 'pack '.repeat(50) }, { value: 'me' }] }),
    );
  stage.say(
    'lengths',
    (await readAll(stage, packed, 4)).map(({ value }) => value?.length),
  );

  stage.step('what cannot be sent');
  await stage.fails('no topic', () => producer.send({ messages: [{ value: 'x' }] } as never));
  await stage.fails('no list', () => producer.send({ topic } as never));
  await stage.fails('no value', () => producer.send({ topic, messages: [{ key: 'k' } as never] }));
  await stage.fails('a number as value', () => producer.send({ topic, messages: [{ value: 7 as never }] }));
  await stage.fails('an unknown topic', () =>
    producer.send({ topic: stage.name('absent'), messages: [{ value: 'x' }] }),
  );
  await stage.fails('a name that cannot be', () => producer.send({ topic: 'no spaces', messages: [{ value: 'x' }] }));
  await stage.fails('a partition that is not there', () =>
    producer.send({ topic, messages: [{ value: 'x', partition: 77 }] }),
  );
  await stage.fails('too large', () => producer.send({ topic, messages: [{ value: 'x'.repeat(1_200_000) }] }));
  await producer.disconnect();
  await stage.fails('sending after disconnecting', () => producer.send({ topic, messages: [{ value: 'x' }] }));
  await producer.connect();
  stage.say('connected again', noted(await producer.send({ topic: other, messages: [{ value: '5' }] })));
  await producer.disconnect();

  await partitioning(stage, topic);
  await idempotent(stage);
  await creation(stage);
}

async function partitioning(stage: Stage, topic: string): Promise<void> {
  stage.step('a partitioner of one’s own');
  const asked: unknown[] = [];
  const producer = stage.kafka().producer({
    createPartitioner:
      () =>
      ({ topic, partitionMetadata, message }) => {
        asked.push({ topic, message, partitions: partitionMetadata.sort((a, b) => a.partitionId - b.partitionId) });
        return Number(message.key) % partitionMetadata.length;
      },
  });
  await producer.connect();
  stage.say(
    'told',
    noted(
      await producer.send({
        topic,
        messages: [
          { key: '4', value: 'x' },
          { key: '3', value: 'y' },
        ],
      }),
    ).map(({ partition }) => partition),
  );
  stage.say('asked', asked);
  await producer.disconnect();
  const failing = stage.kafka().producer({
    createPartitioner: () => () => {
      throw new Error('cannot choose');
    },
    retry: { retries: 0 },
  });
  await failing.connect();
  await stage.fails('one that throws', () => failing.send({ topic, messages: [{ value: 'x' }] }));
  await failing.disconnect();
}

async function idempotent(stage: Stage): Promise<void> {
  stage.step('idempotent');
  const topic = await stage.topic('once');
  const { entries, creator } = logCollector();
  const producer = stage.kafka({ logLevel: kafkajs.logLevel.WARN, logCreator: creator }).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.LegacyPartitioner,
    retry: { retries: 3 },
  });
  stage.say(
    'warned',
    entries.map(({ namespace, level }) => [namespace, level]),
  );
  await producer.connect();
  const told = await Promise.all(
    [1, 2, 3].map((value) => producer.send({ topic, messages: [{ value: `${value}` }, { value: `${value}b` }] })),
  );
  stage.say(
    'offsets',
    told.map(([one]) => Number(one?.baseOffset)).sort((a, b) => a - b),
  );
  await stage.fails('acks 1', () => producer.send({ topic, messages: [{ value: 'x' }], acks: 1 }));
  await stage.fails('a transaction without an id', () => producer.transaction());
  stage.say('read', (await readAll(stage, topic, 6)).map(({ value }) => value).length);
  await producer.disconnect();
}

async function creation(stage: Stage): Promise<void> {
  stage.step('topics made by sending');
  const topic = stage.name('made');
  const producer = stage
    .kafka({ retry: { initialRetryTime: 100, retries: 8 } })
    .producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  stage.say('told', await producer.send({ topic, messages: [{ value: 'first' }] }));
  await producer.disconnect();
}
