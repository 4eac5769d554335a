/**
 * The records of one slice, worked on side by side, but those of one key in order. In: a slice. Out: calls of the user's handler; the slice's
 * `done` is the first record that is not finished, so what is committed never leaves one out that is.
 *
 * A record whose turn has not come when reading stops is given again later; one that is finished before an older one is remembered
 * in the slice, and not handled twice unless somebody else gets the partition.
 */
import type { HandedSlice } from './handed-slice.ts';
import { storedKeyOf } from './decoded-record.ts';
import type { Turns } from './turns.ts';

export interface KeyedWorkOptions {
  readonly slice: HandedSlice;
  /** The user's handler, by the index of the record. */
  readonly call: (index: number) => unknown;
  readonly keysMax: number;
  readonly turns: Turns;
  readonly isHalted: () => boolean;
}

export class KeyedWork {
  readonly #options: KeyedWorkOptions;
  readonly #slice: HandedSlice;
  /** Keys at work → records that wait for their turn. */
  readonly #lanes = new Map<string, number[]>();
  readonly #called = new Set<number>();
  readonly #ended = Promise.withResolvers<void>();
  #next: number;
  #active = 0;
  #isPausing = false;
  #failure: { readonly error: unknown; readonly index: number } | undefined;

  constructor(options: KeyedWorkOptions) {
    this.#options = options;
    this.#slice = options.slice;
    this.#next = options.slice.index;
  }

  /** Which record's handler has thrown. */
  get failedAt(): number | undefined {
    return this.#failure?.index;
  }

  /** Settles when no handler is at work and none is to be called. Throws what a handler has thrown first. */
  run(): Promise<void> {
    this.#pump();
    return this.#ended.promise;
  }

  #pump(): void {
    const { turns, keysMax } = this.#options;
    while (!this.#isPausing && this.#active < keysMax && this.#mayCall(this.#next)) {
      const index = this.#next++;
      if (this.#slice.doneAhead.has(index)) this.#count(index);
      else this.#queue(index);
      if ((index & 63) === 63 && turns.isDue) this.#pause();
    }
    if (this.#active > 0 || this.#isPausing) return;
    this.#sweep();
    if (this.#failure === undefined) this.#ended.resolve();
    else this.#ended.reject(this.#failure.error);
  }

  #pause(): void {
    this.#isPausing = true;
    void this.#options.turns.next().then(() => {
      this.#isPausing = false;
      this.#pump();
    });
  }

  #mayCall(index: number): boolean {
    return this.#failure === undefined && index < this.#slice.end && !this.#options.isHalted();
  }

  /** Behind those of its key; at once where there are none. Records without a key wait for nobody. */
  #queue(index: number): void {
    const key = storedKeyOf(this.#slice.records[index]!)?.toString('latin1');
    const lane = key === undefined ? undefined : this.#lanes.get(key);
    if (lane !== undefined) return void lane.push(index);
    if (key !== undefined) this.#lanes.set(key, []);
    this.#call(index, key);
  }

  #call(index: number, key: string | undefined): void {
    this.#count(index);
    this.#active++;
    try {
      const pending = this.#options.call(index);
      if (!isPromise(pending)) return this.#finish(index, key);
      pending.then(
        () => {
          this.#finish(index, key);
          this.#pump();
        },
        (error: unknown) => {
          this.#fail(index, error);
          this.#pump();
        },
      );
    } catch (error) {
      this.#fail(index, error);
    }
  }

  #finish(index: number, key: string | undefined): void {
    this.#active--;
    this.#slice.doneAhead.add(index);
    this.#sweep();
    const next = key === undefined ? undefined : this.#lanes.get(key)?.shift();
    if (next !== undefined && this.#mayCall(next)) this.#call(next, key);
    else if (key !== undefined) this.#lanes.delete(key);
  }

  #sweep(): void {
    const slice = this.#slice;
    while (slice.doneAhead.delete(slice.done)) slice.done++;
  }

  #fail(index: number, error: unknown): void {
    this.#active--;
    this.#failure ??= { error, index };
  }

  /** Was called, now or before: the slice stands at the first that was not. */
  #count(index: number): void {
    this.#called.add(index);
    while (this.#called.delete(this.#slice.index)) this.#slice.index++;
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
