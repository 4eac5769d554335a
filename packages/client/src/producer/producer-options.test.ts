/** What options do, seen by what brokers are sent. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { ClientError } from '../error.ts';
import type { InterceptedRecord, ProducerInterceptor } from './interceptors.ts';
import type { ProducerOptions } from './producer.ts';
import { ProducerStage } from './producer-stage.ts';
import type { RecordMetadata } from './record-metadata.ts';

const recordBytes = 200;
/** Every record fills a batch. */
const oneEach: ProducerOptions = { 'batch.size': 1 };

async function written(stage: ProducerStage, options: ProducerOptions, keys: readonly (string | null)[]) {
  await using producer = stage.producer({ ...oneEach, ...options });
  for (const key of keys) await producer.send({ topic: 't', key, value: 'x'.repeat(recordBytes) });
  return stage.partitions.map(({ values }) => values.length);
}

const noKeys = Array.from({ length: 60 }, () => null);

suite('options of a producer', () => {
  test('partitioner.rack.aware keeps records without keys in client.rack', async () => {
    const racked = (): ProducerStage => {
      const stage = new ProducerStage(3, 3);
      stage.racks = ['a', 'b', 'a'];
      return stage;
    };
    const near = { 'client.rack': 'a', 'partitioner.rack.aware': true };
    const [first = 0, second = 0, third = 0] = await written(racked(), near, noKeys);
    assert.equal(second, 0);
    assert.ok(first > 0 && third > 0, `${first} and ${third}`);
    for (const options of [{ 'client.rack': 'a' }, { 'client.rack': 'c', 'partitioner.rack.aware': true }])
      assert.ok(Math.min(...(await written(racked(), options, noKeys))) > 0, JSON.stringify(options));
  });

  test('partitioner.ignore.keys spreads records of one key', async () => {
    const keys = Array.from({ length: 40 }, () => 'k');
    const together = await written(new ProducerStage(1, 2), {}, keys);
    assert.deepEqual([Math.min(...together), Math.max(...together)], [0, 40]);
    const apart = await written(new ProducerStage(1, 2), { 'partitioner.ignore.keys': true }, keys);
    assert.ok(Math.min(...apart) > 0, apart.join(' '));
  });

  test('transaction.timeout.ms is told to the coordinator', async () => {
    const stage = new ProducerStage();
    const asked: unknown[] = [];
    stage.say = ({ name, request }) => {
      if (name === 'findCoordinator')
        return { coordinators: [{ key: 'id', nodeId: 1, host: 'b1', port: 9092, errorCode: 0, errorMessage: null }] };
      if (name === 'initProducerId') asked.push(request['transactionTimeoutMs']);
      return undefined;
    };
    await using producer = stage.producer({ 'transactional.id': 'id', 'transaction.timeout.ms': 1234 });
    await producer.initTransactions();
    assert.deepEqual(asked, [1234]);
  });
});

suite('interceptors', () => {
  test('change records before they are serialized, one after the other', async () => {
    const stage = new ProducerStage();
    const adding = (text: string): ProducerInterceptor => ({
      onSend: (record) => ({ ...record, value: String(record.value) + text }),
    });
    const onlooker: ProducerInterceptor = { onSend: () => {} };
    await using producer = stage.producer({ interceptors: [adding('1'), onlooker, adding('2')] });
    await producer.send({ topic: 't', value: 'v' });
    producer.produce({ topic: 't', value: 'w' });
    await producer.flush();
    assert.deepEqual(stage.partitions[0]!.values, ['v12', 'w12']);
  });

  test('are told what became of each record, before whoever waits', async () => {
    const stage = new ProducerStage();
    const told: string[] = [];
    const watcher: ProducerInterceptor = {
      onAcknowledgement(
        metadata: RecordMetadata | undefined,
        error: ClientError | undefined,
        record: InterceptedRecord,
      ) {
        told.push(`${String(record.value)} ${metadata?.offset ?? error?.code}`);
      },
    };
    await using producer = stage.producer({ interceptors: [watcher] });
    await producer.send([
      { topic: 't', value: 'a' },
      { topic: 't', value: 'b' },
    ]);
    await assert.rejects(producer.send({ topic: 't', partition: 9, value: 'c' }));
    producer.produce({ topic: 't', value: 'd' }, () => told.push('callback'));
    await producer.flush();
    assert.deepEqual(told, ['a 0', 'b 1', 'c UNKNOWN_TOPIC_OR_PARTITION', 'd 2', 'callback']);
  });

  test('that throw are passed over', async () => {
    const stage = new ProducerStage();
    const fail = (): never => {
      throw new Error('broken');
    };
    await using producer = stage.producer({ interceptors: [{ onSend: fail, onAcknowledgement: fail }] });
    assert.equal((await producer.send({ topic: 't', value: 'v' })).offset, 0n);
    assert.deepEqual(stage.partitions[0]!.values, ['v']);
  });

  test('that are no objects are refused', () => {
    const stage = new ProducerStage();
    assert.throws(() => stage.producer({ interceptors: ['com.acme.Mine'] as never }), {
      code: 'CONFIG',
      message: /list of objects/,
    });
  });
});
