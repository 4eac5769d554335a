import { assert } from '@millrace/base';
import { codecNamed, compress, type CompressionName } from '../compression/compression.ts';
import { batchHeaderBytes, batchPrefixBytes } from './batch-header.ts';
import { sealBatch } from './stamp-batch.ts';
import { varintBytes, varlongBytes, writeVarint, writeVarlong } from './varint.ts';

export interface HeaderInput {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface RecordInput {
  readonly key?: Uint8Array | null;
  readonly value?: Uint8Array | null;
  readonly headers?: readonly HeaderInput[];
  /** Milliseconds since 1970; -1, which means none, when left out. */
  readonly timestamp?: number;
  /** Where the record stands in the log; one behind the record before it when left out. */
  readonly offset?: number;
}

export interface BatchInput {
  /** Where the first record stands; 0 when left out, as in a produce request. */
  readonly baseOffset?: number;
  /** May lie behind the last record where the cleaner took the records between; the last record's offset when left out. */
  readonly lastOffset?: number;
  readonly leaderEpoch?: number;
  readonly compression?: CompressionName;
  readonly compressionLevel?: number;
  readonly timestampType?: 'CreateTime' | 'LogAppendTime';
  /** Replaces the largest timestamp of the records, as the log does under LogAppendTime. */
  readonly maxTimestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
}

/** A batch of format 2 with its checksum: ready for a produce request or a segment. */
export function encodeBatch(records: readonly RecordInput[], batch: BatchInput = {}): Buffer {
  const baseOffset = batch.baseOffset ?? 0;
  const baseTimestamp = records[0]?.timestamp ?? -1;
  const codec = codecNamed(batch.compression ?? 'none');
  assert(codec, 'a codec is named as in Kafka');
  const layout = measure(records, baseOffset, baseTimestamp);

  // Uncompressed records are written where they stay; the others need a place to be compressed from.
  const recordsAt = codec.id === 0 ? batchHeaderBytes : 0;
  let bytes = Buffer.allocUnsafeSlow(recordsAt + layout.bytes);
  let at = recordsAt;
  for (let index = 0; index < records.length; index++) {
    const offsetDelta = layout.offsetDeltas[index]!;
    at = writeRecord(bytes, at, records[index]!, layout.bodyBytes[index]!, offsetDelta, baseTimestamp);
  }
  if (codec.id !== 0)
    bytes = Buffer.concat([Buffer.allocUnsafe(batchHeaderBytes), compress(codec.id, bytes, batch.compressionLevel)]);

  const lastDelta = batch.lastOffset === undefined ? layout.lastOffsetDelta : batch.lastOffset - baseOffset;
  writeInt64(bytes, 0, baseOffset);
  bytes.writeInt32BE(bytes.length - batchPrefixBytes, 8);
  bytes.writeInt32BE(batch.leaderEpoch ?? -1, 12);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(flagsOf(batch) | codec.id, 21);
  bytes.writeInt32BE(lastDelta, 23);
  writeInt64(bytes, 27, baseTimestamp);
  writeInt64(bytes, 35, batch.maxTimestamp ?? layout.maxTimestamp);
  writeInt64(bytes, 43, batch.producerId ?? -1);
  bytes.writeInt16BE(batch.producerEpoch ?? -1, 51);
  bytes.writeInt32BE(batch.baseSequence ?? -1, 53);
  bytes.writeInt32BE(records.length, 57);
  sealBatch(bytes, 0, bytes.length);
  return bytes;
}

function flagsOf(batch: BatchInput): number {
  return (
    (batch.timestampType === 'LogAppendTime' ? 0x08 : 0) |
    (batch.isTransactional ? 0x10 : 0) |
    (batch.isControl ? 0x20 : 0)
  );
}

interface Layout {
  /** Of all records, each with the length in front of it. */
  readonly bytes: number;
  readonly bodyBytes: readonly number[];
  readonly offsetDeltas: readonly number[];
  readonly lastOffsetDelta: number;
  readonly maxTimestamp: number;
}

function measure(records: readonly RecordInput[], baseOffset: number, baseTimestamp: number): Layout {
  const bodyBytes: number[] = [];
  const offsetDeltas: number[] = [];
  let bytes = 0;
  let lastOffsetDelta = -1;
  let maxTimestamp = -1;
  for (const record of records) {
    const timestamp = record.timestamp ?? -1;
    const offsetDelta = record.offset === undefined ? lastOffsetDelta + 1 : record.offset - baseOffset;
    const body =
      1 +
      varlongBytes(timestamp - baseTimestamp) +
      varintBytes(offsetDelta) +
      fieldBytes(record.key) +
      fieldBytes(record.value) +
      headersBytes(record.headers);
    bodyBytes.push(body);
    offsetDeltas.push(offsetDelta);
    bytes += varintBytes(body) + body;
    lastOffsetDelta = offsetDelta;
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
  }
  return { bytes, bodyBytes, offsetDeltas, lastOffsetDelta: Math.max(lastOffsetDelta, 0), maxTimestamp };
}

/** A field that is null has length -1, which takes one byte. */
const fieldBytes = (field: Uint8Array | null | undefined): number =>
  field ? varintBytes(field.length) + field.length : 1;

function headersBytes(headers: readonly HeaderInput[] = []): number {
  let bytes = varintBytes(headers.length);
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key);
    bytes += varintBytes(keyBytes) + keyBytes + fieldBytes(value);
  }
  return bytes;
}

function writeRecord(
  bytes: Buffer,
  at: number,
  record: RecordInput,
  bodyBytes: number,
  offsetDelta: number,
  baseTimestamp: number,
): number {
  at = writeVarint(bytes, at, bodyBytes);
  bytes[at++] = 0;
  at = writeVarlong(bytes, at, (record.timestamp ?? -1) - baseTimestamp);
  at = writeVarint(bytes, at, offsetDelta);
  at = writeField(bytes, at, record.key);
  at = writeField(bytes, at, record.value);
  const headers = record.headers ?? [];
  at = writeVarint(bytes, at, headers.length);
  for (const { key, value } of headers) {
    at = writeVarint(bytes, at, Buffer.byteLength(key));
    at += bytes.write(key, at);
    at = writeField(bytes, at, value);
  }
  return at;
}

function writeField(bytes: Buffer, at: number, field: Uint8Array | null | undefined): number {
  if (!field) return writeVarint(bytes, at, -1);
  at = writeVarint(bytes, at, field.length);
  bytes.set(field, at);
  return at + field.length;
}

function writeInt64(bytes: Buffer, at: number, value: number): void {
  bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}
