/**
 * One partition on disk. In: whole batches of clients, coordinators or a leader. Out: their offsets, and later their bytes as they are.
 *
 * `append` checks, stamps and takes note; `writeOut` puts all appends since the last one into the file with one write; the directory
 * syncs many logs at once, and what lies below `syncedOffset` then survives a loss of power. README.md follows one append and one
 * recovery through the files of this folder.
 */
import { isKafkaError } from '@millrace/protocol';

import { CleanableLog } from './cleaner/cleanable-log.ts';
import type { Replacement } from './cleaner/clean-job.ts';
import { filePath } from './file-names.ts';
import type { EpochStart } from './leader-epochs.ts';
import type { LogConfig } from './log-config.ts';
import { LogCuts } from './log-cuts.ts';
import type { LogHome } from './log-home.ts';
import type { LogRead } from './log-read.ts';
import { LogReader, type ReadOptions } from './log-reader.ts';
import { type FoundOffset, offsetForTimestamp, offsetOfMaxTimestamp } from './log-search.ts';
import { LogState } from './log-state.ts';
import { type AppendOptions, type Appended, LogWriter } from './log-writer.ts';
import { type OpenOptions, openLogFolder } from './open-log.ts';
import type { ProducerEntry } from './producer-entry.ts';
import type { Segment } from './segment.ts';
import type { AbortedTransaction } from './transaction-index.ts';

export interface LogOptions extends OpenOptions {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
}

/** What has to be synced, and what is durable then. */
export interface Unsynced {
  readonly segments: readonly Segment[];
  readonly folders: readonly string[];
  readonly upTo: number;
  readonly position: number;
  readonly cuts: number;
}

export class Log {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
  readonly #home: LogHome;
  readonly #state: LogState;
  readonly #writer: LogWriter;
  readonly #reader: LogReader;
  readonly #cuts: LogCuts;
  /** What the cleaner needs of this log. */
  readonly cleaning: CleanableLog;
  #isRetired = false;

  /** Synchronous, recovery included. Throws MillraceError CORRUPT when records that were synced are damaged. */
  static open(options: LogOptions): Log {
    return new Log(options);
  }

  private constructor(options: LogOptions) {
    const { home, folder, config } = options;
    this.topic = options.topic;
    this.partition = options.partition;
    this.topicId = options.topicId;
    this.#home = home;
    const state = new LogState(home, folder, config, openLogFolder(options));
    // Cheap when they are durable already, which nobody can tell: not even an orderly end syncs the names of a log without records.
    state.unsyncedFolders.push(home.path, folder);
    this.#state = state;
    this.#writer = new LogWriter(state, () => home.wrote(this));
    this.#reader = new LogReader(state);
    this.#cuts = new LogCuts(state, {
      writer: this.#writer,
      reader: this.#reader,
      changed: () => home.changed(this),
      lower: (recoveryPoint, startOffset) => home.lower(this, recoveryPoint, startOffset),
    });
    this.cleaning = new CleanableLog(state);
    if (state.syncedOffset < state.endOffset) home.wrote(this);
  }

  get folder(): string {
    return this.#state.folder;
  }

  get startOffset(): number {
    return this.#state.startOffset;
  }

  /** Behind the last append, written or not. */
  get endOffset(): number {
    return this.#state.endOffset;
  }

  get writtenOffset(): number {
    return this.#state.writtenOffset;
  }

  /** What lies below survives a loss of power. */
  get syncedOffset(): number {
    return this.#state.syncedOffset;
  }

  /** After a crash all before is believed without a look at it. */
  get recoveryPoint(): number {
    return Math.min(this.#state.syncedOffset, this.#state.epochs.unsavedFrom);
  }

  /** First offset of the oldest open transaction, else the end. */
  get lastStableOffset(): number {
    return this.#state.lastStableOffset;
  }

  get bytes(): number {
    return this.#state.segments.all.reduce((bytes, { size }) => bytes + size, 0);
  }

  get segmentCount(): number {
    return this.#state.segments.all.length;
  }

  get config(): LogConfig {
    return this.#state.config;
  }

  configure(config: LogConfig): void {
    this.#state.config = config;
    this.#writer.configure(config);
  }

  /**
   * `records` is borrowed until the next `writeOut`, and offsets are stamped into it. Clients and coordinators bring one batch, a leader
   * any number. Throws AppendError, and KafkaError KAFKA_STORAGE_ERROR when the disk does not take it.
   */
  append(records: Buffer, options: AppendOptions): Appended {
    return this.#writer.append(records, options);
  }

  /** One write of everything appended since the last. Throws KafkaError when it failed: then none of these appends counts. */
  writeOut(): void {
    this.#writer.writeOut();
  }

  /** `flush.messages` asks for a sync now, whatever the broker's mode. */
  get isFlushDue(): boolean {
    return this.#writer.recordsSinceSync >= this.#state.config.flushMessages;
  }

  /** When `flush.ms` asks for one; infinity when everything is synced. */
  get flushDueMs(): number {
    const { unsyncedSinceMs } = this.#writer;
    return unsyncedSinceMs < 0 ? Number.POSITIVE_INFINITY : unsyncedSinceMs + this.#state.config.flushMs;
  }

  /** Rolled segments wait for a sync. */
  get hasUnsyncedSegments(): boolean {
    return this.#state.unsyncedSegments.length > 0;
  }

  /** For the directory: what to sync so that everything written is durable; undefined when it is. */
  takeUnsynced(): Unsynced | undefined {
    const state = this.#state;
    if (state.isClosed) return undefined;
    const { active } = state.segments;
    const upTo = state.writtenOffset;
    const segments = state.unsyncedSegments;
    if (upTo > state.syncedOffset && active.writtenSize > 0) segments.push(active);
    const folders = state.unsyncedFolders;
    if (segments.length === 0 && folders.length === 0) return undefined;
    state.unsyncedSegments = [];
    state.unsyncedFolders = [];
    this.#writer.recordsSinceSync = 0;
    this.#writer.unsyncedSinceMs = -1;
    return { segments, folders, upTo, position: active.writtenSize, cuts: state.cuts };
  }

  /** For the directory: all of `unsynced` is durable. */
  synced({ upTo, position, cuts }: Unsynced): void {
    const state = this.#state;
    if (cuts !== state.cuts || upTo <= state.syncedOffset) return;
    state.syncedOffset = upTo;
    const { active } = state.segments;
    // Where readers of synced records stop.
    if (upTo > active.baseOffset) state.spots.note(active.baseOffset, upTo, position);
  }

  /** A plan for reading whole batches; the first one holds `offset`, and may begin before it. Throws KafkaError. */
  read(offset: number, options: ReadOptions): LogRead {
    return this.#reader.read(offset, options);
  }

  /** About how many bytes lie between two offsets, for answers that wait for a minimum. */
  bytesBetween(from: number, to: number): number {
    return this.#reader.bytesBetween(from, to);
  }

  /** The first record that is not older; undefined when all are. */
  offsetForTimestamp(timestampMs: number): FoundOffset | undefined {
    return offsetForTimestamp(this.#state, timestampMs);
  }

  /** The first record with the largest timestamp of all. */
  maxTimestamp(): FoundOffset | undefined {
    return offsetOfMaxTimestamp(this.#state);
  }

  /** Transactions that were aborted and have records in the offsets from `from` to below `to`. */
  abortedTransactions(from: number, to: number): AbortedTransaction[] {
    const { segments } = this.#state;
    const found: AbortedTransaction[] = [];
    for (let index = segments.indexOf(from); index < segments.all.length; index++) {
      for (const aborted of segments.all[index]!.aborted.all) {
        if (aborted.lastOffset >= from && aborted.firstOffset < to) found.push(aborted);
        // Whatever ends later began later: below this offset everything was decided.
        if (aborted.lastStableOffset >= to) return found;
      }
    }
    return found;
  }

  get latestEpoch(): number | undefined {
    return this.#state.epochs.latest;
  }

  get epochs(): readonly EpochStart[] {
    return this.#state.epochs.all;
  }

  /** Of the record at this offset; -1 when unknown. */
  epochOf(offset: number): number {
    return this.#state.epochs.epochOf(offset);
  }

  assignEpoch(epoch: number, startOffset: number): void {
    this.#state.epochs.assign(epoch, startOffset);
  }

  /** The largest epoch up to `epoch` and where it ends; -1 and -1 when it is unknown here. */
  endOffsetForEpoch(epoch: number): { epoch: number; endOffset: number } {
    return this.#state.epochs.endOf(epoch, this.#state.endOffset);
  }

  activeProducers(): readonly ProducerEntry[] {
    return [...this.#state.producers.entries()];
  }

  /** What is known of one producer. */
  producer(producerId: number): ProducerEntry | undefined {
    return this.#state.producers.get(producerId);
  }

  /** Forgets producers that have been silent for longer than `producer.id.expiration.ms`. */
  expireProducers(nowMs: number): void {
    this.#state.producers.expire(nowMs, this.#state.config.producerIdExpirationMs);
  }

  /** Records before `offset` are gone for readers at once; their files go when the new start is durable. */
  deleteRecordsBefore(offset: number): void {
    this.#changeStart('deleting records', () => this.#cuts.deleteRecordsBefore(offset));
  }

  /** Retention by time and size, as far as `highWatermark`. Gives the count of segments. */
  deleteOldSegments(nowMs: number, highWatermark: number): number {
    if (!this.#state.config.isDeleted || this.#home.failure !== undefined) return 0;
    return this.#changeStart('retention', () => this.#cuts.deleteOldSegments(nowMs, highWatermark));
  }

  /** Removes everything at and after `offset`; durable when it returns. */
  truncateTo(offset: number): void {
    this.#change('truncation', () => {
      this.cleaning.stop();
      this.#cuts.truncateTo(offset);
    });
  }

  /** Removes everything; the log goes on at `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    this.#change('truncation', () => {
      this.cleaning.stop();
      this.#cuts.truncateFullyAndStartAt(offset);
    });
  }

  /** What follows is at `offset` at the earliest: the end of another log, whose last batches were compacted away. */
  skipTo(offset: number): void {
    this.#change('skipping', () => this.#cuts.skipTo(offset));
  }

  /** Ends the active segment, if there is anything in it. */
  roll(): void {
    this.#change('rolling', () => this.#writer.roll());
  }

  /** Puts a cleaned segment in the place of its originals. False when the log has changed, and the cleaning counts no more. */
  async replaceSegments(replacement: Replacement): Promise<boolean> {
    try {
      return await this.cleaning.swap(replacement);
    } catch (error) {
      if (this.isClosed || this.#isRetired) return false;
      throw this.#state.failed('the replacement of segments', error);
    }
  }

  /** The partition goes on in another directory: only reads that are under way need this log still. */
  retire(): void {
    this.cleaning.stop();
    this.#isRetired = true;
  }

  /** The topic is gone: the folder gets another name at once, and is removed later. */
  markDeleted(): void {
    this.#closeFiles();
    this.#home.deleteFolder(this);
  }

  /** Durable, and in files that the next start understands without reading them all. */
  close(): void {
    if (this.#state.isClosed) return;
    if (this.#home.failure === undefined) {
      this.#change('closing', () => {
        this.#writer.flush();
        this.#state.syncSync();
        this.#state.save(true);
        this.#state.saveEpochs();
      });
    }
    this.#closeFiles();
    this.#home.gone(this);
  }

  /** For the directory, which is done with all of its logs. */
  dispose(): void {
    this.#closeFiles();
  }

  get isClosed(): boolean {
    return this.#state.isClosed;
  }

  /** For the directory: writes behind what makes the next start fast. `whole`: no more will come. */
  save(whole: boolean): void {
    this.#state.save(whole);
  }

  /** For the directory: what is to be written into `leader-epoch-checkpoint`, if anything. */
  unsavedEpochs(): { readonly text: string; readonly version: number } | undefined {
    return this.#state.unsavedEpochs();
  }

  /** For the directory: that is durable now. */
  epochsSaved(version: number): void {
    this.#state.epochs.saved(version);
  }

  /** For the directory: where the producers stand as they were when the first segment began. */
  get firstSnapshot(): string {
    return filePath(this.#state.folder, this.#state.segments.first.baseOffset, '.snapshot');
  }

  /** For the directory: segments whose files may go when the start offset of this moment is durable. */
  takeDoomed(): Segment[] {
    return this.#cuts.takeDoomed();
  }

  putBackDoomed(doomed: readonly Segment[]): void {
    this.#cuts.putBackDoomed(doomed);
  }

  #closeFiles(): void {
    if (!this.#state.isClosed) this.cleaning.stop();
    this.#state.isClosed = true;
    for (const segment of this.#state.segments.all) segment.close();
  }

  /** Files that a cleaning reads may go with the first segment. */
  #changeStart<T>(what: string, change: () => T): T {
    const { first } = this.#state.segments;
    const result = this.#change(what, change);
    if (this.#state.segments.first !== first) this.#change(what, () => this.cleaning.stop());
    return result;
  }

  #change<T>(what: string, change: () => T): T {
    try {
      return change();
    } catch (error) {
      if (isKafkaError(error)) throw error;
      throw this.#state.failed(what, error);
    }
  }
}
