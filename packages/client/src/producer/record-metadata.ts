/** Where a record has gone. */
import { inspect } from 'node:util';

/** What all records of a batch share. */
export interface BatchPlace {
  readonly topic: string;
  readonly partition: number;
  /** Of the first record; -1 when nobody was asked (acks 0), or when the broker does not remember (a duplicate from long ago). */
  readonly baseOffset: bigint;
  /** -1 where the topic keeps the times of its producers. */
  readonly logAppendTimeMs: number;
  /** -1 where the broker does not say. */
  readonly logStartOffset: bigint;
}

export class RecordMetadata {
  readonly #place: BatchPlace;
  readonly #index: number;
  readonly #timestamp: number;

  constructor(place: BatchPlace, index: number, timestamp: number) {
    this.#place = place;
    this.#index = index;
    this.#timestamp = timestamp;
  }

  get topic(): string {
    return this.#place.topic;
  }

  get partition(): number {
    return this.#place.partition;
  }

  /** -1 when it is not known: with acks 0. */
  get offset(): bigint {
    const { baseOffset } = this.#place;
    return baseOffset < 0n ? -1n : baseOffset + BigInt(this.#index);
  }

  /** Of the first record of the batch that it was sent in. */
  get baseOffset(): bigint {
    return this.#place.baseOffset;
  }

  /** As it stands in the log: the record's own, or that of the append where the topic says so. */
  get timestamp(): number {
    const { logAppendTimeMs } = this.#place;
    return logAppendTimeMs >= 0 ? logAppendTimeMs : this.#timestamp;
  }

  /** -1 where the topic keeps the times of its producers. */
  get logAppendTimeMs(): number {
    return this.#place.logAppendTimeMs;
  }

  /** Of the partition, when it was written; -1 where the broker does not say. */
  get logStartOffset(): bigint {
    return this.#place.logStartOffset;
  }

  [inspect.custom](): object {
    const { topic, partition, offset, timestamp } = this;
    return { topic, partition, offset, timestamp };
  }
}
