/**
 * Records out of a batch. In: one whole batch in a buffer. Out: its records one by one, their keys and values slices of the same memory
 * (of the decompressed copy, for a compressed batch).
 */
import { MillraceError } from '@millrace/base';
import { decompress } from '../compression/compression.ts';
import * as header from './batch-header.ts';
import { readVarint, readVarlong, type Cursor } from './varint.ts';

export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A record knows where its parts lie and cuts them out when asked, so that what nobody looks at costs nothing. */
export class BatchRecord {
  readonly offset: number;
  /** Milliseconds since 1970, or -1 for none. A foreign one beyond 2^53 is the nearest double; its bytes are never rewritten. */
  readonly timestamp: number;
  readonly #bytes: Buffer;
  readonly #keyAt: number;
  readonly #keyBytes: number;
  readonly #valueAt: number;
  readonly #valueBytes: number;
  readonly #headersAt: number;
  readonly #headerCount: number;

  constructor(bytes: Buffer, offset: number, timestamp: number, parts: RecordParts) {
    this.offset = offset;
    this.timestamp = timestamp;
    this.#bytes = bytes;
    this.#keyAt = parts.keyAt;
    this.#keyBytes = parts.keyBytes;
    this.#valueAt = parts.valueAt;
    this.#valueBytes = parts.valueBytes;
    this.#headersAt = parts.headersAt;
    this.#headerCount = parts.headerCount;
  }

  get key(): Buffer | null {
    return this.#keyBytes < 0 ? null : this.#bytes.subarray(this.#keyAt, this.#keyAt + this.#keyBytes);
  }

  get value(): Buffer | null {
    return this.#valueBytes < 0 ? null : this.#bytes.subarray(this.#valueAt, this.#valueAt + this.#valueBytes);
  }

  get hasKey(): boolean {
    return this.#keyBytes >= 0;
  }

  get headers(): RecordHeader[] {
    const cursor: Cursor = { bytes: this.#bytes, at: this.#headersAt };
    const headers: RecordHeader[] = [];
    for (let n = 0; n < this.#headerCount; n++) {
      const key = readField(cursor) ?? this.#bytes.subarray(0, 0);
      headers.push({ key: key.toString(), value: readField(cursor) });
    }
    return headers;
  }
}

/** The records of the batch at `at`. Throws CORRUPT at the first that is not whole, CompressionError when they do not decompress. */
export function decodeBatch(bytes: Buffer, at: number, recordBytesMax: number): BatchRecord[] {
  const records = recordsOf(bytes, at, recordBytesMax);
  const count = header.recordCount(bytes, at);
  const baseOffset = header.baseOffset(bytes, at);
  const timestampOf = timestampsFrom(bytes, at);
  const logAppendTime = header.isLogAppendTime(bytes, at) ? header.maxTimestamp(bytes, at) : undefined;
  const cursor: Cursor = { bytes: records, at: 0 };
  const decoded: BatchRecord[] = [];
  for (let index = 0; index < count; index++) {
    const parts = readRecord(cursor, index);
    const timestamp = logAppendTime ?? timestampOf(parts.timestampDelta);
    decoded.push(new BatchRecord(records, baseOffset + parts.offsetDelta, timestamp, parts));
  }
  if (cursor.at !== records.length) throw corrupt(count, 'there are bytes behind the last');
  return decoded;
}

/** Beyond 2^53 the sum is rounded once, as the largest timestamp in the header is, and not the base before it. */
function timestampsFrom(bytes: Buffer, at: number): (delta: number) => number {
  const base = header.baseTimestamp(bytes, at);
  if (Number.isSafeInteger(base)) return (delta) => base + delta;
  const exact = bytes.readBigInt64BE(at + 27);
  return (delta) => (Number.isNaN(delta) ? delta : Number(exact + BigInt(delta)));
}

/** The bytes of the records, decompressed where they have to be. */
export function recordsOf(bytes: Buffer, at: number, bytesMax: number): Buffer {
  const stored = bytes.subarray(at + header.batchHeaderBytes, at + header.batchBytes(bytes, at));
  return decompress(header.compressionId(bytes, at), stored, bytesMax);
}

export interface RecordParts {
  readonly timestampDelta: number;
  readonly offsetDelta: number;
  readonly keyAt: number;
  readonly keyBytes: number;
  readonly valueAt: number;
  readonly valueBytes: number;
  readonly headersAt: number;
  readonly headerCount: number;
}

/** Reads the record at the cursor and leaves the cursor behind it. */
export function readRecord(cursor: Cursor, index: number): RecordParts {
  const bodyBytes = readVarint(cursor);
  const end = cursor.at + bodyBytes;
  if (!(bodyBytes >= 0 && end <= cursor.bytes.length)) throw corrupt(index, 'it runs past the end of the batch');
  cursor.at++;
  const timestampDelta = readVarlong(cursor);
  const offsetDelta = readVarint(cursor);
  const keyBytes = readVarint(cursor);
  const keyAt = cursor.at;
  if (keyBytes > 0) cursor.at += keyBytes;
  const valueBytes = readVarint(cursor);
  const valueAt = cursor.at;
  if (valueBytes > 0) cursor.at += valueBytes;
  const headerCount = readVarint(cursor);
  const headersAt = cursor.at;
  if (Number.isNaN(timestampDelta) || Number.isNaN(offsetDelta)) throw corrupt(index, 'a number has too many bytes');
  if (Number.isNaN(keyBytes) || Number.isNaN(valueBytes)) throw corrupt(index, 'its key or value has no length');
  if (!(headerCount >= 0 && headerCount <= end - headersAt))
    throw corrupt(index, `it cannot have ${headerCount} headers`);
  for (let n = 0; n < headerCount; n++) skipHeader(cursor, index);
  if (cursor.at !== end) throw corrupt(index, 'its parts do not fill its length');
  return { timestampDelta, offsetDelta, keyAt, keyBytes, valueAt, valueBytes, headersAt, headerCount };
}

function skipHeader(cursor: Cursor, index: number): void {
  const keyBytes = readVarint(cursor);
  if (!(keyBytes >= 0)) throw corrupt(index, 'a header has no key');
  cursor.at += keyBytes;
  const valueBytes = readVarint(cursor);
  if (Number.isNaN(valueBytes)) throw corrupt(index, 'a header value has no length');
  if (valueBytes > 0) cursor.at += valueBytes;
}

function readField(cursor: Cursor): Buffer | null {
  const length = readVarint(cursor);
  if (length < 0) return null;
  const field = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return field;
}

const corrupt = (index: number, what: string): MillraceError =>
  new MillraceError('CORRUPT', `Record ${index} of the batch is damaged: ${what}.`);
