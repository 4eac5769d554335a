/**
 * The end of a log. In: batches to append. Out: offsets at once, bytes in the file after `write`. When a write fails for lack of room,
 * all that was in it is taken back, as if it had never come.
 */
import { batchHeader as header, KafkaError } from '@millrace/protocol';

import { AppendCheck, checkReplicated } from './append-check.ts';
import { AppendError } from './append-error.ts';
import { transactionEndOf } from './control-batch.ts';
import { isDiskFull } from './disk-full.ts';
import type { LogConfig } from './log-config.ts';
import { diskFull, type LogState } from './log-state.ts';
import type { BatchNote, ProducerEntry } from './producer-entry.ts';
import { recalledBatches } from './recalled-batches.ts';
import type { Segment } from './segment.ts';

export interface AppendOptions {
  readonly leaderEpoch: number;
  /** A client's or a coordinator's batch gets its offsets here, a leader's has them. */
  readonly origin: 'client' | 'coordinator' | 'replica';
  /** Version of the produce request; the newest when left out. */
  readonly producedByVersion?: number;
  /** How the transaction ends that a coordinator's marker ends: since 2 a marker has a higher epoch than the records before it. */
  readonly transactionVersion?: number;
}

export interface Appended {
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** -1 where records keep their producer's time. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** The batch was there already: these are the offsets of its first time. */
  readonly duplicate: boolean;
  readonly recordCount: number;
  readonly bytes: number;
}

export class LogWriter {
  readonly #state: LogState;
  readonly #written: () => void;
  #check: AppendCheck;
  /** Appended, not in the file: all of it belongs to the active segment. */
  #pending: Buffer[] = [];
  #pendingRecords = 0;
  /** A write inside of `append` failed: appends before it were taken back, and their callers hear of it from `writeOut`. */
  #failure: KafkaError | undefined;
  recordsSinceSync = 0;
  /** When the first of what is not synced was written. */
  unsyncedSinceMs = -1;

  /** `written` is told when there is something new to sync. */
  /** A field, so that no batch pays for a closure. */
  readonly #recall = (entry: ProducerEntry): void => entry.recall(recalledBatches(this.#state.segments, entry));

  constructor(state: LogState, written: () => void) {
    this.#state = state;
    this.#written = written;
    this.#check = new AppendCheck(state.config);
    this.#hold();
  }

  configure(config: LogConfig): void {
    this.#check = new AppendCheck(config);
  }

  append(records: Buffer, options: AppendOptions): Appended {
    const state = this.#state;
    state.refuseIfUnable();
    if (this.#failure !== undefined) throw this.#failure;
    const { origin } = options;
    const nowMs = state.home.host.clock.now();
    if (origin === 'replica') {
      checkReplicated(records, state.endOffset);
      return this.#place(records, nowMs, -1);
    }
    const batch = this.#check.batch(records, nowMs, origin, options.producedByVersion);
    if (origin === 'client' && header.producerId(batch, 0) >= 0) {
      const first = state.producers.check(batch, 0, this.#recall);
      if (first !== undefined) return this.#duplicate(first, batch);
    }
    if (origin === 'coordinator' && header.producerId(batch, 0) >= 0) {
      const end = header.isControl(batch, 0) ? transactionEndOf(batch, 0) : undefined;
      state.producers.checkCoordinated(batch, 0, end, options.transactionVersion ?? 0);
    }
    header.stampOffset(batch, 0, state.endOffset, options.leaderEpoch);
    return this.#place(batch, nowMs, header.isLogAppendTime(batch, 0) ? nowMs : -1);
  }

  /** One write of everything appended since the last. Throws when it failed: then none of these appends counts. */
  writeOut(): void {
    const failure = this.#failure;
    if (failure === undefined) {
      this.#write();
      return;
    }
    this.#failure = undefined;
    throw failure;
  }

  /** The same between appends and their `writeOut`, which hears of a failure as well. */
  flush(): void {
    try {
      this.#write();
    } catch (error) {
      if (error instanceof KafkaError) this.#failure = error;
      throw error;
    }
  }

  #write(): void {
    if (this.#pending.length === 0) return;
    const state = this.#state;
    const { active } = state.segments;
    try {
      active.file.writeSync(this.#pending, active.writtenSize);
    } catch (error) {
      throw this.#takeBack(active, error);
    }
    active.writtenSize = active.size;
    state.writtenOffset = state.endOffset;
    this.recordsSinceSync += this.#pendingRecords;
    if (this.unsyncedSinceMs < 0) this.unsyncedSinceMs = state.home.host.clock.now();
    this.#pending = [];
    this.#pendingRecords = 0;
    this.#hold();
    this.#written();
  }

  /** Ends the active segment; the next one begins at the end of the log. */
  roll(): void {
    this.flush();
    const state = this.#state;
    const old = state.segments.active;
    if (old.size === 0) return;
    try {
      // Durable before there is a next segment: recovery that finds one with its snapshot looks at this one's transactions no more.
      old.aborted.save();
      state.addSegment(state.endOffset);
    } catch (error) {
      throw isDiskFull(error) ? this.#full(error) : state.failed('a new segment', error);
    }
    if (state.syncedOffset < state.endOffset) state.unsyncedSegments.push(old);
    try {
      old.saveIndexes(true);
    } catch (error) {
      state.home.host.log.warn(
        { folder: state.folder, error },
        'the indexes of a segment could not be written; they are made again when needed',
      );
    }
    state.takeSnapshot();
    this.#hold();
    this.#written();
  }

  /** After a truncation: there is nothing to write, and nothing to take back to. */
  reset(): void {
    this.#hold();
  }

  #place(records: Buffer, nowMs: number, logAppendTimeMs: number): Appended {
    const state = this.#state;
    const { config } = state;
    if (records.length > config.segmentBytes) {
      throw new AppendError(
        'RECORD_LIST_TOO_LARGE',
        `${records.length} bytes are more than a segment of the topic has (segment.bytes ${config.segmentBytes}).`,
      );
    }
    const baseOffset = header.baseOffset(records, 0);
    let lastOffset = baseOffset;
    let maxTimestamp = -1;
    let recordCount = 0;
    for (let at = 0; at < records.length; at += header.batchBytes(records, at)) {
      lastOffset = header.lastOffset(records, at);
      maxTimestamp = Math.max(maxTimestamp, header.maxTimestamp(records, at));
      recordCount += header.recordCount(records, at);
    }
    if (this.#mustRoll(records.length, lastOffset, maxTimestamp, nowMs)) this.roll();
    for (let at = 0; at < records.length; at += header.batchBytes(records, at)) this.#note(records, at);
    state.endOffset = lastOffset + 1;
    state.lastStableOffset = state.producers.firstUnstableOffset ?? state.endOffset;
    this.#pending.push(records);
    this.#pendingRecords += recordCount;
    return {
      baseOffset,
      lastOffset,
      logAppendTimeMs,
      logStartOffset: state.startOffset,
      duplicate: false,
      recordCount,
      bytes: records.length,
    };
  }

  #note(records: Buffer, at: number): void {
    const { segments, epochs, producers, config } = this.#state;
    const bytes = header.batchBytes(records, at);
    const epoch = header.leaderEpoch(records, at);
    if (epoch >= 0 && epoch !== epochs.latest) epochs.assign(epoch, header.baseOffset(records, at));
    segments.active.add(
      header.lastOffset(records, at),
      header.maxTimestamp(records, at),
      bytes,
      config.indexIntervalBytes,
    );
    if (header.producerId(records, at) < 0) return;
    if (!header.isControl(records, at)) {
      producers.note(records, at);
      return;
    }
    const end = transactionEndOf(records, at);
    const aborted = end === undefined ? undefined : producers.noteEnd(records, at, end);
    if (aborted !== undefined) segments.active.aborted.add(aborted);
  }

  #mustRoll(bytes: number, lastOffset: number, maxTimestamp: number, nowMs: number): boolean {
    const { segments, config } = this.#state;
    const { active } = segments;
    if (active.size === 0) return false;
    return (
      active.size > config.segmentBytes - bytes ||
      active.waitedMs(nowMs, maxTimestamp) > config.segmentMs - active.jitterMs ||
      active.offsets.isFull(config.segmentIndexBytes) ||
      active.times.isFull(config.segmentIndexBytes) ||
      !active.canHold(lastOffset)
    );
  }

  #duplicate(first: BatchNote, batch: Buffer): Appended {
    return {
      baseOffset: first.lastOffset - first.offsetDelta,
      lastOffset: first.lastOffset,
      logAppendTimeMs: this.#state.config.timestampType === 'LogAppendTime' ? first.timestampMs : -1,
      logStartOffset: this.#state.startOffset,
      duplicate: true,
      recordCount: header.recordCount(batch, 0),
      bytes: batch.length,
    };
  }

  #hold(): void {
    this.#state.segments.active.hold();
    this.#state.producers.hold();
  }

  /** None of what is pending has happened. */
  #takeBack(active: Segment, cause: unknown): KafkaError {
    const state = this.#state;
    active.takeBack();
    state.producers.takeBack();
    state.endOffset = state.writtenOffset;
    state.lastStableOffset = state.producers.firstUnstableOffset ?? state.endOffset;
    this.#pending = [];
    this.#pendingRecords = 0;
    if (!isDiskFull(cause)) return state.failed('a write', cause);
    try {
      // A part may be in the file. It must never be found behind what is written there later.
      active.file.truncate(active.writtenSize);
      active.file.syncSync();
    } catch (error) {
      return state.failed('cutting off what did not fit', error);
    }
    return this.#full(cause);
  }

  #full(cause: unknown): KafkaError {
    this.#state.home.full();
    return diskFull(this.#state.folder, cause);
  }
}
