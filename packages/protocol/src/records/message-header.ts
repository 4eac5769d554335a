/**
 * The fields in front of a message, which is what a record was called in the formats before record batches (magic 0 and 1, Kafka before 0.11),
 * read in place: `at` is where the message begins in `bytes`. Offset, size and magic lie where those of a record batch lie.
 * The checksum (CRC-32) covers all from the magic on. Source: Apache Kafka protocol guide, "Old Message Format".
 */
import { crc32 } from 'node:zlib';

/** Offset and size: what must be there to know how long the message is. */
export const messagePrefixBytes = 12;
/** Of a message of magic 0 without key and value. */
export const messageBytesMin = 26;

const compressionMask = 0x07;
const logAppendTimeBit = 0x08;
const checksumFrom = 16;
const timestampBytes = 8;

/** The offset of a wrapper is that of the last message in it. Inside a wrapper of magic 1 it counts from the wrapper's first. */
export const offset = (bytes: Buffer, at: number): bigint => bytes.readBigInt64BE(at);
/** The size of the whole message, offset and size included. */
export const messageBytes = (bytes: Buffer, at: number): number => bytes.readInt32BE(at + 8) + messagePrefixBytes;
export const checksum = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at + 12);
export const magic = (bytes: Buffer, at: number): number => bytes.readInt8(at + 16);
/** Not 0: the value holds messages, and this one is their wrapper. */
export const compressionId = (bytes: Buffer, at: number): number => bytes.readInt8(at + 17) & compressionMask;
export const isLogAppendTime = (bytes: Buffer, at: number): boolean =>
  magic(bytes, at) === 1 && (bytes.readInt8(at + 17) & logAppendTimeBit) !== 0;
/** Milliseconds since 1970; the format of magic 0 has none, which is -1. */
export const timestamp = (bytes: Buffer, at: number): number =>
  magic(bytes, at) === 0 ? -1 : Number(bytes.readBigInt64BE(at + 18));
/** Where the length of the key stands. */
export const keyLengthAt = (bytes: Buffer, at: number): number =>
  at + messageBytesMin - 8 + (magic(bytes, at) === 0 ? 0 : timestampBytes);
/** The size of the smallest message with this magic. */
export const bytesMinOf = (magic: number): number => messageBytesMin + (magic === 0 ? 0 : timestampBytes);
/** The checksum that belongs into the header of the message of `length` bytes at `at`. */
export const checksumOf = (bytes: Buffer, at: number, length: number): number =>
  crc32(bytes.subarray(at + checksumFrom, at + length));
