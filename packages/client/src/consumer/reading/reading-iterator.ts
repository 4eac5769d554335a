/**
 * The frame of reading by iteration. In: calls of `next` and `return`, a signal, wake-ups of a queue. Out: steps, one after the other, until
 * a kind of iterator has something in hand to give, or there will be nothing more.
 */
import { ClientError } from '../../error.ts';
import type { Turns } from './turns.ts';

export abstract class ReadingIterator<T> implements AsyncIterableIterator<T, undefined, undefined> {
  protected readonly turns: Turns;
  readonly #signal: AbortSignal | undefined;
  #woken: (() => void) | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(turns: Turns, signal: AbortSignal | undefined) {
    this.turns = turns;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  abstract next(): Promise<IteratorResult<T, undefined>>;

  /** It waits for records. */
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

  /** To be called when the queue is ours. */
  protected listen(): void {
    this.#signal?.addEventListener('abort', this.#aborted);
  }

  /** Whether the queue gives nothing any more. */
  protected abstract get isEnded(): boolean;

  /** The user has come for more than is in hand. True: an earlier call has brought more already. */
  protected abstract comeForMore(): boolean;

  /** Brings something into hand. False: it is worth another look; undefined: there is nothing to be had now. Throws `ClientError`. */
  protected abstract take(): boolean | undefined | Promise<boolean>;

  /** It waits from now on. */
  protected waits(): void {}

  /** Somebody has given the signal. */
  protected abstract stop(): void;

  /** Leaves the queue; what is in hand goes back to it. */
  protected abstract leave(): void;

  /** Something comes into hand. False: there will be nothing. Calls that come while one waits are served in order. */
  protected advance(): Promise<boolean> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  async #step(): Promise<boolean> {
    if (this.comeForMore()) return true;
    try {
      for (;;) {
        if (this.#signal?.aborted === true)
          throw new ClientError('ABORTED', 'Reading was aborted.', { cause: this.#signal.reason });
        if (this.#isOver || this.isEnded) {
          this.#end();
          return false;
        }
        if (this.turns.isDue) {
          await this.turns.next();
          continue;
        }
        const taken = this.take();
        if (taken === undefined) await this.#wait();
        else if (typeof taken === 'boolean' ? taken : await taken) return true;
      }
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async #wait(): Promise<void> {
    const woken = Promise.withResolvers<void>();
    this.#woken = woken.resolve;
    this.waits();
    await woken.promise;
    this.#woken = undefined;
    this.turns.begin();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.leave();
    this.wake();
  }

  readonly #aborted = (): void => {
    this.stop();
    this.wake();
  };
}
