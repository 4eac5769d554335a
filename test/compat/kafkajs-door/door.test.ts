// The door in the place of kafkajs, on Millrace.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Kafka, logLevel, Partitioners } from '@millrace/kafkajs';

import { startBroker } from '@millrace/testkit';

import { prove } from './proof.ts';

suite('the kafkajs door', () => {
  test('shows an application that uses all of kafkajs what kafkajs shows it', async () => {
    await using broker = await startBroker({
      'group.min.session.timeout.ms': '1000',
      'offsets.topic.num.partitions': '2',
    });
    await prove('door', broker.bootstrap, 'millrace');
  });

  test('a handler that takes longer than the session keeps its partitions', async () => {
    await using broker = await startBroker({ 'group.min.session.timeout.ms': '1000' });
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: 'slow', messages: [{ value: 'first' }, { value: 'second' }] });
    await producer.disconnect();
    const consumer = kafka.consumer({
      groupId: 'g',
      sessionTimeout: 1000,
      heartbeatInterval: 200,
      maxWaitTimeInMs: 50,
    });
    const read: string[] = [];
    const committed = Promise.withResolvers<void>();
    let joins = 0;
    consumer.on(consumer.events.GROUP_JOIN, () => void joins++);
    consumer.on(consumer.events.COMMIT_OFFSETS, () => committed.resolve());
    await consumer.connect();
    await consumer.subscribe({ topics: ['slow'], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        read.push(message.value?.toString() ?? '');
        if (read.length === 1) await sleep(2500);
      },
    });
    await committed.promise;
    await consumer.disconnect();
    assert.deepEqual(read, ['first', 'second']);
    assert.equal(joins, 1);
  });
});
