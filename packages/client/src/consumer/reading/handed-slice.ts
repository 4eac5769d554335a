/** Records of one partition that a reader has in hand, and how far it has come with them. */
import type { ConsumerRecord } from './consumer-record.ts';

export type AnyRecord = ConsumerRecord<unknown, unknown>;

export class HandedSlice {
  readonly records: AnyRecord[];
  /** How many were given to the reader. */
  index = 0;
  /** How many may be given: fewer than there are when they were taken away (seek, pause, revocation). */
  end: number;
  /** How many the reader is done with. */
  done = 0;
  /** Which are done before one that came earlier. */
  readonly doneAhead = new Set<number>();
  /** Records that take their place when they are decoded. */
  pending: readonly PromiseLike<AnyRecord>[] | undefined;
  #nextOffset: bigint;
  readonly #leaderEpoch: number;

  constructor(records: AnyRecord[], nextOffset: bigint, leaderEpoch: number) {
    this.records = records;
    this.end = records.length;
    this.#nextOffset = nextOffset;
    this.#leaderEpoch = leaderEpoch;
  }

  /** Where reading goes on behind them; may lie behind the last by more than one. */
  get nextOffset(): bigint {
    return this.#nextOffset;
  }

  /** Of the batch that the last one was in. */
  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** Of the next record that will be given. */
  get position(): bigint {
    return this.offsetAt(this.index);
  }

  /** Of the first record that the reader is not done with. */
  get processed(): bigint {
    return this.offsetAt(this.done);
  }

  offsetAt(index: number): bigint {
    return index < this.records.length ? this.records[index]!.offset : this.#nextOffset;
  }

  /** Of the record before; undefined for the first. */
  epochBefore(index: number): number | undefined {
    return index === 0 ? undefined : (this.records[index - 1]!.leaderEpoch ?? -1);
  }

  /** Ends it before the record at `index`. */
  cut(index: number): void {
    this.#nextOffset = this.offsetAt(index);
    this.records.length = index;
    this.end = Math.min(this.end, index);
  }
}
