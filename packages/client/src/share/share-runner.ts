/**
 * Reading by handlers. In: deliveries. Out: calls of the user's handler, as many at a time as is wanted, in no order that could be relied on.
 * In implicit mode a record is accepted when its call is done, and released when it throws.
 *
 * A handler that gives no promise costs a call and nothing else.
 */
import type { Clock } from '@millrace/base';

import type { HandlerContext } from '../consumer/reading/runner.ts';
import type { Turns } from '../consumer/reading/turns.ts';
import { ClientError, isClientError } from '../error.ts';
import { acknowledgeCodes } from './acknowledgement.ts';
import type { Delivery } from './delivery.ts';
import { ShareBatch } from './share-batch.ts';
import { beginProcess, type ProcessEnd } from './share-channel.ts';
import type { ShareQueue, ShareReader } from './share-queue.ts';

export interface ShareRunnerOptions<R> {
  readonly queue: ShareQueue;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly eachRecord?: ((record: R, context: HandlerContext) => unknown) | undefined;
  readonly eachBatch?: ((batch: ShareBatch<R>, context: HandlerContext) => unknown) | undefined;
  /** How many calls are at work at a time. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
}

export class ShareRunner<R> implements ShareReader {
  readonly ended: Promise<void>;
  readonly #options: ShareRunnerOptions<R>;
  readonly #stopping = new AbortController();
  readonly #context: HandlerContext;
  #active = 0;
  #failure: ClientError | undefined;
  #woken: (() => void) | undefined;
  #isIdle = false;

  /** Begins at once. Throws `ClientError` STATE when somebody else reads. */
  constructor(options: ShareRunnerOptions<R>) {
    options.queue.enter(this);
    this.#options = options;
    this.#context = { signal: this.#stopping.signal };
    options.signal?.addEventListener('abort', this.#aborted);
    this.ended = this.#run();
  }

  get isIdle(): boolean {
    return this.#isIdle;
  }

  wake(): void {
    this.#woken?.();
  }

  async #run(): Promise<void> {
    const { queue, signal } = this.#options;
    try {
      while (!this.#isOver) await this.#turn();
    } catch (error) {
      if (!isClientError(error)) throw error;
      this.#failure ??= error;
    } finally {
      this.#stopping.abort(this.#failure);
      // Handlers at work come to their end first.
      while (this.#active > 0) await this.#wait();
      queue.leave(this);
      signal?.removeEventListener('abort', this.#aborted);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #turn(): Promise<void> {
    const { queue, turns, concurrency } = this.#options;
    if (turns.isDue) await turns.next();
    if (this.#active >= concurrency) return await this.#wait();
    const found = queue.next();
    const delivery = await found;
    if (delivery !== undefined) await this.#serve(delivery);
    else if (!(found instanceof Promise) && !this.#isOver) {
      this.#isIdle = true;
      const woken = this.#wait();
      queue.hunger();
      await woken;
      this.#isIdle = false;
      turns.begin();
    }
  }

  async #serve(delivery: Delivery): Promise<void> {
    const { queue, turns, concurrency, eachBatch } = this.#options;
    while (delivery.left > 0 && !this.#isOver) {
      if (turns.isDue) await turns.next();
      else if (this.#active >= concurrency) await this.#wait();
      else if (eachBatch === undefined) this.#record(delivery);
      else this.#batch(delivery);
    }
    queue.giveBack(delivery);
  }

  #record(delivery: Delivery): void {
    const { queue, eachRecord } = this.#options;
    const index = delivery.handed;
    const record = delivery.hand();
    queue.handedCount++;
    if (queue.isImplicit) delivery.begin(index);
    this.#call(delivery, index, index + 1, () => eachRecord!(record as R, this.#context));
  }

  #batch(delivery: Delivery): void {
    const { queue, eachBatch } = this.#options;
    const from = delivery.handed;
    const batch = ShareBatch.of<R>(delivery, queue);
    if (queue.isImplicit) for (let index = from; index < delivery.handed; index++) delivery.begin(index);
    this.#call(delivery, from, delivery.handed, () => eachBatch!(batch, this.#context));
  }

  #call(delivery: Delivery, from: number, to: number, handle: () => unknown): void {
    const { queue, clock } = this.#options;
    const told = beginProcess(queue.who, clock, delivery, from, to);
    try {
      const pending = handle();
      if (!isPromise(pending)) return this.#done(delivery, from, to, told);
      this.#active++;
      pending.then(
        () => this.#returned(() => this.#done(delivery, from, to, told)),
        (error: unknown) => this.#returned(() => this.#threw(delivery, from, to, error, told)),
      );
    } catch (error) {
      this.#threw(delivery, from, to, error, told);
    }
  }

  #returned(how: () => void): void {
    this.#active--;
    how();
    this.wake();
  }

  #done(delivery: Delivery, from: number, to: number, told: ProcessEnd | undefined): void {
    told?.();
    if (!this.#options.queue.isImplicit) return;
    for (let index = from; index < to; index++) delivery.markHeld(index, acknowledgeCodes.accept);
  }

  #threw(delivery: Delivery, from: number, to: number, error: unknown, told: ProcessEnd | undefined): void {
    told?.(error);
    for (let index = from; index < to; index++) delivery.markHeld(index, acknowledgeCodes.release);
    const reason = error instanceof Error ? error.message : String(error);
    const text = `The handler has thrown at ${delivery.topic}-${delivery.partition}, offset ${delivery.offsetOf(from)}; what it has not acknowledged is released: ${reason}`;
    this.#failure ??= new ClientError('HANDLER', text, { cause: error });
  }

  get #isOver(): boolean {
    const { queue, signal } = this.#options;
    return this.#failure !== undefined || signal?.aborted === true || queue.isEnded;
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => (this.#woken = resolve));
    this.#woken = undefined;
  }

  readonly #aborted = (): void => this.wake();
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
