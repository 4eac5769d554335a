/** So many bytes a second. In: bytes that were moved. Out: how long to wait before the next. */
export class Throttle {
  readonly #bytesPerSecond: number;
  /** When everything so far would have been moved at that speed. */
  #dueMs: number;

  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#dueMs = nowMs;
  }

  after(bytes: number, nowMs: number): number {
    // What was not used is lost, but for a second's worth.
    this.#dueMs = Math.max(this.#dueMs, nowMs - 1000) + (bytes / this.#bytesPerSecond) * 1000;
    return Math.max(0, this.#dueMs - nowMs);
  }
}
