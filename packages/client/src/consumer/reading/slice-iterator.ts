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

abstract class SliceIterator<T> implements Reader, AsyncIterableIterator<T, undefined, undefined> {
  readonly isParallel = false;
  readonly #options: IteratorOptions;
  #woken: (() => void) | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;
  protected readonly turns: Turns;
  protected cursor: Cursor | undefined;
  protected slice: HandedSlice | undefined;

  /** Throws `ClientError` STATE when somebody else reads. */
  constructor(options: IteratorOptions) {
    const { queue, signal } = options;
    if (queue.reader !== undefined)
      throw new ClientError('STATE', 'This consumer is being read already: end the other loop or run() first.');
    queue.reader = this;
    this.#options = options;
    this.turns = options.turns;
    signal?.addEventListener('abort', this.#aborted);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  abstract next(): Promise<IteratorResult<T, undefined>>;

  get isIdle(): boolean {
    return this.#woken !== undefined;
  }

  get inHand(): readonly Cursor[] {
    return this.slice === undefined ? [] : [this.cursor!];
  }

  wake(): void {
    this.#woken?.();
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return { value: undefined, done: true };
  }

  /** The next slice becomes `slice`. False: there will be none. Calls that come while one waits are served in order. */
  protected advance(): Promise<boolean> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  async #step(): Promise<boolean> {
    const { queue, limits, turns, signal } = this.#options;
    this.#release();
    try {
      for (;;) {
        if (signal?.aborted === true)
          throw new ClientError('ABORTED', 'Reading was aborted.', { cause: signal.reason });
        if (this.#isOver || queue.isEnded) {
          this.#end();
          return false;
        }
        if (turns.isDue) {
          await turns.next();
          continue;
        }
        const cursor = queue.next();
        if (cursor === undefined) {
          await this.#wait();
          turns.begin();
          continue;
        }
        const slice = take(cursor, limits, queue);
        if (slice === undefined) continue;
        this.cursor = cursor;
        this.slice = slice;
        if (slice.pending !== undefined) await cursor.decoded(slice);
        return true;
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => (this.#woken = resolve));
    this.#woken = undefined;
  }

  #release(): void {
    const { slice } = this;
    if (slice === undefined) return;
    this.slice = undefined;
    slice.done = slice.index;
    this.cursor!.release(slice);
  }

  /** What is in hand goes back as it is: the last record is not known to be processed. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { queue, signal } = this.#options;
    if (queue.reader === this) queue.reader = undefined;
    signal?.removeEventListener('abort', this.#aborted);
    const { slice } = this;
    this.slice = undefined;
    if (slice !== undefined) this.cursor!.release(slice);
    this.wake();
  }

  readonly #aborted = (): void => {
    if (this.slice !== undefined) this.slice.end = this.slice.index;
    this.wake();
  };
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
