import type { Clock } from '@millrace/base';

const turnMsMax = 4;

/** Lets the loop turn now and then while there is always something to read: answers and heartbeats must come through. */
export class Turns {
  readonly #clock: Clock;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
  }

  get isDue(): boolean {
    return this.#clock.monotonic() - this.#sinceMs > turnMsMax;
  }

  /** Nothing was waited for since. */
  begin(): void {
    this.#sinceMs = this.#clock.monotonic();
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.begin();
        resolve();
      });
    });
  }
}
