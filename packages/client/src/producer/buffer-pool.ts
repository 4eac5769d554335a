/**
 * Memory of batches that nobody needs any more, for new ones: without it the garbage collector runs for every few megabytes sent. Measured
 * against Apache Kafka: a third of the client's time.
 *
 * Only whoever knows that neither a socket nor a later retry looks at the bytes may give them back (CVE-2026-35554 is what happens
 * otherwise): see `Sender` for the one place that does.
 */
const keptBytesMax = 4 << 20;

export class BufferPool {
  readonly #bytes: number;
  readonly #free: Buffer[] = [];

  /** Of one size; others are allocated and forgotten. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(bytes: number): Buffer {
    if (bytes === this.#bytes) return this.#free.pop() ?? Buffer.allocUnsafeSlow(bytes);
    // Small ones share memory of Node's pool.
    return bytes <= 2048 ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.#bytes && this.#free.length * this.#bytes < keptBytesMax) this.#free.push(buffer);
  }
}
