// Clients whose brokers hold them back (KIP-219).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { Admin, Producer } from '@millrace/client';

import { consumerOf, stageTopic } from './consumer-stage.ts';
import { openTarget, type Target, uniqueName } from './target.ts';

async function limit(target: Target, clientId: string, key: string, value: number): Promise<void> {
  await using admin = new Admin({ 'bootstrap.servers': target.bootstrap });
  const entity = [{ entityType: 'client-id', entityName: clientId }];
  await admin.alterClientQuotas([{ entity, ops: [{ key, value }] }]);
  for (;;) {
    const [found] = await admin.describeClientQuotas(entity);
    if (found !== undefined) return;
  }
}

const value = Buffer.alloc(5000, 7);

suite('a client with a quota', () => {
  test('that sends too much leaves its broker alone for as long as it is told', async () => {
    await using target = await openTarget();
    const { topic } = await stageTopic(target);
    const clientId = uniqueName('loud');
    await limit(target, clientId, 'producer_byte_rate', 20_000);
    const sentAtMs: number[] = [];
    await using producer = new Producer({
      'bootstrap.servers': target.bootstrap,
      'client.id': clientId,
      'batch.size': 16_384,
      observe: ({ api, tookMs }) => void (api === 'produce' && sentAtMs.push(performance.now() - tookMs)),
    });
    while (!(producer.metrics()['produce-throttle-time-max'] > 0))
      await producer.send(Array.from({ length: 2 }, () => ({ topic, partition: 0, value })));
    const leader = (await producer.partitionsFor(topic))[0]!.leaderId;
    const connection = await producer.cluster.connect(leader);
    const notBeforeMs = connection.notBeforeMs;
    assert.ok(notBeforeMs > 0);
    await producer.send({ topic, partition: 0, value: 'later' });
    // Timers of a host may be early by less than a millisecond.
    assert.ok(sentAtMs.at(-1)! >= notBeforeMs - 5, `${sentAtMs.at(-1)} is before ${notBeforeMs}`);
    assert.ok(producer.metrics()['produce-throttle-time-avg'] > 0);
  });

  test('that reads too much leaves its broker alone for as long as it is told', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    const clientId = uniqueName('greedy');
    {
      await using producer = new Producer({ 'bootstrap.servers': target.bootstrap });
      await producer.send(Array.from({ length: 40 }, () => ({ topic, partition: 0, value })));
    }
    await limit(target, clientId, 'consumer_byte_rate', 50_000);
    await using consumer = consumerOf(target, { 'client.id': clientId, 'max.partition.fetch.bytes': 50_000 });
    await consumer.assign(partitions);
    while (!(consumer.metrics()['fetch-throttle-time-max'] > 0)) {
      consumer.seekToBeginning();
      let count = 0;
      for await (const _ of consumer) if (++count === 10) break;
    }
    const connection = await consumer.cluster.connect((await consumer.partitionsFor(topic))[0]!.leader!.id, 'fetch');
    assert.ok(connection.notBeforeMs > 0);
  });
});
