import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { errorName, errors } from '@millrace/protocol';

import { identityOf, TransactionStage } from './stage.ts';

const { INVALID_PRODUCER_ID_MAPPING, INVALID_TXN_STATE, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS } = errors;
const failure = ({ errorCode }: { readonly errorCode: number | undefined }): string =>
  errorName(errorCode ?? errors.NONE);

suite('InitProducerId', () => {
  test('gives an id that nobody had, and raises the epoch for whoever comes next', async () => {
    const stage = new TransactionStage();
    assert.deepEqual(await stage.initialized('a'), { producerId: 0, producerEpoch: 0 });
    assert.deepEqual(await stage.initialized('b'), { producerId: 1, producerEpoch: 0 });
    assert.deepEqual(await stage.initialized('a'), { producerId: 0, producerEpoch: 1 });
  });

  test('refuses an empty id and timeouts that are too long, and changes nothing', () => {
    const stage = new TransactionStage();
    assert.equal(failure(stage.init('')), 'INVALID_REQUEST');
    for (const timeoutMs of [0, -1, 900_001])
      assert.equal(failure(stage.init('a', undefined, timeoutMs)), 'INVALID_TRANSACTION_TIMEOUT');
    assert.equal(stage.get('a'), undefined);
  });

  test('a producer goes on after an error, and its second try gets the same epoch', async () => {
    const stage = new TransactionStage();
    const first = await stage.initialized('a');
    const next = { producerId: 0, producerEpoch: 1 };
    assert.deepEqual(identityOf(stage.init('a', first).get()), next);
    assert.deepEqual(identityOf(stage.init('a', first).get()), next);
    assert.deepEqual(identityOf(stage.init('a').get()), { producerId: 0, producerEpoch: 2 });
    assert.equal(stage.init('a', first).errorCode, PRODUCER_FENCED);
    assert.equal(stage.init('a', { producerId: 9, producerEpoch: 2 }).errorCode, PRODUCER_FENCED);
  });

  test('aborts the transaction of whoever had the id, and asks to come again', async () => {
    const stage = new TransactionStage();
    const old = await stage.initialized('a');
    stage.add('a', old, [0, 1]);
    stage.holdsMarkers = true;
    assert.equal(stage.init('a').errorCode, CONCURRENT_TRANSACTIONS);
    assert.equal(stage.get('a')?.state, 'PrepareAbort');
    assert.equal(stage.init('a').errorCode, CONCURRENT_TRANSACTIONS);
    stage.writeMarkers();
    assert.equal(stage.get('a')?.state, 'CompleteAbort');
    assert.deepEqual(
      stage.markers.map(({ kind, producerEpoch, name }) => [kind, producerEpoch, name.partition]),
      [
        ['abort', 1, 0],
        ['abort', 1, 1],
      ],
    );
    assert.deepEqual(identityOf(stage.init('a').get()), { producerId: 0, producerEpoch: 2 });
    assert.equal(stage.end('a', old, true).errorCode, PRODUCER_FENCED);
  });

  test('takes a new producer id when the epochs are used up', async () => {
    const stage = new TransactionStage();
    let identity = await stage.initialized('a');
    while (identity.producerEpoch < 32_766) identity = identityOf(stage.init('a').get());
    const rotated = await stage.initialized('a');
    assert.deepEqual(rotated, { producerId: 1, producerEpoch: 0 });
  });
});

suite('a transaction of version 2', () => {
  test('has a higher epoch after every end', async () => {
    const stage = new TransactionStage();
    let identity = await stage.initialized('a');
    for (const isCommit of [true, false, true]) {
      assert.equal(stage.add('a', identity, [0]).get(), errors.NONE);
      const next = identityOf(stage.end('a', identity, isCommit).get());
      assert.deepEqual(next, { producerId: 0, producerEpoch: identity.producerEpoch + 1 });
      identity = next;
    }
    assert.deepEqual(
      stage.markers.map(({ kind, producerEpoch }) => [kind, producerEpoch]),
      [
        ['commit', 1],
        ['abort', 2],
        ['commit', 3],
      ],
    );
  });

  test('is answered as Kafka does when there is nothing to end, or the end comes again', async () => {
    const stage = new TransactionStage();
    const first = await stage.initialized('a');
    assert.equal(stage.end('a', first, true).errorCode, INVALID_TXN_STATE);
    assert.equal(stage.end('nobody', first, true).errorCode, INVALID_PRODUCER_ID_MAPPING);
    assert.equal(stage.end('a', { ...first, producerId: 9 }, true).errorCode, INVALID_PRODUCER_ID_MAPPING);
    assert.equal(stage.end('a', { ...first, producerEpoch: 5 }, true).errorCode, PRODUCER_FENCED);
    stage.add('a', first, [0]);
    const second = identityOf(stage.end('a', first, true).get());
    assert.deepEqual(identityOf(stage.end('a', first, true).get()), second, 'the first answer was lost');
    assert.equal(stage.end('a', first, false).errorCode, INVALID_TXN_STATE);
    assert.equal(stage.end('a', second, true).errorCode, INVALID_TXN_STATE);
    const third = identityOf(stage.end('a', second, false).get());
    assert.equal(third.producerEpoch, 2, 'an abort of nothing raises the epoch all the same');
    assert.equal(stage.markers.length, 1);
  });

  test('goes on with another producer id when its epochs are used up, and the second try gets the same', async () => {
    const stage = new TransactionStage();
    let identity = await stage.initialized('a');
    while (identity.producerEpoch < 32_766) identity = identityOf(stage.init('a').get());
    stage.add('a', identity, [0]);
    const ended = stage.end('a', identity, true);
    await stage.settled();
    assert.deepEqual(identityOf(ended.get()), { producerId: 1, producerEpoch: 0 });
    assert.equal(stage.markers[0]?.producerEpoch, 32_767);
    assert.deepEqual(identityOf(stage.end('a', identity, true).get()), { producerId: 1, producerEpoch: 0 });
  });
});

suite('a transaction of version 1', () => {
  test('keeps its epoch, and the same end may come again', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    for (const isCommit of [true, false]) {
      stage.add('a', identity, [0], 0);
      assert.deepEqual(identityOf(stage.end('a', identity, isCommit, 0).get()), { producerId: -1, producerEpoch: -1 });
      assert.ok(stage.end('a', identity, isCommit, 0).isDone);
      assert.equal(stage.end('a', identity, !isCommit, 0).errorCode, INVALID_TXN_STATE);
    }
    assert.deepEqual(
      stage.markers.map(({ kind, producerEpoch }) => [kind, producerEpoch]),
      [
        ['commit', 0],
        ['abort', 0],
      ],
    );
  });

  test('is refused where it did not begin', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    for (const isCommit of [true, false])
      assert.equal(stage.end('a', identity, isCommit, 0).errorCode, INVALID_TXN_STATE);
    assert.equal(stage.end('a', { ...identity, producerEpoch: 1 }, true, 0).errorCode, PRODUCER_FENCED);
  });

  test('waits for the end of the one before', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    stage.add('a', identity, [0], 0);
    stage.holdsMarkers = true;
    assert.ok(stage.end('a', identity, true, 0).isDone);
    assert.equal(stage.add('a', identity, [1], 0).get(), CONCURRENT_TRANSACTIONS);
    assert.equal(stage.end('a', identity, true, 0).errorCode, CONCURRENT_TRANSACTIONS);
    assert.equal(stage.end('a', identity, false, 0).errorCode, INVALID_TXN_STATE);
    stage.writeMarkers();
    assert.equal(stage.add('a', identity, [1], 0).get(), errors.NONE);
  });

  test('a timeout fences its producer with a higher epoch', async () => {
    const stage = new TransactionStage({ featureLevel: 1 });
    const identity = await stage.initialized('a');
    stage.add('a', identity, [0], 0);
    stage.time.pass(80_000);
    assert.deepEqual([stage.get('a')?.state, stage.get('a')?.producerEpoch], ['CompleteAbort', 1]);
    assert.equal(stage.end('a', identity, true, 0).errorCode, PRODUCER_FENCED);
  });
});

suite('AddPartitionsToTxn', () => {
  test('knows strangers, and writes no record for what is in already', async () => {
    const stage = new TransactionStage({ partitionCount: 1 });
    const identity = await stage.initialized('a');
    assert.equal(stage.add('', identity, [0]).get(), errors.INVALID_REQUEST);
    assert.equal(stage.add('nobody', identity, [0]).get(), INVALID_PRODUCER_ID_MAPPING);
    assert.equal(stage.add('a', { ...identity, producerId: 7 }, [0]).get(), INVALID_PRODUCER_ID_MAPPING);
    assert.equal(stage.add('a', { ...identity, producerEpoch: 7 }, [0]).get(), PRODUCER_FENCED);
    assert.equal(stage.add('a', identity, [0, 1]).get(), errors.NONE);
    const count = stage.batches.get(0)?.length;
    assert.equal(stage.add('a', identity, [1]).get(), errors.NONE);
    assert.equal(stage.batches.get(0)?.length, count);
    assert.equal(stage.add('a', identity, [2]).get(), errors.NONE);
    assert.deepEqual([...(stage.get('a')?.partitions.get('t') ?? [])], [0, 1, 2]);
  });

  test('verifies without adding', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    stage.add('a', identity, [0]);
    assert.deepEqual(stage.verify('a', identity, [0, 1]).get(), [errors.NONE, errors.TRANSACTION_ABORTABLE]);
    assert.deepEqual(stage.verify('a', { ...identity, producerEpoch: 3 }, [0]).get(), [PRODUCER_FENCED]);
    assert.deepEqual(stage.verify('nobody', identity, [0]).get(), [INVALID_PRODUCER_ID_MAPPING]);
    assert.equal(stage.verify('', identity, [0]).errorCode, errors.INVALID_REQUEST);
    assert.deepEqual([...(stage.get('a')?.partitions.get('t') ?? [])], [0]);
  });

  test('a write that came before the last transaction was over waits for it, but not for ever', async () => {
    const stage = new TransactionStage();
    const first = await stage.initialized('a');
    stage.add('a', first, [0]);
    stage.holdsMarkers = true;
    const second = identityOf(stage.end('a', first, true).get());
    const write = (): number[] => {
      const codes: number[] = [];
      const addition = { id: 'a', ...second, partitions: [{ topic: 't', partition: 1 }], clientVersion: 2 };
      stage.coordinator.addPartitionsOfWrite(addition, {
        answer: (code) => void codes.push(code),
        fail: (code) => void codes.push(code),
      });
      return codes;
    };
    const impatient = write();
    assert.deepEqual(impatient, []);
    stage.time.pass(100);
    assert.deepEqual(impatient, [CONCURRENT_TRANSACTIONS]);
    const patient = write();
    stage.writeMarkers();
    assert.deepEqual(patient, [errors.NONE]);
    assert.equal(stage.get('a')?.state, 'Ongoing');
  });
});

suite('time', () => {
  test('ends transactions that take too long', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    stage.add('a', identity, [0]);
    stage.time.pass(59_000);
    assert.equal(stage.get('a')?.state, 'Ongoing');
    stage.time.pass(12_000);
    assert.equal(stage.get('a')?.state, 'CompleteAbort');
    assert.deepEqual(
      stage.markers.map(({ kind, producerEpoch }) => [kind, producerEpoch]),
      [['abort', 1]],
    );
  });

  test('forgets ids that nobody uses, but none with an open transaction', async () => {
    const stage = new TransactionStage({ settings: { expirationMs: 7_200_000, timeoutMsMax: 0x7fff_ffff } });
    await stage.initialized('idle');
    const busy = stage.init('busy', undefined, 0x7fff_ffff);
    await stage.settled();
    stage.add('busy', busy.get(), [0]);
    stage.time.pass(3 * 3_600_000);
    assert.equal(stage.get('idle'), undefined);
    assert.equal(stage.get('busy')?.state, 'Ongoing', 'a timeout without limit: an outside coordinator decides');
    assert.deepEqual([...stage.replayed().keys()], ['busy']);
  });
});

suite('disks and restarts', () => {
  test('an end is answered when it is durable, and markers go out after that', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    stage.add('a', identity, [0]);
    stage.holdsSyncs = true;
    const ended = stage.end('a', identity, true);
    assert.deepEqual([ended.isDone, stage.markers.length], [false, 0]);
    stage.sync();
    assert.deepEqual([ended.isDone, stage.markers.length], [true, 1]);
  });

  test('an append that fails changes nothing, and the next try succeeds', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    stage.appendError = errors.KAFKA_STORAGE_ERROR;
    assert.equal(stage.add('a', identity, [0]).get(), errors.NOT_COORDINATOR);
    assert.equal(stage.get('a')?.state, 'Empty');
    stage.appendError = errors.NOT_ENOUGH_REPLICAS;
    assert.equal(stage.init('a').errorCode, errors.COORDINATOR_NOT_AVAILABLE);
    stage.appendError = errors.NONE;
    assert.equal(stage.add('a', identity, [0]).get(), errors.NONE);
  });

  test('an end that was decided before a crash is carried out after it', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    stage.add('a', identity, [0, 1]);
    stage.holdsMarkers = true;
    const next = identityOf(stage.end('a', identity, true).get());
    const again = stage.restart();
    assert.deepEqual(
      again.markers.map(({ kind, producerEpoch, transactionVersion }) => [kind, producerEpoch, transactionVersion]),
      [
        ['commit', 1, 2],
        ['commit', 1, 2],
      ],
    );
    assert.equal(again.get('a')?.state, 'CompleteCommit');
    assert.equal(again.add('a', next, [0]).get(), errors.NONE);
  });

  test('a partition that does not take its marker is asked again, one that is gone is not', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    stage.add('a', identity, [0]);
    stage.markerError = errors.KAFKA_STORAGE_ERROR;
    stage.end('a', identity, true);
    assert.equal(stage.get('a')?.state, 'PrepareCommit');
    stage.markerError = errors.NONE;
    stage.time.pass(1000);
    assert.equal(stage.get('a')?.state, 'CompleteCommit');

    const other = await stage.initialized('b');
    stage.add('b', other, [0]);
    stage.markerError = errors.UNKNOWN_TOPIC_OR_PARTITION;
    stage.end('b', other, true);
    assert.equal(stage.get('b')?.state, 'CompleteCommit');
  });

  test('lists by state, producer, age and name', async () => {
    const stage = new TransactionStage();
    const identity = await stage.initialized('a');
    await stage.initialized('b');
    stage.add('a', identity, [0]);
    stage.time.pass(5000);
    const all = { states: new Set<string>(), isNone: false, producerIds: new Set<number>(), durationMs: -1 };
    const names = async (more: object): Promise<string[]> =>
      (await stage.coordinator.list({ ...all, matches: undefined, ...more })).map(({ id }) => id).sort();
    assert.deepEqual(await names({}), ['a', 'b']);
    assert.deepEqual(await names({ states: new Set(['Ongoing']) }), ['a']);
    assert.deepEqual(await names({ producerIds: new Set([1]) }), ['b']);
    assert.deepEqual(await names({ durationMs: 1000 }), ['a']);
    assert.deepEqual(await names({ durationMs: 6000 }), []);
    assert.deepEqual(await names({ matches: (id: string) => id === 'b' }), ['b']);
    assert.deepEqual(await names({ isNone: true }), []);
  });
});
