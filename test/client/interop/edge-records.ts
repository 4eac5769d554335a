/** The records that every client must carry to every other unchanged. */
import { createHash } from 'node:crypto';
import type { WrittenRecord } from './record-lines.ts';

type Edge = Omit<WrittenRecord, 'codec' | 'partition'>;

const plain: Edge = {
  timestamp: 1_500_000_000_000,
  key: Buffer.from('key'),
  value: Buffer.from('value'),
  headers: [],
};

/** 64-bit edges: above 2^31 and 2^32, the last second that Java's Instant prints with four digits of a year, and 2^53 - 1. */
const timestamps = [1, 2 ** 31, 2 ** 32 + 1, 253_402_300_799_999, Number.MAX_SAFE_INTEGER];

export function edgeRecords(): Edge[] {
  return [
    plain,
    { ...plain, key: null },
    { ...plain, key: Buffer.alloc(0) },
    { ...plain, value: null },
    { ...plain, value: Buffer.alloc(0) },
    { ...plain, key: null, value: null },
    { ...plain, key: Buffer.alloc(0), value: Buffer.alloc(0) },
    { ...plain, headers: [{ key: 'null', value: null }] },
    { ...plain, headers: [{ key: 'empty', value: Buffer.alloc(0) }] },
    { ...plain, headers: [header('twice', 'a'), header('twice', 'b'), header('twice', 'a')] },
    { ...plain, headers: [header('ключ 鍵 🔑', 'ünï'), { key: 'null', value: null }, header('last', 'z')] },
    { ...plain, headers: Array.from({ length: 200 }, (_, index) => header(`h${index}`, `${index}`)) },
    { ...plain, key: Buffer.from([0, 255, 128, 10, 9]), value: Buffer.from('🦀 línea\n\t\0') },
    ...timestamps.map((timestamp): Edge => ({ ...plain, timestamp })),
    ...[repeated(70_000), noise(100_000), Buffer.concat([noise(40_000), repeated(200_000)])].map((value): Edge => ({
      ...plain,
      value,
    })),
    ...Array.from({ length: 500 }, (_, index): Edge => ({
      ...plain,
      key: Buffer.from(`${index}`),
      value: repeated(index % 97),
      timestamp: 1e12 + index,
    })),
  ];
}

function header(key: string, value: string): { key: string; value: Buffer } {
  return { key, value: Buffer.from(value) };
}

/** What codecs make small. */
function repeated(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'the same again; ');
}

/** What no codec can make smaller; the same in each run. */
function noise(bytes: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 64) }, (_, index) => createHash('sha512').update(`${index}`).digest()),
  ).subarray(0, bytes);
}
