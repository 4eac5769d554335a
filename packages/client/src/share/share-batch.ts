import type { TopicPartition } from '../record.ts';
import type { Delivery } from './delivery.ts';
import type { ShareRecord } from './held-record.ts';
import type { ShareQueue } from './share-queue.ts';

/** Records of one partition that were acquired together. */
export class ShareBatch<R = ShareRecord> {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly R[];

  /** All that a delivery has left. */
  static of<R>(delivery: Delivery, queue: ShareQueue): ShareBatch<R> {
    queue.handedCount += delivery.left;
    return new ShareBatch<R>(delivery, delivery.handAll() as readonly unknown[] as readonly R[]);
  }

  constructor({ topic, partition }: TopicPartition, records: readonly R[]) {
    this.topic = topic;
    this.partition = partition;
    this.records = records;
  }

  get length(): number {
    return this.records.length;
  }

  [Symbol.iterator](): Iterator<R> {
    return this.records[Symbol.iterator]();
  }
}
