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
import type { PartitionQueue } from './partition-queue.ts';
import { type Field, RecordBuffer } from './record-buffer.ts';
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

export class Batch {
  readonly queue: PartitionQueue;
  /** Among the batches of its partition; halves of one have the same. */
  readonly order: number;
  readonly createdAtMs: number;
  readonly bytesMax: number;
  readonly records: RecordBuffer;
  /** Takes no more records. */
  isClosed = false;
  /** Of the memory, while it does not know its own size. */
  bytesReserved = 0;
  tries = 0;
  retryAtMs = 0;
  /** Whether it may be in the log although no answer said so. */
  isDoubtful = false;
  seal: BatchSeal | undefined;
  /** As it is sent. */
  bytes: Buffer | undefined;
  #waiters: (Waiter | null)[] = [];
  #tickets: number[] = [];
  /** Only where they differ from the first. */
  #timestamps: number[] | undefined;
  #isSettled = false;
  #done: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(queue: PartitionQueue, order: number, createdAtMs: number, bytes: number, bytesMax: number) {
    this.queue = queue;
    this.order = order;
    this.createdAtMs = createdAtMs;
    this.bytesMax = bytesMax;
    this.records = new RecordBuffer(bytes);
  }

  get count(): number {
    return this.records.count;
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
    this.#waiters.push(waiter);
    this.#tickets.push(ticket);
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
    const waiters = this.#waiters;
    const tickets = this.#tickets;
    const timestamps = this.#timestamps;
    const { baseTimestamp } = this.records;
    this.#settled();
    for (let index = 0; index < waiters.length; index++) {
      const waiter = waiters[index]!;
      if (waiter === null) continue;
      waiter.sent(place, index, timestamps === undefined ? baseTimestamp : timestamps[index]!, tickets[index]!);
    }
  }

  fail(error: ClientError): void {
    this.failEach(() => error);
  }

  failEach(errorOf: (index: number) => ClientError): void {
    if (this.#isSettled) return;
    const waiters = this.#waiters;
    const tickets = this.#tickets;
    this.#settled();
    for (const [index, waiter] of waiters.entries()) waiter?.failed(errorOf(index), tickets[index]!);
  }

  /** Two batches with half of the records each, for a broker that found it too large. */
  split(): [Batch, Batch] {
    const records = this.#decoded();
    const middle = records.length >>> 1;
    return [this.#part(records, 0, middle), this.#part(records, middle, records.length)];
  }

  #part(records: readonly BatchRecord[], from: number, to: number): Batch {
    const part = new Batch(this.queue, this.order, this.createdAtMs, Math.ceil(this.records.at / 2), this.bytesMax);
    for (let index = from; index < to; index++) {
      const { key, value, headers, timestamp } = records[index]!;
      part.append(
        key,
        value,
        headers.length === 0 ? undefined : headers,
        timestamp,
        this.#waiters[index]!,
        this.#tickets[index]!,
      );
    }
    part.isClosed = true;
    return part;
  }

  #decoded(): BatchRecord[] {
    const plain = new Batch(this.queue, this.order, this.createdAtMs, 0, this.bytesMax);
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

  #settled(): void {
    this.#isSettled = true;
    this.#waiters = [];
    this.#tickets = [];
    this.#timestamps = undefined;
    this.#done?.resolve();
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
