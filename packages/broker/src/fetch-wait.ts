/**
 * Fetches that wait for more bytes. In: a fetch that found less than it asked for. Out: `complete`, once, when enough bytes became
 * readable in its partitions, when its time is over, or when something about a partition changed.
 */
import type { Timer, Timers } from '@millrace/base';

/** A partition, as far as waiting is concerned. */
export interface Awaited {
  readonly waits: Set<FetchWait>;
}

export class FetchWait {
  readonly #partitions: readonly Awaited[];
  readonly #complete: (timedOut: boolean) => void;
  /** Records count only when their transaction is decided. */
  readonly #committedOnly: boolean;
  readonly #timer: Timer;
  #bytesMissing: number;
  #isDone = false;

  constructor(
    timers: Timers,
    partitions: readonly Awaited[],
    wanted: { readonly bytesMissing: number; readonly waitMsMax: number; readonly committedOnly?: boolean },
    complete: (timedOut: boolean) => void,
  ) {
    this.#partitions = partitions;
    this.#bytesMissing = wanted.bytesMissing;
    this.#complete = complete;
    this.#committedOnly = wanted.committedOnly === true;
    for (const partition of partitions) partition.waits.add(this);
    this.#timer = timers.after(wanted.waitMsMax, () => this.finish(true));
  }

  /** `bytes` more can be read from one of the partitions, of which these are decided. */
  readable(bytes: number, decidedBytes = bytes): void {
    const more = this.#committedOnly ? decidedBytes : bytes;
    if (more === 0) return;
    this.#bytesMissing -= more;
    if (this.#bytesMissing <= 0) this.finish(false);
  }

  finish(timedOut: boolean): void {
    if (this.#isDone) return;
    this.cancel();
    this.#complete(timedOut);
  }

  /** Nobody waits for the answer any more. */
  cancel(): void {
    this.#isDone = true;
    this.#timer.cancel();
    for (const partition of this.#partitions) partition.waits.delete(this);
  }
}
