import type { Batch, KafkaMessage } from '../types/consumer.ts';

/** What one answer brought of a partition. */
export class FetchedBatch implements Batch {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: KafkaMessage[];
  readonly #fetchOffset: bigint;
  readonly #nextOffset: bigint;

  constructor(
    topic: string,
    partition: number,
    highWatermark: bigint,
    messages: KafkaMessage[],
    range: { fetchOffset: bigint; nextOffset: bigint },
  ) {
    this.topic = topic;
    this.partition = partition;
    this.highWatermark = String(highWatermark);
    this.messages = messages;
    this.#fetchOffset = range.fetchOffset;
    this.#nextOffset = range.nextOffset;
  }

  isEmpty(): boolean {
    return this.messages.length === 0;
  }

  /** Where the next fetch goes on; behind records that are left out too. */
  get nextOffset(): bigint {
    return this.#nextOffset;
  }

  firstOffset(): string {
    return this.messages[0]?.offset ?? String(this.#fetchOffset);
  }

  /** Of the last record, shown or not. */
  lastOffset(): string {
    return String(this.#nextOffset - 1n);
  }

  offsetLag(): string {
    return String(BigInt(this.highWatermark) - this.#nextOffset);
  }

  /** Of the first. */
  offsetLagLow(): string {
    return String(BigInt(this.highWatermark) - 1n - BigInt(this.firstOffset()));
  }
}
