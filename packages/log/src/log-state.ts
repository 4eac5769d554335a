/** What the parts of one log share: `log-writer.ts` moves its end, `log-reader.ts` reads, `log-cuts.ts` takes away from both sides. */
import { type Disk, MillraceError, replaceSmallFile } from '@millrace/base';
import { KafkaError } from '@millrace/protocol';

import { filePath } from './file-names.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import type { LogConfig } from './log-config.ts';
import type { LogHome } from './log-home.ts';
import { LogSpots } from './log-spots.ts';
import { epochsFile, type Opened } from './open-log.ts';
import { writeSnapshot } from './producer-snapshot.ts';
import type { ProducerTable } from './producer-table.ts';
import { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** After so many bytes a snapshot of the producers is made at a checkpoint, so that recovery has less to read. */
const snapshotEveryBytes = 64 << 20;

export class LogState {
  readonly home: LogHome;
  readonly disk: Disk;
  readonly segments: SegmentList;
  producers: ProducerTable;
  readonly epochs: LeaderEpochs;
  readonly spots = new LogSpots();
  folder: string;
  config: LogConfig;
  startOffset: number;
  /** Behind the last append, written or not. */
  endOffset: number;
  writtenOffset: number;
  syncedOffset: number;
  lastStableOffset: number;
  /** Rolled since the last sync. */
  unsyncedSegments: Segment[];
  /** Names in these folders are not durable yet. */
  unsyncedFolders: string[] = [];
  /** Counts truncations: a sync that began before one says nothing of what is written after it. */
  cuts = 0;
  /** There is a snapshot of the producers as they were before this offset. */
  snapshotOffset: number;
  /** Size of the active segment at the last snapshot. */
  #snapshotSize = 0;
  isClosed = false;

  constructor(home: LogHome, folder: string, config: LogConfig, opened: Opened) {
    this.home = home;
    this.disk = home.host.disk;
    this.folder = folder;
    this.config = config;
    this.segments = opened.segments;
    this.producers = opened.producers;
    this.epochs = opened.epochs;
    this.startOffset = opened.startOffset;
    this.endOffset = this.writtenOffset = opened.endOffset;
    this.syncedOffset = opened.syncedOffset;
    this.lastStableOffset = opened.producers.firstUnstableOffset ?? opened.endOffset;
    this.snapshotOffset = opened.snapshotOffset;
    this.unsyncedSegments = opened.unsynced;
  }

  /** A new active segment; its name is durable after the next sync. */
  addSegment(baseOffset: number): Segment {
    const { segmentJitterMs } = this.config;
    const segment = new Segment({
      disk: this.disk,
      folder: this.folder,
      baseOffset,
      size: undefined,
      createdAtMs: this.home.host.clock.now(),
      jitterMs: segmentJitterMs > 0 ? this.home.host.random.below(segmentJitterMs) : 0,
    });
    this.segments.push(segment);
    if (!this.unsyncedFolders.includes(this.folder)) this.unsyncedFolders.push(this.folder);
    return segment;
  }

  /** Producers as they are at the end of the log. A failure is not worth more than a longer recovery. */
  takeSnapshot(): void {
    if (this.snapshotOffset === this.endOffset) return;
    try {
      // A snapshot counts on the transactions that ended before it.
      this.segments.active.aborted.save();
      writeSnapshot(this.disk, filePath(this.folder, this.endOffset, '.snapshot'), this.producers);
      this.snapshotOffset = this.endOffset;
    } catch (error) {
      this.home.host.log.warn({ folder: this.folder, error }, 'a snapshot of the producers could not be written');
    }
  }

  /** What a snapshot, the indexes and the epochs on disk do not tell yet. */
  save(whole: boolean): void {
    const { active } = this.segments;
    const isWorth = whole
      ? active.size > 0 || this.producers.size > 0
      : active.size - this.#snapshotSize >= snapshotEveryBytes;
    try {
      active.saveIndexes(whole && active.size > 0);
    } catch (error) {
      this.home.host.log.warn(
        { folder: this.folder, error },
        'indexes could not be written; they are made again when needed',
      );
    }
    if (isWorth && this.writtenOffset === this.endOffset) this.#replaceStraySnapshot();
    for (const segment of this.segments.all) {
      if (!segment.isUsed && segment === active) segment.close();
      else if (!segment.isUsed) segment.unload();
      segment.isUsed = false;
    }
  }

  /** For a log that is closed by itself. */
  syncSync(): void {
    for (const segment of [...this.unsyncedSegments, this.segments.active]) {
      if (segment.writtenSize > 0) segment.file.syncSync();
    }
    for (const folder of this.unsyncedFolders) this.disk.syncFolder(folder);
    this.unsyncedSegments = [];
    this.unsyncedFolders = [];
    this.syncedOffset = this.writtenOffset;
  }

  saveEpochs(): void {
    const unsaved = this.unsavedEpochs();
    if (unsaved === undefined) return;
    replaceSmallFile(this.disk, `${this.folder}/${epochsFile}`, Buffer.from(unsaved.text));
    this.epochs.saved(unsaved.version);
  }

  /** Only epochs that records bear are worth a file. */
  unsavedEpochs(): { text: string; version: number } | undefined {
    const { epochs } = this;
    return epochs.unsavedFrom < this.writtenOffset ? { text: epochs.encode(), version: epochs.version } : undefined;
  }

  /** Between rolls only the newest snapshot is kept. */
  #replaceStraySnapshot(): void {
    const stray = this.snapshotOffset;
    this.takeSnapshot();
    this.#snapshotSize = this.segments.active.size;
    const isBase = this.segments.all.some(({ baseOffset }) => baseOffset === stray);
    if (stray !== this.snapshotOffset && !isBase && stray >= 0)
      this.disk.remove(filePath(this.folder, stray, '.snapshot'));
  }

  /** The lookups of `segment` reach its end. */
  heal(segment: Segment): void {
    if (segment !== this.segments.active) segment.heal(this.config.indexIntervalBytes);
  }

  refuseIfUnable(): void {
    if (this.isClosed) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', `${this.folder} is closed.`);
    const { failure, isFull } = this.home;
    if (failure !== undefined)
      throw new KafkaError('KAFKA_STORAGE_ERROR', `${this.home.path} has failed: ${failure.message}`, {
        cause: failure,
      });
    if (isFull) throw diskFull(this.folder);
  }

  /** A write or a sync failed for another reason than room: the directory takes no more. */
  failed(what: string, cause: unknown): KafkaError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.home.fail(new MillraceError('STORAGE', `${this.folder}: ${what} failed: ${reason}`, { cause }));
    return new KafkaError('KAFKA_STORAGE_ERROR', `${this.folder}: ${what} failed: ${reason}`, { cause });
  }
}

export function diskFull(folder: string, cause?: unknown): KafkaError {
  return new KafkaError('KAFKA_STORAGE_ERROR', `${folder}: the disk is full. Appends go on when there is room again.`, {
    cause,
  });
}
