import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { compress } from '@millrace/protocol';
import { goldenMessageLines, goldenMessageNames, goldenMessages, messageLine } from '@millrace/testkit';
import fc from 'fast-check';

import { isClientError } from '../../error.ts';
import type { FetchedRecord } from './fetched-record.ts';
import { scanSegment } from './fetched-segment.ts';
import { openBatch } from './open-batch.ts';

const rules = { checksAreCompared: true, isCopied: false };

/** All records from an offset on, `count` at a time. */
function readAll(bytes: Buffer, count = 5, from = 0n, given = rules): FetchedRecord[] {
  const out: FetchedRecord[] = [];
  const { batches, fault } = scanSegment(bytes, { topic: 't', partition: 3, broker: 'b' }, undefined);
  for (const at of batches) {
    const batch = openBatch('t', 3, bytes, at, given);
    while (!batch.isRead) batch.read(count, from, out);
  }
  if (fault !== undefined) throw fault;
  return out;
}

suite('records of old formats', () => {
  for (const name of goldenMessageNames)
    test(`${name}: they and their copies are what Java reads`, () => {
      const expected = goldenMessageLines(name);
      for (const [count, isCopied] of [
        [1, false],
        [7, true],
        [1000, false],
      ] as const) {
        const records = readAll(goldenMessages(name), count, 0n, { ...rules, isCopied });
        assert.deepEqual(records.map(messageLine), expected);
        assert.deepEqual(
          records.map((record) => messageLine(record.copy())),
          expected,
        );
        for (const { headers, keyBytes, key, valueBytes, value } of records) {
          assert.deepEqual(headers, []);
          assert.deepEqual([keyBytes, valueBytes], [key?.length ?? -1, value?.length ?? -1]);
        }
      }
    });

  test('before the offset that is asked for are left out', () => {
    for (const name of ['v0-lz4-gaps', 'v1-gzip-gaps', 'v1-none-gaps']) {
      const [first, ...rest] = readAll(goldenMessages(name), 5, 70_000_000_004n);
      assert.deepEqual([first?.offset, rest.length], [70_000_000_006n, 9]);
    }
  });

  test('do not keep an answer in memory when they are copied out of it', () => {
    const bytes = goldenMessages('v1-none');
    const [own] = readAll(bytes, 5, 0n, { ...rules, isCopied: true });
    const [other] = readAll(bytes);
    bytes.fill(0);
    assert.equal(own?.value?.toString('latin1', 0, 5), 'value');
    assert.equal(other?.value?.[0], 0);
  });

  test('that are damaged are named, with the offset to seek to', () => {
    for (const name of ['v0-gzip', 'v1-lz4']) {
      const bytes = goldenMessages(name);
      bytes[60] = bytes[60]! ^ 1;
      assert.throws(
        () => readAll(bytes),
        (error) =>
          isClientError(error) &&
          error.code === 'CORRUPT_MESSAGE' &&
          /up to offset 11 of t-3 cannot be read: A message is damaged: its checksum is wrong. Seek to 12 /.test(
            error.message,
          ),
      );
    }
    const unknown = goldenMessages('v1-gzip');
    unknown[17] = 7;
    assert.throws(() => readAll(unknown, 5, 0n, { ...rules, checksAreCompared: false }), {
      code: 'UNSUPPORTED_COMPRESSION_TYPE',
    });
    const bomb = goldenMessages('v1-gzip').subarray(0, 34);
    const value = compress(1, Buffer.alloc((128 << 20) + 1));
    bomb.writeInt32BE(22 + value.length, 8);
    bomb.writeInt32BE(value.length, 30);
    assert.throws(() => readAll(Buffer.concat([bomb, value]), 5, 0n, { ...rules, checksAreCompared: false }), {
      code: 'CORRUPT_MESSAGE',
      message: /would grow beyond/,
    });
  });

  test('of damaged bytes end in an error of the client, or are read, but nothing else happens', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...goldenMessageNames),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.boolean(),
        (name, changes, cut, checksAreCompared) => {
          const whole = goldenMessages(name);
          const bytes = whole.subarray(0, whole.length - (cut % 3 === 0 ? cut % whole.length : 0));
          for (const [place, value] of changes) bytes[place % bytes.length] = value;
          try {
            for (const one of readAll(bytes, 5, 0n, { isCopied: false, checksAreCompared }))
              void [one.key, one.value, one.headers, one.copy().value];
          } catch (error) {
            assert.ok(isClientError(error), String(error));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
