/**
 * Changes to a batch in the log's hands. In place where only the header changes, a new batch where the records do;
 * the checksum is right again afterwards.
 */
import { compress } from '../compression/compression.ts';
import { checksumOf } from '../crc32c.ts';
import * as header from './batch-header.ts';

const logAppendTimeBit = 0x08;
const compressionMask = 0x07;

/** Writes the checksum that belongs to the bytes as they are. */
export function sealBatch(bytes: Buffer, at: number, length: number): void {
  bytes.writeUInt32BE(checksumOf(bytes, at, length), at + 17);
}

/**
 * In place: the batch tells when it was appended, and so does every record read from it, whatever their own deltas say.
 * The base timestamp stays the producer's, as in Kafka.
 */
export function stampLogAppendTime(bytes: Buffer, at: number, timestampMs: number): void {
  bytes.writeInt16BE(header.attributes(bytes, at) | logAppendTimeBit, at + 21);
  stampMaxTimestamp(bytes, at, timestampMs);
}

/** In place: the records have their producer's time, whatever the batch claimed. */
export function stampCreateTime(bytes: Buffer, at: number, maxTimestampMs: number): void {
  bytes.writeInt16BE(header.attributes(bytes, at) & ~logAppendTimeBit, at + 21);
  stampMaxTimestamp(bytes, at, maxTimestampMs);
}

/** In place: for a batch whose header does not tell the largest timestamp of its records, which time lookups rely on. */
export function stampMaxTimestamp(bytes: Buffer, at: number, timestampMs: number): void {
  bytes.writeInt32BE(Math.floor(timestampMs / 0x1_0000_0000), at + 35);
  bytes.writeUInt32BE(timestampMs >>> 0, at + 39);
  sealBatch(bytes, at, header.batchBytes(bytes, at));
}

/**
 * A new batch with the same header and `records`, the uncompressed records of the batch at `at`, under another codec:
 * for a topic that settles its own compression.
 */
export function recompress(bytes: Buffer, at: number, records: Buffer, codecId: number, level?: number): Buffer {
  const batch = Buffer.concat([bytes.subarray(at, at + header.batchHeaderBytes), compress(codecId, records, level)]);
  batch.writeInt32BE(batch.length - header.batchPrefixBytes, 8);
  batch.writeInt16BE((header.attributes(batch, 0) & ~compressionMask) | codecId, 21);
  sealBatch(batch, 0, batch.length);
  return batch;
}
