/**
 * Reading by handlers. In: cursors with records. Out: calls of the user's handler, one after the other within a partition, and as many
 * partitions at a time as is wanted. A record counts as processed when its call is done.
 *
 * A handler that gives no promise costs a call and nothing else.
 */
import { ClientError, isClientError } from '../../error.ts';
import type { Cursor, SliceLimits } from '../fetch/cursor.ts';
import { KeyedWork } from './keyed-work.ts';
import type { HandedSlice } from './handed-slice.ts';
import type { RecordBatch } from './record-batch.ts';
import type { Reader, ReadyQueue } from './ready-queue.ts';
import { batchOf, take } from './slice-iterator.ts';
import type { Turns } from './turns.ts';

/** What a handler may want to know beside its records. */
export interface HandlerContext {
  /** Aborts when reading stops: the consumer is closing, another handler has failed, or the signal of `run` says so. */
  readonly signal: AbortSignal;
}

export interface RunnerOptions<R> {
  readonly queue: ReadyQueue;
  readonly limits: SliceLimits;
  readonly turns: Turns;
  readonly eachRecord?: ((record: R, context: HandlerContext) => unknown) | undefined;
  readonly eachBatch?: ((batch: RecordBatch<R>, context: HandlerContext) => unknown) | undefined;
  /** How many partitions are worked on at a time. */
  readonly concurrency: number;
  /** How many keys of a partition are worked on at a time; left out: its records one after the other. */
  readonly keysMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Runner<R> implements Reader {
  readonly isParallel = true;
  readonly #options: RunnerOptions<R>;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #context: HandlerContext;
  readonly #active = new Set<Cursor>();
  #failure: ClientError | undefined;
  #isDispatching = false;
  /** No handler is called any more. */
  #isHalted = false;

  /** Begins at once. Throws `ClientError` STATE when somebody else reads. */
  constructor(options: RunnerOptions<R>) {
    const { queue, signal } = options;
    if (queue.reader !== undefined)
      throw new ClientError('STATE', 'This consumer is being read already: end the other loop or run() first.');
    queue.reader = this;
    this.#options = options;
    this.#context = { signal: this.#stopping.signal };
    signal?.addEventListener('abort', this.#aborted);
    this.wake();
  }

  /** Settles when reading stops. Throws `ClientError`: HANDLER, or what stands in the way of a partition. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isIdle(): boolean {
    return this.#active.size === 0;
  }

  get inHand(): Iterable<Cursor> {
    return this.#active;
  }

  wake(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    // Not inside whoever says so: a handler must not run in the middle of something else.
    queueMicrotask(() => this.#dispatch());
  }

  #dispatch(): void {
    const { concurrency, queue, turns, signal } = this.#options;
    this.#isDispatching = false;
    if (signal?.aborted === true || queue.isEnded) this.#stop();
    turns.begin();
    while (!this.#isStopping && this.#active.size < concurrency) {
      if (turns.isDue) return this.#later();
      if (!this.#begin()) return;
    }
    this.#settle();
  }

  #later(): void {
    this.#isDispatching = true;
    void this.#options.turns.next().then(() => this.#dispatch());
  }

  /** False: there is nothing to begin with. */
  #begin(): boolean {
    const { queue, limits } = this.#options;
    try {
      const cursor = queue.next();
      if (cursor === undefined) return false;
      const slice = take(cursor, limits, queue);
      if (slice !== undefined) this.#handle(cursor, slice);
    } catch (error) {
      if (!isClientError(error)) throw error;
      this.#stop(error);
    }
    return true;
  }

  #handle(cursor: Cursor, slice: HandedSlice): void {
    this.#active.add(cursor);
    const { keysMax } = this.#options;
    if (keysMax !== undefined) return void this.#handleByKey(cursor, slice, keysMax);
    try {
      const handle = (): Promise<void> | undefined =>
        this.#options.eachBatch === undefined ? this.#records(slice) : this.#batch(cursor, slice);
      const pending = slice.pending === undefined ? handle() : cursor.decoded(slice).then(handle);
      if (pending === undefined) return this.#release(cursor, slice);
      pending.then(
        () => this.#released(cursor, slice),
        (error: unknown) => this.#threw(cursor, slice, error),
      );
    } catch (error) {
      this.#threw(cursor, slice, error);
    }
  }

  async #handleByKey(cursor: Cursor, slice: HandedSlice, keysMax: number): Promise<void> {
    const { eachRecord, turns } = this.#options;
    await cursor.decoded(slice);
    const call = (index: number): unknown => eachRecord!(slice.records[index] as R, this.#context);
    const work = new KeyedWork({ slice, call, keysMax, turns, isHalted: () => this.#isHalted });
    try {
      await work.run();
    } catch (error) {
      return this.#threw(cursor, slice, error, work.failedAt);
    }
    this.#released(cursor, slice);
  }

  #records(slice: HandedSlice): Promise<void> | undefined {
    const pending = this.#untilPending(slice);
    return pending === undefined ? undefined : this.#awaited(slice, pending);
  }

  async #awaited(slice: HandedSlice, first: PromiseLike<unknown>): Promise<void> {
    for (let pending: PromiseLike<unknown> | undefined = first; pending !== undefined;) {
      await pending;
      slice.done = slice.index;
      if (this.#isHalted) return;
      pending = this.#untilPending(slice);
    }
  }

  /** Calls the handler until it gives a promise, which is handed on, or the loop has to turn. Undefined: all are done. */
  #untilPending(slice: HandedSlice): PromiseLike<unknown> | undefined {
    const { turns } = this.#options;
    const handler = this.#options.eachRecord!;
    const { records } = slice;
    while (slice.index < slice.end && !this.#isHalted) {
      const pending = handler(records[slice.index++] as R, this.#context);
      if (isPromise(pending)) return pending;
      slice.done = slice.index;
      if ((slice.index & 63) === 0 && turns.isDue) return turns.next();
    }
    return undefined;
  }

  #batch(cursor: Cursor, slice: HandedSlice): Promise<void> | undefined {
    const batch = batchOf<R>(cursor, slice);
    if (batch === undefined) return undefined;
    const pending = this.#options.eachBatch!(batch, this.#context);
    const done = (): void => void (slice.done = slice.index);
    if (isPromise(pending)) return Promise.resolve(pending).then(done);
    done();
    return undefined;
  }

  #released(cursor: Cursor, slice: HandedSlice): void {
    this.#release(cursor, slice);
    this.wake();
  }

  #release(cursor: Cursor, slice: HandedSlice): void {
    this.#active.delete(cursor);
    // A slice that ended early because of a stop still has records that were given and are done.
    slice.done = slice.index;
    cursor.release(slice);
  }

  /** The records at hand are given again to the next reader. */
  #threw(cursor: Cursor, slice: HandedSlice, error: unknown, index = slice.done): void {
    const offset = slice.offsetAt(index);
    this.#active.delete(cursor);
    slice.index = slice.done;
    cursor.release(slice);
    this.#stop(handlerError(cursor, offset, error));
    this.wake();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #stop(failure?: ClientError): void {
    this.#isHalted = true;
    this.#failure ??= failure;
    this.#stopping.abort(failure);
    this.#settle();
  }

  /** Handlers at work come to their end first. */
  #settle(): void {
    if (!this.#isStopping || this.#active.size > 0) return;
    const { queue, signal } = this.#options;
    if (queue.reader === this) queue.reader = undefined;
    signal?.removeEventListener('abort', this.#aborted);
    if (this.#failure === undefined) this.#ended.resolve();
    else this.#ended.reject(this.#failure);
  }

  readonly #aborted = (): void => {
    this.#isHalted = true;
    this.wake();
  };
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

function handlerError({ topic, partition }: Cursor, offset: bigint, error: unknown): ClientError {
  const reason = error instanceof Error ? error.message : String(error);
  const text = `The handler has thrown at ${topic}-${partition}, offset ${offset}: ${reason}`;
  return new ClientError('HANDLER', text, { cause: error });
}
