/** Cursors that have something for a reader, in turns. In: cursors that say so. Out: the next one, and a wake-up for who waits. */
import type { ClientError } from '../../error.ts';
import type { Cursor } from '../fetch/cursor.ts';
import type { ConsumedMessage } from './consume-channel.ts';
import type { HandedSlice } from './handed-slice.ts';
import type { PollMetrics } from './poll-metrics.ts';

/** Whoever hands records to the user; there is one at a time. */
export interface Reader {
  /** It waits for records. */
  readonly isIdle: boolean;
  /** Whether what was given out is not what is processed: several records may be at work. */
  readonly isParallel: boolean;
  /** Partitions of which the user has records. */
  readonly inHand: Iterable<Cursor>;
  /** There may be something now: a cursor, a fault, or the end. */
  wake(): void;
  /** A partition is ours now. */
  added?(cursor: Cursor): void;
  /** A partition is not ours any more. */
  removed?(cursor: Cursor): void;
}

export interface ReadyQueueDoors {
  /** A reader has come for more. */
  readonly wanted: () => void;
  /** A reader has taken records of it, up to this offset. */
  readonly taken: (cursor: Cursor, nextOffset: bigint) => void;
  readonly meter: PollMetrics;
}

export class ReadyQueue {
  readonly #ready = new Set<Cursor>();
  readonly #doors: ReadyQueueDoors;
  readonly who: Pick<ConsumedMessage, 'clientId' | 'groupId'>;
  #reader: Reader | undefined;
  #fault: ClientError | undefined;
  #isFaultFinal = false;
  #isEnded = false;

  constructor(who: Pick<ConsumedMessage, 'clientId' | 'groupId'>, doors: ReadyQueueDoors) {
    this.who = who;
    this.#doors = doors;
  }

  get reader(): Reader | undefined {
    return this.#reader;
  }

  set reader(reader: Reader | undefined) {
    this.#reader = reader;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  readable(cursor: Cursor): void {
    if (!cursor.isReadable) return;
    this.#ready.add(cursor);
    this.#reader?.wake();
  }

  add(cursor: Cursor): void {
    this.#reader?.added?.(cursor);
    this.readable(cursor);
  }

  remove(cursor: Cursor): void {
    this.#ready.delete(cursor);
    this.#reader?.removed?.(cursor);
  }

  /** Something that concerns no partition alone. The next reader throws it; one that is final, all after it too. */
  fail(error: ClientError, isFinal: boolean): void {
    if (this.#isFaultFinal) return;
    this.#fault = error;
    this.#isFaultFinal = isFinal;
    this.#reader?.wake();
  }

  clearFault(): void {
    this.#fault = undefined;
    this.#isFaultFinal = false;
  }

  /** Readers come to their end. */
  end(): void {
    this.#isEnded = true;
    this.#reader?.wake();
  }

  /** The cursor to read next. Throws `ClientError`. */
  next(): Cursor | undefined {
    this.#doors.wanted();
    const fault = this.#fault;
    if (fault !== undefined) {
      if (!this.#isFaultFinal) this.#fault = undefined;
      throw fault;
    }
    for (const cursor of this.#ready) {
      this.#ready.delete(cursor);
      if (cursor.isReadable) return cursor;
    }
    const reader = this.#reader;
    this.#doors.meter.waits(reader?.isParallel !== true || reader.isIdle);
    return undefined;
  }

  /** A reader has records of it in hand now. */
  took(cursor: Cursor, { nextOffset }: HandedSlice): void {
    this.#doors.meter.took();
    this.#doors.taken(cursor, nextOffset);
  }
}
