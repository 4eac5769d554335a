/**
 * An idempotent producer: up to five batches under way, sent again with the same sequences, in the same order, until each is answered.
 * Every value it has begun to send is acknowledged before it ends, but for two cases in which it begins anew, as with Kafka. A snapshot of
 * producers tells only the last batch of each: after a start the ones before it may not be known any more. And a partition that knows
 * nothing of a producer takes any sequence: when the first batch was refused, by a full disk, the second one may have come in its place.
 */
import { errorName, errors } from '@millrace/protocol';

import { Client, type Surroundings } from './client.ts';
import { batchOfValues, valueOf } from './value.ts';

export interface ProducerOptions {
  readonly topic: string;
  readonly partitionCount: number;
}

interface Batch {
  readonly partition: number;
  readonly values: readonly string[];
  readonly bytes: Buffer;
  /** The broker's when it was sent first. */
  readonly life: number;
}

const batchesUnderWayMax = 5;

export class IdempotentProducer extends Client {
  readonly #options: ProducerOptions;
  readonly #sequences = new Map<number, number>();
  /** Partitions that have taken something of this producer id. */
  readonly #known = new Set<number>();
  #producerId = -1;
  #producerEpoch = -1;

  constructor(surroundings: Surroundings, name: string, options: ProducerOptions) {
    super(surroundings, name);
    this.#options = options;
  }

  async run(): Promise<void> {
    while (!this.isEnding) {
      await this.pause(20, 900);
      if (this.#producerId < 0) await this.#begin();
      let batches = this.#batches();
      while (batches.length > 0) {
        batches = await this.#attempt(batches);
        if (batches.length > 0) await this.pause(20, 200);
      }
    }
  }

  async #begin(): Promise<void> {
    while (this.#producerId < 0) {
      const answer = await this.ask('initProducerId', 4, { transactionalId: null, transactionTimeoutMs: 60_000 });
      if (answer?.errorCode === errors.NONE) {
        this.#producerId = answer.producerId;
        this.#producerEpoch = answer.producerEpoch;
        return;
      }
      if (answer !== undefined) this.mustBeRetriable('InitProducerId', answer.errorCode);
      await this.pause(50, 200);
    }
  }

  #batches(): Batch[] {
    return Array.from({ length: this.chance.integer(1, batchesUnderWayMax) }, () => {
      const { topic, partitionCount } = this.#options;
      const partition = this.chance.random.below(partitionCount);
      const first = this.#sequences.get(partition) ?? 0;
      const count = this.chance.integer(1, 4);
      this.#sequences.set(partition, first + count);
      const values = Array.from({ length: count }, (_, index) => valueOf(this.name, partition, first + index));
      const bytes = batchOfValues(this.chance, values, this.clockMs, {
        producerId: this.#producerId,
        producerEpoch: this.#producerEpoch,
        baseSequence: first,
      });
      this.history.add({ kind: 'sent', producer: this.name, guarantee: 'idempotent', topic, partition, values });
      return { partition, values, bytes, life: this.surroundings.life() };
    });
  }

  /** Gives those that have to be sent again. */
  async #attempt(batches: readonly Batch[]): Promise<Batch[]> {
    const { topic } = this.#options;
    const wire = await this.wire();
    const answers = await Promise.all(
      batches.map(({ partition, bytes }) =>
        wire.send('produce', this.chance.integer(9, 12), {
          acks: -1,
          timeoutMs: 1_000,
          topicData: [{ name: topic, partitionData: [{ index: partition, records: bytes }] }],
        }),
      ),
    );
    const left: Batch[] = [];
    const knownBefore = new Set(this.#known);
    for (const [index, batch] of batches.entries()) {
      const { partition, values } = batch;
      const entry = answers[index]?.responses[0]?.partitionResponses[0];
      if (entry?.errorCode === errors.NONE) {
        const { baseOffset } = entry;
        this.history.add({ kind: 'acked', producer: this.name, topic, partition, values, baseOffset, acks: -1 });
        this.#known.add(partition);
        if (!knownBefore.has(partition) && left.some((other) => other.partition === partition))
          return this.#forget(values);
        continue;
      }
      // What follows a batch that failed has to be out of order.
      const isBehindOther = left.some((other) => other.partition === partition);
      const isOutOfOrder = entry?.errorCode === errors.OUT_OF_ORDER_SEQUENCE_NUMBER;
      if (isOutOfOrder && !isBehindOther && batch.life < this.surroundings.life()) return this.#forget(values);
      if (entry !== undefined && !(isBehindOther && isOutOfOrder)) {
        this.mustBeRetriable(`batch ${values[0]}`, entry.errorCode);
        this.history.trace(`${values[0]} ${errorName(entry.errorCode)}`);
      }
      left.push(batch);
    }
    if (left.length > 0) this.disconnect();
    return left;
  }

  /** Nobody knows what became of them. */
  #forget(values: readonly string[]): Batch[] {
    this.history.trace(`${this.name} gives up ${values[0]}`);
    this.#producerId = -1;
    this.#known.clear();
    return [];
  }
}
