/**
 * Which offsets a segment had reached at what timestamp. In the file 12 bytes each, the largest timestamp so far and the relative
 * last offset of the batch that holds it, both ascending. A cache of the segment's file, as the offset index is.
 */
import type { Disk } from '@millrace/base';

import { readEntries, writeEntries } from './index-file.ts';
import { readInt64, writeInt64 } from './int64.ts';
import { StaleTail } from './stale-tail.ts';

const entryBytes = 12;

export class TimeIndex {
  readonly #disk: Disk;
  #path: string;
  readonly #baseOffset: number;
  #timestamps: number[] | undefined;
  #offsets: number[] = [];
  #savedCount = 0;
  readonly #stale = new StaleTail();

  constructor(disk: Disk, path: string, baseOffset: number, isNew: boolean) {
    this.#disk = disk;
    this.#path = path;
    this.#baseOffset = baseOffset;
    if (isNew) this.#timestamps = [];
  }

  /** The file has another name now. */
  moveTo(path: string): void {
    this.#path = path;
  }

  get count(): number {
    return this.#load().length;
  }

  get lastTimestamp(): number {
    return this.#load().at(-1) ?? -1;
  }

  /** -1 when there is none. */
  get lastOffset(): number {
    this.#load();
    const last = this.#offsets.at(-1);
    return last === undefined ? -1 : this.#baseOffset + last;
  }

  /** One place is kept for the entry that is added when the segment is closed. */
  isFull(bytesMax: number): boolean {
    return (this.#timestamps?.length ?? 0) >= Math.floor(bytesMax / entryBytes) - 1;
  }

  /** Only a timestamp larger than the last one is worth an entry. */
  addIfLater(timestampMs: number, offset: number): void {
    const timestamps = this.#load();
    if (timestampMs <= (timestamps.at(-1) ?? -1)) return;
    timestamps.push(timestampMs);
    this.#offsets.push(offset - this.#baseOffset);
  }

  /** Every record before this offset is older than `timestampMs`. */
  offsetBefore(timestampMs: number): number {
    const timestamps = this.#load();
    let low = 0;
    let high = timestamps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timestamps[middle]! < timestampMs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.#baseOffset : this.#baseOffset + this.#offsets[low - 1]!;
  }

  /** Forgets entries of `offset` and later ones. */
  cut(offset: number): void {
    let { count } = this;
    while (count > 0 && this.#baseOffset + this.#offsets[count - 1]! >= offset) count--;
    this.takeBack(count);
  }

  takeBack(count: number): void {
    const timestamps = this.#load();
    this.#stale.note(count, this.#savedCount, (index) => this.#entryAt(timestamps, index));
    if (timestamps.length > count) timestamps.length = this.#offsets.length = count;
    this.#savedCount = Math.min(this.#savedCount, count);
  }

  save(whole: boolean): void {
    const timestamps = this.#timestamps;
    if (timestamps === undefined) return;
    const from = this.#stale.settle(this.#savedCount, timestamps.length, (index) => this.#entryAt(timestamps, index));
    const range = { from, until: timestamps.length, whole, mustTrim: !this.#stale.isEmpty };
    writeEntries(this.#disk, this.#path, entryBytes, range, (bytes, at, index) => {
      writeInt64(bytes, at, timestamps[index]!);
      bytes.writeInt32BE(this.#offsets[index]!, at + 8);
    });
    this.#savedCount = timestamps.length;
    this.#stale.clear();
  }

  unload(): void {
    if (this.#timestamps === undefined || this.#savedCount !== this.#timestamps.length || !this.#stale.isEmpty) return;
    this.#timestamps = undefined;
    this.#offsets = [];
    this.#savedCount = 0;
  }

  #entryAt(timestamps: readonly number[], index: number): readonly [number, number] {
    return [timestamps[index]!, this.#offsets[index]!];
  }

  #load(): number[] {
    if (this.#timestamps !== undefined) return this.#timestamps;
    const timestamps: number[] = [];
    readEntries(this.#disk, this.#path, entryBytes, (bytes, at) => {
      const timestamp = readInt64(bytes, at);
      const offset = bytes.readInt32BE(at + 8);
      // Zeros are what Kafka reserved and did not use.
      if (timestamp === 0 && offset === 0) return false;
      if (timestamp <= (timestamps.at(-1) ?? -1) || offset < (this.#offsets.at(-1) ?? 0)) return false;
      timestamps.push(timestamp);
      this.#offsets.push(offset);
      return true;
    });
    this.#timestamps = timestamps;
    this.#savedCount = timestamps.length;
    return timestamps;
  }
}
