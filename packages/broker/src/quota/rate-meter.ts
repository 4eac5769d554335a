/**
 * A rate over sliding windows, with Kafka's arithmetic: a number of whole windows and the one under way, whose sum is set against the
 * time they really span, but never against less than the whole windows. So a quota may be used up at once, and then takes as long to
 * come back as it would have taken to be used.
 */
export interface Windows {
  /** `quota.window.num` */
  readonly count: number;
  /** `quota.window.size.seconds`, in milliseconds. */
  readonly sizeMs: number;
}

interface Window {
  startedAtMs: number;
  lastAtMs: number;
  sum: number;
}

export class RateMeter {
  readonly #windows: Windows;
  readonly #ring: Window[];
  #current = 0;

  constructor(windows: Windows, nowMs: number) {
    this.#windows = windows;
    this.#ring = [{ startedAtMs: nowMs, lastAtMs: nowMs, sum: 0 }];
  }

  get lastAtMs(): number {
    return this.#ring[this.#current]?.lastAtMs ?? 0;
  }

  /** A negative value takes an earlier one back. */
  record(value: number, nowMs: number): void {
    const window = this.#windowAt(nowMs);
    window.sum += value;
    window.lastAtMs = nowMs;
  }

  /** A second. */
  rate(nowMs: number): number {
    this.#forgetOld(nowMs);
    let sum = 0;
    for (const window of this.#ring) sum += window.sum;
    return (sum / this.spanMs(nowMs)) * 1000;
  }

  /** How long to wait until the rate is `limit`, when nothing more is recorded; 0 when it is not above. */
  throttleMs(limit: number, nowMs: number): number {
    const rate = this.rate(nowMs);
    if (!(rate > limit)) return 0;
    return Math.round(((rate - limit) / limit) * this.spanMs(nowMs));
  }

  /** The time that the sum is set against. */
  spanMs(nowMs: number): number {
    this.#forgetOld(nowMs);
    const { count, sizeMs } = this.#windows;
    let oldestAtMs = nowMs;
    for (const { startedAtMs } of this.#ring) oldestAtMs = Math.min(oldestAtMs, startedAtMs);
    const elapsedMs = nowMs - oldestAtMs;
    const whole = Math.floor(elapsedMs / sizeMs);
    const missing = Math.max(0, count - 1 - whole);
    return Math.max(1, elapsedMs + missing * sizeMs);
  }

  #windowAt(nowMs: number): Window {
    const current = this.#ring[this.#current];
    if (current !== undefined && nowMs - current.startedAtMs < this.#windows.sizeMs) return current;
    // One more than is counted: the oldest is still partly inside.
    this.#current = (this.#current + 1) % (this.#windows.count + 1);
    const next = { startedAtMs: nowMs, lastAtMs: nowMs, sum: 0 };
    this.#ring[this.#current] = next;
    return next;
  }

  #forgetOld(nowMs: number): void {
    const ageMsMax = this.#windows.count * this.#windows.sizeMs;
    for (const window of this.#ring) {
      if (nowMs - window.lastAtMs < ageMsMax) continue;
      window.startedAtMs = nowMs;
      window.lastAtMs = nowMs;
      window.sum = 0;
    }
  }
}
