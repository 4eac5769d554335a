/**
 * Traps that other brokers fell into, by their numbers in the survey of brokers: what is appended and read.
 * What is expected was first seen in Apache Kafka 4.3.1.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch, errorName } from '@millrace/protocol';
import { offsetsIn, record, TopicStage } from '@millrace/testkit';

suite('traps that others found', () => {
  test('1: a fetch that starts inside a batch gets the whole batch, however little it asks for', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    await stage.produce(
      't',
      ['a', 'b', 'c', 'd'].map((value) => record(value)),
    );
    await stage.produce('t', [record('e')]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 2)), [0, 1, 2, 3, 4]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 2, { partitionMaxBytes: 1 })), [0, 1, 2, 3]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 3, { partitionMaxBytes: 10 })), [0, 1, 2, 3]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 4, { partitionMaxBytes: 1 })), [4]);
  });

  test('3: a record without a key on a compacted topic is refused by its index, and nothing of its batch is stored', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('compacted', { 'cleanup.policy': 'compact' });
    const refused = await stage.produce('compacted', [
      record('a'),
      record('b', 1000, null),
      record('c'),
      record('d', 1000, null),
    ]);
    assert.equal(errorName(refused.errorCode), 'INVALID_RECORD');
    assert.deepEqual(
      refused.recordErrors.map(({ batchIndex }) => batchIndex),
      [1, 3],
    );
    assert.equal(refused.baseOffset, -1);
    assert.equal((await stage.produce('compacted', [record('e')])).baseOffset, 0);
  });

  test('4: ListOffsets is exact for every time and every special value', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    const specials = [-1, -2, -3, -4, -5, -6];
    const ofEmpty = await Promise.all(specials.map(async (at) => (await stage.offsetAt('t', at))[1]));
    assert.deepEqual(ofEmpty, [0, 0, -1, 0, -1, -1]);
    await stage.produce('t', [record('a', 100), record('b', 300), record('c', 200)]);
    await stage.produce('t', [record('d', 300), record('e', 250)]);
    await stage.produce('t', [record('f', 300)], { compression: 'gzip' });
    const found = async (at: number) => await stage.offsetAt('t', at);
    assert.deepEqual(await Promise.all(specials.map(found)), [
      ['NONE', 6, -1],
      ['NONE', 0, -1],
      ['NONE', 1, 300],
      ['NONE', 0, -1],
      ['NONE', -1, -1],
      ['NONE', -1, -1],
    ]);
    for (const at of [0, 99, 100])
      assert.deepEqual(await found(at), ['NONE', 0, 100], `the first record from ${at} on`);
    for (const at of [101, 200, 251, 300])
      assert.deepEqual(await found(at), ['NONE', 1, 300], `the first record from ${at} on`);
    assert.deepEqual(await found(301), ['NONE', -1, -1]);
    for (const at of [-7, -9]) assert.deepEqual(await found(at), ['UNSUPPORTED_VERSION', -1, -1]);
    // Each special value came with a version; before it, it is none.
    for (const [at, version] of [
      [-3, 6],
      [-4, 7],
      [-5, 8],
      [-6, 10],
    ] as const) {
      assert.deepEqual(
        await stage.offsetAt('t', at, version),
        ['UNSUPPORTED_VERSION', -1, -1],
        `${at} in version ${version}`,
      );
    }
  });

  test('9: without transactions the last stable offset is the high watermark, exclusive, and read_committed readers get the last record', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    await stage.produce('t', [record('a'), record('b')]);
    const found = await stage.fetch('t', 1, { isolationLevel: 1 });
    assert.deepEqual([found.highWatermark, found.lastStableOffset], [2, 2]);
    assert.deepEqual(offsetsIn(found), [0, 1]);
    assert.deepEqual(await stage.offsetAt('t', -1), ['NONE', 2, -1]);
  });

  test('9: aborted data never reaches who reads committed records, and the last stable offset is exclusive', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    const { client } = stage;
    const transactionalId = 'id';
    await client.send('findCoordinator', 2, { key: transactionalId, keyType: 1 });
    const { producerId } = await client.send('initProducerId', 4, { transactionalId, transactionTimeoutMs: 60_000 });
    const write = async (producerEpoch: number): Promise<number> => {
      const owner = { producerId, producerEpoch, baseSequence: 0, isTransactional: true };
      const partitionData = [{ index: 0, records: encodeBatch([record('a')], owner) }];
      const request = { transactionalId, acks: -1, timeoutMs: 5000, topicData: [{ name: 't', partitionData }] };
      return (await client.send('produce', 12, request)).responses[0]?.partitionResponses[0]?.errorCode ?? -1;
    };
    const end = async (producerEpoch: number, committed: boolean): Promise<void> => {
      const { errorCode } = await client.send('endTxn', 5, { transactionalId, producerId, producerEpoch, committed });
      assert.equal(errorName(errorCode), 'NONE');
    };
    const committed = { isolationLevel: 1 };
    assert.equal(errorName(await write(0)), 'NONE');
    const open = await stage.fetch('t', 0, committed);
    assert.deepEqual([open.highWatermark, open.lastStableOffset, open.records?.length], [1, 0, 0]);
    await end(0, false);
    // The next transaction begins behind the marker, and waits for it.
    assert.equal(errorName(await write(1)), 'NONE');
    const aborted = await stage.fetch('t', 0, committed);
    assert.deepEqual([aborted.highWatermark, aborted.lastStableOffset], [3, 2]);
    assert.deepEqual(aborted.abortedTransactions, [{ producerId, firstOffset: 0 }]);
    await end(1, true);
  });

  test('10: an idempotent producer that the broker does not know may begin at any sequence, and must then go on from there', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    const send = async (baseSequence: number): Promise<string> =>
      errorName(
        (await stage.produce('t', [record('a'), record('b')], { producerId: 4711, producerEpoch: 0, baseSequence }))
          .errorCode,
      );
    assert.equal(await send(17), 'NONE');
    assert.equal(await send(19), 'NONE');
    assert.equal(await send(30), 'OUT_OF_ORDER_SEQUENCE_NUMBER');
    assert.equal(await send(19), 'NONE', 'the last batch again is a success');
    assert.deepEqual(await stage.offsetAt('t', -1), ['NONE', 4, -1]);
  });
});
