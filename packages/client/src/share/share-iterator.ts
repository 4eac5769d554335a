/**
 * Reading by iteration. In: deliveries. Out: records one by one, or batches. In implicit mode a record is done with when the user comes for the
 * next one; leaving the loop leaves the last one open until something else is asked for.
 */
import { ReadingIterator } from '../consumer/reading/reading-iterator.ts';
import type { Turns } from '../consumer/reading/turns.ts';
import { acknowledgeCodes } from './acknowledgement.ts';
import type { Delivery } from './delivery.ts';
import { ShareBatch } from './share-batch.ts';
import type { ShareQueue, ShareReader } from './share-queue.ts';

abstract class DeliveryIterator<T> extends ReadingIterator<T> implements ShareReader {
  protected readonly queue: ShareQueue;
  protected delivery: Delivery | undefined;

  /** Throws `ClientError` STATE when somebody else reads. */
  constructor(queue: ShareQueue, turns: Turns, signal?: AbortSignal) {
    super(turns, signal);
    this.queue = queue;
    queue.enter(this);
    this.listen();
  }

  protected get isEnded(): boolean {
    return this.queue.isEnded;
  }

  protected comeForMore(): boolean {
    if (this.delivery !== undefined && this.delivery.left > 0) return true;
    this.delivery = undefined;
    return false;
  }

  protected take(): boolean | undefined | Promise<boolean> {
    const found = this.queue.next();
    if (!(found instanceof Promise)) return this.#has(found) || undefined;
    return found.then((delivery) => this.#has(delivery));
  }

  protected override waits(): void {
    this.queue.hunger();
  }

  protected stop(): void {}

  #has(delivery: Delivery | undefined): boolean {
    this.delivery = delivery;
    return delivery !== undefined;
  }

  protected leave(): void {
    this.queue.leave(this);
    if (this.delivery !== undefined) this.queue.giveBack(this.delivery);
    this.delivery = undefined;
  }
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
