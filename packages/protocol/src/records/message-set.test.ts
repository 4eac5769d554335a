import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { isMillraceError } from '@millrace/base';
import { goldenMessageLines, goldenMessageNames, goldenMessages, messageLine } from '@millrace/testkit';
import fc from 'fast-check';

import { compress } from '../compression/compression.ts';
import { CompressionError } from '../compression/compression-error.ts';
import * as header from './message-header.ts';
import { MessageSet } from './message-set.ts';

const rules = { checksAreCompared: true, recordBytesMax: 1 << 20 };
const pure = goldenMessageNames.filter((name) => name !== 'mixed');

/** The messages of one set, as lines of Java's. */
function linesOf(bytes: Buffer, at: number, checksAreCompared = true): string[] {
  const set = new MessageSet(bytes, at, { ...rules, checksAreCompared });
  const lines: string[] = [];
  while (!set.isRead) {
    const { offset, timestamp, keyAt, keyBytes, valueAt, valueBytes } = set.next();
    const key = keyBytes < 0 ? null : set.bytes.subarray(keyAt, keyAt + keyBytes);
    const value = valueBytes < 0 ? null : set.bytes.subarray(valueAt, valueAt + valueBytes);
    const { timestampType } = set;
    lines.push(messageLine({ offset, timestamp, timestampType, leaderEpoch: undefined, key, value }));
  }
  return lines;
}

function allLines(bytes: Buffer, checksAreCompared = true): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += Math.max(header.messageBytes(bytes, at), 1))
    lines.push(...linesOf(bytes, at, checksAreCompared));
  return lines;
}

/** A message with the right checksum. */
function message(offset: bigint, value: Buffer | null, attributes = 0, magic = 1): Buffer {
  const bytes = Buffer.alloc(header.bytesMinOf(magic) + (value?.length ?? 0));
  bytes.writeBigInt64BE(offset, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(magic, 16);
  bytes.writeInt8(attributes, 17);
  const keyLengthAt = header.keyLengthAt(bytes, 0);
  bytes.writeInt32BE(-1, keyLengthAt);
  bytes.writeInt32BE(value?.length ?? -1, keyLengthAt + 4);
  value?.copy(bytes, keyLengthAt + 8);
  bytes.writeUInt32BE(header.checksumOf(bytes, 0, bytes.length), 12);
  return bytes;
}

const gzipped = (...messages: Buffer[]): Buffer => compress(1, Buffer.concat(messages));
const text = Buffer.from('text');

suite('messages by Apache Kafka', () => {
  test('are there in both formats and in every compression', () => {
    for (const format of ['v0', 'v1'])
      for (const name of ['none', 'gzip', 'snappy', 'lz4'])
        assert.ok(pure.includes(`${format}-${name}-far`), `${format}-${name}`);
  });

  for (const name of pure)
    test(`${name} are read as Java reads them`, () => {
      assert.deepEqual(allLines(goldenMessages(name)), goldenMessageLines(name));
    });
});

suite('a message set', () => {
  test('compares checksums of wrappers and of the messages in them, unless it is told not to', () => {
    for (const name of pure) {
      const bytes = goldenMessages(name);
      bytes[12] = bytes[12]! ^ 1;
      assert.throws(() => allLines(bytes), /its checksum is wrong/, name);
      assert.deepEqual(allLines(bytes, false), goldenMessageLines(name));
    }
    const inner = message(0n, text);
    inner[13] = inner[13]! ^ 1;
    const wrapper = message(5n, gzipped(inner), 1);
    assert.throws(() => linesOf(wrapper, 0), /its checksum is wrong/);
    assert.equal(linesOf(wrapper, 0, false).length, 1);
  });

  test('counts offsets back from that of a wrapper of format 1, and takes those of format 0 as they stand', () => {
    const offsetsOf = (wrapper: Buffer): number[] => linesOf(wrapper, 0).map((line) => Number(line.split('\t')[0]));
    assert.deepEqual(offsetsOf(message(100n, gzipped(message(3n, text), message(7n, null)), 1)), [96, 100]);
    assert.deepEqual(offsetsOf(message(100n, gzipped(message(3n, text, 0, 0), message(7n, null, 0, 0)), 1, 0)), [3, 7]);
  });

  test('refuses wrappers that cannot be', () => {
    const cases: [Buffer, RegExp][] = [
      [message(5n, null, 1), /a wrapper without a value/],
      [message(5n, gzipped(), 1), /a wrapper of nothing/],
      [message(5n, gzipped(message(0n, text, 0, 0)), 1), /another format than its wrapper/],
      [message(5n, gzipped(message(0n, gzipped(message(0n, text)), 1)), 1), /a wrapper inside a wrapper/],
      [message(5n, gzipped(message(0n, text).subarray(0, 30)), 1), /it is cut off/],
      [message(5n, gzipped(message(9n, text)), 1), /an offset before its own/],
      [message(5n, gzipped(message(9n, text, 0, 0)), 1, 0), /an offset before its own/],
      [message(5n, gzipped(message(3n, text), message(3n, text)), 1), /not behind that of the message before it/],
      [message(5n, text, 4), /zstd/],
    ];
    for (const [bytes, expected] of cases) assert.throws(() => linesOf(bytes, 0), expected);
    assert.throws(() => linesOf(message(5n, text, 7), 0), { name: 'CompressionError', fault: 'unsupported' });
    assert.throws(() => linesOf(message(5n, text, 1), 0), { name: 'CompressionError', fault: 'corrupt' });
  });

  test('refuses what would grow beyond the limit before it grows', () => {
    const bomb = gzipped(message(0n, Buffer.alloc(rules.recordBytesMax)));
    assert.ok(bomb.length < 10_000);
    assert.throws(() => linesOf(message(5n, bomb, 1), 0), { name: 'CompressionError', fault: 'too-large' });
  });

  test('refuses lengths that lie', () => {
    const lie = (at: number, length: number, magic: number): Buffer => {
      const bytes = message(5n, text, 0, magic);
      bytes.writeInt32BE(length, at);
      return bytes;
    };
    for (const magic of [0, 1])
      for (const length of [-1, 0, 13, 1000, 0x7fff_ffff, -0x8000_0000])
        assert.throws(() => linesOf(lie(8, length, magic), 0, false), /it is cut off|it cannot have/);
    for (const length of [5, 1000, 0x7fff_ffff])
      for (const at of [26, 30]) assert.throws(() => linesOf(lie(at, length, 1), 0, false), /runs past its end/);
  });

  test('of damaged bytes says so, or reads on, but nothing else happens', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...pure),
        fc.nat(),
        fc.array(fc.nat(255), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (name, place, put, checksAreCompared) => {
          const bytes = goldenMessages(name);
          bytes.set(put, place % (bytes.length - put.length));
          try {
            allLines(bytes, checksAreCompared);
          } catch (error) {
            assert.ok(error instanceof CompressionError || (isMillraceError(error) && error.code === 'CORRUPT'));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
