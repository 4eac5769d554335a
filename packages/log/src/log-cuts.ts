/**
 * What takes records away: retention and DeleteRecords at the start, truncation at the end. A crash at any point leaves either what was
 * there or what was asked for, because the intent is durable before the files are touched.
 */
import { assert } from '@millrace/base';

import type { LogReader } from './log-reader.ts';
import type { LogState } from './log-state.ts';
import type { LogWriter } from './log-writer.ts';
import { rebuildProducers, removeSnapshots } from './producer-rebuild.ts';
import type { Segment } from './segment.ts';

export class LogCuts {
  readonly #state: LogState;
  readonly #writer: LogWriter;
  readonly #reader: LogReader;
  readonly #changed: () => void;
  readonly #lower: (recoveryPoint: number, startOffset: number) => void;
  /** Out of the log; renamed when the new start offset is durable, so that no hole can appear in the log. */
  #doomed: Segment[] = [];

  constructor(
    state: LogState,
    parts: {
      readonly writer: LogWriter;
      readonly reader: LogReader;
      /** The start offset moved. */
      readonly changed: () => void;
      /** Makes it durable that what lies outside of these offsets is not to be believed. */
      readonly lower: (recoveryPoint: number, startOffset: number) => void;
    },
  ) {
    this.#state = state;
    this.#writer = parts.writer;
    this.#reader = parts.reader;
    this.#changed = parts.changed;
    this.#lower = parts.lower;
  }

  /** Gone for readers at once. */
  deleteRecordsBefore(offset: number): void {
    const state = this.#state;
    if (offset <= state.startOffset) return;
    assert(offset <= state.endOffset, 'what is behind the end cannot be deleted');
    if (offset === state.endOffset) this.#writer.roll();
    this.#moveStart(offset);
  }

  /** By time and size, oldest first, as far as everybody has it. */
  deleteOldSegments(nowMs: number, highWatermark: number): number {
    const { segments, config, endOffset } = this.#state;
    const { retentionMs, retentionBytes } = config;
    this.#writer.flush();
    let excess = -1;
    if (retentionBytes >= 0) excess = segments.all.reduce((bytes, { size }) => bytes + size, 0) - retentionBytes;
    let count = 0;
    for (; count < segments.all.length; count++) {
      const segment = segments.all[count]!;
      const isActive = segment === segments.active;
      if ((isActive && segment.size === 0) || segments.endOf(count, endOffset) > highWatermark) break;
      // By size, a segment goes only when what stays is still more than the limit; the active one always stays.
      const isExcess = !isActive && excess >= segment.size;
      if (!isExcess && !this.#isOld(segment, nowMs, retentionMs)) break;
      excess -= segment.size;
    }
    if (count === 0) return 0;
    if (count === segments.all.length) this.#writer.roll();
    this.#moveStart(segments.all[count]!.baseOffset);
    return count;
  }

  #isOld(segment: Segment, nowMs: number, retentionMs: number): boolean {
    if (retentionMs < 0) return false;
    this.#state.heal(segment);
    return nowMs - segment.largestTimestamp() > retentionMs;
  }

  /** Removes everything at and after `offset`, durably. */
  truncateTo(offset: number): void {
    const state = this.#state;
    if (offset >= state.endOffset) return;
    if (offset < state.segments.first.baseOffset) {
      this.truncateFullyAndStartAt(offset);
      return;
    }
    this.#writer.flush();
    const last = state.segments.all[state.segments.indexOf(offset)]!;
    const position = this.#reader.positionOf(last, offset);
    // A batch that reaches over the cut goes as a whole.
    const endOffset = Math.min(offset, this.#reader.baseOffsetAt(last, position) ?? offset);
    const startOffset = Math.min(state.startOffset, endOffset);
    this.#begin(endOffset, startOffset);
    this.#removeSnapshotsAfter(endOffset);
    this.#removeSegmentsAfter(last.baseOffset);
    const { active } = state.segments;
    active.truncate(position, endOffset, state.config.indexIntervalBytes);
    state.unsyncedSegments = state.unsyncedSegments.filter((segment) => segment !== active);
    state.startOffset = startOffset;
    state.syncedOffset = Math.min(state.syncedOffset, endOffset);
    this.#end(endOffset);
  }

  /** Removes everything; the log goes on at `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    const state = this.#state;
    const doomed = this.takeDoomed();
    this.#removeSnapshotsAfter((doomed[0] ?? state.segments.first).baseOffset);
    // Oldest first, each durably: the log may begin before them now.
    for (const segment of doomed) {
      segment.remove();
      state.disk.syncFolder(state.folder);
    }
    this.#begin(0, offset);
    this.#removeSegmentsAfter(-1);
    state.addSegment(offset);
    state.disk.syncFolder(state.folder);
    state.startOffset = state.syncedOffset = offset;
    this.#end(offset);
  }

  /** The log goes on at `offset`, in a segment of its own; nothing lies between its end and there. */
  skipTo(offset: number): void {
    const state = this.#state;
    this.#writer.flush();
    state.endOffset = state.writtenOffset = offset;
    state.lastStableOffset = state.producers.firstUnstableOffset ?? offset;
    if (state.segments.active.size > 0) {
      this.#writer.roll();
      return;
    }
    state.segments.takeLast().remove();
    state.addSegment(offset);
    this.#writer.reset();
  }

  /** Segments that are out of the log; their files may go when the start offset of this moment is durable. */
  takeDoomed(): Segment[] {
    const doomed = this.#doomed;
    this.#doomed = [];
    return doomed;
  }

  /** They could not be given up yet. */
  putBackDoomed(doomed: readonly Segment[]): void {
    this.#doomed.unshift(...doomed);
  }

  #moveStart(offset: number): void {
    const state = this.#state;
    state.startOffset = offset;
    state.epochs.cutStart(offset);
    this.#doomed.push(...state.segments.takeFirst(state.segments.indexOf(offset)));
    this.#changed();
  }

  #begin(recoveryPoint: number, startOffset: number): void {
    const state = this.#state;
    this.#writer.flush();
    state.cuts++;
    state.spots.clear();
    this.#lower(Math.min(recoveryPoint, state.syncedOffset, state.epochs.unsavedFrom), startOffset);
  }

  /** Durable before any segment goes: if a crash leaves the batches of one without their transaction index, they are read for it. */
  #removeSnapshotsAfter(offset: number): void {
    const { disk, folder } = this.#state;
    removeSnapshots(disk, folder, disk.list(folder), (snapshotOffset) => snapshotOffset > offset);
  }

  /** The last one first, each durably: what a crash leaves has no hole. */
  #removeSegmentsAfter(baseOffset: number): void {
    const { segments, disk, folder, unsyncedSegments } = this.#state;
    while (segments.all.length > 0 && segments.active.baseOffset > baseOffset) {
      const removed = segments.takeLast();
      const index = unsyncedSegments.indexOf(removed);
      if (index >= 0) unsyncedSegments.splice(index, 1);
      removed.remove();
      disk.syncFolder(folder);
    }
  }

  #end(endOffset: number): void {
    const state = this.#state;
    state.endOffset = state.writtenOffset = endOffset;
    state.epochs.cutEnd(endOffset);
    const rebuilt = rebuildProducers(
      state.disk,
      state.folder,
      state.disk.list(state.folder),
      state.segments,
      endOffset,
    );
    state.producers = rebuilt.producers;
    state.snapshotOffset = rebuilt.snapshotOffset;
    state.lastStableOffset = rebuilt.producers.firstUnstableOffset ?? endOffset;
    this.#writer.reset();
    this.#changed();
  }
}
