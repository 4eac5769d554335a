/**
 * Where in a segment's file offsets lie: an entry for a batch now and then. In the file 8 bytes each, relative last offset of the
 * batch and its position, both ascending. Entries live in memory while they are added to or looked up, and are written behind.
 * It is a cache of the segment's file: what is not plausible is dropped and made again.
 */
import type { Disk } from '@millrace/base';

import { readEntries, writeEntries } from './index-file.ts';
import { StaleTail } from './stale-tail.ts';

const entryBytes = 8;

export class OffsetIndex {
  readonly #disk: Disk;
  #path: string;
  readonly #baseOffset: number;
  /** Relative offset and position by turns; undefined while only in the file. */
  #entries: Int32Array | undefined;
  #count = 0;
  #savedCount = 0;
  readonly #stale = new StaleTail();

  constructor(disk: Disk, path: string, baseOffset: number, isNew: boolean) {
    this.#disk = disk;
    this.#path = path;
    this.#baseOffset = baseOffset;
    if (isNew) this.#entries = new Int32Array(0);
  }

  /** The file has another name now. */
  moveTo(path: string): void {
    this.#path = path;
  }

  /** Has its entries in memory. */
  get isLoaded(): boolean {
    return this.#entries !== undefined;
  }

  get count(): number {
    this.#load();
    return this.#count;
  }

  isFull(bytesMax: number): boolean {
    return this.#count >= Math.floor(bytesMax / entryBytes);
  }

  add(offset: number, position: number): void {
    let entries = this.#load();
    if (this.#count * 2 === entries.length) {
      const grown = new Int32Array(Math.max(16, entries.length * 2));
      grown.set(entries);
      this.#entries = entries = grown;
    }
    entries[this.#count * 2] = offset - this.#baseOffset;
    entries[this.#count * 2 + 1] = position;
    this.#count++;
  }

  /** Position of the last indexed batch that ends at or before `offset`; the file's begin when there is none. */
  positionOf(offset: number): number {
    const entries = this.#load();
    const index = this.#floor(entries, 0, offset - this.#baseOffset);
    return index < 0 ? 0 : entries[index * 2 + 1]!;
  }

  /** The last entry at or before `position`, with its absolute offset. */
  floor(position: number): { position: number; offset: number } {
    const entries = this.#load();
    const index = this.#floor(entries, 1, position);
    if (index < 0) return { position: 0, offset: this.#baseOffset - 1 };
    return { position: entries[index * 2 + 1]!, offset: this.#baseOffset + entries[index * 2]! };
  }

  /** Every batch that ends at or before `position` ends below this offset; undefined when only the file's end tells. */
  offsetAfter(position: number): number | undefined {
    const entries = this.#load();
    const index = this.#floor(entries, 1, position - 1) + 1;
    return index < this.#count ? this.#baseOffset + entries[index * 2]! : undefined;
  }

  get lastPosition(): number {
    const entries = this.#load();
    return this.#count === 0 ? 0 : entries[this.#count * 2 - 1]!;
  }

  /** Forgets the entries of batches that begin at `position` or after. */
  cut(position: number): void {
    this.takeBack(this.#floor(this.#load(), 1, position - 1) + 1);
  }

  /** Takes back entries added since there were `count`. */
  takeBack(count: number): void {
    const entries = this.#load();
    this.#stale.note(count, this.#savedCount, (index) => entryAt(entries, index));
    this.#count = count;
    this.#savedCount = Math.min(this.#savedCount, count);
  }

  /** Writes behind what the file lacks; `whole` makes the file exactly as long as the entries are. */
  save(whole: boolean): void {
    if (this.#entries === undefined) return;
    const entries = this.#entries;
    const from = this.#stale.settle(this.#savedCount, this.#count, (index) => entryAt(entries, index));
    const range = { from, until: this.#count, whole, mustTrim: !this.#stale.isEmpty };
    writeEntries(this.#disk, this.#path, entryBytes, range, (bytes, at, index) => {
      bytes.writeInt32BE(entries[index * 2]!, at);
      bytes.writeInt32BE(entries[index * 2 + 1]!, at + 4);
    });
    this.#savedCount = this.#count;
    this.#stale.clear();
  }

  /** Drops the entries from memory, if the file has them all. */
  unload(): void {
    if (this.#entries === undefined || this.#savedCount !== this.#count || !this.#stale.isEmpty) return;
    this.#entries = undefined;
    this.#count = this.#savedCount = 0;
  }

  #load(): Int32Array {
    if (this.#entries !== undefined) return this.#entries;
    this.#entries = new Int32Array(0);
    // The first batch gets no entry: a position of 0 is what Kafka reserved and did not use.
    let [lastOffset, lastPosition] = [-1, 0];
    readEntries(this.#disk, this.#path, entryBytes, (bytes, at) => {
      const offset = bytes.readInt32BE(at);
      const position = bytes.readInt32BE(at + 4);
      if (offset <= lastOffset || position <= lastPosition) return false;
      this.add(this.#baseOffset + offset, position);
      [lastOffset, lastPosition] = [offset, position];
      return true;
    });
    this.#savedCount = this.#count;
    return this.#entries;
  }

  /** Index of the last entry whose field (0 offset, 1 position) is at most `value`; -1 when there is none. */
  #floor(entries: Int32Array, field: 0 | 1, value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries[middle * 2 + field]! <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function entryAt(entries: Int32Array, index: number): readonly [number, number] {
  return [entries[index * 2]!, entries[index * 2 + 1]!];
}
