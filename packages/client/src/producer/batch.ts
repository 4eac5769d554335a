/**
 * Records of one partition that travel together. In: records and who waits for them. Out: the batch as bytes, sealed for a producer id,
 * epoch and sequence, and in the end, to all who wait, where it has gone or why it has not.
 *
 * The bytes are neither reused nor changed while a request that holds them may still be on its way: sealing again, after an answer,
 * writes into bytes of its own.
 */
import { BatchRecord, batchHeader, compress, decodeBatch, sealBatch } from '@millrace/protocol';

import { ClientError } from '../error.ts';
import type { HeadersInput } from '../record.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { bufferBytes, type Field, RecordBuffer } from './record-buffer.ts';
import type { BatchPlace } from './record-metadata.ts';
import type { Waiter } from './waiters.ts';

/** By whom a batch is sent, for brokers to tell a repetition from something new. */
export interface BatchSeal {
  readonly producerId: number;
  readonly epoch: number;
  /** Of the first record; -1 without idempotence. */
  readonly sequence: number;
  readonly isTransactional: boolean;
}

export interface BatchCompression {
  readonly codecId: number;
  readonly level: number | undefined;
}

const { batchHeaderBytes, batchPrefixBytes } = batchHeader;
const recordsBytesMax = 0x7fff_ffff;
/** So much is worth a request of its own, while others are on their way (docs/decisions/0011). */
const loadBytes = 64 << 10;

export class Batch {
  readonly queue: PartitionQueue;
  /** Among the batches of its partition; halves of one have the same. */
  readonly order: number;
  readonly createdAtMs: number;
  readonly bytesMax: number;
  readonly records: RecordBuffer;
  /** Takes no more records. */
  isClosed = false;
  tries = 0;
  /** Why the last try failed. */
  failure: ClientError | undefined;
  retryAtMs = 0;
  /** Whether it may be in the log although no answer said so. */
  isDoubtful = false;
  seal: BatchSeal | undefined;
  /** As it is sent. */
  bytes: Buffer | undefined;
  /** Runs of records with one waiter and tickets in order. Four places for each: the waiter, its first record, that one's ticket, and how many. */
  #runs: (Waiter | number)[] = [];
  #lastWaiter: Waiter | null = null;
  #lastTicket = -1;
  /** Only where they differ from the first. */
  #timestamps: number[] | undefined;
  #isSettled = false;
  #done: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  readonly #pool: BufferPool;

  /** Takes `bytes` of memory to begin with, and more until it has `bytesMax`. */
  constructor(
    queue: PartitionQueue,
    order: number,
    createdAtMs: number,
    pool: BufferPool,
    bytes: number,
    bytesMax: number,
  ) {
    this.queue = queue;
    this.order = order;
    this.createdAtMs = createdAtMs;
    this.bytesMax = bytesMax;
    this.records = new RecordBuffer(pool, bytes);
    this.#pool = pool;
  }

  get count(): number {
    return this.records.count;
  }

  /** It need not wait for company. */
  get isLoad(): boolean {
    return this.records.at >= loadBytes;
  }

  /** Nobody waits for it any more: its records were acknowledged or have failed. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Settles with the records, whether they were written or not. */
  get done(): Promise<void> {
    this.#done ??= Promise.withResolvers<void>();
    if (this.#isSettled) this.#done.resolve();
    return this.#done.promise;
  }

  append(
    key: Field,
    value: Field,
    headers: HeadersInput | undefined,
    timestamp: number,
    waiter: Waiter | null,
    ticket: number,
  ): boolean {
    const { records } = this;
    if (!records.append(key, value, headers, timestamp, this.bytesMax)) return false;
    if (waiter !== null) {
      if (waiter !== this.#lastWaiter || ticket !== this.#lastTicket + 1)
        this.#runs.push(waiter, records.count - 1, ticket, 1);
      else this.#runs[this.#runs.length - 1] = (this.#runs.at(-1) as number) + 1;
      this.#lastTicket = ticket;
    }
    this.#lastWaiter = waiter;
    if (this.#timestamps !== undefined) this.#timestamps.push(timestamp);
    else if (timestamp !== records.baseTimestamp) {
      this.#timestamps = Array.from({ length: records.count - 1 }, () => records.baseTimestamp);
      this.#timestamps.push(timestamp);
    }
    return true;
  }

  /** Writes the header. The records are compressed once. */
  sealFor(seal: BatchSeal, { codecId, level }: BatchCompression): void {
    this.isClosed = true;
    const bytes = this.#body(codecId, level);
    const { count, baseTimestamp, maxTimestamp } = this.records;
    putInt64(bytes, 0, 0);
    bytes.writeInt32BE(bytes.length - batchPrefixBytes, 8);
    bytes.writeInt32BE(-1, 12);
    bytes[16] = 2;
    bytes.writeInt16BE(codecId | (seal.isTransactional ? 0x10 : 0), 21);
    bytes.writeInt32BE(count - 1, 23);
    putInt64(bytes, 27, baseTimestamp);
    putInt64(bytes, 35, maxTimestamp);
    putInt64(bytes, 43, seal.producerId);
    bytes.writeInt16BE(seal.epoch, 51);
    bytes.writeInt32BE(seal.sequence, 53);
    bytes.writeInt32BE(count, 57);
    sealBatch(bytes, 0, bytes.length);
    this.seal = seal;
    this.bytes = bytes;
  }

  /** The sequence behind its last record. */
  get nextSequence(): number {
    return this.seal === undefined ? -1 : addSequence(this.seal.sequence, this.count);
  }

  succeed(place: BatchPlace): void {
    if (this.#isSettled) return;
    const timestamps = this.#timestamps;
    const { baseTimestamp } = this.records;
    this.#settle((waiter, index, ticket) =>
      waiter.sent(place, index, timestamps === undefined ? baseTimestamp : timestamps[index]!, ticket),
    );
  }

  fail(error: ClientError): void {
    this.failEach(() => error);
  }

  failEach(errorOf: (index: number) => ClientError): void {
    if (!this.#isSettled) this.#settle((waiter, index, ticket) => waiter.failed(errorOf(index), ticket));
  }

  /** Two batches with half of the records each, for a broker that found it too large. */
  split(): [Batch, Batch] {
    const records = this.#decoded();
    const middle = records.length >>> 1;
    return [this.#part(records, 0, middle), this.#part(records, middle, records.length)];
  }

  #part(records: readonly BatchRecord[], from: number, to: number): Batch {
    const bytes = bufferBytes(Math.ceil(this.records.at / 2));
    const part = new Batch(this.queue, this.order, this.createdAtMs, this.#pool, bytes, this.bytesMax);
    const waiters = new Map<number, readonly [Waiter, number]>();
    this.#each((waiter, index, ticket) => waiters.set(index, [waiter, ticket]));
    for (let index = from; index < to; index++) {
      const { key, value, headers, timestamp } = records[index]!;
      const [waiter, ticket] = waiters.get(index) ?? [null, 0];
      part.append(key, value, headers.length === 0 ? undefined : headers, timestamp, waiter, ticket);
    }
    part.isClosed = true;
    return part;
  }

  #decoded(): BatchRecord[] {
    const plain = new Batch(this.queue, this.order, this.createdAtMs, this.#pool, 0, this.bytesMax);
    const { bytes, at, count, baseTimestamp, maxTimestamp } = this.records;
    Object.assign(plain.records, { bytes: Buffer.from(bytes), at, count, baseTimestamp, maxTimestamp });
    plain.sealFor(
      { producerId: -1, epoch: -1, sequence: -1, isTransactional: false },
      { codecId: 0, level: undefined },
    );
    return decodeBatch(plain.bytes!, 0, recordsBytesMax);
  }

  /** Header's room and records. A second time it is a copy: the first may still wait in a socket. */
  #body(codecId: number, level: number | undefined): Buffer {
    if (this.bytes !== undefined) return Buffer.from(this.bytes);
    const { bytes, at } = this.records;
    if (codecId === 0) return bytes.subarray(0, at);
    const compressed = compress(codecId, bytes.subarray(batchHeaderBytes, at), level);
    const whole = Buffer.allocUnsafeSlow(batchHeaderBytes + compressed.length);
    compressed.copy(whole, batchHeaderBytes);
    return whole;
  }

  #settle(tell: (waiter: Waiter, index: number, ticket: number) => void): void {
    this.#isSettled = true;
    this.#each(tell);
    this.#runs = [];
    this.#lastWaiter = null;
    this.#timestamps = undefined;
    this.#done?.resolve();
  }

  /** Every record that somebody waits for. */
  #each(tell: (waiter: Waiter, index: number, ticket: number) => void): void {
    const runs = this.#runs;
    for (let at = 0; at < runs.length; at += 4) {
      const waiter = runs[at] as Waiter;
      const first = runs[at + 1] as number;
      const ticket = runs[at + 2] as number;
      const end = first + (runs[at + 3] as number);
      for (let index = first; index < end; index++) tell(waiter, index, ticket + index - first);
    }
  }
}

/** Sequences begin anew behind 2^31 - 1. */
export function addSequence(sequence: number, count: number): number {
  return sequence > 0x7fff_ffff - count ? sequence - 0x7fff_ffff - 1 + count : sequence + count;
}

function putInt64(bytes: Buffer, at: number, value: number): void {
  bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}
