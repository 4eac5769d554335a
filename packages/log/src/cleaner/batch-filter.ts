/**
 * What stays of a batch. In: a batch, and whether its records count at all. Out: the batch as it is, a smaller one, or none.
 *
 * A batch that loses records keeps its base offset, its last offset and its sequence numbers, so that offsets never change and a producer
 * is still known. A batch that keeps a tombstone gets a delete horizon: from that time on tombstones may go. It stands where the base
 * timestamp did, and an attribute says so; the timestamps of the records are told from there then (KIP-534).
 */
import { compress, batchHeader as header, recordsOf, sealBatch } from '@millrace/protocol';

import { writeInt64 } from '../int64.ts';
import type { OffsetMap } from './offset-map.ts';
import { RecordWalk } from './record-walk.ts';

const deleteHorizonBit = 0x40;
/** Whose time counts, and that the batch is of a transaction or its end. */
const keptBits = 0x38;
/** What the records of one batch may grow to. */
const recordBytesMax = 1 << 30;
/** A timestamp delta takes ten bytes at most, and a length five. */
const growthMax = 15;
/** Deltas of so many bytes, and what they are shifted by, are exact in a number. */
const smallDeltaBytes = 7;

export interface FilterRules {
  readonly map: OffsetMap;
  /** Records behind this offset are not in the map: they stay. */
  readonly mappedTo: number;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
}

export interface Kept {
  /** Undefined when the batch stays as it is. */
  batch: Buffer | undefined;
  recordsRead: number;
  recordsKept: number;
}

export class BatchFilter {
  readonly #rules: FilterRules;
  readonly #walk = new RecordWalk();
  /** Begin and end of the records that stay, by turns; neighbours are one range. */
  readonly #ranges: number[] = [];
  readonly #kept: Kept = { batch: undefined, recordsRead: 0, recordsKept: 0 };
  /** Where batches are made, one after the other: memory that is given up with each would pile up before it is collected. */
  #scratch: Buffer = Buffer.alloc(0);
  readonly #delta = Buffer.alloc(growthMax);
  /** Of the batch at hand. */
  #hasTombstones = false;
  #maxTimestamp = -1;

  constructor(rules: FilterRules) {
    this.#rules = rules;
  }

  /** `setHorizon`: the marker of a transaction of which nothing is left. The result is valid until the next call. */
  filter(bytes: Buffer, at: number, setHorizon: boolean): Kept {
    const kept = this.#kept;
    kept.batch = undefined;
    kept.recordsRead = header.recordCount(bytes, at);
    const records = recordsOf(bytes, at, recordBytesMax);
    kept.recordsKept = this.#choose(bytes, at, records);
    if (kept.recordsKept === 0) return kept;
    const needsHorizon = (this.#hasTombstones || setHorizon) && !header.hasDeleteHorizon(bytes, at);
    if (kept.recordsKept === kept.recordsRead && !needsHorizon) return kept;
    kept.batch = this.#rewrite(bytes, at, records, needsHorizon);
    return kept;
  }

  /** Finds the records that stay. */
  #choose(bytes: Buffer, at: number, records: Buffer): number {
    const { map, mappedTo, nowMs } = this.#rules;
    const walk = this.#walk;
    const ranges = this.#ranges;
    const baseOffset = header.baseOffset(bytes, at);
    const baseTimestamp = header.baseTimestamp(bytes, at);
    const isControl = header.isControl(bytes, at);
    const tombstonesMayGo = header.hasDeleteHorizon(bytes, at) && baseTimestamp <= nowMs;
    ranges.length = 0;
    this.#hasTombstones = false;
    this.#maxTimestamp = -1;
    let count = 0;
    walk.begin(records, 0, records.length);
    while (walk.next()) {
      const offset = baseOffset + walk.offsetDelta;
      const stays =
        isControl ||
        offset > mappedTo ||
        (walk.keyBytes >= 0 &&
          (walk.hasValue || !tombstonesMayGo) &&
          offset >= map.get(records, walk.keyAt, walk.keyBytes));
      if (!stays) continue;
      count++;
      if (!walk.hasValue) this.#hasTombstones = true;
      const timestamp = baseTimestamp + walk.timestampDelta();
      if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
      if (ranges.at(-1) === walk.at) ranges[ranges.length - 1] = walk.end;
      else ranges.push(walk.at, walk.end);
    }
    return count;
  }

  #rewrite(bytes: Buffer, at: number, records: Buffer, needsHorizon: boolean): Buffer {
    const { nowMs, deleteRetentionMs } = this.#rules;
    const codecId = header.compressionId(bytes, at);
    const horizonMs = nowMs + deleteRetentionMs;
    const end = needsHorizon ? this.#retime(bytes, at, records, horizonMs) : this.#copy(records);
    let batch = this.#scratch.subarray(0, end);
    if (codecId !== 0) {
      const body = compress(codecId, batch.subarray(header.batchHeaderBytes));
      this.#makeRoom(body.length);
      body.copy(this.#scratch, header.batchHeaderBytes);
      batch = this.#scratch.subarray(0, header.batchHeaderBytes + body.length);
    }
    bytes.copy(batch, 0, at, at + header.batchHeaderBytes);
    batch.writeInt32BE(batch.length - header.batchPrefixBytes, 8);
    batch.writeInt32BE(this.#kept.recordsKept, 57);
    if (needsHorizon) {
      batch.writeInt16BE(header.attributes(bytes, at) | deleteHorizonBit, 21);
      writeInt64(batch, 27, horizonMs);
    }
    // Where the log's time counts, the batch has it; a time that a number cannot hold stays as it is.
    if (!header.isLogAppendTime(bytes, at) && Number.isSafeInteger(header.maxTimestamp(bytes, at)))
      writeInt64(batch, 35, this.#maxTimestamp);
    sealBatch(batch, 0, batch.length);
    return batch;
  }

  #makeRoom(recordBytes: number): void {
    const bytes = header.batchHeaderBytes + recordBytes;
    if (this.#scratch.length < bytes) this.#scratch = Buffer.allocUnsafeSlow(bytes);
  }

  /** Puts the records that stay behind the place of the header; gives where they end. */
  #copy(records: Buffer): number {
    this.#makeRoom(records.length);
    const ranges = this.#ranges;
    let to: number = header.batchHeaderBytes;
    for (let index = 0; index < ranges.length; index += 2)
      to += records.copy(this.#scratch, to, ranges[index], ranges[index + 1]);
    return to;
  }

  /** The same, with their times told from another base. */
  #retime(bytes: Buffer, at: number, records: Buffer, horizonMs: number): number {
    this.#makeRoom(records.length + growthMax * this.#kept.recordsKept);
    const base = bytes.readBigInt64BE(at + 27);
    const shift = header.baseTimestamp(bytes, at) - horizonMs;
    const target = this.#scratch;
    const delta = this.#delta;
    const walk = this.#walk;
    let to: number = header.batchHeaderBytes;
    for (let index = 0; index < this.#ranges.length; index += 2) {
      walk.begin(records, this.#ranges[index]!, this.#ranges[index + 1]!);
      while (walk.next()) {
        const isSmall = Number.isSafeInteger(shift) && walk.offsetDeltaAt - walk.timestampAt <= smallDeltaBytes;
        const deltaBytes = isSmall
          ? writeZigzag(delta, 0, walk.timestampDelta() + shift)
          : writeBigZigzag(delta, BigInt.asIntN(64, exactDelta(records, walk) + base - BigInt(horizonMs)));
        const bodyBytes = walk.end - walk.bodyAt - (walk.offsetDeltaAt - walk.timestampAt) + deltaBytes;
        to = writeZigzag(target, to, bodyBytes);
        to += records.copy(target, to, walk.bodyAt, walk.timestampAt);
        to += delta.copy(target, to, 0, deltaBytes);
        to += records.copy(target, to, walk.offsetDeltaAt, walk.end);
      }
    }
    return to;
  }
}

/** The batch without its records: what keeps the last sequence of a producer known, or tells where a segment ends. */
export function emptied(bytes: Buffer, at: number): Buffer {
  const batch = Buffer.from(bytes.subarray(at, at + header.batchHeaderBytes));
  batch.writeInt32BE(batch.length - header.batchPrefixBytes, 8);
  batch.writeInt16BE(header.attributes(batch, 0) & keptBits, 21);
  writeInt64(batch, 27, -1);
  batch.writeInt32BE(0, 57);
  sealBatch(batch, 0, batch.length);
  return batch;
}

/** The same of nobody: offsets without records, and nothing that anybody would wait for. */
export function placeholder(bytes: Buffer, at: number): Buffer {
  const batch = emptied(bytes, at);
  batch.writeInt16BE(0, 21);
  writeInt64(batch, 35, -1);
  writeInt64(batch, 43, -1);
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  sealBatch(batch, 0, batch.length);
  return batch;
}

/** Whole numbers up to 2^53. */
function writeZigzag(bytes: Buffer, at: number, value: number): number {
  let zigzag = value < 0 ? -value * 2 - 1 : value * 2;
  for (; zigzag >= 0x80; zigzag = Math.floor(zigzag / 0x80)) bytes[at++] = (zigzag % 0x80) | 0x80;
  bytes[at++] = zigzag;
  return at;
}

function exactDelta(records: Buffer, walk: RecordWalk): bigint {
  let value = 0n;
  for (let at = walk.offsetDeltaAt - 1; at >= walk.timestampAt; at--)
    value = (value << 7n) | BigInt(records[at]! & 0x7f);
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
}

function writeBigZigzag(bytes: Buffer, value: bigint): number {
  let at = 0;
  let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes[at++] = Number(zigzag & 0x7fn) | 0x80;
  bytes[at++] = Number(zigzag);
  return at;
}
