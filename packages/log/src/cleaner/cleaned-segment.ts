/**
 * The file that is to take the place of others, with its indexes, under a name that says that it is not whole. In: batches that stay.
 * Out: four files, durable, of which nothing is believed before they are renamed.
 */
import type { Disk } from '@millrace/base';
import { batchHeader as header } from '@millrace/protocol';

import { cleanedSuffix, filePath, segmentKinds } from '../file-names.ts';
import { Segment } from '../segment.ts';
import type { AbortedTransaction } from '../transaction-index.ts';

export class CleanedSegment {
  readonly #disk: Disk;
  readonly #segment: Segment;
  readonly #indexIntervalBytes: number;
  readonly #buffer: Buffer;
  #filled = 0;
  #written = 0;

  constructor(disk: Disk, options: { folder: string; baseOffset: number; indexIntervalBytes: number; buffer: Buffer }) {
    const { folder, baseOffset } = options;
    this.#disk = disk;
    this.#indexIntervalBytes = options.indexIntervalBytes;
    this.#buffer = options.buffer;
    for (const kind of segmentKinds) disk.remove(filePath(folder, baseOffset, kind) + cleanedSuffix);
    const suffix = cleanedSuffix;
    this.#segment = new Segment({ disk, folder, baseOffset, size: undefined, createdAtMs: 0, jitterMs: 0, suffix });
  }

  get size(): number {
    return this.#segment.size;
  }

  get maxTimestamp(): number {
    return this.#segment.maxTimestamp;
  }

  get maxTimestampOffset(): number {
    return this.#segment.maxTimestampOffset;
  }

  /** The batch at `at`; its bytes are copied. */
  add(bytes: Buffer, at: number): void {
    const length = header.batchBytes(bytes, at);
    this.#segment.addBatch(bytes, at, this.#indexIntervalBytes);
    if (this.#filled + length > this.#buffer.length) this.#flush();
    if (length > this.#buffer.length) {
      this.#write(bytes.subarray(at, at + length));
      return;
    }
    bytes.copy(this.#buffer, this.#filled, at, at + length);
    this.#filled += length;
  }

  addAborted(aborted: AbortedTransaction): void {
    this.#segment.aborted.add(aborted);
  }

  /** Durable when it returns, names included. All kinds of files are there, even with nothing in them. */
  finish(modifiedAtMs: number): void {
    this.#flush();
    const { file } = this.#segment;
    file.syncSync();
    file.setModifiedAt(modifiedAtMs);
    this.#segment.saveIndexes(true);
    for (const path of this.#segment.paths()) {
      const index = this.#disk.open(path, { create: true });
      index.syncSync();
      index.close();
    }
    this.close();
    this.#disk.syncFolder(this.#segment.folder);
  }

  close(): void {
    this.#segment.close();
  }

  /** It is not needed, or must not be used. */
  remove(): void {
    this.close();
    for (const path of this.#segment.paths()) this.#disk.remove(path);
  }

  #flush(): void {
    if (this.#filled > 0) this.#write(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #write(bytes: Buffer): void {
    this.#segment.file.writeSync([bytes], this.#written);
    this.#written += bytes.length;
  }
}
