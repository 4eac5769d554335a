/**
 * Reading by iteration. In: cursors with records. Out: records one by one, or batches. A record counts as processed when the user comes for
 * the next one; leaving the loop leaves the last one unprocessed, though it is not given again.
 *
 * Records that are at hand cost a promise and its result, which the language demands, and nothing else.
 */
import { ClientError } from '../../error.ts';
import type { Cursor, SliceLimits } from '../fetch/cursor.ts';
import { tellConsumed } from './consume-channel.ts';
import type { HandedSlice } from './handed-slice.ts';
import { ReadingIterator } from './reading-iterator.ts';
import { RecordBatch } from './record-batch.ts';
import type { Reader, ReadyQueue } from './ready-queue.ts';
import type { Turns } from './turns.ts';

/** Where slices come from: all partitions, or one. */
export type SliceQueue = Pick<ReadyQueue, 'reader' | 'isEnded' | 'next' | 'took' | 'who' | 'readable'>;

export interface IteratorOptions {
  readonly queue: SliceQueue;
  readonly limits: SliceLimits;
  readonly turns: Turns;
  readonly signal?: AbortSignal | undefined;
}

abstract class SliceIterator<T> extends ReadingIterator<T> implements Reader {
  readonly isParallel = false;
  readonly #queue: SliceQueue;
  readonly #limits: SliceLimits;
  protected cursor: Cursor | undefined;
  protected slice: HandedSlice | undefined;

  /** Throws `ClientError` STATE when somebody else reads. */
  constructor({ queue, limits, turns, signal }: IteratorOptions) {
    super(turns, signal);
    if (queue.reader !== undefined)
      throw new ClientError('STATE', 'This consumer is being read already: end the other loop or run() first.');
    queue.reader = this;
    this.#queue = queue;
    this.#limits = limits;
    this.listen();
  }

  get inHand(): readonly Cursor[] {
    return this.slice === undefined ? [] : [this.cursor!];
  }

  protected get isEnded(): boolean {
    return this.#queue.isEnded;
  }

  /** The slice in hand is done with, for each call wants another one. */
  protected comeForMore(): boolean {
    const { slice } = this;
    if (slice === undefined) return false;
    this.slice = undefined;
    slice.done = slice.index;
    this.cursor!.release(slice);
    return false;
  }

  protected take(): boolean | undefined | Promise<boolean> {
    const cursor = this.#queue.next();
    if (cursor === undefined) return undefined;
    const slice = take(cursor, this.#limits, this.#queue);
    if (slice === undefined) return false;
    this.cursor = cursor;
    this.slice = slice;
    return slice.pending === undefined || cursor.decoded(slice).then(() => true);
  }

  protected stop(): void {
    if (this.slice !== undefined) this.slice.end = this.slice.index;
  }

  /** The last record is not known to be processed. */
  protected leave(): void {
    if (this.#queue.reader === this) this.#queue.reader = undefined;
    const { slice } = this;
    this.slice = undefined;
    if (slice !== undefined) this.cursor!.release(slice);
  }
}

/** A fault that stays is found again by the next reader. */
export function take(cursor: Cursor, limits: SliceLimits, queue: SliceQueue): HandedSlice | undefined {
  try {
    const slice = cursor.take(limits);
    if (slice !== undefined) {
      queue.took(cursor, slice);
      tellConsumed(cursor, slice, queue.who);
    }
    return slice;
  } catch (error) {
    queue.readable(cursor);
    throw error;
  }
}

export class RecordIterator<R> extends SliceIterator<R> {
  next(): Promise<IteratorResult<R, undefined>> {
    const { slice } = this;
    if (slice !== undefined && slice.index < slice.end && (slice.index & 63) !== 63) {
      slice.done = slice.index;
      return Promise.resolve({ value: slice.records[slice.index++] as R, done: false });
    }
    return this.#next();
  }

  async #next(): Promise<IteratorResult<R, undefined>> {
    if (this.turns.isDue) await this.turns.next();
    for (;;) {
      const { slice } = this;
      if (slice !== undefined && slice.index < slice.end) {
        slice.done = slice.index;
        return { value: slice.records[slice.index++] as R, done: false };
      }
      if (!(await this.advance())) return { value: undefined, done: true };
    }
  }
}

export class BatchIterator<R> extends SliceIterator<RecordBatch<R>> {
  async next(): Promise<IteratorResult<RecordBatch<R>, undefined>> {
    while (await this.advance()) {
      const { cursor, slice } = this;
      // It may have been given back while it was decoded.
      const batch = slice === undefined ? undefined : batchOf<R>(cursor!, slice);
      if (batch !== undefined) return { value: batch, done: false };
    }
    return { value: undefined, done: true };
  }
}

/** What of a slice was not given yet; undefined for nothing. */
export function batchOf<R>(cursor: Cursor, slice: HandedSlice): RecordBatch<R> | undefined {
  const { index, end, records } = slice;
  if (index >= end) return undefined;
  slice.index = records.length;
  return new RecordBatch<R>(cursor, slice, index === 0 ? records : records.slice(index));
}
