/**
 * One file of batches and its indexes. In: batches with their offsets in them. Out: positions. The bytes themselves are written by
 * `log.ts`, many appends at once; `size` is where the next batch goes, `writtenSize` how much of that is in the file.
 */
import type { Disk, DiskFile } from '@millrace/base';
import { batchHeader as header } from '@millrace/protocol';

import { scanBatches, type ScanEnd } from './batch-scan.ts';
import { deletedSuffix, type FileKind, filePath, fileKinds, segmentKinds } from './file-names.ts';
import { OffsetIndex } from './offset-index.ts';
import { removeAside } from './remove-aside.ts';
import { TimeIndex } from './time-index.ts';
import { TransactionIndex } from './transaction-index.ts';

export interface SegmentOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly baseOffset: number;
  /** Bytes in the file; undefined makes a new one. */
  readonly size: number | undefined;
  readonly createdAtMs: number;
  readonly jitterMs: number;
  /** Behind the names of the files: of one that cleaning makes, until it has the place of its originals. */
  readonly suffix?: string;
  /** Who made the files knows the largest timestamp, and that the indexes reach their end. */
  readonly known?: { readonly maxTimestamp: number; readonly maxTimestampOffset: number };
}

export interface Rescan {
  readonly position: number;
  /** With all bytes and checksums; else headers only. */
  readonly whole: boolean;
  readonly indexIntervalBytes: number;
  readonly visit: (bytes: Buffer, at: number, position: number) => boolean;
}

/** The largest relative offset that an index can hold. */
const relativeOffsetMax = 0x7fff_ffff;

export class Segment {
  readonly baseOffset: number;
  readonly folder: string;
  readonly createdAtMs: number;
  /** How much earlier than its time this segment ends, so that not all logs roll at once. */
  readonly jitterMs: number;
  readonly offsets: OffsetIndex;
  readonly times: TimeIndex;
  readonly aborted: TransactionIndex;
  readonly #disk: Disk;
  #suffix: string;
  #isGone = false;
  #file: DiskFile | undefined;
  size: number;
  writtenSize: number;
  #bytesSinceIndexed = 0;
  /** Of all batches so far; -1 when there is none, undefined when only the files know. */
  #maxTimestamp: number | undefined;
  #maxTimestampOffset = -1;
  /** Of the first batch: what rolling by time counts from. Undefined: not looked at yet. */
  #firstTimestamp: number | undefined;
  readonly #held = { size: 0, offsets: 0, times: 0, bytesSinceIndexed: 0, maxTimestamp: -1, maxTimestampOffset: -1 };
  /** The indexes are known to reach the end of the file. */
  #isWhole: boolean;
  /** Told by whoever uses the files; a segment that nobody used for a while gives them back. */
  isUsed = true;

  constructor(options: SegmentOptions) {
    const { disk, folder, baseOffset, size } = options;
    const isNew = size === undefined;
    this.#disk = disk;
    this.#suffix = options.suffix ?? '';
    this.folder = folder;
    this.baseOffset = baseOffset;
    this.createdAtMs = options.createdAtMs;
    this.jitterMs = options.jitterMs;
    this.offsets = new OffsetIndex(disk, this.#pathOf('.index'), baseOffset, isNew);
    this.times = new TimeIndex(disk, this.#pathOf('.timeindex'), baseOffset, isNew);
    this.aborted = new TransactionIndex(disk, this.#pathOf('.txnindex'), isNew);
    this.size = this.writtenSize = size ?? 0;
    this.#isWhole = isNew || options.known !== undefined;
    if (options.known !== undefined) {
      this.#maxTimestamp = options.known.maxTimestamp;
      this.#maxTimestampOffset = options.known.maxTimestampOffset;
    }
    if (!isNew) return;
    this.#maxTimestamp = -1;
    this.#file = disk.open(this.path, { create: true });
  }

  get path(): string {
    return this.#pathOf('.log');
  }

  /** Of the batches and their indexes. */
  paths(): string[] {
    return segmentKinds.map((kind) => this.#pathOf(kind));
  }

  /** Out of the log: what is found in it says nothing of the log any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get file(): DiskFile {
    this.isUsed = true;
    return (this.#file ??= this.#disk.open(this.path));
  }

  /** The largest timestamp of the segment, -1 when it has none. */
  get maxTimestamp(): number {
    this.#knowMaxTimestamp();
    return this.#maxTimestamp!;
  }

  /** The last offset of the batch with the largest timestamp. */
  get maxTimestampOffset(): number {
    this.#knowMaxTimestamp();
    return this.#maxTimestampOffset;
  }

  canHold(offset: number): boolean {
    return offset - this.baseOffset <= relativeOffsetMax;
  }

  /** A batch with its final offsets takes the next place. */
  add(lastOffset: number, maxTimestamp: number, bytes: number, indexIntervalBytes: number): void {
    if (maxTimestamp > this.maxTimestamp) {
      this.#maxTimestamp = maxTimestamp;
      this.#maxTimestampOffset = lastOffset;
    }
    if (this.size === 0) this.#firstTimestamp = maxTimestamp;
    if (this.#bytesSinceIndexed > indexIntervalBytes) {
      this.offsets.add(lastOffset, this.size);
      this.times.addIfLater(this.#maxTimestamp!, this.#maxTimestampOffset);
      this.#bytesSinceIndexed = 0;
    }
    this.size += bytes;
    this.#bytesSinceIndexed += bytes;
  }

  /** The same, of the batch at `at`. The timestamp of one that lost all its records belongs to none. */
  addBatch(bytes: Buffer, at: number, indexIntervalBytes: number): void {
    const maxTimestamp = header.recordCount(bytes, at) > 0 ? header.maxTimestamp(bytes, at) : -1;
    this.add(header.lastOffset(bytes, at), maxTimestamp, header.batchBytes(bytes, at), indexIntervalBytes);
  }

  /** Remembers the state for `takeBack`. */
  hold(): void {
    const held = this.#held;
    held.size = this.size;
    held.offsets = this.offsets.count;
    held.times = this.times.count;
    this.aborted.hold();
    held.bytesSinceIndexed = this.#bytesSinceIndexed;
    held.maxTimestamp = this.maxTimestamp;
    held.maxTimestampOffset = this.#maxTimestampOffset;
  }

  /** Undoes every `add` since `hold`. */
  takeBack(): void {
    const held = this.#held;
    this.size = held.size;
    this.offsets.takeBack(held.offsets);
    this.times.takeBack(held.times);
    this.aborted.takeBack();
    this.#bytesSinceIndexed = held.bytesSinceIndexed;
    this.#maxTimestamp = held.maxTimestamp;
    this.#maxTimestampOffset = held.maxTimestampOffset;
  }

  /**
   * Reads the batches from the last indexed one before `position` to the end of the file and indexes them anew: what a file is known
   * for after it was opened. Ends at the first thing that is not a batch; `size` says where. The file is left as it is.
   */
  rescan(scan: Rescan): ScanEnd {
    const { file } = this;
    // The time index may have lost entries that the offset index has: only what both tell is believed.
    const from = this.believed(Math.min(scan.position, this.offsets.positionOf(this.times.lastOffset)));
    this.offsets.cut(from.position);
    // The entry made along with the one at `from` counts that batch and all before it; it stays.
    this.times.cut(from.offset + 1);
    this.#maxTimestamp = this.times.lastTimestamp;
    this.#maxTimestampOffset = this.times.lastOffset;
    this.size = from.position;
    this.#bytesSinceIndexed = from.position - this.offsets.lastPosition;
    const end = scanBatches({
      file,
      from: from.position,
      until: file.size(),
      whole: scan.whole,
      visit: (bytes, at, position) => {
        if (!scan.visit(bytes, at, position)) return false;
        this.addBatch(bytes, at, scan.indexIntervalBytes);
        return true;
      },
    });
    this.times.addIfLater(this.#maxTimestamp, this.#maxTimestampOffset);
    this.writtenSize = this.size;
    this.#isWhole = true;
    return end;
  }

  /** Makes sure that the indexes of a segment that was found on disk reach its end; they may never have been written. */
  heal(indexIntervalBytes: number): void {
    if (this.#isWhole) return;
    const { size } = this;
    this.rescan({ position: size, whole: false, indexIntervalBytes, visit: () => true });
    this.size = this.writtenSize = size;
  }

  /** Its timestamps are known without a look at the files, and its indexes reach its end. */
  get isKnown(): boolean {
    return this.#isWhole && this.#firstTimestamp !== undefined;
  }

  /** Cuts the file to the batches before `position`, durably; the first batch that goes begins at `offset`. */
  truncate(position: number, offset: number, indexIntervalBytes: number): void {
    this.file.truncate(position);
    this.file.syncSync();
    this.cut(position, offset);
    // What the indexes know of the largest timestamp may have gone with their last entries.
    if (position > 0) this.rescan({ position: position - 1, whole: false, indexIntervalBytes, visit: () => true });
  }

  /** Cuts size and indexes to a batch that begins at `position` and holds `offset`. */
  cut(position: number, offset: number): void {
    this.offsets.cut(position);
    this.times.cut(offset);
    this.aborted.cut(offset);
    this.size = this.writtenSize = position;
    this.#bytesSinceIndexed = position - this.offsets.lastPosition;
    this.#maxTimestamp = undefined;
    if (position === 0) this.#firstTimestamp = undefined;
  }

  /** How long the segment has been filled, as Kafka counts: in time of its records where they have any. */
  waitedMs(nowMs: number, timestampMs: number): number {
    if (this.size === 0) return 0;
    const first = this.firstTimestamp;
    return first >= 0 ? timestampMs - first : nowMs - this.createdAtMs;
  }

  /** Of the first batch; -1 when it has none. */
  get firstTimestamp(): number {
    return (this.#firstTimestamp ??= this.#readFirstTimestamp());
  }

  /** What retention by time goes by. */
  largestTimestamp(): number {
    if (this.maxTimestamp >= 0) return this.maxTimestamp;
    return this.#disk.stat(this.path)?.modifiedAtMs ?? this.createdAtMs;
  }

  /** Writes behind what the index files lack. `whole`: no more will come, the files get their final length. */
  saveIndexes(whole: boolean): void {
    if (whole && this.offsets.isLoaded && this.maxTimestamp >= 0)
      this.times.addIfLater(this.maxTimestamp, this.#maxTimestampOffset);
    this.offsets.save(whole);
    this.times.save(whole);
    this.aborted.save();
  }

  /** Gives back memory and descriptor until they are needed again. */
  unload(): void {
    this.offsets.unload();
    this.times.unload();
    this.aborted.unload();
    this.close();
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /**
   * Marks the files as given up; `removeRenamed` ends them. Reads that are under way find them under their new names. Producers as they
   * were before a segment stay known where another one begins at the same offset.
   */
  rename(keepsProducers = false): void {
    this.close();
    this.#isGone = true;
    for (const kind of keepsProducers ? segmentKinds : fileKinds) {
      const path = this.#pathOf(kind);
      if (this.#disk.stat(path) !== undefined) this.#disk.rename(path, path + deletedSuffix);
    }
    this.#suffix += deletedSuffix;
  }

  removeRenamed(): void {
    this.close();
    for (const kind of fileKinds) removeAside(this.#disk, this.#pathOf(kind));
  }

  remove(): void {
    this.close();
    this.#isGone = true;
    for (const kind of fileKinds) this.#disk.remove(this.#pathOf(kind));
  }

  /** Gives the files of the segment their final names. */
  dropSuffix(): void {
    const before = this.paths();
    this.#suffix = '';
    for (const [index, path] of this.paths().entries()) this.#disk.rename(before[index]!, path);
    this.offsets.moveTo(this.#pathOf('.index'));
    this.times.moveTo(this.#pathOf('.timeindex'));
    this.aborted.moveTo(this.#pathOf('.txnindex'));
  }

  #pathOf(kind: FileKind): string {
    return filePath(this.folder, this.baseOffset, kind) + this.#suffix;
  }

  #knowMaxTimestamp(): void {
    if (this.#maxTimestamp !== undefined) return;
    this.#maxTimestamp = this.times.lastTimestamp;
    this.#maxTimestampOffset = this.times.lastOffset;
  }

  /** The last indexed batch at or before `position`, if the file says the same of it; else the begin of the file. */
  believed(position: number): { position: number; offset: number } {
    const entry = this.offsets.floor(position);
    const bytes = Buffer.allocUnsafe(header.batchHeaderBytes);
    const isThere = entry.position > 0 && this.file.readSync(bytes, entry.position) === bytes.length;
    if (isThere && header.magic(bytes, 0) === 2 && header.lastOffset(bytes, 0) === entry.offset) return entry;
    return { position: 0, offset: this.baseOffset - 1 };
  }

  #readFirstTimestamp(): number {
    const bytes = Buffer.allocUnsafe(header.batchHeaderBytes);
    const count = this.file.readSync(bytes, 0);
    return count === bytes.length ? header.maxTimestamp(bytes, 0) : -1;
  }
}
