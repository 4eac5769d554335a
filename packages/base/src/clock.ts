/** Time as the core sees it. `now` is the wall clock (ms since 1970), `monotonic` never goes back (ms). */
export interface Clock {
  now(): number;
  monotonic(): number;
}

/** A running timer; `cancel` after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** One-shot timers. A callback never runs inside `after`. */
export interface Timers {
  after(delayMs: number, callback: () => void): Timer;
}
