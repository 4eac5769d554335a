import assert from 'node:assert/strict';
import { test } from 'node:test';

import { batchHeader, encodeBatch, type BatchInput } from '@millrace/protocol';

import { sequenceAfter, sequenceBefore } from './producer-entry.ts';
import { decodeSnapshot, encodeSnapshot } from './producer-snapshot.ts';
import { ProducerTable } from './producer-table.ts';

const sequenceMax = 0x7fff_ffff;

function batch(
  baseSequence: number,
  count: number,
  input: BatchInput & { readonly offset?: number; readonly timestamp?: number } = {},
): Buffer {
  const { offset, timestamp, ...rest } = input;
  const records = Array.from({ length: count }, () => ({ value: Buffer.from('x'), timestamp: timestamp ?? 5000 }));
  const bytes = encodeBatch(records, { producerId: 9, producerEpoch: 0, baseSequence, ...rest });
  batchHeader.stampOffset(bytes, 0, offset ?? 0, 0);
  return bytes;
}

/** Checks and notes, as an append does. */
function append(table: ProducerTable, bytes: Buffer): number | undefined {
  const first = table.check(bytes, 0, () => assert.fail('nothing was forgotten'));
  if (first !== undefined) return first.lastOffset - first.offsetDelta;
  table.note(bytes, 0);
  return undefined;
}

test('a batch that comes again within the last five is answered with its first offset', () => {
  const table = new ProducerTable();
  for (let number = 0; number < 6; number++)
    assert.equal(append(table, batch(number * 2, 2, { offset: 100 + number * 2 })), undefined);
  assert.equal(append(table, batch(10, 2)), 110);
  assert.equal(append(table, batch(2, 2)), 102);
  assert.throws(() => append(table, batch(0, 2)), { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  assert.throws(
    () => append(table, batch(2, 3)),
    { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
    'the same begin, another end',
  );
});

test('a gap is refused; a producer that nobody knows may begin anywhere', () => {
  const table = new ProducerTable();
  assert.equal(append(table, batch(77, 3)), undefined);
  assert.throws(() => append(table, batch(81, 1)), { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  assert.equal(append(table, batch(80, 1)), undefined);
});

test('a new epoch begins with 0, and an old one is refused', () => {
  const table = new ProducerTable();
  append(table, batch(0, 2));
  assert.throws(() => append(table, batch(2, 1, { producerEpoch: 1 })), { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  assert.equal(append(table, batch(0, 2, { producerEpoch: 1 })), undefined, 'not a duplicate of the old epoch');
  assert.throws(() => append(table, batch(2, 1)), { error: 'INVALID_PRODUCER_EPOCH' });
});

test('sequences go on with 0 after the largest', () => {
  const table = new ProducerTable();
  append(table, batch(sequenceMax - 1, 2));
  assert.equal(append(table, batch(0, 1)), undefined);
  const other = new ProducerTable();
  append(other, batch(sequenceMax - 1, 4));
  assert.equal(other.entries().next().value?.lastSequence, 1);
  assert.equal(append(other, batch(2, 1)), undefined);
  for (const [sequence, count] of [
    [0, 5],
    [sequenceMax, 1],
    [sequenceMax - 2, 5],
    [7, 0],
  ] as const) {
    assert.equal(sequenceBefore(sequenceAfter(sequence, count), count), sequence);
  }
});

test('silent producers are forgotten, those with an open transaction are not', () => {
  const table = new ProducerTable();
  append(table, batch(0, 1, { producerId: 1, timestamp: 1000 }));
  append(table, batch(0, 1, { producerId: 2, timestamp: 9000 }));
  append(table, batch(0, 1, { producerId: 3, timestamp: 1000, isTransactional: true }));
  table.expire(11_000, 10_000);
  assert.deepEqual(
    [...table.entries()].map(({ producerId }) => producerId),
    [2, 3],
  );
});

test('the first unstable offset is where the oldest open transaction begins', () => {
  const table = new ProducerTable();
  const open = (producerId: number, offset: number): void =>
    table.note(batch(0, 1, { producerId, offset, isTransactional: true }), 0);
  const end = (producerId: number, offset: number, isCommit: boolean): unknown =>
    table.noteEnd(batch(-1, 1, { producerId, offset, isTransactional: true, isControl: true }), 0, {
      isCommit,
      coordinatorEpoch: 4,
    });
  assert.equal(table.firstUnstableOffset, undefined);
  open(1, 10);
  open(2, 20);
  open(3, 30);
  assert.equal(table.firstUnstableOffset, 10);
  assert.deepEqual(end(2, 40, false), { producerId: 2, firstOffset: 20, lastOffset: 40, lastStableOffset: 10 });
  assert.equal(end(1, 41, true), undefined);
  assert.equal(table.firstUnstableOffset, 30);
  assert.deepEqual(end(3, 42, false), { producerId: 3, firstOffset: 30, lastOffset: 42, lastStableOffset: 43 });
  assert.equal(table.firstUnstableOffset, undefined);
});

test('inside of a transaction everything must belong to it', () => {
  const table = new ProducerTable();
  append(table, batch(0, 1, { isTransactional: true }));
  assert.throws(() => append(table, batch(1, 1)), { error: 'INVALID_TXN_STATE' });
});

test('what was noted since hold can be taken back', () => {
  const table = new ProducerTable();
  append(table, batch(0, 1, { producerId: 1 }));
  append(table, batch(0, 1, { producerId: 3, offset: 1, isTransactional: true }));
  table.hold();
  append(table, batch(1, 1, { producerId: 1 }));
  append(table, batch(2, 1, { producerId: 1 }));
  append(table, batch(0, 1, { producerId: 2, offset: 5, isTransactional: true }));
  table.takeBack();
  assert.deepEqual(
    [...table.entries()].map(({ producerId, lastSequence }) => [producerId, lastSequence]),
    [
      [1, 0],
      [3, 0],
    ],
  );
  assert.equal(table.firstUnstableOffset, 1);
  assert.equal(append(table, batch(1, 1, { producerId: 1 })), undefined, 'not a duplicate');
});

test('a snapshot brings back last batch, epochs and open transactions', () => {
  const table = new ProducerTable();
  append(table, batch(5, 3, { producerId: 2 ** 40, producerEpoch: 7, offset: 2 ** 33, timestamp: 1_700_000_000_123 }));
  append(table, batch(0, 1, { producerId: 1, offset: 50, isTransactional: true }));
  const bytes = encodeSnapshot(table);
  assert.equal(bytes.length, 10 + 2 * 46);
  const again = decodeSnapshot(bytes);
  assert.ok(again);
  const [first, second] = table.entries();
  Object.assign(first!, { forgottenBefore: 2 ** 33 });
  Object.assign(second!, { forgottenBefore: 50 });
  assert.deepEqual([...again.entries()], [first, second], 'they know what they do not know');
  assert.equal(again.firstUnstableOffset, 50);
  assert.equal(append(again, batch(5, 3, { producerId: 2 ** 40, producerEpoch: 7 })), 2 ** 33, 'still a duplicate');
});

test('a snapshot with a flipped bit, or of the wrong length, is none', () => {
  const table = new ProducerTable();
  append(table, batch(0, 1));
  const bytes = encodeSnapshot(table);
  assert.equal(decodeSnapshot(bytes.subarray(0, bytes.length - 1)), undefined);
  assert.equal(decodeSnapshot(Buffer.alloc(0)), undefined);
  for (let at = 0; at < bytes.length; at += 5) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 0x10;
    assert.equal(decodeSnapshot(flipped), undefined, `byte ${at}`);
  }
});

test('a coordinator is held to its epochs, and a marker that comes twice does no harm', () => {
  const table = new ProducerTable();
  append(table, batch(0, 1, { producerEpoch: 3, isTransactional: true }));
  const end = { isCommit: true, coordinatorEpoch: 5 };
  const marker = (producerEpoch: number): Buffer =>
    batch(-1, 1, { producerEpoch, isTransactional: true, isControl: true });
  const check = (producerEpoch: number, version: number, coordinatorEpoch = 5): void =>
    table.checkCoordinated(marker(producerEpoch), 0, { ...end, coordinatorEpoch }, version);
  assert.throws(() => check(2, 0), { error: 'INVALID_PRODUCER_EPOCH' });
  assert.throws(() => check(3, 2), { error: 'INVALID_PRODUCER_EPOCH' }, 'the second way raises the epoch');
  check(3, 0);
  check(4, 2);
  table.noteEnd(marker(4), 0, end);
  check(4, 2);
  assert.throws(() => check(4, 0, 4), { error: 'TRANSACTION_COORDINATOR_FENCED' });
  const offsets = batch(0, 1, { producerEpoch: 3, isTransactional: true });
  assert.throws(() => table.checkCoordinated(offsets, 0, undefined, 0), { error: 'INVALID_PRODUCER_EPOCH' });
  assert.throws(() => append(table, batch(1, 1, { producerEpoch: 3, isTransactional: true })), {
    error: 'INVALID_PRODUCER_EPOCH',
  });
});
