/**
 * Records → the bytes of a batch, as they are sent. In: key, value, headers and timestamp of one record at a time. Out: the records part
 * of a batch of format 2, behind room for its header. Nothing that a user gave is kept.
 *
 * A text is written as if it were ASCII, sizes first; when it turns out that it is not, the record is written again with exact sizes.
 */
import { batchHeader } from '@millrace/protocol';

import type { HeadersInput } from '../record.ts';
import type { BufferPool } from './buffer-pool.ts';
import { wrongHeader, wrongHeaders } from './record-checks.ts';

export type Field = Uint8Array | string | null;

const headBytes = batchHeader.batchHeaderBytes;
/** Behind the last record: room to notice that a text is longer than it looks. No letter takes more. */
const slackBytes = 4;
/** Below it a loop is faster than a call. */
const shortTextMax = 12;
/** Length, attributes, two deltas, two lengths and a header count at their largest. */
const frameBytesMax = 5 + 1 + 10 + 5 + 5 + 5 + 5;

/** So that any two times of a batch, also of one half of it, differ by what a number counts exactly. */
const distanceMax = 2 ** 52;

export class RecordBuffer {
  bytes: Buffer;
  /** Where the next record goes; all bytes so far, the header's room included. */
  at = headBytes;
  count = 0;
  baseTimestamp = 0;
  maxTimestamp = 0;
  readonly #pool: BufferPool;

  /** Takes `bytes` from the pool to begin with; `bufferBytes` says how much that should be. */
  constructor(pool: BufferPool, bytes: number) {
    this.#pool = pool;
    this.bytes = pool.take(bytes);
  }

  /**
   * False, and nothing is changed, when the batch would be larger than `bytesMax` or its times too far apart. The first record always
   * fits.
   */
  append(key: Field, value: Field, headers: HeadersInput | undefined, timestamp: number, bytesMax: number): boolean {
    if (this.count === 0) this.baseTimestamp = this.maxTimestamp = timestamp;
    const keyBytes = key === null ? -1 : key.length;
    const valueBytes = value === null ? -1 : value.length;
    if (headers === undefined && this.#isPlain(timestamp)) {
      const end = this.#write(key, keyBytes, value, valueBytes, timestamp, bytesMax);
      if (end > 0) return this.#took(end, timestamp);
      if (end === tooLarge) return false;
    }
    if (this.count > 0 && Math.abs(timestamp - this.baseTimestamp) >= distanceMax) return false;
    const end = this.#writeExactly(key, value, headers, timestamp, bytesMax);
    return end > 0 && this.#took(end, timestamp);
  }

  #took(end: number, timestamp: number): true {
    this.at = end;
    this.count++;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    return true;
  }

  /** Its delta takes at most five bytes. */
  #isPlain(timestamp: number): boolean {
    const delta = timestamp - this.baseTimestamp;
    return delta >= -0x4000_0000 && delta < 0x4000_0000;
  }

  /** Where it ends, or why it does not. */
  #write(key: Field, keyBytes: number, value: Field, valueBytes: number, timestamp: number, bytesMax: number): number {
    const delta = timestamp - this.baseTimestamp;
    const body =
      2 +
      varintBytes(delta) +
      varintBytes(this.count) +
      varintBytes(keyBytes) +
      varintBytes(valueBytes) +
      (keyBytes > 0 ? keyBytes : 0) +
      (valueBytes > 0 ? valueBytes : 0);
    const end = this.at + varintBytes(body) + body;
    if (end > bytesMax && this.count > 0) return tooLarge;
    if (end + slackBytes > this.bytes.length) this.#grow(end, bytesMax);
    const { bytes } = this;
    let at = putVarint(bytes, this.at, body);
    bytes[at++] = 0;
    at = putVarint(bytes, at, delta);
    at = putVarint(bytes, at, this.count);
    at = putVarint(bytes, at, keyBytes);
    if (keyBytes > 0 && (at = putField(bytes, at, key!)) < 0) return notAscii;
    at = putVarint(bytes, at, valueBytes);
    if (valueBytes > 0 && (at = putField(bytes, at, value!)) < 0) return notAscii;
    bytes[at++] = 0;
    return at;
  }

  #writeExactly(
    key: Field,
    value: Field,
    headers: HeadersInput | undefined,
    timestamp: number,
    bytesMax: number,
  ): number {
    const delta = timestamp - this.baseTimestamp;
    const keyBytes = fieldBytes(key);
    const valueBytes = fieldBytes(value);
    const list = headers === undefined ? noHeaders : headerList(headers);
    let body = 1 + varlongBytes(delta) + varintBytes(this.count) + sized(keyBytes) + sized(valueBytes);
    body += varintBytes(list.length);
    for (const [name, content] of list) body += sized(fieldBytes(name)) + sized(fieldBytes(content));
    const end = this.at + varintBytes(body) + body;
    if (end > bytesMax && this.count > 0) return tooLarge;
    if (end + slackBytes > this.bytes.length) this.#grow(end, bytesMax);
    const { bytes } = this;
    let at = putVarint(bytes, this.at, body);
    bytes[at++] = 0;
    at = putVarlong(bytes, at, delta);
    at = putVarint(bytes, at, this.count);
    at = putExactly(bytes, at, key, keyBytes);
    at = putExactly(bytes, at, value, valueBytes);
    at = putVarint(bytes, at, list.length);
    for (const [name, content] of list) {
      at = putExactly(bytes, at, name, fieldBytes(name));
      at = putExactly(bytes, at, content, fieldBytes(content));
    }
    return at;
  }

  /** Twice as large, or as large as the batch may get. */
  #grow(end: number, bytesMax: number): void {
    const { bytes } = this;
    const doubled = Math.min(bytes.length * 2, bytesMax);
    this.bytes = this.#pool.take(Math.max(end, doubled) + slackBytes);
    bytes.copy(this.bytes, headBytes, headBytes, this.at);
    this.#pool.give(bytes);
  }
}

/** The memory for a batch that is to hold `bytes` without growing. */
export const bufferBytes = (bytes: number): number => Math.max(bytes, headBytes + frameBytesMax) + slackBytes;

/** At most this many bytes stand in a batch for such a record. */
export function recordBytesMax(key: Field, value: Field, headers: HeadersInput | undefined): number {
  let bytes = frameBytesMax + textBytesMax(key) + textBytesMax(value);
  if (headers !== undefined)
    for (const [name, content] of headerList(headers)) bytes += 10 + textBytesMax(name) + textBytesMax(content);
  return bytes;
}

const tooLarge = -1;
const notAscii = -2;
type HeaderPair = readonly [name: string, content: Field];
const noHeaders: readonly HeaderPair[] = [];

function headerList(headers: HeadersInput): readonly HeaderPair[] {
  if (typeof headers !== 'object' || headers === null) throw wrongHeaders(headers);
  if (Array.isArray(headers)) return headers.map(({ key, value }): HeaderPair => pairOf(key, value));
  return Object.entries(headers as Record<string, Field | undefined>).map(([name, value]) => pairOf(name, value));
}

function pairOf(name: string, value: Field | undefined): HeaderPair {
  if (value === undefined || value === null) return [name, null];
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw wrongHeader(name, value);
  return [name, value];
}

const fieldBytes = (field: Field): number =>
  field === null ? -1 : typeof field === 'string' ? Buffer.byteLength(field) : field.length;

const textBytesMax = (field: Field): number =>
  field === null ? 0 : typeof field === 'string' && field.length > 0 ? Buffer.byteLength(field) : field.length;

const sized = (bytes: number): number => varintBytes(bytes) + (bytes > 0 ? bytes : 0);

/** Where it ends; negative when it is a text with other letters than ASCII's. */
function putField(bytes: Buffer, at: number, field: Uint8Array | string): number {
  const { length } = field;
  if (typeof field !== 'string') {
    bytes.set(field, at);
    return at + length;
  }
  if (length > shortTextMax) {
    const written = bytes.write(field, at, length + slackBytes);
    return written === length ? at + length : notAscii;
  }
  for (let index = 0; index < length; index++) {
    const code = field.charCodeAt(index);
    if (code >= 0x80) return notAscii;
    bytes[at + index] = code;
  }
  return at + length;
}

function putExactly(bytes: Buffer, at: number, field: Field, length: number): number {
  at = putVarint(bytes, at, length);
  if (length <= 0) return at;
  if (typeof field === 'string') bytes.write(field, at, length);
  else bytes.set(field!, at);
  return at + length;
}

function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

function putVarint(bytes: Buffer, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; zigzag >= 0x80; zigzag >>>= 7) bytes[at++] = (zigzag & 0x7f) | 0x80;
  bytes[at++] = zigzag;
  return at;
}

const isInt32 = (value: number): boolean => value >= -0x8000_0000 && value < 0x8000_0000;
const zigzag64 = (value: number): bigint => {
  const wide = BigInt(value);
  return BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
};

function varlongBytes(value: number): number {
  if (isInt32(value)) return varintBytes(value);
  let count = 1;
  for (let zigzag = zigzag64(value); zigzag >= 0x80n; zigzag >>= 7n) count++;
  return count;
}

function putVarlong(bytes: Buffer, at: number, value: number): number {
  if (isInt32(value)) return putVarint(bytes, at, value);
  let zigzag = zigzag64(value);
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes[at++] = Number(zigzag & 0x7fn) | 0x80;
  bytes[at++] = Number(zigzag);
  return at;
}
