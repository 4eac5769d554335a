/**
 * What a broker remembers of a member's fetches (KIP-932). In: the partitions that are to be read. Out: the request, which names only what has
 * changed once a session is open. Fetches and acknowledgements count the same epoch: one request at a time.
 */
import { errors } from '@millrace/protocol';

import type { HeldPartition } from '../consumer/group/held-partitions.ts';

export interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

export interface SessionPart {
  readonly shareSessionEpoch: number;
  readonly added: readonly HeldPartition[];
  readonly forgotten: readonly TopicPartitions[];
}

const openEpoch = 0;
export const finalEpoch = -1;

export class ShareSession {
  #epoch = openEpoch;
  /** What the broker has after the request that was written last. */
  #known: ReadonlyMap<string, HeldPartition> = new Map();

  get isOpen(): boolean {
    return this.#epoch !== openEpoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether the broker has the partition in its session. */
  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** What the next fetch says. Then `answered` or `lost`. */
  next(wanted: ReadonlyMap<string, HeldPartition>): SessionPart {
    const known = this.#known;
    this.#known = new Map(wanted);
    const added = [...wanted].filter(([key]) => !known.has(key)).map(([, partition]) => partition);
    const gone = [...known].filter(([key]) => !wanted.has(key)).map(([, partition]) => partition);
    const forgotten = [...Map.groupBy(gone, ({ topicId }) => topicId)].map(([topicId, of]) => ({
      topicId,
      partitions: of.map(({ partition }) => partition),
    }));
    return { shareSessionEpoch: this.#epoch, added, forgotten };
  }

  /** A request that was refused may have been counted or not: the next fetch opens another session. */
  answered(errorCode: number): void {
    if (errorCode !== errors.NONE) this.lost();
    else this.#epoch = this.#epoch === 0x7fff_ffff ? 1 : this.#epoch + 1;
  }

  lost(): void {
    this.#epoch = openEpoch;
    this.#known = new Map();
  }
}
