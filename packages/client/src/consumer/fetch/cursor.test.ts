import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch } from '@millrace/protocol';

import { ClientError } from '../../error.ts';
import { scanSegment } from '../reading/fetched-segment.ts';
import type { HandedSlice } from '../reading/handed-slice.ts';
import { Cursor, type RecordDecoder } from './cursor.ts';

const limits = { checksAreCompared: true, isCopied: false, recordsMax: 3, bytesMax: 1 << 20 };

/** A cursor at offset 0, and what it told. */
function staged(): { cursor: Cursor; told: string[] } {
  const told: string[] = [];
  const cursor = new Cursor(
    { topic: 't', partition: 0 },
    {
      readable: () => void told.push('readable'),
      buffered: (_, bytes) => void told.push(`${Math.sign(bytes)}`),
      changed: () => void told.push('changed'),
    },
  );
  cursor.jump(0n);
  told.length = 0;
  return { cursor, told };
}

function put(cursor: Cursor, from: number, count: number, leaderEpoch = 0): void {
  const records = Array.from({ length: count }, (_, index) => ({ value: Buffer.from(`${from + index}`) }));
  const bytes = encodeBatch(records, { baseOffset: from, leaderEpoch });
  cursor.put(scanSegment(bytes, { topic: 't', partition: 0, broker: 'b' }, undefined));
}

const offsets = (slice: HandedSlice | undefined): number[] | undefined =>
  slice?.records.map(({ offset }) => Number(offset));

/** As a reader that is done with all of it. */
function finish(cursor: Cursor, slice: HandedSlice): void {
  slice.index = slice.end;
  slice.done = slice.end;
  cursor.release(slice);
}

suite('cursor', () => {
  test('hands out slices of a limited length, and knows what was given and what is done', () => {
    const { cursor, told } = staged();
    put(cursor, 0, 5, 7);
    assert.equal(cursor.fetchOffset, 5n);
    assert.deepEqual(told, ['1', 'readable']);
    const first = cursor.take(limits)!;
    assert.deepEqual(offsets(first), [0, 1, 2]);
    first.index = 2;
    first.done = 1;
    assert.deepEqual([cursor.position, cursor.processed, cursor.processedEpoch, cursor.isReadable], [2n, 1n, 7, false]);
    finish(cursor, first);
    const second = cursor.take(limits)!;
    assert.deepEqual(offsets(second), [3, 4]);
    assert.equal(cursor.bufferedBytes, 0);
    finish(cursor, second);
    assert.deepEqual([cursor.position, cursor.processed, cursor.take(limits)], [5n, 5n, undefined]);
  });

  test('gives the rest of a slice that was given back, and does not count what its reader had in hand as done', () => {
    const { cursor } = staged();
    put(cursor, 0, 3);
    const slice = cursor.take(limits)!;
    slice.index = 2;
    slice.done = 1;
    cursor.stop();
    assert.equal(slice.end, 2);
    cursor.release(slice);
    assert.deepEqual([cursor.position, cursor.processed, cursor.isReadable], [2n, 1n, true]);
    const again = cursor.take(limits)!;
    assert.deepEqual([again === slice, again.index, again.end], [true, 2, 3]);
  });

  test('what was committed is processed, as far as it was given out', () => {
    const { cursor } = staged();
    put(cursor, 0, 3);
    const slice = cursor.take(limits)!;
    slice.index = 2;
    cursor.commitTo(1n);
    assert.deepEqual([cursor.processed, cursor.committed], [1n, 1n]);
    cursor.commitTo(3n);
    assert.equal(cursor.processed, 2n);
  });

  test('a jump drops what is buffered and in hand, and a reader that comes late changes nothing', async () => {
    const { cursor } = staged();
    put(cursor, 0, 6);
    const slice = cursor.take(limits)!;
    slice.index = 1;
    cursor.jump(100n);
    assert.deepEqual([slice.end, cursor.position, cursor.fetchOffset, cursor.bufferedBytes], [1, 100n, 100n, 0]);
    put(cursor, 100, 2);
    assert.equal(cursor.isReadable, false);
    let isQuiet = false;
    const quiet = cursor.quiet().then(() => (isQuiet = true));
    await Promise.resolve();
    assert.equal(isQuiet, false);
    cursor.release(slice);
    await quiet;
    assert.deepEqual(offsets(cursor.take(limits)), [100, 101]);
  });

  test('a fault comes behind what is buffered, and stays until a jump unless it may pass', () => {
    const { cursor, told } = staged();
    put(cursor, 0, 2);
    cursor.fail(new ClientError('NO_OFFSET', 'gone'));
    assert.equal(cursor.isFetchable, false);
    finish(cursor, cursor.take(limits)!);
    assert.throws(() => cursor.take(limits), { code: 'NO_OFFSET' });
    assert.throws(() => cursor.take(limits), { code: 'NO_OFFSET' });
    cursor.jump(2n);
    assert.equal(cursor.take(limits), undefined);
    cursor.fail(new ClientError('TIMEOUT', 'late'), true);
    told.length = 0;
    assert.throws(() => cursor.take(limits), { code: 'TIMEOUT' });
    assert.deepEqual(told, ['changed']);
    assert.equal(cursor.isFetchable, true);
  });

  test('a record that cannot be decoded ends the slice, whether that is found at once or later', async () => {
    for (const isLate of [false, true]) {
      const { cursor } = staged();
      const decoder: RecordDecoder = (record) => {
        if (record.offset !== 1n) return isLate ? Promise.resolve(record) : record;
        const error = new ClientError('SERIALIZATION', 'no');
        if (isLate) return Promise.reject(error);
        throw error;
      };
      cursor.decoder = decoder;
      put(cursor, 0, 3);
      const slice = cursor.take(limits)!;
      await cursor.decoded(slice);
      assert.deepEqual(offsets(slice), [0]);
      finish(cursor, slice);
      assert.equal(cursor.position, 1n);
      assert.throws(() => cursor.take(limits), { code: 'SERIALIZATION' });
    }
  });

  test('control batches and batches of nothing move the position, and give nothing', () => {
    const { cursor } = staged();
    const bytes = encodeBatch([{ value: null }], { isControl: true, isTransactional: true, producerId: 1 });
    cursor.put(scanSegment(bytes, { topic: 't', partition: 0, broker: 'b' }, []));
    assert.equal(cursor.take(limits), undefined);
    assert.deepEqual([cursor.position, cursor.processed], [1n, 1n]);
  });
});
