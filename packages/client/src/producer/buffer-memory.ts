/** `buffer.memory`: how many bytes of records may wait. Who finds it full waits in a line, in order. */
import type { ClientHost } from '../client-host.ts';
import { ClientError } from '../error.ts';

interface Waiting {
  readonly bytes: number;
  readonly resolve: () => void;
}

export class BufferMemory {
  readonly bytesMax: number;
  readonly #host: ClientHost;
  #used = 0;
  #waiting: Waiting[] = [];
  #closed: ClientError | undefined;

  constructor(host: ClientHost, bytesMax: number) {
    this.#host = host;
    this.bytesMax = bytesMax;
  }

  get used(): number {
    return this.#used;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** False: there is no room, or others wait for it already. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.bytesMax && this.#used > 0) return false;
    this.#used += bytes;
    return true;
  }

  /** What is there already has become larger, or smaller. */
  adjust(bytes: number): void {
    this.#used += bytes;
    if (bytes < 0) this.#wake();
  }

  /** Settles when there is room for as much; taking it is the caller's business. Throws `ClientError` BUFFER_FULL, CLOSED. */
  async room(bytes: number, deadlineMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: Waiting = { bytes, resolve };
    this.#waiting.push(waiting);
    const stop = (): void => resolve();
    const waitMs = Math.max(0, deadlineMs - this.#host.clock.monotonic());
    let isLate = false;
    const timer = this.#host.timers.after(waitMs, () => {
      isLate = true;
      resolve();
    });
    signal?.addEventListener('abort', stop);
    try {
      await promise;
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', stop);
      const at = this.#waiting.indexOf(waiting);
      if (at >= 0) this.#waiting.splice(at, 1);
    }
    if (this.#closed !== undefined) throw this.#closed;
    if (isLate)
      throw new ClientError(
        'BUFFER_FULL',
        `buffer.memory (${this.bytesMax} bytes) stayed full for max.block.ms: records are sent faster than brokers take them.`,
      );
  }

  close(reason: ClientError): void {
    this.#closed = reason;
    for (const { resolve } of this.#waiting) resolve();
  }

  #wake(): void {
    let room = this.bytesMax - this.#used;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.bytes > room && room < this.bytesMax) return;
      room -= first.bytes;
      this.#waiting.shift();
      first.resolve();
    }
  }
}
