/** Earlier readings to take a rate against, so that it is over the last half to whole minute, however often somebody reads. */
const spanMs = 30_000;

export class RateWindow<T> {
  #older: T;
  #newer: T;
  #newerAtMs: number;

  constructor(first: T, nowMs: number) {
    this.#older = first;
    this.#newer = first;
    this.#newerAtMs = nowMs;
  }

  /** The reading to compare `now` with. */
  since(now: T, nowMs: number): T {
    if (nowMs - this.#newerAtMs >= spanMs) {
      this.#older = this.#newer;
      this.#newer = now;
      this.#newerAtMs = nowMs;
    }
    return this.#older;
  }
}
