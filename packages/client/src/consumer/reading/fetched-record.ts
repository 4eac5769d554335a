/**
 * Records out of the bytes of a batch. In: a batch with its records uncompressed. Out: a small object for each, which knows where its parts
 * lie and cuts them out when they are asked for.
 *
 * This runs for every record that anybody reads, so a record is seven fields and nothing else is made for it, and numbers of one and two
 * bytes, which are nearly all, are read on the spot. They are compared in their zigzag form: odd is negative, which means
 * null. Reads beyond the buffer give `undefined`, which passes none of the checks.
 */
import type { Header } from '../../record.ts';
import type { ConsumerRecord, TimestampType } from './consumer-record.ts';

/** What the records of a batch share, and how far they are read. */
export interface RecordSource {
  readonly topic: string;
  readonly partition: number;
  /** Holds the records, and maybe more. */
  readonly bytes: Buffer;
  readonly baseOffset: bigint;
  readonly baseTimestamp: number;
  /** Of all its records, where the log has set it; else NaN. */
  readonly logAppendTime: number;
  readonly leaderEpoch: number;
  /** Of the format: records before 2 have no headers, those of 0 no timestamps. */
  readonly magic: number;
}

export class FetchedRecord implements ConsumerRecord {
  readonly #source: RecordSource;
  readonly #offsetDelta: number;
  readonly #timestampDelta: number;
  readonly #keyAt: number;
  readonly #keyBytes: number;
  readonly #valueAt: number;
  readonly #valueBytes: number;

  constructor(
    source: RecordSource,
    offsetDelta: number,
    timestampDelta: number,
    keyAt: number,
    keyBytes: number,
    valueAt: number,
    valueBytes: number,
  ) {
    this.#source = source;
    this.#offsetDelta = offsetDelta;
    this.#timestampDelta = timestampDelta;
    this.#keyAt = keyAt;
    this.#keyBytes = keyBytes;
    this.#valueAt = valueAt;
    this.#valueBytes = valueBytes;
  }

  get topic(): string {
    return this.#source.topic;
  }

  get partition(): number {
    return this.#source.partition;
  }

  get offset(): bigint {
    return this.#source.baseOffset + BigInt(this.#offsetDelta);
  }

  get timestamp(): number {
    const { baseTimestamp, logAppendTime } = this.#source;
    return logAppendTime === logAppendTime ? logAppendTime : baseTimestamp + this.#timestampDelta;
  }

  get timestampType(): TimestampType {
    const { logAppendTime, magic } = this.#source;
    if (magic === 0) return 'NoTimestampType';
    return Number.isNaN(logAppendTime) ? 'CreateTime' : 'LogAppendTime';
  }

  get leaderEpoch(): number | undefined {
    const { leaderEpoch } = this.#source;
    return leaderEpoch < 0 ? undefined : leaderEpoch;
  }

  get key(): Buffer | null {
    return this.#keyBytes < 0 ? null : this.#source.bytes.subarray(this.#keyAt, this.#keyAt + this.#keyBytes);
  }

  get value(): Buffer | null {
    return this.#valueBytes < 0 ? null : this.#source.bytes.subarray(this.#valueAt, this.#valueAt + this.#valueBytes);
  }

  get keyBytes(): number {
    return this.#keyBytes;
  }

  get valueBytes(): number {
    return this.#valueBytes;
  }

  get headers(): readonly Header[] {
    const { bytes, magic } = this.#source;
    return magic < 2 ? noHeaders : readHeaders(bytes, this.#headersAt).headers;
  }

  copy(): FetchedRecord {
    const { bytes, magic } = this.#source;
    const from = this.#keyAt;
    const end = magic < 2 ? this.#headersAt : readHeaders(bytes, this.#headersAt).end;
    const own = Buffer.from(bytes.subarray(from, end));
    const source = { ...this.#source, bytes: own };
    return new FetchedRecord(
      source,
      this.#offsetDelta,
      this.#timestampDelta,
      0,
      this.#keyBytes,
      this.#valueAt - from,
      this.#valueBytes,
    );
  }

  get #headersAt(): number {
    return this.#valueBytes > 0 ? this.#valueAt + this.#valueBytes : this.#valueAt;
  }
}

const noHeaders: readonly Header[] = [];

/** Position behind what `varint` read. */
let next = 0;

/** What `readRecords` found wrong. */
export class RecordFault extends Error {}

/**
 * Reads records from `at` on, `count` at most, and puts those with an offset of `baseOffset + fromDelta` or more into `out`. Gives the
 * position behind the last. Throws `RecordFault` at one that is not whole; those before it are in `out`.
 */
export function readRecords(
  source: RecordSource,
  at: number,
  end: number,
  count: number,
  fromDelta: number,
  out: FetchedRecord[],
): number {
  const { bytes } = source;
  let p = at;
  for (let index = 0; index < count; index++) {
    let x = bytes[p++]!;
    if (x >= 0x80) {
      x = longer(bytes, x, p, 5);
      p = next;
    }
    const stop = p + (x >>> 1);
    if (!((x & 1) === 0 && x <= 0xffff_ffff && stop <= end))
      throw new RecordFault('a record runs past the end of its batch');
    // The attributes of a record mean nothing yet.
    p++;
    x = bytes[p++]!;
    if (x >= 0x80) {
      x = longer(bytes, x, p, 10);
      p = next;
    }
    const timestampDelta = x < 0x8000_0000 ? (x >>> 1) ^ -(x & 1) : unzigzag(x);
    x = bytes[p++]!;
    if (x >= 0x80) {
      x = longer(bytes, x, p, 5);
      p = next;
    }
    const offsetDelta = (x >>> 1) ^ -(x & 1);
    x = bytes[p++]!;
    if (x >= 0x80) {
      x = longer(bytes, x, p, 5);
      p = next;
    }
    const keyAt = p;
    const keyBytes = (x & 1) === 0 ? x >>> 1 : -1;
    if (keyBytes > 0) p += keyBytes;
    x = bytes[p++]!;
    if (x >= 0x80) {
      x = longer(bytes, x, p, 5);
      p = next;
    }
    const valueAt = p;
    const valueBytes = (x & 1) === 0 ? x >>> 1 : -1;
    if (valueBytes > 0) p += valueBytes;
    // Whatever ran past the record, or was no number, ends up elsewhere than at its end.
    if (!(p < stop && bytes[p] === 0 && p + 1 === stop)) checkHeaders(bytes, p, stop);
    p = stop;
    if (offsetDelta >= fromDelta)
      out.push(new FetchedRecord(source, offsetDelta, timestampDelta, keyAt, keyBytes, valueAt, valueBytes));
  }
  return p;
}

function checkHeaders(bytes: Buffer, at: number, stop: number): void {
  if (!(at < stop)) throw new RecordFault('the parts of a record do not fit into it');
  const count = varint(bytes, at, 5);
  let p = next;
  // Each header takes two bytes at least: a claim beyond that is a lie, and not worth counting to.
  if (!(count >= 0 && count % 2 === 0 && count <= stop - p))
    throw new RecordFault('a record cannot have so many headers');
  for (let left = count / 2; left > 0; left--) {
    const keyBytes = varint(bytes, p, 5);
    if (!(keyBytes >= 0 && keyBytes % 2 === 0)) throw new RecordFault('a header has no key');
    p = next + keyBytes / 2;
    const valueBytes = varint(bytes, p, 5);
    if (!(valueBytes >= 0 && p <= stop)) throw new RecordFault('a header is not whole');
    p = next + (valueBytes % 2 === 0 ? valueBytes / 2 : 0);
    if (!(p <= stop)) throw new RecordFault('a header is not whole');
  }
  if (p !== stop) throw new RecordFault('the parts of a record do not fill it');
}

/** Of a record that was checked when it was read. */
function readHeaders(bytes: Buffer, at: number): { readonly headers: Header[]; readonly end: number } {
  const count = varint(bytes, at, 5) / 2;
  let p = next;
  const headers: Header[] = [];
  for (let index = 0; index < count; index++) {
    const keyBytes = varint(bytes, p, 5) / 2;
    const keyAt = next;
    p = keyAt + keyBytes;
    const key = bytes.toString('utf8', keyAt, p);
    const valueBytes = varint(bytes, p, 5);
    p = next;
    if (valueBytes % 2 === 1) headers.push({ key, value: null });
    else {
      headers.push({ key, value: bytes.subarray(p, p + valueBytes / 2) });
      p += valueBytes / 2;
    }
  }
  return { headers, end: p };
}

/** The rest of a number that begins with `first`; `varint` gives the same, not as fast. */
function longer(bytes: Buffer, first: number, at: number, bytesMax: number): number {
  const second = bytes[at]!;
  if (second >= 0x80) return varint(bytes, at - 1, bytesMax);
  next = at + 1;
  return (first & 0x7f) | (second << 7);
}

/** The zigzag form of a number as a double, with the position behind it in `next`; throws when it has more than `bytesMax` bytes. */
function varint(bytes: Buffer, at: number, bytesMax: number): number {
  let value = 0;
  let weight = 1;
  for (let n = 0; n < bytesMax; n++) {
    const byte = bytes[at + n];
    if (byte === undefined) throw new RecordFault('a record is cut off');
    value += (byte & 0x7f) * weight;
    weight *= 128;
    if (byte >= 0x80) continue;
    next = at + n + 1;
    return value;
  }
  throw new RecordFault('a number in a record has too many bytes');
}

function unzigzag(x: number): number {
  return x % 2 === 0 ? x / 2 : -(x + 1) / 2;
}
