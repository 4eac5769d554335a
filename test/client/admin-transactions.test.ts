import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { encodeBatch } from '@millrace/protocol';

import { AdminStage } from './admin-stage.ts';
import { uniqueName } from './target.ts';

suite('admin: transactions and producers', () => {
  let stage: AdminStage;

  before(async () => {
    stage = await AdminStage.open();
  });

  after(() => stage[Symbol.asyncDispose]());

  /** Begins a transaction with one record, and leaves it open. */
  async function open(topic: string) {
    const { cluster } = stage;
    const transactionalId = uniqueName('txn');
    const coordinator = { type: 'transaction', key: transactionalId } as const;
    // What shuts older producers out makes us the one that counts.
    const [producer] = await stage.admin.fenceProducers([transactionalId]);
    const { producerId, producerEpoch } = producer!;
    const added = await cluster.request(
      coordinator,
      'addPartitionsToTxn',
      {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [{ name: topic, partitions: [0] }],
      },
      { versionMax: 3 },
    );
    assert.equal(added.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode, 0);
    const { topicId, partitions } = await cluster.metadata.topicReady(topic, cluster.deadline());
    const batch = { producerId, producerEpoch, baseSequence: 0, isTransactional: true };
    const { responses } = await cluster.request(partitions[0]!.leaderId, 'produce', {
      transactionalId,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [
        {
          name: topic,
          topicId,
          partitionData: [{ index: 0, records: encodeBatch([{ timestamp: 1, value: Buffer.from('v') }], batch) }],
        },
      ],
    });
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0);
    return { transactionalId, producerId, producerEpoch };
  }

  const stableOffset = async (topic: string) =>
    (await stage.admin.listOffsets([{ topic, partition: 0, at: 'latest' }], { isolationLevel: 'read_committed' }))[0]
      ?.offset;

  test('an open transaction is listed and described, by its coordinator and by the partition', async () => {
    const { admin } = stage;
    const topic = await stage.topic('txn');
    const { transactionalId, producerId, producerEpoch } = await open(topic);

    const [described] = await admin.describeTransactions([transactionalId]);
    assert.ok((described?.transactionStartTimeMs ?? 0) > 0);
    assert.deepEqual(
      { ...described, transactionStartTimeMs: 0 },
      {
        transactionalId,
        state: 'Ongoing',
        producerId,
        producerEpoch,
        transactionTimeoutMs: 30_000,
        transactionStartTimeMs: 0,
        topicPartitions: [{ topic, partition: 0 }],
      },
    );
    const listed = await admin.listTransactions({ states: ['Ongoing'], producerIds: [producerId] });
    assert.deepEqual(
      listed.map((one) => [one.transactionalId, one.producerId, one.state]),
      [[transactionalId, producerId, 'Ongoing']],
    );
    const byPattern = await admin.listTransactions({ transactionalIdPattern: `${transactionalId.slice(0, -1)}.` });
    assert.deepEqual(
      byPattern.map((one) => one.transactionalId),
      [transactionalId],
    );
    assert.deepEqual(
      await admin.listTransactions({ runningLongerThanMs: 1_000_000_000, producerIds: [producerId] }),
      [],
    );

    const [producers] = await admin.describeProducers([{ topic, partition: 0 }]);
    const [active] = producers?.activeProducers ?? [];
    assert.deepEqual(
      [active?.producerId, active?.producerEpoch, active?.lastSequence, active?.currentTransactionStartOffset],
      [producerId, producerEpoch, 0, 0n],
    );
    assert.equal(await stableOffset(topic), 0n);
    await admin.fenceProducers([transactionalId]);
  });

  test('fencing ends the transactions of several ids, and raises their epochs', async () => {
    const { admin } = stage;
    const topic = await stage.topic('fenced');
    const [first, second] = [await open(topic), await open(topic)];
    assert.equal(await stableOffset(topic), 0n);
    const fenced = await admin.fenceProducers([first.transactionalId, second.transactionalId]);
    assert.deepEqual(
      fenced.map(({ transactionalId, producerId }) => [transactionalId, producerId]),
      [
        [first.transactionalId, first.producerId],
        [second.transactionalId, second.producerId],
      ],
    );
    for (const { producerEpoch } of fenced) assert.ok(producerEpoch > first.producerEpoch);
    await stage.until(
      () => stableOffset(topic),
      (offset) => offset !== 0n,
    );
    const [described] = await admin.describeTransactions([first.transactionalId]);
    assert.match(described?.state ?? '', /^(Empty|CompleteAbort|PrepareAbort)$/);
  });

  test('a transaction is ended by its id', async () => {
    const topic = await stage.topic('terminated');
    const { transactionalId } = await open(topic);
    assert.equal(await stableOffset(topic), 0n);
    await stage.admin.forceTerminateTransaction(transactionalId);
    await stage.until(
      () => stableOffset(topic),
      (offset) => offset !== 0n,
    );
  });

  test('a transaction that hangs in a partition is aborted there', async () => {
    const { admin } = stage;
    const topic = await stage.topic('hung');
    const { producerId, producerEpoch, transactionalId } = await open(topic);
    await admin.abortTransaction({ topic, partition: 0, producerId, producerEpoch });
    await stage.until(
      () => stableOffset(topic),
      (offset) => offset !== 0n,
    );
    const [producers] = await admin.describeProducers([{ topic, partition: 0 }]);
    assert.equal(producers?.activeProducers[0]?.currentTransactionStartOffset, undefined);
    await admin.fenceProducers([transactionalId]);
  });

  test('a transactional id that is not there is said to be missing', async () => {
    await assert.rejects(stage.admin.describeTransactions([uniqueName('absent')]), {
      code: 'TRANSACTIONAL_ID_NOT_FOUND',
    });
  });
});
