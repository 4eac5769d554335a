/**
 * Reading by partition. In: partitions that come and go, each with its cursor. Out: a stream for each, to be read at its own pace; one that is not
 * read holds up nobody but its own buffer. A stream ends when its partition is given up; leaving the loop over streams ends them all.
 *
 * Within a stream everything is as in a loop over records (`slice-iterator.ts`): a record counts as processed when the next one is asked for.
 */
import { ClientError, isClientError } from '../../error.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cursor, SliceLimits } from '../fetch/cursor.ts';
import type { HandedSlice } from './handed-slice.ts';
import type { Reader, ReadyQueue } from './ready-queue.ts';
import type { RecordBatch } from './record-batch.ts';
import { BatchIterator, RecordIterator, type SliceQueue } from './slice-iterator.ts';
import type { Turns } from './turns.ts';

export interface PartitionStreamsOptions {
  readonly queue: ReadyQueue;
  readonly recordLimits: SliceLimits;
  readonly batchLimits: SliceLimits;
  readonly turns: Turns;
  /** Those that are ours already. */
  readonly cursors: Iterable<Cursor>;
  readonly signal?: AbortSignal | undefined;
}

/** One partition, as long as it is ours. It may be iterated again after a loop over it was left. */
export class PartitionStream<R> implements TopicPartition, AsyncIterable<R, undefined, undefined> {
  readonly topic: string;
  readonly partition: number;
  readonly #options: PartitionStreamsOptions;
  readonly #queue: StreamQueue;

  constructor(queue: StreamQueue, options: PartitionStreamsOptions) {
    this.topic = queue.cursor.topic;
    this.partition = queue.cursor.partition;
    this.#queue = queue;
    this.#options = options;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<R, undefined, undefined> {
    const { recordLimits: limits, turns } = this.#options;
    return new RecordIterator<R>({ queue: this.#queue, limits, turns });
  }

  /** Throws `ClientError` STATE when somebody reads the stream already. */
  batches(): AsyncIterableIterator<RecordBatch<R>, undefined, undefined> {
    const { batchLimits: limits, turns } = this.#options;
    return new BatchIterator<R>({ queue: this.#queue, limits, turns });
  }
}

export class PartitionStreams<R> implements Reader, AsyncIterableIterator<PartitionStream<R>, undefined, undefined> {
  readonly isParallel = true;
  readonly #options: PartitionStreamsOptions;
  readonly #streams = new Map<Cursor, StreamQueue>();
  /** Not given out yet. */
  readonly #fresh: Cursor[] = [];
  #woken: (() => void) | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #failure: ClientError | undefined;
  #isOver = false;
  #isDispatching = false;

  /** Throws `ClientError` STATE when somebody else reads. */
  constructor(options: PartitionStreamsOptions) {
    const { queue, signal, cursors } = options;
    if (queue.reader !== undefined)
      throw new ClientError('STATE', 'This consumer is being read already: end the other loop or run() first.');
    queue.reader = this;
    this.#options = options;
    for (const cursor of cursors) if (!cursor.isHeld) this.added(cursor);
    signal?.addEventListener('abort', this.#aborted);
    if (signal?.aborted === true) this.#aborted();
    this.wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next partition that is ours. Throws `ClientError`: ABORTED, or what stands in the way of reading at all. */
  next(): Promise<IteratorResult<PartitionStream<R>, undefined>> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  async return(): Promise<IteratorResult<PartitionStream<R>, undefined>> {
    this.#end();
    return { value: undefined, done: true };
  }

  get isIdle(): boolean {
    return this.inHand.length === 0;
  }

  get inHand(): Cursor[] {
    return [...this.#streams.values()].flatMap(({ reader }) => [...(reader?.inHand ?? [])]);
  }

  added(cursor: Cursor): void {
    if (this.#isOver || this.#streams.has(cursor)) return;
    this.#streams.set(cursor, new StreamQueue(cursor, this.#options.queue, () => this.#dispatch()));
    this.#fresh.push(cursor);
    this.#woken?.();
  }

  removed(cursor: Cursor): void {
    this.#streams.get(cursor)?.end();
    this.#streams.delete(cursor);
  }

  wake(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    queueMicrotask(() => {
      this.#isDispatching = false;
      this.#dispatch();
    });
  }

  async #step(): Promise<IteratorResult<PartitionStream<R>, undefined>> {
    for (;;) {
      const cursor = this.#fresh.shift();
      const queue = cursor && this.#streams.get(cursor);
      if (queue !== undefined) return { value: new PartitionStream<R>(queue, this.#options), done: false };
      if (cursor !== undefined) continue;
      if (this.#isOver) {
        const failure = this.#failure;
        this.#failure = undefined;
        if (failure !== undefined) throw failure;
        return { value: undefined, done: true };
      }
      await new Promise<void>((resolve) => (this.#woken = resolve));
      this.#woken = undefined;
    }
  }

  /** Tells streams that there is something for them, and the group that somebody reads. */
  #dispatch(): void {
    const { queue } = this.#options;
    if (this.#isOver) return;
    if (queue.isEnded) return this.#end();
    try {
      for (let cursor = queue.next(); cursor !== undefined; cursor = queue.next())
        this.#streams.get(cursor)?.reader?.wake();
    } catch (error) {
      if (!isClientError(error)) throw error;
      this.#end(error);
    }
  }

  #end(failure?: ClientError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#fresh.length = 0;
    const { queue, signal } = this.#options;
    if (queue.reader === this) queue.reader = undefined;
    signal?.removeEventListener('abort', this.#aborted);
    for (const [cursor, stream] of this.#streams) {
      stream.end();
      // The next reader takes it up.
      queue.readable(cursor);
    }
    this.#woken?.();
  }

  readonly #aborted = (): void => {
    this.#end(new ClientError('ABORTED', 'Reading was aborted.', { cause: this.#options.signal?.reason }));
  };
}

/** The queue of one stream: its partition, or nothing. */
class StreamQueue implements SliceQueue {
  readonly cursor: Cursor;
  reader: Reader | undefined;
  readonly who: ReadyQueue['who'];
  readonly #queue: ReadyQueue;
  readonly #came: () => void;
  #isOver = false;

  /** `came`: the user wants more. */
  constructor(cursor: Cursor, queue: ReadyQueue, came: () => void) {
    this.cursor = cursor;
    this.who = queue.who;
    this.#queue = queue;
    this.#came = came;
  }

  get isEnded(): boolean {
    return this.#isOver || this.cursor.isHeld || this.cursor.isGone;
  }

  next(): Cursor | undefined {
    this.#came();
    return !this.isEnded && this.cursor.isReadable ? this.cursor : undefined;
  }

  took(cursor: Cursor, slice: HandedSlice): void {
    this.#queue.took(cursor, slice);
  }

  readable(): void {
    this.reader?.wake();
  }

  end(): void {
    this.#isOver = true;
    // What is in hand is the last.
    this.cursor.stop();
    this.reader?.wake();
  }
}
