/**
 * Messages out of the formats before record batches. In: the place of a message, which is one record, or a wrapper of many in compressed
 * form. Out: the messages one by one, as places in the same memory (in the decompressed copy, for a wrapper).
 */
import { MillraceError } from '@millrace/base';

import { codec } from '../compression/compression.ts';
import { decompressLz4 } from '../compression/lz4.ts';
import * as header from './message-header.ts';

/** Where the parts of a message lie in the bytes of its set. */
export interface OldMessage {
  readonly offset: bigint;
  /** Milliseconds since 1970, -1 for none. */
  readonly timestamp: number;
  readonly keyAt: number;
  /** -1 for null. */
  readonly keyBytes: number;
  readonly valueAt: number;
  /** -1 for null. */
  readonly valueBytes: number;
}

export interface MessageSetRules {
  readonly checksAreCompared: boolean;
  /** A wrapper whose messages would take more than this is refused before they are decompressed. */
  readonly recordBytesMax: number;
}

const lz4Id = 3;
/** The first codec that these formats do not know. */
const zstdId = 4;

export class MessageSet {
  readonly magic: number;
  readonly timestampType: 'NoTimestampType' | 'CreateTime' | 'LogAppendTime';
  readonly lastOffset: bigint;
  /** What the parts of the messages lie in. */
  readonly bytes: Buffer;
  readonly #checksAreCompared: boolean;
  /** What is added to the offsets as they stand. */
  readonly #baseOffset: bigint;
  readonly #logAppendTime: number;
  readonly #end: number;
  #at: number;
  #before: bigint;

  /** The message at `at` is one of magic 0 or 1. Throws CORRUPT, or CompressionError. */
  constructor(bytes: Buffer, at: number, rules: MessageSetRules) {
    const length = checkedLength(bytes, at, bytes.length);
    this.magic = header.magic(bytes, at);
    const isLogAppendTime = header.isLogAppendTime(bytes, at);
    this.timestampType = this.magic === 0 ? 'NoTimestampType' : isLogAppendTime ? 'LogAppendTime' : 'CreateTime';
    this.lastOffset = header.offset(bytes, at);
    this.#checksAreCompared = rules.checksAreCompared;
    this.#logAppendTime = isLogAppendTime ? header.timestamp(bytes, at) : Number.NaN;
    this.#before = -1n;
    if (header.compressionId(bytes, at) === 0) {
      this.bytes = bytes;
      this.#at = at;
      this.#end = at + length;
      this.#baseOffset = 0n;
      return;
    }
    if (rules.checksAreCompared) compareChecksum(bytes, at, length);
    this.bytes = unwrap(bytes, at, rules.recordBytesMax);
    this.#at = 0;
    this.#end = this.bytes.length;
    const last = lastOffsetIn(this.bytes, this.magic);
    this.#baseOffset = this.magic === 0 ? 0n : this.lastOffset - last;
    if (this.#baseOffset < 0n || last > this.lastOffset) throw corrupt('its wrapper has an offset before its own');
  }

  get isRead(): boolean {
    return this.#at === this.#end;
  }

  /** How much memory the messages take that are still to be read. */
  get leftBytes(): number {
    return this.#end - this.#at;
  }

  /** The next message; there must be one. Throws CORRUPT, and is of no use any more then. */
  next(): OldMessage {
    const { bytes } = this;
    const at = this.#at;
    const length = checkedLength(bytes, at, this.#end);
    if (this.#checksAreCompared) compareChecksum(bytes, at, length);
    const offset = header.offset(bytes, at) + this.#baseOffset;
    if (offset <= this.#before) throw corrupt('its offset is not behind that of the message before it');
    this.#before = offset;
    this.#at = at + length;
    const timestamp = Number.isNaN(this.#logAppendTime) ? header.timestamp(bytes, at) : this.#logAppendTime;
    return { offset, timestamp, ...partsOf(bytes, at, this.#at) };
  }
}

type Parts = Pick<OldMessage, 'keyAt' | 'keyBytes' | 'valueAt' | 'valueBytes'>;

function partsOf(bytes: Buffer, at: number, end: number): Parts {
  const keyLengthAt = header.keyLengthAt(bytes, at);
  const keyAt = keyLengthAt + 4;
  const keyBytes = Math.max(bytes.readInt32BE(keyLengthAt), -1);
  const valueAt = keyAt + Math.max(keyBytes, 0) + 4;
  if (valueAt > end) throw corrupt('its key runs past its end');
  const valueBytes = Math.max(bytes.readInt32BE(valueAt - 4), -1);
  if (valueAt + valueBytes > end) throw corrupt('its value runs past its end');
  return { keyAt, keyBytes, valueAt, valueBytes };
}

/** The length of the message at `at`, if it is whole and its fixed parts fit into it. */
function checkedLength(bytes: Buffer, at: number, end: number): number {
  if (end - at < header.messageBytesMin) throw corrupt('it is cut off');
  const length = header.messageBytes(bytes, at);
  if (length < header.bytesMinOf(header.magic(bytes, at))) throw corrupt(`it cannot have ${length} bytes`);
  if (length > end - at) throw corrupt('it is cut off');
  return length;
}

function compareChecksum(bytes: Buffer, at: number, length: number): void {
  if (header.checksumOf(bytes, at, length) !== header.checksum(bytes, at)) throw corrupt('its checksum is wrong');
}

function unwrap(bytes: Buffer, at: number, bytesMax: number): Buffer {
  const { valueAt, valueBytes } = partsOf(bytes, at, at + header.messageBytes(bytes, at));
  if (valueBytes < 0) throw corrupt('it is a wrapper without a value');
  const id = header.compressionId(bytes, at);
  if (id === zstdId) throw corrupt('it is compressed by zstd, which came after its format');
  const stored = bytes.subarray(valueAt, valueAt + valueBytes);
  // Kafka 0.8 and 0.9 wrote another checksum into the frame's header than LZ4 asks for, and so did all clients for this format.
  const isHeaderChecked = header.magic(bytes, at) > 0;
  return id === lz4Id ? decompressLz4(stored, bytesMax, isHeaderChecked) : codec(id).decompress(stored, bytesMax);
}

/** Goes through the messages of a wrapper: offsets in it are counted so that the last is the wrapper's. */
function lastOffsetIn(bytes: Buffer, magic: number): bigint {
  let offset = -1n;
  let at = 0;
  while (at < bytes.length) {
    const length = checkedLength(bytes, at, bytes.length);
    if (header.magic(bytes, at) !== magic) throw corrupt('it has another format than its wrapper');
    if (header.compressionId(bytes, at) !== 0) throw corrupt('it is a wrapper inside a wrapper');
    offset = header.offset(bytes, at);
    at += length;
  }
  if (offset < 0n) throw corrupt('it is a wrapper of nothing');
  return offset;
}

const corrupt = (what: string): MillraceError => new MillraceError('CORRUPT', `A message is damaged: ${what}.`);
