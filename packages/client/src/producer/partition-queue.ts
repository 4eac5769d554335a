/**
 * The batches of one partition, in order: sent and not yet answered, ready to be sent, and the open one that takes records. With
 * idempotence also which sequence is next, by which the broker knows a repetition (KIP-98, KIP-360).
 */
import { addSequence, type Batch } from './batch.ts';
import type { Lane } from './lane.ts';
import type { TopicState } from './topic-state.ts';

export class PartitionQueue {
  readonly topic: TopicState;
  readonly index: number;
  /** The leader's, while there is something to send. */
  lane: Lane | undefined;
  open: Batch | undefined;
  /** In order; those that are sent again stand in front. */
  readonly ready: Batch[] = [];
  /** Oldest first. */
  readonly inFlight: Batch[] = [];
  /** Where those in flight have gone. */
  inFlightLane: Lane | undefined;
  producerId = -1;
  epoch = -1;
  /** Of the next record that gets one. */
  nextSequence = 0;
  /** Behind the last record that was acknowledged. */
  ackedSequence = 0;
  /**
   * The broker has acknowledged a batch of this producer id. Before that it takes any sequence for the first one, so that a second batch
   * could overtake a first that is sent again.
   */
  isKnown = false;
  /** A batch was given up that may be in the log: nothing new is sent until the fate of those behind it has told. */
  isDoubtful = false;
  /** A batch that had a sequence will never be written: those behind it begin anew under a newer epoch. */
  mustRestart = false;
  #orders = 0;
  #bytesUsual = 512;

  constructor(topic: TopicState, index: number) {
    this.topic = topic;
    this.index = index;
  }

  get isEmpty(): boolean {
    return this.open === undefined && this.ready.length === 0;
  }

  /** Batches that wait, for the choice among partitions. */
  get length(): number {
    return this.ready.length + (this.open === undefined ? 0 : 1);
  }

  /** How large a new batch's memory should be to begin with: as much as the last ones needed. */
  get bytesUsual(): number {
    return this.#bytesUsual;
  }

  nextOrder(): number {
    return ++this.#orders;
  }

  /** The open batch takes no more records. */
  closeOpen(): void {
    const { open } = this;
    if (open === undefined) return;
    open.isClosed = true;
    this.open = undefined;
    this.ready.push(open);
    const used = open.records.at;
    this.#bytesUsual = used >= this.#bytesUsual ? Math.ceil(used * 1.125) : (this.#bytesUsual + used) >>> 1;
  }

  /** Back among those to be sent, where it belongs. */
  putBack(batch: Batch): void {
    const { ready } = this;
    let at = 0;
    while (at < ready.length && ready[at]!.order <= batch.order) at++;
    ready.splice(at, 0, batch);
  }

  remove(batch: Batch): void {
    if (this.open === batch) this.open = undefined;
    const at = this.ready.indexOf(batch);
    if (at >= 0) this.ready.splice(at, 1);
  }

  answered(batch: Batch): void {
    const at = this.inFlight.indexOf(batch);
    if (at >= 0) this.inFlight.splice(at, 1);
  }

  /** Whether a batch that has a sequence before this one's is not settled yet. */
  isOldest(batch: Batch): boolean {
    const isBefore = (other: Batch): boolean => other.seal !== undefined && other.order < batch.order;
    return !this.inFlight.some(isBefore) && !this.ready.some(isBefore);
  }

  get hasSealed(): boolean {
    return this.inFlight.length > 0 || this.ready.some(({ seal }) => seal !== undefined);
  }

  takeSequence(count: number): number {
    const sequence = this.nextSequence;
    this.nextSequence = addSequence(sequence, count);
    return sequence;
  }

  /** From 0, for another producer id or epoch; what waits gets new sequences when it is sent. */
  restart(producerId: number, epoch: number): void {
    if (producerId !== this.producerId) this.isKnown = false;
    this.producerId = producerId;
    this.epoch = epoch;
    this.nextSequence = 0;
    this.ackedSequence = 0;
    this.isDoubtful = false;
    this.mustRestart = false;
    for (const batch of this.ready) batch.seal = undefined;
  }
}
