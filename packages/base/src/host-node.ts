/** The host of a real process: system clock, Node's timers and randomness, files, sockets. */
import { randomFillSync } from 'node:crypto';

import type { Clock, Timer, Timers } from './clock.ts';
import { NodeDisk } from './disk-node.ts';
import type { Host } from './host.ts';
import { type Logger, silentLogger } from './logger.ts';
import { NodeNetwork } from './network-node.ts';
import type { Random } from './random.ts';

export function nodeHost(log: Logger = silentLogger): Host {
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    disk: new NodeDisk(),
    network: new NodeNetwork(),
    log,
  };
}

const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Node counts in 32 bits; a longer delay would fire at once. */
const delayMsMax = 0x7fff_ffff;

/** None of these timers keeps the process alive: sockets do, as long as there is something to serve. */
const nodeTimers: Timers = {
  after(delayMs: number, callback: () => void): Timer {
    if (delayMs > delayMsMax) return new LongTimer(delayMs, callback);
    const timeout = setTimeout(callback, delayMs);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};

class LongTimer implements Timer {
  readonly #callback: () => void;
  #leftMs: number;
  #timeout: NodeJS.Timeout | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#leftMs = delayMs;
    this.#callback = callback;
    this.#next();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    this.#leftMs = Number.POSITIVE_INFINITY;
  }

  #next(): void {
    if (this.#leftMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(this.#leftMs, delayMsMax);
    this.#timeout = setTimeout(() => {
      this.#leftMs -= delayMs;
      if (this.#leftMs <= 0) this.#callback();
      else this.#next();
    }, delayMs);
    this.#timeout.unref();
  }
}

const nodeRandom: Random = {
  below: (bound) => Math.floor(Math.random() * bound),
  bytes: (count) => randomFillSync(new Uint8Array(count)),
};
