/**
 * Buffers that stored batches are read into on their way to a socket. A freed buffer is used again: touching new memory costs
 * more than the copy itself.
 */
const sizes = [16 << 10, 64 << 10, 256 << 10, 1 << 20] as const;
const keptBytesMax = 16 << 20;
/** What readers who do not read may hold together; beyond it a fetch gets its first batch and no more. */
const lentBytesMax = 256 << 20;

export class ReadBuffers {
  readonly #spares: Buffer[][] = sizes.map(() => []);
  #keptBytes = 0;
  #lentBytes = 0;

  /** How much more may be on its way to sockets. */
  get bytesLeft(): number {
    return Math.max(0, lentBytesMax - this.#lentBytes);
  }

  /** At least `bytes` long. */
  take(bytes: number): Buffer {
    const buffer = this.#spareOrNew(bytes);
    this.#lentBytes += buffer.length;
    return buffer;
  }

  /** Only when nothing refers to it any more. */
  give(buffer: Buffer): void {
    this.#lentBytes -= buffer.length;
    const index = sizes.indexOf(buffer.length);
    if (index < 0 || this.#keptBytes + buffer.length > keptBytesMax) {
      // Freed now, and not when the collector finds out.
      (buffer.buffer as ArrayBuffer).transfer(0);
      return;
    }
    this.#spares[index]?.push(buffer);
    this.#keptBytes += buffer.length;
  }

  #spareOrNew(bytes: number): Buffer {
    const index = sizes.findIndex((size) => size >= bytes);
    if (index < 0) return Buffer.allocUnsafeSlow(bytes);
    const spare = this.#spares[index]?.pop();
    if (spare === undefined) return Buffer.allocUnsafeSlow(sizes[index] as number);
    this.#keptBytes -= spare.length;
    return spare;
  }
}
