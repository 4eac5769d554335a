/**
 * Reading by iteration. In: deliveries. Out: records one by one, or batches. In implicit mode a record is done with when the user comes for the
 * next one; leaving the loop leaves the last one open until something else is asked for.
 */
import { ClientError } from '../error.ts';
import type { Turns } from '../consumer/reading/turns.ts';
import { acknowledgeCodes } from './acknowledgement.ts';
import type { Delivery } from './delivery.ts';
import { ShareBatch } from './share-batch.ts';
import type { ShareQueue, ShareReader } from './share-queue.ts';

abstract class DeliveryIterator<T> implements ShareReader, AsyncIterableIterator<T, undefined, undefined> {
  readonly #turns: Turns;
  readonly #signal: AbortSignal | undefined;
  #woken: (() => void) | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;
  protected readonly queue: ShareQueue;
  protected delivery: Delivery | undefined;

  /** Throws `ClientError` STATE when somebody else reads. */
  constructor(queue: ShareQueue, turns: Turns, signal?: AbortSignal) {
    queue.enter(this);
    this.queue = queue;
    this.#turns = turns;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#aborted);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  abstract next(): Promise<IteratorResult<T, undefined>>;

  get isIdle(): boolean {
    return this.#woken !== undefined;
  }

  wake(): void {
    this.#woken?.();
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return { value: undefined, done: true };
  }

  /** The next delivery becomes `delivery`. False: there will be none. Calls that come while one waits are served in order. */
  protected advance(): Promise<boolean> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  async #step(): Promise<boolean> {
    const { queue } = this;
    // An earlier call may have brought it already.
    if (this.delivery !== undefined && this.delivery.left > 0) return true;
    this.delivery = undefined;
    try {
      for (;;) {
        const signal = this.#signal;
        if (signal?.aborted === true)
          throw new ClientError('ABORTED', 'Reading was aborted.', { cause: signal.reason });
        if (this.#isOver || queue.isEnded) {
          this.#end();
          return false;
        }
        if (this.#turns.isDue) await this.#turns.next();
        const found = queue.next();
        this.delivery = await found;
        if (this.delivery !== undefined) return true;
        if (!(found instanceof Promise)) await this.#wait();
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async #wait(): Promise<void> {
    const woken = Promise.withResolvers<void>();
    this.#woken = woken.resolve;
    this.queue.hunger();
    await woken.promise;
    this.#woken = undefined;
    this.#turns.begin();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.queue.leave(this);
    this.#signal?.removeEventListener('abort', this.#aborted);
    if (this.delivery !== undefined) this.queue.giveBack(this.delivery);
    this.delivery = undefined;
    this.wake();
  }

  readonly #aborted = (): void => this.wake();
}

export class ShareRecordIterator<R> extends DeliveryIterator<R> {
  next(): Promise<IteratorResult<R, undefined>> {
    const { delivery, queue } = this;
    if (delivery === undefined || delivery.left <= 0) return this.#next();
    if (queue.isImplicit && delivery.handed > 0) delivery.markHeld(delivery.handed - 1, acknowledgeCodes.accept);
    queue.handedCount++;
    return Promise.resolve({ value: delivery.hand() as R, done: false });
  }

  async #next(): Promise<IteratorResult<R, undefined>> {
    if (!(await this.advance())) return { value: undefined, done: true };
    return await this.next();
  }
}

export class ShareBatchIterator<R> extends DeliveryIterator<ShareBatch<R>> {
  async next(): Promise<IteratorResult<ShareBatch<R>, undefined>> {
    if (!(await this.advance())) return { value: undefined, done: true };
    return { value: ShareBatch.of<R>(this.delivery!, this.queue), done: false };
  }
}
