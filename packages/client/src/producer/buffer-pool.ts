/**
 * Memory of batches that nobody needs any more, for new ones: without it the garbage collector runs for every few megabytes sent. Measured
 * against Apache Kafka: a third of the client's time.
 *
 * In: how many bytes are wanted. Out: a buffer of at least as many, of one of a few sizes, each about half of the next, so that what one batch
 * leaves fits the next, whatever that one needed.
 *
 * Only whoever knows that neither a socket nor a later retry looks at the bytes may give them back (CVE-2026-35554 is what happens
 * otherwise): see `Sender` for the one place that does.
 */
/** Smaller ones share memory of Node's pool. */
const sharedBytesMax = 2048;
const smallestBytes = 4096;
/** A batch may hold several times as much before it is compressed. */
const timesUsual = 4;

export class BufferPool {
  readonly #keptBytesMax: number;
  /** Smallest first. */
  readonly #sizes: readonly number[];
  readonly #free = new Map<number, Buffer[]>();
  #keptBytes = 0;

  /** `usualBytes` of a full batch; at most `keptBytesMax` wait for the next batches. */
  constructor(usualBytes: number, keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
    const sizes = [];
    for (let bytes = usualBytes * timesUsual; bytes >= smallestBytes; bytes = Math.ceil(bytes / 2))
      sizes.unshift(bytes);
    this.#sizes = sizes;
    for (const bytes of sizes) this.#free.set(bytes, []);
  }

  /** How many bytes `take` gives to who wants as many. */
  sizeFor(bytes: number): number {
    if (bytes <= sharedBytesMax) return bytes;
    for (const size of this.#sizes) if (size >= bytes) return size;
    return bytes;
  }

  take(bytes: number): Buffer {
    const size = this.sizeFor(bytes);
    const kept = this.#free.get(size)?.pop();
    if (kept === undefined) return size <= sharedBytesMax ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return kept;
  }

  give(buffer: Buffer): void {
    const free = this.#free.get(buffer.length);
    if (free === undefined || this.#keptBytes + buffer.length > this.#keptBytesMax) return;
    free.push(buffer);
    this.#keptBytes += buffer.length;
  }
}
