/** A host under a test's thumb: time stands still until the test moves it, and randomness follows from one seed. */
import {
  type Clock,
  type Disk,
  type Host,
  type Logger,
  type Network,
  type Random,
  silentLogger,
  type Timer,
  type Timers,
} from '@millrace/base';

import { MemoryDisk } from './memory-disk.ts';

export interface TestHostOptions {
  readonly disk?: Disk;
  readonly seed?: number;
  readonly nowMs?: number;
  readonly log?: Logger;
}

interface Waiting {
  readonly atMs: number;
  readonly callback: () => void;
}

export class TestHost implements Host {
  readonly disk: Disk;
  readonly random: Random;
  readonly log: Logger;
  /** Tests that want one bring the simulator's. */
  readonly network: Network = { listen: () => Promise.reject(new Error('this host has no network')) };
  readonly clock: Clock = { now: () => this.#nowMs, monotonic: () => this.#nowMs };
  readonly timers: Timers = { after: (delayMs, callback) => this.#after(delayMs, callback) };
  readonly #waiting = new Set<Waiting>();
  #nowMs: number;

  constructor(options: TestHostOptions = {}) {
    this.#nowMs = options.nowMs ?? 1_700_000_000_000;
    this.random = seededRandom(options.seed ?? 1);
    this.log = options.log ?? silentLogger;
    this.disk = options.disk ?? new MemoryDisk({ now: () => this.#nowMs });
  }

  /** Moves time on, and calls what becomes due on the way, in order of time. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      let next: Waiting | undefined;
      for (const waiting of this.#waiting)
        if (waiting.atMs <= untilMs && (next === undefined || waiting.atMs < next.atMs)) next = waiting;
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  /** Timers that have not come to their time. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Moves time on to the next timer and calls it; false when there is none. */
  advanceToNext(): boolean {
    if (this.#waiting.size === 0) return false;
    const nextMs = Math.min(...[...this.#waiting].map(({ atMs }) => atMs));
    this.advance(Math.max(0, nextMs - this.#nowMs));
    return true;
  }

  #after(delayMs: number, callback: () => void): Timer {
    const waiting = { atMs: this.#nowMs + delayMs, callback };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }
}

/** mulberry32: small, quick, and the same everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (bound) => Math.floor((next() / 0x1_0000_0000) * bound),
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
  };
}
