/**
 * Buffers that stored batches are read into on their way to a socket. A freed buffer is used again: touching new memory costs
 * more than the copy itself.
 */
const sizes = [16 << 10, 64 << 10, 256 << 10, 1 << 20] as const;
const keptBytesMax = 16 << 20;

export class ReadBuffers {
  readonly #spares: Buffer[][] = sizes.map(() => []);
  #keptBytes = 0;

  /** At least `bytes` long. */
  take(bytes: number): Buffer {
    const index = sizes.findIndex((size) => size >= bytes);
    if (index < 0) return Buffer.allocUnsafeSlow(bytes);
    const spare = this.#spares[index]?.pop();
    if (spare === undefined) return Buffer.allocUnsafeSlow(sizes[index] as number);
    this.#keptBytes -= spare.length;
    return spare;
  }

  /** Only when nothing refers to it any more. */
  give(buffer: Buffer): void {
    const index = sizes.indexOf(buffer.length);
    if (index < 0 || this.#keptBytes + buffer.length > keptBytesMax) return;
    this.#spares[index]?.push(buffer);
    this.#keptBytes += buffer.length;
  }
}
