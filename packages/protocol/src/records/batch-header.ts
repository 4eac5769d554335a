/**
 * The 61 bytes in front of every record batch (magic 2), read and written in place: `at` is where the batch begins in `bytes`.
 * The checksum covers all from the attributes on, so base offset and leader epoch may be stamped without touching it.
 * Source: Apache Kafka protocol guide, "Record Batch".
 */
export const batchHeaderBytes = 61;
/** Base offset and length: what must be there to know how long the batch is. */
export const batchPrefixBytes = 12;
/** Where the part begins that the checksum covers. */
export const batchChecksumFrom = 21;

const attributesAt = 21;
const compressionMask = 0x07;
const logAppendTimeBit = 0x08;
const transactionalBit = 0x10;
const controlBit = 0x20;
const deleteHorizonBit = 0x40;

export const baseOffset = (bytes: Buffer, at: number): number => int64(bytes, at);
/** The size of the whole batch, this header's first 12 bytes included. */
export const batchBytes = (bytes: Buffer, at: number): number => bytes.readInt32BE(at + 8) + batchPrefixBytes;
export const leaderEpoch = (bytes: Buffer, at: number): number => bytes.readInt32BE(at + 12);
export const magic = (bytes: Buffer, at: number): number => bytes.readInt8(at + 16);
export const checksum = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at + 17);
export const attributes = (bytes: Buffer, at: number): number => bytes.readInt16BE(at + attributesAt);
export const lastOffsetDelta = (bytes: Buffer, at: number): number => bytes.readInt32BE(at + 23);
export const lastOffset = (bytes: Buffer, at: number): number => baseOffset(bytes, at) + lastOffsetDelta(bytes, at);
export const baseTimestamp = (bytes: Buffer, at: number): number => int64(bytes, at + 27);
export const maxTimestamp = (bytes: Buffer, at: number): number => int64(bytes, at + 35);
export const producerId = (bytes: Buffer, at: number): number => int64(bytes, at + 43);
export const producerEpoch = (bytes: Buffer, at: number): number => bytes.readInt16BE(at + 51);
export const baseSequence = (bytes: Buffer, at: number): number => bytes.readInt32BE(at + 53);
export const recordCount = (bytes: Buffer, at: number): number => bytes.readInt32BE(at + 57);

/** Codec id of Kafka: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export const compressionId = (bytes: Buffer, at: number): number => attributes(bytes, at) & compressionMask;
export const isLogAppendTime = (bytes: Buffer, at: number): boolean => (attributes(bytes, at) & logAppendTimeBit) !== 0;
export const isTransactional = (bytes: Buffer, at: number): boolean => (attributes(bytes, at) & transactionalBit) !== 0;
export const isControl = (bytes: Buffer, at: number): boolean => (attributes(bytes, at) & controlBit) !== 0;
export const hasDeleteHorizon = (bytes: Buffer, at: number): boolean =>
  (attributes(bytes, at) & deleteHorizonBit) !== 0;

/** Both lie before the checksummed part: the rest of the batch stays as the client sent it. */
export function stampOffset(bytes: Buffer, at: number, offset: number, epoch: number): void {
  bytes.writeInt32BE(Math.floor(offset / 0x1_0000_0000), at);
  bytes.writeUInt32BE(offset >>> 0, at + 4);
  bytes.writeInt32BE(epoch, at + 12);
}

/** Values beyond 2^53 come out as the nearest double; only foreign timestamps can be that large, and they are compared, never re-encoded. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
