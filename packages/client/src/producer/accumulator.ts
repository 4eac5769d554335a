/**
 * Records → batches. In: one record, serialized. Out: it stands in the open batch of its partition, or there is no memory for it.
 * Who sends the batches is told that there is something to send.
 */
import type { Clock } from '@millrace/base';

import { ClientError } from '../error.ts';
import type { HeadersInput } from '../record.ts';
import { Batch } from './batch.ts';
import type { BufferMemory } from './buffer-memory.ts';
import { BufferPool } from './buffer-pool.ts';
import { partitionOfKey } from './murmur2.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { Partitioner } from './partitioner.ts';
import type { PlainRecord } from './producer-record.ts';
import type { ProducerSettings } from './producer-settings.ts';
import { bufferBytes, type Field, recordBytesMax } from './record-buffer.ts';
import type { StickyRules } from './sticky-partition.ts';
import type { TopicState } from './topic-state.ts';
import type { Waiter } from './waiters.ts';

export interface AccumulatorOptions {
  readonly clock: Clock;
  readonly settings: ProducerSettings;
  readonly memory: BufferMemory;
  readonly sticky: StickyRules;
  readonly partitioner: Partitioner | undefined;
  /** A batch was begun, or is large enough now to leave. */
  readonly grew: (queue: PartitionQueue) => void;
}

/** How many records may share one look at the clock. */
const stampedMax = 32;
const scratch = Buffer.allocUnsafeSlow(4096);
const batchBytesLeast = 256;
/** The part of `buffer.memory` that is kept for the next batches when nothing waits. */
const keptPart = 0.5;

export class Accumulator {
  /** Batches with records that are not settled, oldest first. */
  readonly unsettled = new Set<Batch>();
  readonly #options: AccumulatorOptions;
  readonly #batchBytes: number;
  readonly #pool: BufferPool;
  /** The time of the records of this turn; 0: not looked up yet. */
  #stampMs = 0;
  #stamped = 0;

  constructor(options: AccumulatorOptions) {
    this.#options = options;
    this.#batchBytes = options.settings.batchBytes;
    const { batchBytes, memoryBytes } = options.settings;
    this.#pool = new BufferPool(bufferBytes(batchBytes), memoryBytes * keptPart);
  }

  /** False: there is no memory for it now. Throws `ClientError` when the record cannot be sent at all. */
  append(
    topic: TopicState,
    record: PlainRecord,
    key: Field,
    value: Field,
    waiter: Waiter | null,
    ticket: number,
  ): boolean {
    const { grew } = this.#options;
    const { headers } = record;
    const isSpread = record.partition === undefined && this.#isSpread(key);
    const index = isSpread
      ? topic.sticky.choose(topic, this.#options.sticky)
      : this.#partitionOf(topic, record, key, value);
    const timestamp = record.timestamp ?? this.#now();
    if (!Number.isInteger(timestamp) || timestamp < 0) throw wrongTimestamp(topic, timestamp);
    const queue = topic.queue(index);
    let batch = queue.open;
    if (batch !== undefined) {
      const { isLoad, records } = batch;
      const before = records.at;
      const capacity = records.bytes.length;
      if (batch.append(key, value, headers, timestamp, waiter, ticket)) {
        if (records.bytes.length !== capacity) this.#options.memory.adjust(records.bytes.length - capacity);
        if (isSpread) topic.sticky.produced(records.at - before);
        if (batch.isLoad !== isLoad) grew(queue);
        return true;
      }
      queue.closeOpen();
    }
    const needed = this.#checked(topic, key, value, headers);
    batch = this.#begin(queue, needed);
    if (batch === undefined) return false;
    batch.append(key, value, headers, timestamp, waiter, ticket);
    if (isSpread) topic.sticky.produced(batch.records.at);
    grew(queue);
    return true;
  }

  /** The turn is over. */
  turned(): void {
    this.#stampMs = 0;
  }

  /** Nothing looks at the bytes of the batch any more, no socket and no later try. */
  reuse(batch: Batch): void {
    this.#pool.give(batch.records.bytes);
  }

  /** The batch is settled and no request holds it any more. */
  release(batch: Batch): void {
    this.unsettled.delete(batch);
    this.#options.memory.adjust(-batch.records.bytes.length);
  }

  /** Both halves in place of a batch. */
  replace(batch: Batch, halves: readonly Batch[]): void {
    this.release(batch);
    for (const half of halves) {
      this.unsettled.add(half);
      this.#options.memory.adjust(half.records.bytes.length);
    }
  }

  #now(): number {
    if (this.#stampMs === 0 || ++this.#stamped > stampedMax) {
      this.#stampMs = this.#options.clock.now();
      this.#stamped = 0;
    }
    return this.#stampMs;
  }

  #begin(queue: PartitionQueue, needed: number): Batch | undefined {
    const { clock, memory } = this.#options;
    const { compressionRatio } = queue.topic;
    const bytesMax = compressionRatio < 1 ? Math.floor(this.#batchBytes / compressionRatio) : this.#batchBytes;
    const usual = Math.min(bytesMax, Math.max(batchBytesLeast, queue.bytesUsual));
    const bytes = this.#pool.sizeFor(bufferBytes(Math.max(needed, usual)));
    if (!memory.take(bytes)) return undefined;
    const batch = new Batch(queue, queue.nextOrder(), clock.monotonic(), this.#pool, bytes, bytesMax);
    queue.open = batch;
    this.unsettled.add(batch);
    return batch;
  }

  /** The bytes that a batch needs for it alone. */
  #checked(topic: TopicState, key: Field, value: Field, headers: HeadersInput | undefined): number {
    const { requestBytesMax, memoryBytes } = this.#options.settings;
    const bytes = recordBytesMax(key, value, headers) + 61;
    if (bytes > requestBytesMax || bytes > memoryBytes) {
      const limit =
        bytes > requestBytesMax ? `max.request.size (${requestBytesMax})` : `buffer.memory (${memoryBytes})`;
      throw new ClientError(
        'MESSAGE_TOO_LARGE',
        `A record of "${topic.name}" takes ${bytes} bytes, more than ${limit} allows. Raise that, and max.message.bytes of the topic with it.`,
      );
    }
    return bytes;
  }

  /** Nothing about the record says where it has to go. */
  #isSpread(key: Field): boolean {
    const { partitioner, settings } = this.#options;
    return partitioner === undefined && (key === null || settings.ignoresKeys);
  }

  #partitionOf(topic: TopicState, record: PlainRecord, key: Field, value: Field): number {
    const { partitions } = topic.metadata!;
    const { partitioner } = this.#options;
    const index =
      record.partition ??
      (partitioner === undefined
        ? hashed(key!, partitions.length)
        : partitioner({ ...record, key, value }, topic.metadata!));
    if (!Number.isInteger(index) || index < 0 || index >= partitions.length)
      throw new ClientError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `Topic "${topic.name}" has no partition ${index}${record.partition === undefined ? ', which the partitioner chose' : ''}; it has ${partitions.length}.`,
        { retriable: false },
      );
    return index;
  }
}

const wrongTimestamp = ({ name }: TopicState, timestamp: number): ClientError =>
  new ClientError(
    'SERIALIZATION',
    `A record of "${name}" has the timestamp ${timestamp}; it must be milliseconds since 1970.`,
  );

function hashed(key: Uint8Array | string, partitions: number): number {
  if (typeof key !== 'string') return partitionOfKey(key, partitions);
  if (key.length * 3 > scratch.length) return partitionOfKey(Buffer.from(key), partitions);
  return partitionOfKey(scratch, partitions, scratch.write(key, 0));
}
