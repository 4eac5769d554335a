import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';
import { everyVersion, type ScriptedRequest } from '@millrace/testkit';

import { ProducerStage } from './producer-stage.ts';
import type { Producer, ProducerOptions } from './producer.ts';

const ok = { throttleTimeMs: 0, errorCode: 0 };

/** A coordinator on the first broker, that answers with the codes it is given for an API, one after the other, and then well. */
class TransactionStage extends ProducerStage {
  readonly codes = new Map<string, number[]>();
  readonly asked: string[] = [];
  epoch = 0;
  coordinator = 1;

  constructor(version: 1 | 2, brokers = 1) {
    super(brokers);
    this.say = (request) => this.#answer(request, version);
  }

  transactional(options: ProducerOptions = {}): Producer {
    return this.producer({ 'transactional.id': 'tx', 'max.block.ms': 400, ...options });
  }

  #answer({ name, version, request }: ScriptedRequest, transactionVersion: number): object | undefined {
    if (name === 'apiVersions') {
      const feature = { name: 'transaction.version', maxVersionLevel: transactionVersion, minVersionLevel: 0 };
      return { ...everyVersion(), finalizedFeatures: [feature] };
    }
    if (name === 'findCoordinator') {
      const { coordinator: id } = this;
      const [key] = request['coordinatorKeys'] as string[];
      return { coordinators: [{ key, nodeId: id, host: `b${id}`, port: 9092, errorCode: 0, errorMessage: null }] };
    }
    this.asked.push(name === 'endTxn' ? (request['committed'] === true ? 'commit' : 'abort') : name);
    const errorCode = this.codes.get(name)?.shift() ?? 0;
    switch (name) {
      case 'initProducerId':
        return { ...ok, errorCode, producerId: 7, producerEpoch: errorCode === 0 ? this.epoch++ : -1 };
      case 'addPartitionsToTxn': {
        const resultsByPartition = [{ partitionIndex: 0, partitionErrorCode: errorCode }];
        return { ...ok, resultsByTopicV3AndBelow: [{ name: 't', resultsByPartition }] };
      }
      case 'endTxn':
        return version < 5 ? { ...ok, errorCode } : { ...ok, errorCode, producerId: 7, producerEpoch: this.epoch++ };
      case 'addOffsetsToTxn':
        return { ...ok, errorCode };
      case 'txnOffsetCommit':
        return { ...ok, topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode }] }] };
      default:
        return undefined;
    }
  }
}

const send = (producer: Producer, value = 'x'): Promise<unknown> => producer.send({ topic: 't', value });

suite('transactions', () => {
  test('of version 1 announce their partitions, and keep their epoch', async () => {
    const stage = new TransactionStage(1);
    await using producer = stage.transactional();
    for (let round = 0; round < 2; round++)
      await producer.transaction(async () => {
        await send(producer);
        await send(producer);
        await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5n }], 'g');
      });
    const round = ['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'commit'];
    assert.deepEqual(stage.asked, ['initProducerId', ...round, ...round]);
    assert.deepEqual(
      [...stage.partitions[0]!.producers.values()].map(({ epoch, next }) => [epoch, next]),
      [[0, 4]],
    );
  });

  test('of version 2 announce nothing, and go on with the epoch that each end brings', async () => {
    const stage = new TransactionStage(2);
    await using producer = stage.transactional();
    for (let round = 0; round < 2; round++)
      await producer.transaction(async () => {
        await send(producer);
        await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5n }], 'g');
      });
    assert.deepEqual(stage.asked, ['initProducerId', 'txnOffsetCommit', 'commit', 'txnOffsetCommit', 'commit']);
    assert.deepEqual(
      [...stage.partitions[0]!.producers.values()].map(({ epoch, next }) => [epoch, next]),
      [[1, 1]],
    );
  });

  test('outlast coordinators that move, load, or are busy with the last transaction', async () => {
    const stage = new TransactionStage(1);
    const passing = [
      errors.NOT_COORDINATOR,
      errors.COORDINATOR_LOAD_IN_PROGRESS,
      errors.COORDINATOR_NOT_AVAILABLE,
      errors.CONCURRENT_TRANSACTIONS,
    ];
    for (const name of ['initProducerId', 'addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'])
      stage.codes.set(name, [...passing]);
    await using producer = stage.transactional({ 'max.block.ms': 5000 });
    await producer.transaction(async () => {
      await send(producer);
      await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5n }], 'g');
    });
    assert.equal(stage.asked.filter((name) => name === 'commit').length, passing.length + 1);
    assert.deepEqual(stage.partitions[0]!.values, ['x']);
  });

  test('whose end is not answered in time can be ended again', async () => {
    const stage = new TransactionStage(2);
    await using producer = stage.transactional({ 'max.block.ms': 20 });
    await producer.initTransactions();
    producer.beginTransaction();
    await send(producer);
    stage.codes.set(
      'endTxn',
      Array.from({ length: 100 }, () => errors.COORDINATOR_LOAD_IN_PROGRESS),
    );
    await assert.rejects(producer.commitTransaction(), { code: 'COORDINATOR_LOAD_IN_PROGRESS', fatal: false });
    await assert.rejects(send(producer), { code: 'STATE' });
    stage.codes.clear();
    await producer.commitTransaction();
    await producer.transaction(() => send(producer, 'y'));
    assert.deepEqual(stage.partitions[0]!.values, ['x', 'y']);
  });

  test('are over for good when somebody else has the transactional id', async () => {
    for (const name of ['initProducerId', 'addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn']) {
      const stage = new TransactionStage(1);
      stage.codes.set(name, [errors.INVALID_PRODUCER_EPOCH]);
      await using producer = stage.transactional();
      const all = producer.transaction(async () => {
        await send(producer);
        await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5n }], 'g');
      });
      await assert.rejects(all, { code: 'PRODUCER_FENCED', fatal: true }, name);
      await assert.rejects(send(producer), { code: 'PRODUCER_FENCED' });
    }
  });

  test('that a broker fences tell so when they are aborted', async () => {
    const stage = new TransactionStage(2);
    await using producer = stage.transactional();
    await producer.initTransactions();
    producer.beginTransaction();
    stage.fault = () => ({ code: errors.INVALID_PRODUCER_EPOCH });
    await assert.rejects(send(producer), { code: 'INVALID_PRODUCER_EPOCH', fatal: false, abortable: true });
    await assert.rejects(producer.commitTransaction(), { abortable: true });
    stage.codes.set('endTxn', [errors.PRODUCER_FENCED]);
    await assert.rejects(producer.abortTransaction(), { code: 'PRODUCER_FENCED', fatal: true });
  });

  test('that may not write a topic, or commit for a group, are aborted, and the next one goes on', async () => {
    const stage = new TransactionStage(1);
    await using producer = stage.transactional();
    for (const [name, code] of [
      ['addPartitionsToTxn', errors.TOPIC_AUTHORIZATION_FAILED],
      ['txnOffsetCommit', errors.ILLEGAL_GENERATION],
    ] as const) {
      stage.codes.set(name, [code]);
      const all = producer.transaction(async () => {
        await send(producer, name);
        await producer.sendOffsetsToTransaction([{ topic: 't', partition: 0, offset: 5n }], 'g');
      });
      await assert.rejects(all, { abortable: true, fatal: false });
    }
    await producer.transaction(() => send(producer, 'kept'));
    assert.deepEqual(stage.partitions[0]!.values, ['txnOffsetCommit', 'kept']);
  });

  test('of version 1 that lost a sequence get a newer epoch after the abort', async () => {
    const stage = new TransactionStage(1);
    await using producer = stage.transactional();
    await producer.transaction(() => send(producer, 'a'));
    stage.fault = () => ({ code: errors.OUT_OF_ORDER_SEQUENCE_NUMBER });
    await assert.rejects(
      producer.transaction(() => send(producer, 'lost')),
      { code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
    );
    stage.fault = () => undefined;
    await producer.transaction(() => send(producer, 'b'));
    assert.deepEqual(stage.partitions[0]!.values, ['a', 'b']);
    assert.equal(stage.asked.filter((name) => name === 'initProducerId').length, 2);
    assert.deepEqual(
      [...stage.partitions[0]!.producers.values()].map(({ epoch }) => epoch),
      [1],
    );
  });

  test('drop what was not sent when they are aborted, and wait for what was', async () => {
    const stage = new TransactionStage(2);
    await using producer = stage.transactional({ 'linger.ms': 10_000 });
    await producer.initTransactions();
    producer.beginTransaction();
    const first = send(producer, 'sent');
    await producer.flush();
    await first;
    const dropped = assert.rejects(send(producer, 'dropped'), { code: 'ABORTED' });
    await producer.abortTransaction();
    await dropped;
    assert.deepEqual(stage.partitions[0]!.values, ['sent']);
    assert.equal(stage.asked.at(-1), 'abort');
  });

  test('one that is open is aborted when the producer is closed', async () => {
    const stage = new TransactionStage(2);
    const producer = stage.transactional();
    await producer.initTransactions();
    producer.beginTransaction();
    await send(producer);
    await producer.close();
    assert.equal(stage.asked.at(-1), 'abort');
  });
});
