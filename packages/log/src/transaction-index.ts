/**
 * The aborted transactions that end in a segment, in order of their end. In the file 34 bytes each. Readers of committed records
 * get those that reach into what they read. Small, and synced before the
 * recovery point passes it. What the file of a segment holds is right, to its last entry, before the next segment has a name.
 */
import type { Disk } from '@millrace/base';

import { readEntries, writeEntries } from './index-file.ts';
import { readInt64, writeInt64 } from './int64.ts';

const entryBytes = 34;
const formatVersion = 0;

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker that ended it. */
  readonly lastOffset: number;
  /** When it ended: what lay below was decided. */
  readonly lastStableOffset: number;
}

export class TransactionIndex {
  readonly #disk: Disk;
  #path: string;
  #aborted: AbortedTransaction[] | undefined;
  #savedCount = 0;
  #mustTrim = false;
  /** Added since `hold`. */
  #addedCount = 0;

  constructor(disk: Disk, path: string, isNew: boolean) {
    this.#disk = disk;
    this.#path = path;
    if (isNew) this.#aborted = [];
  }

  /** The file has another name now. */
  moveTo(path: string): void {
    this.#path = path;
  }

  get all(): readonly AbortedTransaction[] {
    return this.#load();
  }

  /** The file tells all of it. */
  get isSaved(): boolean {
    const aborted = this.#aborted;
    return aborted === undefined || (this.#savedCount === aborted.length && !this.#mustTrim);
  }

  add(aborted: AbortedTransaction): void {
    this.#load().push(aborted);
    this.#addedCount++;
  }

  hold(): void {
    this.#addedCount = 0;
  }

  /** Undoes every `add` since `hold`. */
  takeBack(): void {
    if (this.#addedCount === 0) return;
    const aborted = this.#load();
    aborted.length -= this.#addedCount;
    this.#addedCount = 0;
    this.#saved(aborted);
  }

  /** Forgets transactions that end at `offset` or later. */
  cut(offset: number): void {
    const aborted = this.#load();
    while ((aborted.at(-1)?.lastOffset ?? -1) >= offset) aborted.pop();
    this.#saved(aborted);
  }

  /** Synced, as nothing else tells what is in it. Most segments have none, and no file for it. */
  save(): void {
    const aborted = this.#aborted;
    if (aborted === undefined || this.isSaved) return;
    // Not whether there is a file: a write that did not fit, or a process that was killed, may have left a part of one.
    const isFirst = this.#savedCount === 0;
    const range = { from: this.#savedCount, until: aborted.length, whole: false, mustTrim: true };
    writeEntries(this.#disk, this.#path, entryBytes, range, (bytes, at, index) => {
      const entry = aborted[index]!;
      bytes.writeInt16BE(formatVersion, at);
      writeInt64(bytes, at + 2, entry.producerId);
      writeInt64(bytes, at + 10, entry.firstOffset);
      writeInt64(bytes, at + 18, entry.lastOffset);
      writeInt64(bytes, at + 26, entry.lastStableOffset);
    });
    // A snapshot of the producers is believed without a look at what came before it: the name must last as well.
    if (isFirst) this.#disk.syncFolder(this.#path.slice(0, this.#path.lastIndexOf('/')));
    this.#savedCount = aborted.length;
    this.#mustTrim = false;
  }

  unload(): void {
    if (!this.isSaved) return;
    this.#aborted = undefined;
    this.#savedCount = 0;
  }

  /** The file may hold more than there is now. */
  #saved(aborted: readonly AbortedTransaction[]): void {
    if (this.#savedCount <= aborted.length) return;
    this.#savedCount = aborted.length;
    this.#mustTrim = true;
  }

  #load(): AbortedTransaction[] {
    if (this.#aborted !== undefined) return this.#aborted;
    const aborted: AbortedTransaction[] = [];
    readEntries(this.#disk, this.#path, entryBytes, (bytes, at) => {
      const entry = {
        producerId: readInt64(bytes, at + 2),
        firstOffset: readInt64(bytes, at + 10),
        lastOffset: readInt64(bytes, at + 18),
        lastStableOffset: readInt64(bytes, at + 26),
      };
      if (bytes.readInt16BE(at) !== formatVersion || entry.lastOffset <= (aborted.at(-1)?.lastOffset ?? -1))
        return false;
      aborted.push(entry);
      return true;
    });
    this.#aborted = aborted;
    this.#savedCount = aborted.length;
    return aborted;
  }
}
