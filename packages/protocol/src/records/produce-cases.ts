/** What a producer may send, right and wrong, one case each: given to Apache Kafka by tools/golden-batches/verdicts.ts and to ours by a test. */
import { compress } from '../compression/compression.ts';
import { encodeBatch, type BatchInput, type RecordInput } from './encode-batch.ts';
import { goldenRecords } from './golden-records.ts';
import { sealBatch } from './stamp-batch.ts';

export type TopicKind = 'plain' | 'compacted' | 'append-time' | 'strict-time' | 'gzip';

export interface ProduceCase {
  readonly name: string;
  readonly topic: TopicKind;
  readonly version: number;
  readonly records: Buffer;
}

/** Settings of the topics that the cases go to. */
export const topicSettings: Readonly<Record<TopicKind, Readonly<Record<string, string>>>> = {
  plain: { 'max.message.bytes': '100000' },
  compacted: { 'cleanup.policy': 'compact' },
  'append-time': { 'message.timestamp.type': 'LogAppendTime' },
  'strict-time': { 'message.timestamp.before.max.ms': '10000', 'message.timestamp.after.max.ms': '10000' },
  gzip: { 'compression.type': 'gzip' },
};

const newest = 8;

export function produceCases(nowMs: number): ProduceCase[] {
  const list: ProduceCase[] = [];
  const add = (name: string, records: Buffer, topic: TopicKind = 'plain', version = newest): void =>
    void list.push({ name, topic, version, records });
  const record: RecordInput = { key: Buffer.from('k'), value: Buffer.from('value'), timestamp: nowMs };
  const three = [record, record, record];

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    add(`valid ${compression}`, encodeBatch(goldenRecords(5), { compression }));
    add(
      `valid ${compression}, to a topic that compresses with gzip`,
      encodeBatch(goldenRecords(5), { compression }),
      'gzip',
    );
    add(
      `offsets not dense, ${compression}`,
      encodeBatch([record, { ...record, offset: 5 }, record], { compression, lastOffset: 2 }),
    );
    add(
      `count above the records, ${compression}`,
      changed(three, { compression }, (batch) => (batch.writeInt32BE(3, 23), batch.writeInt32BE(4, 57))),
    );
    add(
      `count below the records, ${compression}`,
      changed(three, { compression }, (batch) => (batch.writeInt32BE(1, 23), batch.writeInt32BE(2, 57))),
    );
  }
  addFrames(add, three);
  addHeaders(add, three);
  addRecords(add);
  addRules(add, record, nowMs);
  addCompression(add, three);
  return list;
}

type Add = (name: string, records: Buffer, topic?: TopicKind, version?: number) => void;

function addFrames(add: Add, three: readonly RecordInput[]): void {
  const batch = encodeBatch(three);
  const oldMessage = (magic: number): Buffer => {
    const message = Buffer.alloc(magic === 0 ? 26 : 34);
    message.writeInt32BE(message.length - 12, 8);
    message.writeInt8(magic, 16);
    return message;
  };
  add('no bytes', Buffer.alloc(0));
  add('a tail cut off', batch.subarray(0, -1));
  add('only the prefix', batch.subarray(0, 12));
  add('two batches', Buffer.concat([batch, batch]));
  add('half a second batch', Buffer.concat([batch, batch.subarray(0, 40)]));
  add('twenty zeros behind', Buffer.concat([batch, Buffer.alloc(20)]));
  add('length of zero', Buffer.alloc(70));
  add(
    'length below the header',
    altered(batch, (bytes) => bytes.writeInt32BE(40, 8)),
  );
  add(
    'length negative',
    altered(batch, (bytes) => bytes.writeInt32BE(-1, 8)),
  );
  add('magic 0', oldMessage(0));
  add('magic 1', oldMessage(1));
  add(
    'magic 3',
    altered(batch, (bytes) => bytes.writeInt8(3, 16)),
  );
  add(
    'magic -1',
    altered(batch, (bytes) => bytes.writeInt8(-1, 16)),
  );
  add(
    'a byte of a value changed',
    altered(batch, (bytes) => (bytes[70] = 0)),
  );
  add(
    'the checksum changed',
    altered(batch, (bytes) => (bytes[17]! ^= 1)),
  );
}

function addHeaders(add: Add, three: readonly RecordInput[]): void {
  add('base offset 5', encodeBatch(three, { baseOffset: 5 }));
  add('leader epoch 9', encodeBatch(three, { leaderEpoch: 9 }));
  add('no records', encodeBatch([]));
  add(
    'negative count',
    changed(three, {}, (batch) => batch.writeInt32BE(-1, 57)),
  );
  add(
    'last offset delta too large',
    changed(three, {}, (batch) => batch.writeInt32BE(7, 23)),
  );
  add(
    'last offset delta negative',
    changed(three, {}, (batch) => batch.writeInt32BE(-1, 23)),
  );
  add('a control batch', encodeBatch(three, { isControl: true }));
  add('a producer id without a sequence', encodeBatch(three, { producerId: 1, producerEpoch: 0 }));
  add('max timestamp too small', encodeBatch(three, { maxTimestamp: 1 }));
  add('max timestamp too small, gzip', encodeBatch(three, { maxTimestamp: 1, compression: 'gzip' }));
  add(
    'reserved attribute bits',
    changed(three, {}, (batch) => batch.writeInt16BE(0x0f80, 21)),
  );
  add(
    'delete horizon bit',
    changed(three, {}, (batch) => batch.writeInt16BE(0x40, 21)),
  );
}

/** Bodies by hand, without the length in front. attributes, timestamp delta, offset delta, key, value, headers */
function addRecords(add: Add): void {
  const bodies: Readonly<Record<string, readonly number[]>> = {
    'a record by hand': [0, 0, 0, 1, 2, 0x61, 0],
    'record attributes set': [0xff, 0, 0, 1, 2, 0x61, 0],
    'key of length -2': [0, 0, 0, 3, 2, 0x61, 0],
    'value of length -2': [0, 0, 0, 1, 3, 0],
    'key longer than the record': [0, 0, 0, 40, 2, 0x61, 0],
    'value longer than the record': [0, 0, 0, 1, 40, 0x61, 0],
    'a byte left in the record': [0, 0, 0, 1, 2, 0x61, 0, 0],
    'no header count': [0, 0, 0, 1, 2, 0x61],
    'header count -1': [0, 0, 0, 1, 2, 0x61, 1],
    'header count too large': [0, 0, 0, 1, 2, 0x61, 20, 0],
    'header without key': [0, 0, 0, 1, 2, 0x61, 2, 1, 1],
    'header value of length -2': [0, 0, 0, 1, 2, 0x61, 2, 2, 0x68, 3],
    'header with empty key': [0, 0, 0, 1, 2, 0x61, 2, 0, 1],
    'six bytes of value length': [0, 0, 0, 1, 0x82, 0x80, 0x80, 0x80, 0x80, 0, 0x61, 0],
    'five bytes of value length': [0, 0, 0, 1, 0x82, 0x80, 0x80, 0x80, 0, 0x61, 0],
    'bits beyond the value length': [0, 0, 0, 1, 0x82, 0x80, 0x80, 0x80, 0x70, 0x61, 0],
    'eleven bytes of timestamp': [0, ...Array.from({ length: 10 }, () => 0x80), 0, 0, 1, 2, 0x61, 0],
    'an empty record': [],
  };
  for (const [name, body] of Object.entries(bodies)) {
    for (const compression of ['none', 'gzip'] as const)
      add(`${name}, ${compression}`, byHand([body.length * 2, ...body], compression));
  }
  add('record length below its parts', byHand([6, 0, 0, 0, 1, 2, 0x61, 0], 'none'));
  add('record length beyond the batch', byHand([60, 0, 0, 0, 1, 2, 0x61, 0], 'none'));
  add('record length negative', byHand([1, 0, 0, 0, 1, 2, 0x61, 0], 'none'));
}

function addRules(add: Add, record: RecordInput, nowMs: number): void {
  const { key, ...unkeyed } = record;
  add(
    'no keys, to a compacted topic',
    encodeBatch([record, unkeyed, { ...record, key: Buffer.alloc(0) }, unkeyed]),
    'compacted',
  );
  add('no keys, to a compacted topic, gzip', encodeBatch([record, unkeyed], { compression: 'gzip' }), 'compacted');
  add(
    'no keys and a timestamp too new, to a compacted topic',
    encodeBatch([unkeyed, { key: key ?? null, timestamp: nowMs + 1e10 }]),
    'compacted',
  );
  add('a timestamp too new', encodeBatch([record, { ...record, timestamp: nowMs + 7_200_000 }]));
  add('a timestamp in the near future', encodeBatch([record, { ...record, timestamp: nowMs + 1_800_000 }]));
  add('a timestamp of 1971', encodeBatch([record, { ...record, timestamp: 40_000_000_000 }]));
  add('a timestamp before 1970', encodeBatch([record, { ...record, timestamp: -1000 }]));
  add(
    'a timestamp too old, to a strict topic',
    encodeBatch([record, { ...record, timestamp: nowMs - 60_000 }]),
    'strict-time',
  );
  add(
    'timestamps too new and too old, to a strict topic, gzip',
    encodeBatch([{ ...record, timestamp: nowMs + 60_000 }, record, { ...record, timestamp: nowMs - 60_000 }], {
      compression: 'gzip',
    }),
    'strict-time',
  );
  add('no timestamp, to a strict topic', encodeBatch([{ ...record, timestamp: -1 }]), 'strict-time');
  add(
    'a timestamp too new, to a topic with its own time',
    encodeBatch([{ ...record, timestamp: nowMs + 1e10 }]),
    'append-time',
  );
  add('log append time claimed', encodeBatch([record], { timestampType: 'LogAppendTime' }));
  add(
    'log append time claimed, to a topic with its own time',
    encodeBatch([record, record], { timestampType: 'LogAppendTime' }),
    'append-time',
  );
}

function addCompression(add: Add, three: readonly RecordInput[]): void {
  for (const version of [3, 6, 7])
    add(`zstd in version ${version}`, encodeBatch(three, { compression: 'zstd' }), 'plain', version);
  for (const id of [5, 6, 7])
    add(
      `codec ${id}`,
      changed(three, {}, (batch) => batch.writeInt16BE(id, 21)),
    );
  for (const id of [1, 2, 3, 4])
    add(
      `codec ${id} over plain bytes`,
      changed(three, {}, (batch) => batch.writeInt16BE(id, 21)),
    );
  add('larger than the topic takes', encodeBatch([{ value: Buffer.alloc(150_000, 1) }]));
  add(
    'larger than the topic takes, and damaged',
    altered(encodeBatch([{ value: Buffer.alloc(150_000, 1) }]), (bytes) => (bytes[17]! ^= 1)),
  );
  add(
    'larger than the topic takes before it is compressed',
    encodeBatch([{ value: Buffer.alloc(150_000, 1) }], { compression: 'gzip' }),
  );
  add(
    'bare snappy',
    withContent(three, 2, (content) => compress(2, content).subarray(20)),
  );
  add(
    'bytes behind the end mark of lz4',
    withContent(three, 3, (content) => Buffer.concat([compress(3, content), Buffer.from('tail')])),
  );
  add(
    'bytes behind gzip',
    withContent(three, 1, (content) => Buffer.concat([compress(1, content), Buffer.from('tail')])),
  );
  add(
    'two frames of zstd',
    withContent(three, 4, (content) =>
      Buffer.concat([compress(4, content.subarray(0, 20)), compress(4, content.subarray(20))]),
    ),
  );
  add(
    'two members of gzip',
    withContent(three, 1, (content) =>
      Buffer.concat([compress(1, content.subarray(0, 20)), compress(1, content.subarray(20))]),
    ),
  );
  add(
    'lz4 without its end mark',
    withContent(three, 3, (content) => compress(3, content).subarray(0, -4)),
  );
  add(
    'gzip cut off',
    withContent(three, 1, (content) => compress(1, content).subarray(0, -9)),
  );
  add(
    'a record behind the last, gzip',
    withContent(three, 1, (content) => compress(1, Buffer.concat([content, Buffer.from([0])]))),
  );
}

/** Changes bytes behind the checksum and computes it again. */
function changed(records: readonly RecordInput[], batch: BatchInput, change: (bytes: Buffer) => unknown): Buffer {
  const bytes = encodeBatch(records, batch);
  change(bytes);
  sealBatch(bytes, 0, bytes.length);
  return bytes;
}

/** Changes bytes and leaves the checksum as it was. */
function altered(bytes: Buffer, change: (bytes: Buffer) => unknown): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

/** A batch of one record whose bytes, length in front included, are given. */
function byHand(record: readonly number[], compression: 'none' | 'gzip'): Buffer {
  const content = Buffer.from(record);
  const bytes = Buffer.concat([
    encodeBatch([{}]).subarray(0, 61),
    compression === 'gzip' ? compress(1, content) : content,
  ]);
  return resized(bytes, compression === 'gzip' ? 1 : 0);
}

function withContent(records: readonly RecordInput[], codecId: number, pack: (content: Buffer) => Buffer): Buffer {
  const plain = encodeBatch(records);
  return resized(Buffer.concat([plain.subarray(0, 61), pack(plain.subarray(61))]), codecId);
}

function resized(bytes: Buffer, codecId: number): Buffer {
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(codecId, 21);
  sealBatch(bytes, 0, bytes.length);
  return bytes;
}
