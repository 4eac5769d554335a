/** What a client needs of the world: time, chance, a log, and a way to brokers. `nodeClientHost` is the real one. */
import { type Clock, type Logger, nodeHost, type Random, silentLogger, type Timer, type Timers } from '@millrace/base';
import { type Dial, dial } from '@millrace/net';

export interface ClientHost {
  readonly clock: Clock;
  readonly timers: Timers;
  /** For what nobody waits for: these do not keep the process alive. Left out: `timers`. */
  readonly background?: Timers;
  readonly random: Random;
  readonly log: Logger;
  readonly dial: Dial;
}

/** Unlike a broker's, these timers keep the process alive: somebody awaits what they lead to. */
const waitedFor: Timers = {
  after(delayMs: number, callback: () => void): Timer {
    const timeout = setTimeout(callback, Math.min(delayMs, 0x7fff_ffff));
    return { cancel: () => clearTimeout(timeout) };
  },
};

export function nodeClientHost(log: Logger = silentLogger): ClientHost {
  const { clock, random, timers: background } = nodeHost();
  return { clock, timers: waitedFor, background, random, log, dial };
}

/** Settles after `delayMs`, at once when one of the signals is given. */
export function pause(
  host: ClientHost,
  delayMs: number,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal?.aborted === true)) return resolve();
    const done = (): void => {
      timer.cancel();
      for (const signal of signals) signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = host.timers.after(delayMs, done);
    for (const signal of signals) signal?.addEventListener('abort', done);
  });
}

/** Waits for it, but not longer than that. */
export async function atMost(host: ClientHost, timeoutMs: number, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, pause(host, timeoutMs, over.signal)]);
  } finally {
    over.abort();
  }
}
