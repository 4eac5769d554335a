/**
 * A moment that is moved far more often than it comes: a member's session ends unless it heartbeats. Moving it later costs two
 * assignments; the timer under it finds out when it fires, and sleeps again for what is left.
 */
import type { Host, Timer } from '@millrace/base';

export class Deadline {
  readonly #host: Pick<Host, 'clock' | 'timers'>;
  readonly #passed: () => void;
  #timer: Timer | undefined = undefined;
  #firesAtMs = 0;
  #dueAtMs: number | undefined = undefined;

  constructor(host: Pick<Host, 'clock' | 'timers'>, passed: () => void) {
    this.#host = host;
    this.#passed = passed;
  }

  get isSet(): boolean {
    return this.#dueAtMs !== undefined;
  }

  /** From now on; replaces what was set before. */
  set(delayMs: number): void {
    const dueAtMs = this.#host.clock.monotonic() + Math.max(0, delayMs);
    this.#dueAtMs = dueAtMs;
    if (this.#timer !== undefined && this.#firesAtMs <= dueAtMs) return;
    this.#timer?.cancel();
    this.#sleep(dueAtMs);
  }

  cancel(): void {
    this.#dueAtMs = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sleep(untilMs: number): void {
    const leftMs = Math.ceil(untilMs - this.#host.clock.monotonic());
    this.#firesAtMs = untilMs;
    this.#timer = this.#host.timers.after(leftMs, () => this.#fired());
  }

  #fired(): void {
    this.#timer = undefined;
    const dueAtMs = this.#dueAtMs;
    if (dueAtMs === undefined) return;
    if (dueAtMs > this.#host.clock.monotonic()) {
      this.#sleep(dueAtMs);
      return;
    }
    this.#dueAtMs = undefined;
    this.#passed();
  }
}
