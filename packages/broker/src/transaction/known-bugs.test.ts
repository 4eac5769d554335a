/**
 * Bugs of other brokers that must never be ours: B6 to B15 of the survey of reliability, each under its number. B8 and the race in B9
 * need disks and markers that wait, so they play on the coordinator's own stage.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { errorName, errors } from '@millrace/protocol';
import { FaultDisk, MemoryDisk, visible, WireStage } from '@millrace/testkit';

import { identityOf, TransactionStage } from './stage.ts';

suite('bugs of other brokers', () => {
  test('B6: what is late of one transaction never lands in the next one', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const first = await stage.init('a');
    await stage.written('a', first, 0);
    const second = await stage.ended('a', first, true);
    await stage.written('a', second, 0);

    assert.equal(errorName((await stage.write('a', first, 1)).errorCode), 'INVALID_PRODUCER_EPOCH');
    assert.equal(await stage.add('a', first, [0]), 'PRODUCER_FENCED');
    assert.equal((await stage.end('a', first, false)).error, 'PRODUCER_FENCED');
    assert.equal(await stage.state('a'), 'Ongoing', 'the late end did not end the new transaction');

    await stage.ended('a', second, true);
    await stage.settled('a', 'CompleteCommit');
    assert.deepEqual(await stage.committed(), ['0/0/0', '0/1/0']);
    const { highWatermark, lastStableOffset } = await stage.fetch(0);
    assert.equal(lastStableOffset, highWatermark, 'nothing hangs');
  });

  test('B6: a late write of an old client is refused after the end, so that nothing hangs', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const producer = await stage.init('a');
    for (const [version, error] of [
      [9, 'INVALID_TXN_STATE'],
      [11, 'TRANSACTION_ABORTABLE'],
    ] as const) {
      assert.equal(errorName((await stage.write('a', producer, 0, { version })).errorCode), error);
    }
    assert.equal(await stage.add('a', producer, [0]), 'NONE');
    await stage.written('a', producer, 0, { version: 9 });
    await stage.ended('a', producer, true, 4);
    await stage.settled('a', 'CompleteCommit');
    assert.equal(errorName((await stage.write('a', producer, 1, { version: 9 })).errorCode), 'INVALID_TXN_STATE');
    const { highWatermark, lastStableOffset } = await stage.fetch(0);
    assert.deepEqual([highWatermark, lastStableOffset], [2, 2]);
  });

  test('B7: a commit that meets the abort of the coordinator is fenced, and not told that it did wrong', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const producer = await stage.init('a', { transactionTimeoutMs: 1 });
    await stage.written('a', producer, 0);
    await stage.settled('a', 'CompleteAbort');
    assert.equal((await stage.end('a', producer, true)).error, 'PRODUCER_FENCED');

    const early = new TransactionStage();
    const other = await early.initialized('b');
    early.add('b', other, [0]);
    early.holdsMarkers = true;
    early.time.pass(80_000);
    assert.equal(early.get('b')?.state, 'PrepareAbort');
    assert.equal(early.end('b', other, true).errorCode, errors.PRODUCER_FENCED);
  });

  test('B8: a coordinator that has lost its log answers nothing from memory', async () => {
    const stage = new TransactionStage({ partitionCount: 1 });
    const producer = await stage.initialized('a');
    stage.add('a', producer, [0]);
    stage.holdsSyncs = true;
    const ended = stage.end('a', producer, true);
    const asked = stage.verify('a', producer, [0]);
    const reads = stage.reads;
    stage.sync(true);
    assert.equal(ended.errorCode, errors.NOT_COORDINATOR);
    assert.equal(asked.errorCode, errors.NOT_COORDINATOR);
    assert.equal(stage.get('a'), undefined);
    stage.holdsSyncs = false;
    assert.ok(stage.verify('a', producer, [0]).isDone);
    assert.equal(stage.reads, reads + 1, 'the next who asks makes it read its log again');
  });

  test('B9: a commit without records succeeds, and an end that meets the one before is told to come again', async () => {
    await using wire = await WireStage.open();
    await wire.topic('t');
    const producer = await wire.init('a');
    assert.equal(await wire.add('a', producer, [0]), 'NONE');
    const next = await wire.ended('a', producer, true);
    await wire.settled('a', 'CompleteCommit');
    assert.deepEqual(next, { ...producer, producerEpoch: 1 });
    await wire.ended('a', next, false);

    const stage = new TransactionStage();
    const first = await stage.initialized('b');
    stage.add('b', first, [0]);
    stage.holdsMarkers = true;
    const second = identityOf(stage.end('b', first, true).get());
    assert.equal(stage.end('b', first, true).errorCode, errors.CONCURRENT_TRANSACTIONS);
    assert.equal(stage.add('b', second, [0]).get(), errors.CONCURRENT_TRANSACTIONS);
    // Java producers abort like this when they had begun another one, and nothing of it had left them.
    assert.equal(stage.end('b', second, false).errorCode, errors.CONCURRENT_TRANSACTIONS);
    stage.writeMarkers();
    assert.equal(stage.add('b', second, [0]).get(), errors.NONE);
  });

  test('B10: a fetch that waited brings the list of aborted transactions that belongs to its records', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const producer = await stage.init('a');
    await stage.written('a', producer, 0);
    using reader = { client: await stage.another(), [Symbol.dispose]: () => reader.client.close() };
    const waiting = stage.fetch(0, { client: reader.client, maxWaitMs: 60_000 });
    await stage.written('a', producer, 1);
    await stage.ended('a', producer, false);
    const fetched = await waiting;
    assert.ok((fetched.records?.length ?? 0) > 0, 'the marker ended its wait');
    assert.deepEqual(fetched.abortedTransactions, [{ producerId: producer.producerId, firstOffset: 0 }]);
    assert.deepEqual(visible(fetched), []);
    const behind = await stage.fetch(2);
    assert.deepEqual(behind.abortedTransactions, [{ producerId: producer.producerId, firstOffset: 0 }]);
  });

  test('B11: the last stable offset stays before a transaction until its marker can be read', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const producer = await stage.init('a');
    await stage.written('a', producer, 0);
    const partition = stage.broker.partitions.byName('t', 0);
    assert.ok(partition);
    const { log } = partition;
    const { promise, resolve } = Promise.withResolvers<void>();
    stage.broker.markers.write(
      { topic: 't', partition: 0 },
      { kind: 'abort', ...producer, coordinatorEpoch: 0, transactionVersion: 0 },
      { answer: resolve, fail: (code) => assert.fail(errorName(code)) },
    );
    assert.deepEqual([log.endOffset, partition.highWatermark, partition.lastStableOffset], [2, 1, 0]);
    await promise;
    assert.deepEqual([partition.highWatermark, partition.lastStableOffset], [2, 2]);
  });

  test('B12: a broker that was restarted knows its producers, their open transactions, and what came twice', async () => {
    const before = await WireStage.open();
    await before.topic('t');
    const first = await before.init('a');
    await before.written('a', first, 0);
    const second = await before.ended('a', first, true);
    await before.settled('a', 'CompleteCommit');
    const offset = await before.written('a', second, 0);
    await using stage = await before.restart();
    assert.equal(await stage.written('a', second, 0), offset, 'the same batch, the same offset');
    assert.equal(errorName((await stage.write('a', first, 1)).errorCode), 'INVALID_PRODUCER_EPOCH');
    assert.equal(errorName((await stage.write('a', second, 5)).errorCode), 'OUT_OF_ORDER_SEQUENCE_NUMBER');
    assert.equal((await stage.fetch(0)).lastStableOffset, offset);
    await stage.ended('a', second, true);
    await stage.settled('a', 'CompleteCommit');
    assert.deepEqual(await stage.committed(), ['0/0/0', '0/1/0']);
  });

  test('B13: every acknowledgement names the offset at which the record stands', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t', 2);
    let producer = await stage.init('a');
    for (let round = 0; round < 5; round++) {
      for (const partition of [0, 1]) {
        for (let sequence = 0; sequence < 3; sequence++) {
          const offset = await stage.written('a', producer, sequence, { partition });
          assert.equal(
            await stage.written('a', producer, sequence, { partition }),
            offset,
            'when it comes twice as well',
          );
          const { records } = await stage.fetch(offset, { isolationLevel: 0, partition });
          const value = `${producer.producerId}/${producer.producerEpoch}/${sequence}`;
          assert.equal(visible({ records, abortedTransactions: null } as never)[0], value);
        }
      }
      producer = await stage.ended('a', producer, round % 2 === 0);
    }
  });

  test('B14: a refusal is definite, nothing of it is there; what is not known is told as something to try again', async () => {
    const disk = new FaultDisk(new MemoryDisk());
    await using stage = await WireStage.open(disk);
    await stage.topic('t');
    const producer = await stage.init('a');
    const log = stage.broker.partitions.byName('t', 0)?.log;
    for (const [version, more, error] of [
      [9, {}, 'INVALID_TXN_STATE'],
      [11, {}, 'TRANSACTION_ABORTABLE'],
      [12, { producerEpoch: 9 }, 'INVALID_PRODUCER_EPOCH'],
      [12, { producerId: 99 }, 'INVALID_PRODUCER_ID_MAPPING'],
    ] as const) {
      const { errorCode, baseOffset } = await stage.write('a', { ...producer, ...more }, 0, { version });
      assert.deepEqual([errorName(errorCode), baseOffset], [error, -1]);
      assert.equal(log?.endOffset, 0);
    }
    // A write whose sync fails may be there or not: its code makes clients send it again.
    await stage.written('a', producer, 0);
    disk.fault = (call) => (call === 'sync' ? new Error('the disk is gone') : undefined);
    assert.equal(errorName((await stage.write('a', producer, 1)).errorCode), 'KAFKA_STORAGE_ERROR');

    const coordinator = new TransactionStage();
    const other = await coordinator.initialized('b');
    coordinator.add('b', other, [0]);
    coordinator.holdsSyncs = true;
    const unknown = coordinator.end('b', other, true);
    coordinator.sync(true);
    assert.equal(unknown.errorCode, errors.NOT_COORDINATOR);
    coordinator.holdsSyncs = false;
    const next = coordinator.end('b', other, true);
    assert.ok(next.response !== undefined || next.errorCode === errors.CONCURRENT_TRANSACTIONS);
  });

  test('B15: nobody hangs: two producers commit and abort by turns while a reader follows', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const rounds = 15;
    const expected: string[] = [];
    const produce = async (id: string, version: number): Promise<void> => {
      let producer = await stage.init(id);
      for (let round = 0; round < rounds; round++) {
        const isCommit = round % 3 !== 1;
        const sequence = version >= 12 ? 0 : round;
        if (version < 12) {
          // The markers of the last one may still be on their way.
          while ((await stage.add(id, producer, [0])) !== 'NONE') await new Promise((resolve) => setImmediate(resolve));
        }
        await stage.written(id, producer, sequence, { version });
        if (isCommit) expected.push(`${producer.producerId}/${producer.producerEpoch}/${sequence}`);
        const next = await stage.ended(id, producer, isCommit, version >= 12 ? 5 : 3);
        if (version >= 12) producer = next;
      }
    };
    using reader = { client: await stage.another(), [Symbol.dispose]: () => reader.client.close() };
    const seen: string[] = [];
    const consume = async (): Promise<void> => {
      for (let offset = 0; seen.length < 2 * rounds - 2 * 5;) {
        const fetched = await stage.fetch(offset, { client: reader.client, maxWaitMs: 1000 });
        seen.push(...visible(fetched));
        offset = Math.max(offset, fetched.lastStableOffset);
      }
    };
    await Promise.all([produce('new', 12), produce('old', 9), consume()]);
    assert.deepEqual(seen.sort(), expected.sort());
  });
});
