// Transactions: what is committed is read, what is aborted is not, offsets go along, and calls in the wrong state are refused.

import kafkajs from 'kafkajs';

import { readAll } from './producer.ts';
import type { Stage } from './stage.ts';

export async function transactions(stage: Stage): Promise<void> {
  const topic = await stage.topic('txn', 2);
  const kafka = stage.kafka();
  const transactionalId = stage.name('tx');
  const groupId = stage.name('txn-group');
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 30_000,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();

  stage.step('commit');
  const first = await producer.transaction();
  stage.say('shape', Object.keys(first).sort());
  stage.say('active', first.isActive());
  stage.say(
    'told',
    (
      await first.send({
        topic,
        messages: [
          { value: 'a', partition: 0 },
          { value: 'b', partition: 1 },
        ],
      })
    ).sort((a, b) => a.partition - b.partition),
  );
  stage.say('told', await first.sendBatch({ topicMessages: [{ topic, messages: [{ value: 'c', partition: 0 }] }] }));
  await stage.fails('a second one', () => producer.transaction());
  await first.sendOffsets({
    consumerGroupId: groupId,
    topics: [
      {
        topic,
        partitions: [
          { partition: 0, offset: '2' },
          { partition: 1, offset: '1' },
        ],
      },
    ],
  });
  await first.commit();
  stage.say('active', first.isActive());
  await stage.fails('sending when it is over', () => first.send({ topic, messages: [{ value: 'x' }] }));
  await stage.fails('committing when it is over', () => first.commit());

  stage.step('abort');
  const second = await producer.transaction();
  await second.send({ topic, messages: [{ value: 'lost', partition: 0 }] });
  await second.sendOffsets({
    consumerGroupId: groupId,
    topics: [{ topic, partitions: [{ partition: 0, offset: '99' }] }],
  });
  await second.abort();
  stage.say('active', second.isActive());
  await stage.fails('aborting when it is over', () => second.abort());

  stage.step('empty transactions');
  await (await producer.transaction()).commit();
  await (await producer.transaction()).abort();
  const third = await producer.transaction();
  await third.send({ topic, messages: [{ value: 'd', partition: 0 }] });
  await third.commit();

  stage.step('what is read');
  stage.say(
    'committed',
    (await readAll(stage, topic, 4)).map(({ partition, offset, value }) => [partition, offset, value]),
  );
  stage.say(
    'all',
    (await readAll(stage, topic, 5, { readUncommitted: true })).map(({ partition, offset, value }) => [
      partition,
      offset,
      value,
    ]),
  );
  const admin = kafka.admin();
  await admin.connect();
  stage.say(
    'offsets',
    (await admin.fetchOffsets({ groupId, topics: [topic] })).map(({ partitions }) =>
      partitions.sort((a, b) => a.partition - b.partition),
    ),
  );
  await admin.disconnect();

  stage.step('fencing');
  const successor = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await successor.connect();
  const theirs = await successor.transaction();
  await theirs.send({ topic, messages: [{ value: 'e', partition: 0 }] });
  const late = await producer.transaction();
  await stage.fails('the one before', () => late.send({ topic, messages: [{ value: 'fenced', partition: 0 }] }));
  await theirs.commit();
  await successor.disconnect();
  await producer.disconnect();
}
