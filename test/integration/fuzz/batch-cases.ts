/**
 * What a producer may send through a socket, right and wrong: every case of the protocol package once, and here what needs a
 * live broker: all versions, several sends in a row, requests without records, times beyond all clocks, and batches that grow.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib';

import {
  compress,
  encodeBatch,
  sealBatch,
  type BatchInput,
  type CompressionName,
  type RecordInput,
} from '@millrace/protocol';

import { produceCases, topicSettings } from '../../../packages/protocol/src/records/produce-cases.ts';

export { topicSettings };

export interface BatchCase {
  readonly name: string;
  readonly topic: string;
  readonly version: number;
  readonly acks: number;
  /** Sent one after the other, each when the one before was answered. */
  readonly sends: readonly (Buffer | null)[];
  /** Names what is sent to, where it is not partition 0 of `topic`. */
  readonly partition?: number;
}

export const versions: readonly number[] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const codecNames: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export function batchCases(nowMs: number): BatchCase[] {
  const list: BatchCase[] = produceCases(nowMs).map(({ name, topic, version, records }) => ({
    name,
    topic,
    version,
    acks: -1,
    sends: [records],
  }));
  const record: RecordInput = { key: Buffer.from('k'), value: Buffer.from('value'), timestamp: nowMs };
  const three = [record, record, record];
  for (const version of versions) list.push(...ofEachVersion(version, three));
  list.push(...requests(three), ...sequences(record), ...times(record, nowMs), ...counts(three), ...bombs(record));
  return list;
}

function one(name: string, records: Buffer | null, topic = 'plain', version = 12): BatchCase {
  return { name, topic, version, acks: -1, sends: [records] };
}

/** What must not depend on the version, or must. */
function ofEachVersion(version: number, three: readonly RecordInput[]): BatchCase[] {
  const batch = encodeBatch(three);
  const list: BatchCase[] = [];
  const add = (name: string, records: Buffer | null): void =>
    void list.push(one(`version ${version}: ${name}`, records, 'plain', version));
  for (const compression of codecNames) {
    add(`valid ${compression}`, encodeBatch(three, { compression }));
    add(
      `checksum wrong, ${compression}`,
      altered(encodeBatch(three, { compression }), (bytes) => (bytes[17]! ^= 1)),
    );
  }
  for (const magic of [0, 1]) add(`message set of format ${magic}`, messageSet(magic));
  add('two batches', Buffer.concat([batch, batch]));
  add('a batch and a message set of format 1', Buffer.concat([batch, messageSet(1)]));
  add('cut off', batch.subarray(0, batch.length - 7));
  add('a control batch', encodeBatch(three, { isControl: true }));
  add('base offset 5', encodeBatch(three, { baseOffset: 5 }));
  add('records null', null);
  add('records empty', Buffer.alloc(0));
  return list;
}

function requests(three: readonly RecordInput[]): BatchCase[] {
  const batch = encodeBatch(three);
  return [
    ...[-2, 2, 32767].map((acks) => ({ ...one(`acks ${acks}`, batch), acks })),
    { ...one('acks 1', batch), acks: 1 },
    { ...one('a partition that is not there', batch), partition: 7 },
    { ...one('a negative partition', batch), partition: -1 },
    { ...one('a topic that is not there', batch, 'absent') },
    { ...one('a topic id that is not there', batch, 'absent', 13) },
    { ...one('a topic name that cannot be', batch, 'not legal') },
    { ...one('an empty topic name', batch, '') },
    {
      ...one(
        'acks 2 and a wrong checksum',
        altered(batch, (bytes) => (bytes[17]! ^= 1)),
      ),
      acks: 2,
    },
  ];
}

/** Producer ids far from those a broker gives out; each case has its own. */
let nextProducerId = 1_000_000_000;

function sequences(record: RecordInput): BatchCase[] {
  const list: BatchCase[] = [];
  const add = (
    name: string,
    ...steps: readonly (readonly [epoch: number, sequence: number, count?: number])[]
  ): void => {
    const producerId = nextProducerId++;
    const sends = steps.map(([producerEpoch, baseSequence, count = 2]) =>
      encodeBatch(
        Array.from({ length: count }, () => record),
        { producerId, producerEpoch, baseSequence },
      ),
    );
    list.push({ name: `sequence: ${name}`, topic: 'sequences', version: 12, acks: -1, sends });
  };
  add('an unknown producer begins at 0', [0, 0]);
  add('an unknown producer begins at 17', [0, 17]);
  add('goes on', [0, 0], [0, 2], [0, 4]);
  add('the last batch again', [0, 0], [0, 2], [0, 2]);
  add('the fifth batch before the last again', [0, 0], [0, 2], [0, 4], [0, 6], [0, 8], [0, 0]);
  add('the sixth batch before the last again', [0, 0], [0, 2], [0, 4], [0, 6], [0, 8], [0, 10], [0, 0]);
  add('a gap', [0, 0], [0, 4]);
  add('a part of the last batch again', [0, 0, 3], [0, 1, 2]);
  add('from 0 again with more records', [0, 0, 2], [0, 0, 3]);
  add('a new epoch begins at 0', [0, 0], [1, 0]);
  add('a new epoch begins at 5', [0, 0], [1, 5]);
  add('an old epoch', [1, 0], [0, 0]);
  add('an old epoch goes on', [0, 0], [1, 0], [0, 2]);
  add('around the largest number', [0, 2_147_483_646, 2], [0, 0]);
  add('around the largest number in one batch', [0, 2_147_483_646, 4], [0, 2]);
  add('epoch -1', [-1, 0]);
  add('epoch 32767', [32767, 0], [32767, 2]);
  list.push(
    one(
      'sequence: a producer id of -2',
      headerOf([record], { producerId: 5, producerEpoch: 0, baseSequence: 0 }, (bytes) =>
        bytes.writeBigInt64BE(-2n, 43),
      ),
      'sequences',
    ),
  );
  list.push(
    one(
      'sequence: a producer id near 2^63',
      headerOf([record], { producerId: 5, producerEpoch: 0, baseSequence: 0 }, (bytes) =>
        bytes.writeBigInt64BE(2n ** 63n - 1n, 43),
      ),
      'sequences',
    ),
  );
  list.push(one('sequence: a sequence without a producer id', encodeBatch([record], { baseSequence: 4 }), 'sequences'));
  return list;
}

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

function times(record: RecordInput, nowMs: number): BatchCase[] {
  const list: BatchCase[] = [];
  const add = (name: string, change: (bytes: Buffer) => unknown, records = [record, record], topic = 'plain'): void => {
    for (const compression of ['none', 'gzip'] as const)
      list.push(one(`time: ${name}, ${compression}`, headerOf(records, { compression }, change), topic));
  };
  for (const [name, value] of [
    ['2^63 - 1', int64Max],
    ['-2^63', int64Min],
    ['2^53 + 1', 2n ** 53n + 1n],
    ['-1', -1n],
    ['0', 0n],
  ] as const) {
    add(`base of ${name}`, (bytes) => bytes.writeBigInt64BE(value, 27));
    add(`maximum of ${name}`, (bytes) => bytes.writeBigInt64BE(value, 35));
    add(
      `base of ${name}, to a strict topic`,
      (bytes) => bytes.writeBigInt64BE(value, 27),
      [record, record],
      'strict-time',
    );
    add(
      `base of ${name}, to a topic with its own time`,
      (bytes) => bytes.writeBigInt64BE(value, 27),
      [record, record],
      'append-time',
    );
  }
  const later = { ...record, timestamp: nowMs + 1000 };
  add('base of 2^63 - 1, and a later record', (bytes) => bytes.writeBigInt64BE(int64Max, 27), [record, later]);
  add('base of -2^63, and an earlier record', (bytes) => bytes.writeBigInt64BE(int64Min, 27), [later, record]);
  return list;
}

function counts(three: readonly RecordInput[]): BatchCase[] {
  const list: BatchCase[] = [];
  const add = (name: string, change: (bytes: Buffer) => unknown): void => {
    for (const compression of ['none', 'gzip'] as const)
      list.push(one(`count: ${name}, ${compression}`, headerOf(three, { compression }, change)));
  };
  add('2^31 - 1 records', (bytes) => (bytes.writeInt32BE(0x7fff_fffe, 23), bytes.writeInt32BE(0x7fff_ffff, 57)));
  add('a million records', (bytes) => (bytes.writeInt32BE(999_999, 23), bytes.writeInt32BE(1_000_000, 57)));
  add('-2^31 records', (bytes) => (bytes.writeInt32BE(-0x8000_0000, 23), bytes.writeInt32BE(-0x8000_0000, 57)));
  add('0 records', (bytes) => (bytes.writeInt32BE(0, 23), bytes.writeInt32BE(0, 57)));
  add('the last offset delta 2^31 - 1', (bytes) => bytes.writeInt32BE(0x7fff_ffff, 23));
  for (const length of [0x7fff_ffff, 0x7fff_fff3, 100_000_000, -0x8000_0000, 48, 49]) {
    list.push(
      one(
        `length: a batch that says ${length}`,
        altered(encodeBatch(three), (bytes) => bytes.writeInt32BE(length, 8)),
      ),
    );
  }
  list.push(
    one(
      'base offset of 2^63 - 1',
      altered(encodeBatch(three), (bytes) => bytes.writeBigInt64BE(int64Max, 0)),
    ),
  );
  list.push(
    one(
      'base offset of -1',
      altered(encodeBatch(three), (bytes) => bytes.writeBigInt64BE(-1n, 0)),
    ),
  );
  return list;
}

const mebi = 1 << 20;

/** Few bytes that become a thousand times as many. Sent to a topic with the default limit of about 1 MiB. */
function bombs(record: RecordInput): BatchCase[] {
  const list: BatchCase[] = [];
  const add = (name: string, content: Buffer, codecId: number): void =>
    void list.push(one(`bomb: ${name}`, withContent(record, content, codecId), 'bombs'));
  const zeros = Buffer.alloc(16 * mebi);
  const gzipOfZeros = gzipSync(zeros, { level: 9 });
  const zstdOfZeros = zstdCompressSync(zeros);
  for (const times of [1, 4, 40]) {
    add(
      `gzip, ${times * 16} MiB of zeros in ${times} members`,
      Buffer.concat(Array.from({ length: times }, () => gzipOfZeros)),
      1,
    );
    add(
      `zstd, ${times * 16} MiB of zeros in ${times} frames`,
      Buffer.concat(Array.from({ length: times }, () => zstdOfZeros)),
      4,
    );
    add(`lz4, ${times * 16} MiB of zeros in one frame`, lz4OfZeros(times * 4), 3);
  }
  // Snappy cannot pass 21:1, so its bombs are the sizes it declares.
  for (const declared of [0x7fff_ffff, 0xffff_ffff, 64 * mebi]) {
    add(`snappy that declares ${declared}`, snappyDeclaring(declared), 2);
    add(`snappy in blocks that declares ${declared}`, snappyBlockDeclaring(declared), 2);
  }
  add('snappy, 128 blocks of zeros', compress(2, zeros.subarray(0, 4 * mebi)), 2);
  add('zstd that declares 2^40 bytes', zstdDeclaring(2n ** 40n), 4);
  add('zstd with a window of 2^31', zstdWithWindow(31), 4);
  add('lz4 with a content size of 2^50', lz4Declaring(2n ** 50n), 3);
  for (const codecId of [1, 3, 4]) {
    const large = valueRecord(32 * mebi);
    add(`one record of 32 MiB in codec ${codecId}`, compress(codecId, large), codecId);
  }
  for (const codecId of [1, 2, 3, 4]) {
    list.push(one(`bomb: 200000 records of nothing in codec ${codecId}`, manyRecords(200_000, codecId), 'bombs'));
    list.push(one(`bomb: a record with 1000000 headers in codec ${codecId}`, manyHeaders(1_000_000, codecId), 'bombs'));
    add(
      `a record that claims 2^31 - 1 headers in codec ${codecId}`,
      compress(codecId, Buffer.from([32, 0, 0, 0, 1, 2, 0x61, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0])),
      codecId,
    );
    add(`compressed twice in codec ${codecId}`, compress(codecId, compress(codecId, valueRecord(1000))), codecId);
  }
  return list;
}

/** A batch whose header says one record, whatever the content is. */
function withContent(record: RecordInput, content: Buffer, codecId: number): Buffer {
  const batch = Buffer.concat([encodeBatch([record]).subarray(0, 61), content]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(codecId, 21);
  sealBatch(batch, 0, batch.length);
  return batch;
}

/** The bytes of one record that has a value of zeros. */
function valueRecord(valueBytes: number): Buffer {
  return encodeBatch([{ value: Buffer.alloc(valueBytes), timestamp: -1 }]).subarray(61);
}

function manyRecords(count: number, codecId: number): Buffer {
  return encodeBatch(
    Array.from({ length: count }, () => ({})),
    { compression: codecNames[codecId]! },
  );
}

function manyHeaders(count: number, codecId: number): Buffer {
  const headers = Array.from({ length: count }, () => ({ key: '', value: null }));
  return encodeBatch([{ headers }], { compression: codecNames[codecId]! });
}

/** An LZ4 frame whose blocks each are 4 MiB of zeros. */
function lz4OfZeros(blocks: number): Buffer {
  const whole = compress(3, Buffer.alloc(4 * mebi));
  // Magic, flags, block size, checksum of the descriptor; then blocks of at most the size in the descriptor.
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]);
  const block = lz4BlockOfZeros();
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  assertFrame(whole);
  return Buffer.concat([head, ...Array.from({ length: blocks }, () => [size, block]).flat(), Buffer.alloc(4)]);
}

function assertFrame(bytes: Buffer): void {
  if (bytes.readUInt32LE(0) !== 0x184d2204) throw new Error('an LZ4 frame begins with its magic');
}

/** One literal zero, then a match that repeats it to 4 MiB less what must end as literals. */
function lz4BlockOfZeros(): Buffer {
  const matched = 4 * mebi - 1 - 5 - 19;
  const extended = Math.floor(matched / 255);
  return Buffer.concat([
    Buffer.from([0x1f, 0x00, 0x01, 0x00]),
    Buffer.alloc(extended, 0xff),
    Buffer.from([matched % 255, 0x50, 0, 0, 0, 0, 0]),
  ]);
}

function snappyDeclaring(bytes: number): Buffer {
  return Buffer.concat([varint(bytes), Buffer.from([0x00, 0x61])]);
}

/** The framing that Java clients write: a head, then blocks with a length. */
function snappyBlockDeclaring(bytes: number): Buffer {
  const head = Buffer.concat([Buffer.from('\x82SNAPPY\x00', 'latin1'), int32(1), int32(1)]);
  const block = snappyDeclaring(bytes);
  return Buffer.concat([head, int32(block.length), block]);
}

function zstdDeclaring(bytes: bigint): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(bytes);
  // Eight bytes of content size, then one last block that repeats a zero 128 KiB times.
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x58]),
    size,
    Buffer.from([0x03, 0x00, 0x10, 0x00]),
  ]);
}

function zstdWithWindow(exponent: number): Buffer {
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (exponent - 10) << 3, 0x03, 0x00, 0x10, 0x00]);
}

function lz4Declaring(bytes: bigint): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(bytes);
  return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x68, 0x70]), size, Buffer.from([0x00]), Buffer.alloc(4)]);
}

/** A message set of one message in formats 0 and 1, as clients before 0.11 sent. */
function messageSet(magic: number): Buffer {
  const message = Buffer.concat([
    int32(0),
    Buffer.from([magic, 0]),
    magic === 1 ? Buffer.alloc(8) : Buffer.alloc(0),
    int32(-1),
    int32(5),
    Buffer.from('value'),
  ]);
  return Buffer.concat([Buffer.alloc(8), int32(message.length), message]);
}

/** Changes the header and makes the checksum right again. */
function headerOf(records: readonly RecordInput[], batch: BatchInput, change: (bytes: Buffer) => unknown): Buffer {
  const bytes = encodeBatch(records, batch);
  change(bytes);
  sealBatch(bytes, 0, bytes.length);
  return bytes;
}

function altered(batch: Buffer, change: (bytes: Buffer) => unknown): Buffer {
  const bytes = Buffer.from(batch);
  change(bytes);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
