/**
 * Tokens that come back at a steady rate, up to what all windows together allow. Whoever finds fewer than none has to wait. For changes
 * of the cluster, which come in bursts: one that begins with tokens may take more than there are.
 */
import type { Windows } from './rate-meter.ts';

export class TokenBucket {
  readonly #windows: Windows;
  #tokens: number;
  #filledAtMs: number;

  constructor(windows: Windows, limit: number, nowMs: number) {
    this.#windows = windows;
    this.#tokens = this.#burst(limit);
    this.#filledAtMs = nowMs;
  }

  get lastAtMs(): number {
    return this.#filledAtMs;
  }

  /** `limit` is tokens a second, and may change. */
  tokens(limit: number, nowMs: number): number {
    const come = (limit * Math.max(0, nowMs - this.#filledAtMs)) / 1000;
    this.#tokens = Math.min(this.#burst(limit), this.#tokens + come);
    this.#filledAtMs = nowMs;
    return this.#tokens;
  }

  take(count: number, limit: number, nowMs: number): void {
    this.#tokens = Math.min(this.#burst(limit), this.tokens(limit, nowMs) - count);
  }

  /** How long until there are no fewer than none. */
  throttleMs(limit: number, nowMs: number): number {
    const tokens = this.tokens(limit, nowMs);
    return tokens >= 0 ? 0 : Math.round((-tokens / limit) * 1000);
  }

  #burst(limit: number): number {
    return (limit * this.#windows.count * this.#windows.sizeMs) / 1000;
  }
}
