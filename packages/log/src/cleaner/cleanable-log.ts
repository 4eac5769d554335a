/**
 * What cleaning needs of a log that goes on being written to, read and cut meanwhile. In: how far it was cleaned, what is decided. Out:
 * the range that is worth cleaning, a job for it, and new files in the place of old ones.
 *
 * A replacement takes three short turns, each made durable before the next, so that any crash leaves the old files or the new one:
 * first its files get names that say that they are whole (`.swap`), then the originals are given up (`.deleted`) and readers find the
 * new one, then it gets its final names. `leftovers.ts` finishes or undoes what a crash leaves.
 */
import { cleanedSuffix, filePath, segmentKinds, swapSuffix } from '../file-names.ts';
import type { LogState } from '../log-state.ts';
import { Segment } from '../segment.ts';
import { abortedSources } from './aborted-sources.ts';
import type { CleanJob, CleanLimits, Replacement } from './clean-job.ts';
import { liveProducers } from './live-producers.ts';

export interface CleanRange {
  readonly firstDirty: number;
  readonly firstUncleanable: number;
  readonly cleanableBytes: number;
  /** The part of the bytes up to `firstUncleanable` that was never cleaned. */
  readonly dirtyRatio: number;
  /** Something waits for longer than `max.compaction.lag.ms`. */
  readonly isDue: boolean;
  /** What was known of the last cleaning cannot be. */
  readonly isReset: boolean;
}

type Stage = 'none' | 'whole' | 'in place';

export class CleanableLog {
  readonly #state: LogState;
  #segments: ReadonlySet<Segment> = new Set();
  #abort: AbortController | undefined;
  /** How far the replacement at hand has come; `#baseOffset` names its files, `#segment` is set when it is in its place. */
  #stage: Stage = 'none';
  #baseOffset = 0;
  #segment: Segment | undefined;

  constructor(state: LogState) {
    this.#state = state;
  }

  /**
   * Before `range`: reads what that asks of the files of segments, which may be thousands after a start. A step is one segment, and
   * others may have a turn between two; of what is known there is no step.
   */
  *learn(cleanedTo: number | undefined): Generator<void, void, void> {
    const { segments, startOffset, config } = this.#state;
    if (config.compactionLagMinMs <= 0 && config.compactionLagMaxMs >= Number.MAX_SAFE_INTEGER) return;
    for (const segment of segments.all.slice(segments.indexOf(cleanedTo ?? startOffset), -1)) {
      if (this.#state.isClosed) return;
      if (segment.isGone || segment.isKnown) continue;
      const wasLoaded = segment.offsets.isLoaded;
      this.#state.heal(segment);
      void segment.firstTimestamp;
      // Else thousands of files would be open, and their indexes in memory, for nothing.
      if (!wasLoaded) segment.unload();
      yield;
    }
  }

  /** `cleanedTo` is where the last cleaning ended, `stableOffset` what readers of committed records see. */
  range(cleanedTo: number | undefined, stableOffset: number, nowMs: number): CleanRange {
    const { segments, startOffset, endOffset, syncedOffset } = this.#state;
    const known = cleanedTo ?? startOffset;
    const isReset = known < startOffset || known > endOffset;
    const firstDirty = isReset ? startOffset : known;
    const limit = Math.max(
      firstDirty,
      // A record must not go for the sake of one that a loss of power may take.
      Math.min(stableOffset, syncedOffset, segments.active.baseOffset, this.#tooYoung(firstDirty, nowMs)),
    );
    // Whole segments only: the one that holds the limit is left alone.
    const end = segments.indexOf(limit);
    const firstUncleanable = segments.all[end]!.baseOffset;
    let [cleanBytes, cleanableBytes] = [0, 0];
    for (let index = 0; index < end; index++) {
      const { size, baseOffset } = segments.all[index]!;
      // A segment that was cleaned in part counts twice, as in Kafka.
      if (baseOffset < firstDirty) cleanBytes += size;
      if (segments.endOf(index, endOffset) > firstDirty) cleanableBytes += size;
    }
    const total = cleanBytes + cleanableBytes;
    return {
      firstDirty,
      firstUncleanable,
      cleanableBytes,
      dirtyRatio: total === 0 ? 0 : cleanableBytes / total,
      isDue: cleanableBytes > 0 && this.#isDue(firstDirty, nowMs),
      isReset,
    };
  }

  /**
   * For the worker. The signal is given when the log is cut or closed, be it while the job is put together: nothing of it counts then.
   */
  async job(
    { firstDirty, firstUncleanable }: CleanRange,
    nowMs: number,
    limits: CleanLimits,
  ): Promise<{ job: CleanJob; signal: AbortSignal }> {
    const { segments, folder, config, producers, home } = this.#state;
    const { signal } = (this.#abort = new AbortController());
    const sources = segments.all.filter(({ baseOffset }) => baseOffset < firstUncleanable);
    this.#segments = new Set(sources);
    const job = {
      folder,
      baseOffsets: Float64Array.from(sources, ({ baseOffset }) => baseOffset),
      sizes: Float64Array.from(sources, ({ writtenSize }) => writtenSize),
      firstDirty,
      firstUncleanable,
      aborted: await abortedSources(segments.all, firstUncleanable, signal),
      producers: await liveProducers(producers, firstUncleanable, signal),
      nowMs,
      deleteRetentionMs: config.deleteRetentionMs,
      segmentBytes: config.segmentBytes,
      segmentIndexBytes: config.segmentIndexBytes,
      indexIntervalBytes: config.indexIntervalBytes,
      limits,
      keySecret: new Int32Array(home.host.random.bytes(16).slice().buffer),
    };
    return { job, signal };
  }

  /** False when the log is not as it was any more: the new files are gone then, and the rest of the job is not worth doing. */
  async swap(replacement: Replacement): Promise<boolean> {
    const { disk, folder } = this.#state;
    const signal = this.#abort?.signal;
    const originals = this.#originals(replacement);
    const baseOffset = replacement.replaced[0]!;
    const paths = segmentKinds.map((kind) => filePath(folder, baseOffset, kind));
    const isThere = paths.every((path) => disk.stat(path + cleanedSuffix) !== undefined);
    if (originals === undefined || signal?.aborted !== false || !isThere) {
      if (!this.#state.isClosed) for (const path of paths) disk.remove(path + cleanedSuffix);
      return false;
    }
    this.#baseOffset = baseOffset;
    this.#stage = 'whole';
    for (const path of paths) disk.rename(path + cleanedSuffix, path + swapSuffix);
    await disk.syncFolderAsync(folder);
    // `stop` has undone it.
    if (signal.aborted) return false;
    if (this.#originals(replacement) === undefined) {
      this.stop();
      return false;
    }
    this.#replace(originals, replacement);
    await disk.syncFolderAsync(folder);
    this.#removeLater(originals);
    if (signal.aborted) return false;
    this.#finish();
    // The next replacement begins with files that are not whole: no other may be between two names by then.
    await disk.syncFolderAsync(folder);
    return !signal.aborted;
  }

  /**
   * Before the log is cut, closed or deleted: the job at hand counts no more, and no file is between two names. Durable, so that what is
   * cut off afterwards is not found again in an original.
   */
  stop(): void {
    const { disk, folder, home } = this.#state;
    this.#abort?.abort();
    if (this.#stage === 'none' || home.failure !== undefined) return;
    if (this.#stage === 'whole') {
      this.#stage = 'none';
      for (const kind of segmentKinds) disk.remove(filePath(folder, this.#baseOffset, kind) + swapSuffix);
      disk.syncFolder(folder);
      return;
    }
    disk.syncFolder(folder);
    this.#finish();
    disk.syncFolder(folder);
  }

  #replace(originals: readonly Segment[], { size, maxTimestamp, maxTimestampOffset }: Replacement): void {
    const state = this.#state;
    for (const original of originals) original.rename(original === originals[0]);
    const segment = new Segment({
      disk: state.disk,
      folder: state.folder,
      baseOffset: this.#baseOffset,
      size,
      createdAtMs: originals[0]!.createdAtMs,
      jitterMs: 0,
      suffix: swapSuffix,
      known: { maxTimestamp, maxTimestampOffset },
    });
    state.segments.replace(originals, segment);
    state.spots.clear();
    state.unsyncedSegments = state.unsyncedSegments.filter((unsynced) => !originals.includes(unsynced));
    this.#segment = segment;
    this.#stage = 'in place';
  }

  #finish(): void {
    // Retention may have given it up meanwhile.
    if (this.#segment?.isGone === false) this.#segment.dropSuffix();
    this.#segment = undefined;
    this.#stage = 'none';
  }

  /** The segments that are to be replaced, as long as they are what the job has read. */
  #originals({ replaced }: Replacement): Segment[] | undefined {
    const { segments, config, isClosed } = this.#state;
    if (isClosed || !config.isCompacted) return undefined;
    const originals: Segment[] = [];
    for (const baseOffset of replaced) {
      const segment = segments.all[segments.indexOf(baseOffset)];
      if (segment?.baseOffset !== baseOffset || !this.#segments.has(segment)) return undefined;
      originals.push(segment);
    }
    return originals;
  }

  #removeLater(originals: readonly Segment[]): void {
    const { home, config } = this.#state;
    home.host.timers.after(config.fileDeleteDelayMs, () => {
      if (this.#state.isClosed) for (const original of originals) original.close();
      else for (const original of originals) original.removeRenamed();
    });
  }

  /** Where the first segment begins that has a record younger than `min.compaction.lag.ms`. */
  #tooYoung(firstDirty: number, nowMs: number): number {
    const { segments, config } = this.#state;
    if (config.compactionLagMinMs <= 0) return Number.POSITIVE_INFINITY;
    for (let index = segments.indexOf(firstDirty); index < segments.all.length - 1; index++) {
      const segment = segments.all[index]!;
      this.#state.heal(segment);
      if (segment.largestTimestamp() > nowMs - config.compactionLagMinMs) return segment.baseOffset;
    }
    return Number.POSITIVE_INFINITY;
  }

  #isDue(firstDirty: number, nowMs: number): boolean {
    const { segments, config } = this.#state;
    const { compactionLagMaxMs } = config;
    if (compactionLagMaxMs >= nowMs) return false;
    for (let index = segments.indexOf(firstDirty); index < segments.all.length - 1; index++) {
      const { firstTimestamp } = segments.all[index]!;
      if (firstTimestamp > 0 && firstTimestamp < nowMs - compactionLagMaxMs) return true;
    }
    return false;
  }
}
