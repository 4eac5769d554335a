import type { Timer } from '@millrace/base';

import type { ClientHost } from './client-host.ts';

/** Something to wait for that may come before anybody waits. */
export class Wakeup {
  readonly #host: ClientHost;
  #isDue = false;
  #resolve: (() => void) | undefined;

  constructor(host: ClientHost) {
    this.#host = host;
  }

  wake(): void {
    this.#isDue = true;
    this.#resolve?.();
  }

  /** Settles when it is woken, at once if it was since the last wait, or after `delayMs`. */
  async wait(delayMs?: number): Promise<void> {
    if (!this.#isDue) {
      let timer: Timer | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        if (delayMs !== undefined) timer = this.#host.timers.after(delayMs, resolve);
      });
      timer?.cancel();
      this.#resolve = undefined;
    }
    this.#isDue = false;
  }
}
