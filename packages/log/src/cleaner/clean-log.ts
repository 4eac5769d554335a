/**
 * The cleaning of one log, from the first byte to the last, over any disk and in any thread. In: a job. Out: new files, each offered by
 * a step `swap`; the next step is taken when it has the place of its originals, and then not before. Ended early, it leaves no file.
 *
 * Two passes: one over the dirty part, which notes where each key is last, and one over everything before the end of what was noted,
 * which leaves out what has a successor. README.md tells the rules.
 */
import { type Disk, type DiskFile, MillraceError } from '@millrace/base';
import { batchHeader as header, recordsOf } from '@millrace/protocol';

import { filePath } from '../file-names.ts';
import { Segment } from '../segment.ts';
import type { AbortedTransaction } from '../transaction-index.ts';
import { readAborted } from './aborted-sources.ts';
import { BatchFilter, emptied, placeholder } from './batch-filter.ts';
import { BatchReader, checkBatch } from './batch-reader.ts';
import { type CleanJob, type CleanOutcome, type CleanStep, sourceSegments, type SourceSegment } from './clean-job.ts';
import { CleanedSegment } from './cleaned-segment.ts';
import { CleanedTransactions } from './cleaned-transactions.ts';
import { producerIndex } from './live-producers.ts';
import { OffsetMap } from './offset-map.ts';
import { RecordWalk } from './record-walk.ts';
import { groupSegments } from './segment-groups.ts';

const recordBytesMax = 1 << 30;

export function* cleanLog(disk: Disk, job: CleanJob): Generator<CleanStep, CleanOutcome, void> {
  const cleaning = new LogCleaning(disk, job);
  yield* cleaning.mapKeys();
  yield* cleaning.rewrite();
  return cleaning.outcome();
}

class LogCleaning {
  readonly #disk: Disk;
  readonly #job: CleanJob;
  readonly #map: OffsetMap;
  readonly #reader: BatchReader;
  readonly #writeBuffer: Buffer;
  readonly #segments: readonly SourceSegment[];
  /** All that begin below `firstUncleanable`. */
  readonly #aborted: readonly AbortedTransaction[];
  /** Where in the columns of the job each producer is. */
  readonly #producers: ReadonlyMap<number, number>;
  /** The last offset that the map knows of. */
  #mappedTo: number;
  #bytesRead = 0;
  #bytesWritten = 0;
  #recordsRead = 0;
  #recordsWritten = 0;
  #segmentsReplaced = 0;
  /** The group at hand. */
  #target: CleanedSegment | undefined;
  #isChanged = false;

  constructor(disk: Disk, job: CleanJob) {
    const { limits, firstDirty, firstUncleanable } = job;
    this.#disk = disk;
    this.#job = job;
    this.#map = new OffsetMap({
      bytesMax: limits.mapBytes,
      loadFactor: limits.mapLoadFactor,
      keysMax: firstUncleanable - firstDirty,
      secret: job.keySecret,
    });
    this.#reader = new BatchReader(limits.bufferBytes);
    this.#writeBuffer = Buffer.allocUnsafeSlow(limits.bufferBytes);
    this.#segments = sourceSegments(job);
    // Before the first file gets the place of another.
    this.#aborted = readAborted(disk, job.folder, job.aborted, firstUncleanable);
    this.#producers = producerIndex(job.producers);
    this.#mappedTo = firstDirty - 1;
  }

  outcome(): CleanOutcome {
    return {
      endOffset: this.#mappedTo + 1,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      recordsRead: this.#recordsRead,
      recordsWritten: this.#recordsWritten,
      segmentsReplaced: this.#segmentsReplaced,
      mapUtilization: this.#map.utilization,
    };
  }

  /** Notes where each key of the dirty part is last, as far as the memory goes. */
  *mapKeys(): Generator<CleanStep, void, void> {
    const { firstDirty, firstUncleanable } = this.#job;
    const segments = this.#segments;
    const transactions = new CleanedTransactions(
      this.#aborted.filter(({ lastOffset }) => lastOffset >= firstDirty),
      noted,
    );
    for (const [index, source] of segments.entries()) {
      const end = segments[index + 1]?.baseOffset ?? firstUncleanable;
      if (end <= firstDirty) continue;
      const isWhole = yield* this.#mapSegment(source, transactions);
      if (!isWhole) break;
      // Offsets that are missing at the end of a segment are known to be missing.
      this.#mappedTo = Math.max(this.#mappedTo, end - 1);
    }
    if (this.#mappedTo >= firstDirty) return;
    throw new MillraceError(
      'LIMIT',
      `${this.#job.folder}: the keys of one batch need more memory than cleaning may take. Raise log.cleaner.dedupe.buffer.size.`,
    );
  }

  /** False when the map is full. */
  *#mapSegment(source: SourceSegment, transactions: CleanedTransactions): Generator<CleanStep, boolean, void> {
    const { firstDirty } = this.#job;
    const segment = this.#open(source);
    try {
      const { file } = segment;
      let position = segment.believed(segment.offsets.positionOf(firstDirty)).position;
      while (position < source.size) {
        const filled = this.#reader.read(file, position, source.size);
        const { bytes } = this.#reader;
        for (let at = 0; at < filled; at += header.batchBytes(bytes, at)) {
          const lastOffset = header.lastOffset(bytes, at);
          if (lastOffset < firstDirty) continue;
          if (header.isControl(bytes, at)) transactions.isEmptied(bytes, at);
          else if (!transactions.isAborted(bytes, at)) {
            checkBatch(file, bytes, at, position + at);
            if (!this.#mapBatch(bytes, at)) return false;
          }
          this.#mappedTo = lastOffset;
        }
        position += filled;
        yield { kind: 'work', bytes: filled };
      }
      return true;
    } finally {
      segment.close();
    }
  }

  #mapBatch(bytes: Buffer, at: number): boolean {
    const { firstDirty } = this.#job;
    const map = this.#map;
    const baseOffset = header.baseOffset(bytes, at);
    const records = recordsOf(bytes, at, recordBytesMax);
    const walk = this.#walk;
    walk.begin(records, 0, records.length);
    while (walk.next()) {
      const offset = baseOffset + walk.offsetDelta;
      if (walk.keyBytes < 0 || offset < firstDirty) continue;
      if (map.isFull) return false;
      map.put(records, walk.keyAt, walk.keyBytes, offset);
    }
    return true;
  }

  readonly #walk = new RecordWalk();

  /** Writes everything before the end of what was noted anew, and leaves out what may go. */
  *rewrite(): Generator<CleanStep, void, void> {
    const { nowMs, deleteRetentionMs } = this.#job;
    const transactions = new CleanedTransactions(this.#aborted, (transaction) => this.#target?.addAborted(transaction));
    const filter = new BatchFilter({ map: this.#map, mappedTo: this.#mappedTo, nowMs, deleteRetentionMs });
    for (const group of groupSegments(this.#disk, this.#job, this.#segments, this.#mappedTo + 1)) {
      yield* this.#rewriteGroup(group, transactions, filter);
    }
  }

  *#rewriteGroup(
    group: readonly SourceSegment[],
    transactions: CleanedTransactions,
    filter: BatchFilter,
  ): Generator<CleanStep, void, void> {
    const { folder, indexIntervalBytes } = this.#job;
    const baseOffset = group[0]!.baseOffset;
    const last = group.findLast(({ size }) => size > 0);
    const target = new CleanedSegment(this.#disk, {
      folder,
      baseOffset,
      indexIntervalBytes,
      buffer: this.#writeBuffer,
    });
    this.#target = target;
    this.#isChanged = group.length > 1;
    let isOffered = false;
    try {
      for (const source of group) yield* this.#rewriteSegment(source, source === last, transactions, filter);
      if (!this.#isChanged) return;
      target.finish(this.#disk.stat(filePath(folder, group.at(-1)!.baseOffset, '.log'))?.modifiedAtMs ?? 0);
      isOffered = true;
      const { size, maxTimestamp, maxTimestampOffset } = target;
      const replaced = group.map((source) => source.baseOffset);
      yield { kind: 'swap', replaced, size, maxTimestamp, maxTimestampOffset };
      this.#segmentsReplaced += group.length;
    } finally {
      // What was offered is somebody else's now.
      if (!isOffered) target.remove();
      this.#target = undefined;
    }
  }

  *#rewriteSegment(
    source: SourceSegment,
    isLast: boolean,
    transactions: CleanedTransactions,
    filter: BatchFilter,
  ): Generator<CleanStep, void, void> {
    const segment = this.#open(source);
    const target = this.#target!;
    try {
      const { file } = segment;
      for (let position = 0; position < source.size;) {
        const filled = this.#reader.read(file, position, source.size);
        const { bytes } = this.#reader;
        const before = target.size;
        for (let at = 0; at < filled; at += header.batchBytes(bytes, at)) {
          const endsFile = isLast && position + at + header.batchBytes(bytes, at) === source.size;
          this.#rewriteBatch({ file, bytes, at, position: position + at, endsFile }, transactions, filter);
        }
        position += filled;
        this.#bytesRead += filled;
        this.#bytesWritten += target.size - before;
        yield { kind: 'work', bytes: filled + target.size - before };
      }
    } finally {
      segment.close();
    }
  }

  #rewriteBatch(
    { file, bytes, at, position, endsFile }: FoundBatch,
    transactions: CleanedTransactions,
    filter: BatchFilter,
  ): void {
    const { firstUncleanable, nowMs } = this.#job;
    const target = this.#target!;
    const isControl = header.isControl(bytes, at);
    const isObsolete = isControl ? transactions.isEmptied(bytes, at) : transactions.isAborted(bytes, at);
    const isDropped =
      isObsolete && (!isControl || (header.hasDeleteHorizon(bytes, at) && header.baseTimestamp(bytes, at) <= nowMs));
    if (!isDropped && header.recordCount(bytes, at) > 0) {
      const kept = filter.filter(bytes, at, isControl && isObsolete);
      this.#recordsRead += kept.recordsRead;
      this.#recordsWritten += kept.recordsKept;
      if (kept.batch !== undefined) {
        checkBatch(file, bytes, at, position);
        this.#isChanged = true;
        target.add(kept.batch, 0);
        return;
      }
      if (kept.recordsKept > 0) {
        target.add(bytes, at);
        return;
      }
    } else this.#recordsRead += header.recordCount(bytes, at);
    const isNeeded = header.lastOffset(bytes, at) + 1 === firstUncleanable || this.#isLastOfProducer(bytes, at);
    if (isNeeded) this.#addEmpty(bytes, at, emptied(bytes, at));
    // The end of a file tells how far it reaches: after a crash nothing of what it was made of may come back.
    else if (endsFile) this.#addEmpty(bytes, at, placeholder(bytes, at));
    else this.#isChanged = true;
  }

  #addEmpty(bytes: Buffer, at: number, batch: Buffer): void {
    const isSame = header.recordCount(bytes, at) === 0 && batch.equals(bytes.subarray(at, at + batch.length));
    if (!isSame) this.#isChanged = true;
    this.#target!.add(batch, 0);
  }

  /** Without it the next batch of the producer could not be told from one that comes too early, or twice. */
  #isLastOfProducer(bytes: Buffer, at: number): boolean {
    const producer = this.#producers.get(header.producerId(bytes, at));
    if (producer === undefined) return false;
    const { lastOffsets, epochs } = this.#job.producers;
    const lastOffset = lastOffsets[producer]!;
    if (lastOffset >= 0) return header.lastOffset(bytes, at) === lastOffset;
    return header.isControl(bytes, at) && header.producerEpoch(bytes, at) === epochs[producer];
  }

  #open({ baseOffset, size }: SourceSegment): Segment {
    const { folder } = this.#job;
    return new Segment({ disk: this.#disk, folder, baseOffset, size, createdAtMs: 0, jitterMs: 0 });
  }
}

interface FoundBatch {
  readonly file: DiskFile;
  readonly bytes: Buffer;
  readonly at: number;
  readonly position: number;
  /** It is the last one of the segments that become one. */
  readonly endsFile: boolean;
}

/** While keys are noted nothing is written. */
function noted(): void {}
