import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { decodeBatch, encodeBatch, type RecordInput } from '@millrace/protocol';
import fc from 'fast-check';

import { isClientError } from '../../error.ts';
import type { FetchedRecord } from './fetched-record.ts';
import { WireBatch } from './wire-batch.ts';

const rules = { checksAreCompared: true, isCopied: false };
const limit = 1 << 24;

const field = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
const record: fc.Arbitrary<RecordInput> = fc.record({
  key: field,
  value: field,
  timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 0, max: 2 ** 45 })),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 20 }), value: field }), { maxLength: 3 }),
});
const batch = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 30 }),
  compression: fc.constantFrom('none', 'gzip', 'zstd', 'snappy', 'lz4' as const),
  baseOffset: fc.integer({ min: 0, max: 2 ** 40 }),
  timestampType: fc.constantFrom('CreateTime', 'LogAppendTime' as const),
  leaderEpoch: fc.integer({ min: 0, max: 1000 }),
});

function readAll(bytes: Buffer, at: number, from = 0n, isCopied = false): FetchedRecord[] {
  const out: FetchedRecord[] = [];
  const read = new WireBatch('t', 3, bytes, at, { ...rules, isCopied });
  while (!read.isRead) read.read(7, from, out);
  return out;
}

const plain = ({ key, value }: { key: Buffer | null; value: Buffer | null }): unknown[] =>
  [key, value].map((part) => part && [...part]);

suite('fetched records', () => {
  test('are those that the protocol’s own reader finds, and so are their copies', () => {
    fc.assert(
      fc.property(batch, fc.nat(20), fc.boolean(), ({ records, ...input }, padding, isCopied) => {
        const encoded = encodeBatch(records, { ...input, maxTimestamp: 5 });
        const bytes = Buffer.concat([Buffer.alloc(padding), encoded]);
        const expected = decodeBatch(bytes, padding, limit);
        const read = readAll(bytes, padding, 0n, isCopied);
        assert.equal(read.length, expected.length);
        for (const [index, one] of read.entries()) {
          const other = expected[index]!;
          for (const same of [one, one.copy()]) {
            assert.equal(same.offset, BigInt(other.offset));
            assert.equal(same.timestamp, other.timestamp);
            assert.equal(same.timestampType, input.timestampType);
            assert.equal(same.leaderEpoch, input.leaderEpoch);
            assert.deepEqual(plain(same), plain(other));
            assert.deepEqual([same.keyBytes, same.valueBytes], [other.key?.length ?? -1, other.value?.length ?? -1]);
            assert.deepEqual(same.headers, other.headers);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('before the offset that is asked for are left out', () => {
    const records = [10, 12, 17, 30].map((offset) => ({ offset, value: Buffer.from(`${offset}`) }));
    const bytes = encodeBatch(records, { baseOffset: 10 });
    const read = readAll(bytes, 0, 13n);
    assert.deepEqual(
      read.map(({ offset }) => offset),
      [17n, 30n],
    );
  });

  test('beyond 2^53 keep their offsets exactly', () => {
    const bytes = encodeBatch([{ value: Buffer.from('a') }, { value: null }]);
    bytes.writeBigInt64BE(2n ** 62n + 1n, 0);
    assert.deepEqual(
      readAll(bytes, 0).map(({ offset }) => offset),
      [2n ** 62n + 1n, 2n ** 62n + 2n],
    );
  });

  test('of damaged bytes end in an error that names partition and offset, or are read, but nothing else happens', () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ records, ...input }, place, flip) => {
        const bytes = encodeBatch(records, input);
        const at = 57 + (place % (bytes.length - 57));
        bytes[at] = bytes[at]! ^ flip;
        assert.throws(
          () => readAll(bytes, 0),
          (error) => isClientError(error) && error.code === 'CORRUPT_MESSAGE',
        );
        try {
          const out: FetchedRecord[] = [];
          const read = new WireBatch('t', 3, bytes, 0, { checksAreCompared: false, isCopied: false });
          while (!read.isRead) read.read(5, 0n, out);
          for (const one of out) void [one.key, one.value, one.headers, one.copy().headers];
        } catch (error) {
          assert.ok(isClientError(error) && error.code === 'CORRUPT_MESSAGE');
          assert.match(error.message, /of t-3 is damaged/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
