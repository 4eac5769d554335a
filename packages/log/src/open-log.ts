/**
 * Opens a partition's folder. In: what the checkpoints say and whether the process before ended in order. Out: segments, producers and
 * epochs that fit the bytes in the files.
 *
 * What lies behind the recovery point may be the rest of an interrupted write and is cut at the first batch that is not whole. What lies
 * before it was synced once: damage there is never cut, the partition stays closed and the error says what can be done. Running again
 * after a crash in the middle comes to the same result.
 */
import { type Disk, MillraceError, readSmallFile } from '@millrace/base';
import { batchHeader as header } from '@millrace/protocol';

import { scanBatches, type ScanEnd } from './batch-scan.ts';
import { filePath, offsetOf } from './file-names.ts';
import { decodeLeaderEpochs, LeaderEpochs } from './leader-epochs.ts';
import { clearLeftovers } from './leftovers.ts';
import type { LogConfig } from './log-config.ts';
import type { LogHome } from './log-home.ts';
import { rebuildProducers } from './producer-rebuild.ts';
import { ProducerTable } from './producer-table.ts';
import { Segment } from './segment.ts';
import { SegmentList } from './segment-list.ts';

export interface OpenOptions {
  readonly home: LogHome;
  readonly folder: string;
  readonly config: LogConfig;
  /** What lies below was synced once. */
  readonly recoveryPoint: number;
  /** What lies below was deleted; 0 when nothing is known. */
  readonly startOffset: number;
  /** Where compaction had come to: below, offsets may be missing. */
  readonly cleanedTo?: number | undefined;
  /** The process that wrote here ended in order: what is in the files is whole. */
  readonly isClean: boolean;
  /** The folder was made a moment ago. */
  readonly isNew: boolean;
}

export interface Opened {
  readonly segments: SegmentList;
  readonly producers: ProducerTable;
  readonly epochs: LeaderEpochs;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly syncedOffset: number;
  readonly snapshotOffset: number;
  /** Segments before the active one that may not be on the disk yet. */
  readonly unsynced: Segment[];
}

/** Before the recovery point, so much is checked again after an unclean end, to find damage early. */
const checkedBytes = 1 << 20;

export const epochsFile = 'leader-epoch-checkpoint';

export function openLogFolder(options: OpenOptions): Opened {
  return new Opening(options).run();
}

class Opening {
  readonly #options: OpenOptions;
  readonly #disk: Disk;
  readonly #segments: Segment[] = [];
  #epochs = new LeaderEpochs();
  /** What their file holds; undefined when it tells nothing that can be believed. */
  #epochsText: string | undefined;
  #endOffset = 0;
  /** What must be there: damage before it is not the work of a crash. Nothing, if all that was synced was deleted since. */
  readonly #mustReach: number;
  /** Compacted segments that were put in their place a moment ago: they may end before the next one begins. */
  #replaced: ReadonlySet<number> = new Set();
  /** The first segment that was scanned for what the process before may have left. */
  #firstScanned = Number.POSITIVE_INFINITY;

  constructor(options: OpenOptions) {
    this.#options = options;
    this.#disk = options.home.host.disk;
    this.#mustReach = options.recoveryPoint > options.startOffset ? options.recoveryPoint : 0;
  }

  run(): Opened {
    const { folder, isClean, isNew, recoveryPoint } = this.#options;
    if (isNew) return this.#makeNew();
    const { names, replaced } = clearLeftovers(this.#disk, folder);
    this.#replaced = replaced;
    this.#readEpochs();
    this.#findSegments(names);
    const isWhole = isClean && this.#openClean();
    if (!isWhole) this.#recover();
    if (this.#endOffset < this.#mustReach) throw this.#rot(this.#endOffset, `it ends at offset ${this.#endOffset}`);
    const startOffset = this.#settleStart();
    const segments = new SegmentList(this.#segments);
    const { producers, snapshotOffset } = rebuildProducers(this.#disk, folder, names, segments, this.#endOffset);
    if (this.#epochsText === undefined) this.#rebuildEpochs();
    this.#epochs.cutEnd(this.#endOffset);
    if (this.#epochs.encode() === this.#epochsText) this.#epochs.saved(this.#epochs.version);
    this.#epochs.cutStart(startOffset);
    return {
      segments,
      producers,
      epochs: this.#epochs,
      startOffset,
      endOffset: this.#endOffset,
      syncedOffset: isWhole ? this.#endOffset : Math.min(recoveryPoint, this.#endOffset),
      snapshotOffset,
      unsynced: this.#segments.slice(this.#firstScanned, -1),
    };
  }

  #makeNew(): Opened {
    const { startOffset } = this.#options;
    return {
      segments: new SegmentList([this.#segment(startOffset, true)]),
      producers: new ProducerTable(),
      epochs: this.#epochs,
      startOffset,
      endOffset: startOffset,
      syncedOffset: startOffset,
      snapshotOffset: startOffset,
      unsynced: [],
    };
  }

  /** A segment for each file with batches; those that lie before the start as a whole are gone. */
  #findSegments(names: readonly string[]): void {
    const { startOffset } = this.#options;
    const offsets = names.map((name) => offsetOf(name, '.log')).filter((offset) => offset !== undefined);
    for (const [index, baseOffset] of offsets.entries()) {
      const next = offsets[index + 1];
      const segment = this.#segment(baseOffset);
      if (next !== undefined && next <= startOffset) segment.remove();
      else this.#segments.push(segment);
    }
    if (this.#segments.length === 0) this.#segments.push(this.#segment(startOffset, true));
  }

  #segment(baseOffset: number, isNew = false): Segment {
    const { home, folder, config } = this.#options;
    return new Segment({
      disk: this.#disk,
      folder,
      baseOffset,
      size: isNew ? undefined : this.#disk.stat(filePath(folder, baseOffset, '.log'))?.size,
      createdAtMs: home.host.clock.now(),
      jitterMs: config.segmentJitterMs > 0 ? home.host.random.below(config.segmentJitterMs) : 0,
    });
  }

  /** Looks at the last batches only. False when they are not what an orderly end leaves. */
  #openClean(): boolean {
    const active = this.#segments.at(-1)!;
    const { size } = active;
    this.#endOffset = active.baseOffset;
    const end = this.#rescan(active, size, false, () => true);
    if (end.problem !== undefined || active.size !== size) return false;
    if (size === 0) return true;
    const from = active.offsets.lastPosition;
    const last = scanBatches({ file: active.file, from, until: size, whole: true, visit: () => true });
    return last.problem === undefined;
  }

  /** Reads all that the process before may not have synced. */
  #recover(): void {
    const { recoveryPoint } = this.#options;
    const first = Math.max(
      0,
      this.#segments.findLastIndex(({ baseOffset }) => baseOffset <= recoveryPoint),
    );
    this.#firstScanned = first;
    this.#endOffset = this.#segments[first]!.baseOffset;
    for (let index = first; index < this.#segments.length; index++) {
      const segment = this.#segments[index]!;
      // A hole: the segment before ends early, because it was never written to its end, or because its last records were compacted away.
      if (segment.baseOffset > this.#endOffset && !this.#mayBeHole(index)) {
        if (this.#endOffset < this.#mustReach) throw this.#rot(this.#endOffset, `it ends at offset ${this.#endOffset}`);
        this.#removeFrom(index, `there is nothing between offsets ${this.#endOffset} and ${segment.baseOffset}`);
        return;
      }
      this.#endOffset = Math.max(this.#endOffset, segment.baseOffset);
      const end = this.#scanSegment(segment, index);
      if (end.problem === undefined) continue;
      if (this.#endOffset < this.#mustReach)
        throw this.#rot(this.#endOffset, `the batch at position ${end.position} is damaged: ${end.problem}`);
      this.#removeFrom(index + 1, `${segment.path} is cut before them`);
      this.#cut(segment, end);
      return;
    }
  }

  #mayBeHole(index: number): boolean {
    const { cleanedTo = 0 } = this.#options;
    return this.#segments[index]!.baseOffset <= cleanedTo || this.#replaced.has(this.#segments[index - 1]!.baseOffset);
  }

  #scanSegment(segment: Segment, index: number): ScanEnd {
    const { recoveryPoint } = this.#options;
    const limit = this.#segments[index + 1]?.baseOffset ?? Number.POSITIVE_INFINITY;
    const known = recoveryPoint <= segment.baseOffset ? 0 : segment.offsets.positionOf(recoveryPoint);
    let problem: string | undefined;
    let isFirst = true;
    const visit = (bytes: Buffer, at: number): boolean => {
      const baseOffset = header.baseOffset(bytes, at);
      const epoch = header.leaderEpoch(bytes, at);
      if (isFirst) {
        this.#endOffset = Math.max(segment.baseOffset, Math.min(baseOffset, limit));
        this.#epochs.cutEnd(baseOffset);
      }
      isFirst = false;
      if (
        baseOffset < this.#endOffset ||
        header.lastOffset(bytes, at) >= limit ||
        !segment.canHold(header.lastOffset(bytes, at))
      ) {
        problem = `its offset ${baseOffset} is out of order`;
      } else if (epoch >= 0 && epoch < (this.#epochs.latest ?? -1)) {
        problem = `its leader epoch ${epoch} is older than the one before`;
      } else if (epoch > (this.#epochs.latest ?? -1)) {
        this.#epochs.assign(epoch, baseOffset);
      }
      return problem === undefined;
    };
    let end = this.#rescan(segment, Math.max(0, known - checkedBytes), true, visit);
    // Damage at the very first batch that was looked at: what stands before it tells how far the log is good.
    if (isFirst && end.position > 0) end = this.#rescan(segment, 0, true, visit);
    return problem === undefined ? end : { position: end.position, problem };
  }

  /** Follows the end of the log through the segment; the first batch may lie before what is known to be the end. */
  #rescan(segment: Segment, position: number, whole: boolean, visit: (bytes: Buffer, at: number) => boolean): ScanEnd {
    if (segment.size === 0) {
      segment.cut(0, segment.baseOffset);
      return { position: 0, problem: undefined };
    }
    return segment.rescan({
      position,
      whole,
      indexIntervalBytes: this.#options.config.indexIntervalBytes,
      visit: (bytes, at) => {
        if (!visit(bytes, at)) return false;
        this.#endOffset = header.lastOffset(bytes, at) + 1;
        return true;
      },
    });
  }

  /** The last one first, each durably: what a crash leaves has no new hole. */
  #removeFrom(index: number, reason: string): void {
    const { folder, home } = this.#options;
    for (const segment of this.#segments.splice(index).toReversed()) {
      home.host.log.warn(
        { file: segment.path, bytes: segment.size, reason },
        'recovery removes a segment that was never synced',
      );
      segment.remove();
      this.#disk.syncFolder(folder);
    }
  }

  #cut(segment: Segment, end: ScanEnd): void {
    const { host } = this.#options.home;
    const bytes = segment.file.size() - end.position;
    host.log.warn(
      { file: segment.path, position: end.position, offset: this.#endOffset, bytes, reason: end.problem },
      'recovery cuts what an interrupted write left',
    );
    segment.truncate(end.position, this.#endOffset, this.#options.config.indexIntervalBytes);
  }

  /** A start behind the end: what was deleted there had not been synced. The log goes on at its start. */
  #settleStart(): number {
    const first = this.#segments[0]!.baseOffset;
    const startOffset = Math.max(first, this.#options.startOffset);
    if (startOffset <= this.#endOffset) return startOffset;
    this.#removeFrom(0, `the log starts at offset ${startOffset}`);
    this.#segments.push(this.#segment(startOffset, true));
    this.#endOffset = startOffset;
    return startOffset;
  }

  #readEpochs(): void {
    const bytes = readSmallFile(this.#disk, `${this.#options.folder}/${epochsFile}`);
    if (bytes === undefined) return;
    const text = Buffer.from(bytes).toString();
    const epochs = decodeLeaderEpochs(text);
    if (epochs === undefined) return;
    this.#epochs = epochs;
    this.#epochsText = text;
  }

  /** From every batch of the log: each one bears its epoch. */
  #rebuildEpochs(): void {
    this.#epochs = new LeaderEpochs();
    for (const segment of this.#segments) {
      if (segment.size === 0) continue;
      scanBatches({
        file: segment.file,
        from: 0,
        until: segment.size,
        whole: false,
        visit: (bytes, at) => {
          const epoch = header.leaderEpoch(bytes, at);
          if (epoch > (this.#epochs.latest ?? -1)) this.#epochs.assign(epoch, header.baseOffset(bytes, at));
          return true;
        },
      });
    }
  }

  #rot(offset: number, what: string): MillraceError {
    const { folder, recoveryPoint, home } = this.#options;
    const segment = this.#segments.findLast(({ baseOffset }) => baseOffset <= offset)!;
    return new MillraceError(
      'CORRUPT',
      `${segment.path}: ${what}, but everything before offset ${recoveryPoint} was synced: the file was damaged later. ` +
        'Nothing was changed, the partition stays offline. Bring the file back from a copy; or, to give up all records from offset ' +
        `${offset} on, write ${offset} for this partition into ${home.path}/recovery-point-offset-checkpoint and start again (${folder}).`,
    );
  }
}
