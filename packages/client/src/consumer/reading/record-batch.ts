import type { Cursor } from '../fetch/cursor.ts';
import type { ConsumerRecord } from './consumer-record.ts';
import type { HandedSlice } from './handed-slice.ts';

/** Records of one partition that came together, in order. */
export class RecordBatch<R = ConsumerRecord> {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly R[];
  /** Where the partition goes on behind these records; what a commit of them has to say. */
  readonly nextOffset: bigint;
  /** The end of what is replicated, when they were fetched. */
  readonly highWatermark: bigint;
  /** How many offsets were between these records and what could be read then. */
  readonly lag: bigint;

  constructor(
    { topic, partition, highWatermark, readableEnd }: Cursor,
    { nextOffset }: HandedSlice,
    records: readonly unknown[],
  ) {
    this.topic = topic;
    this.partition = partition;
    this.records = records as readonly R[];
    this.nextOffset = nextOffset;
    this.highWatermark = highWatermark;
    this.lag = readableEnd > nextOffset ? readableEnd - nextOffset : 0n;
  }

  get length(): number {
    return this.records.length;
  }

  [Symbol.iterator](): Iterator<R> {
    return this.records[Symbol.iterator]();
  }
}
