/**
 * What the cleaning of one log is told, and what it tells: plain values, because it may run in another thread, and columns of numbers
 * where there may be many, because values are copied on the way.
 */
import type { AbortedSources } from './aborted-sources.ts';
import type { KeySecret } from './key-hash.ts';
import type { LiveProducers } from './live-producers.ts';

export interface CleanJob {
  readonly folder: string;
  /** Every segment that ends below `firstUncleanable`, ascending. */
  readonly baseOffsets: Float64Array<ArrayBuffer>;
  readonly sizes: Float64Array<ArrayBuffer>;
  /** Below, no key is there twice. */
  readonly firstDirty: number;
  /** At and after this offset nothing is touched. */
  readonly firstUncleanable: number;
  readonly aborted: AbortedSources;
  /** Producers that may write again. */
  readonly producers: LiveProducers;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  /** What a cleaned segment may grow to. */
  readonly segmentBytes: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  readonly limits: CleanLimits;
  readonly keySecret: KeySecret;
}

export interface CleanLimits {
  /** Memory for the keys: `log.cleaner.dedupe.buffer.size`. */
  readonly mapBytes: number;
  readonly mapLoadFactor: number;
  /** Memory for reading, and as much for writing. */
  readonly bufferBytes: number;
  /** Read and written together. */
  readonly bytesPerSecondMax: number;
}

export interface SourceSegment {
  readonly baseOffset: number;
  readonly size: number;
}

export function sourceSegments({ baseOffsets, sizes }: CleanJob): SourceSegment[] {
  return Array.from(baseOffsets, (baseOffset, index) => ({ baseOffset, size: sizes[index]! }));
}

/** What goes to another thread as it is, and is here no more. */
export function columnsOf({ baseOffsets, sizes, aborted, producers }: CleanJob): ArrayBuffer[] {
  const { producerIds, epochs, lastOffsets } = producers;
  return [baseOffsets, sizes, aborted.files, aborted.unsaved, producerIds, epochs, lastOffsets].map(
    ({ buffer }) => buffer,
  );
}

/** One file that takes the place of one or more. */
export interface Replacement {
  /** Base offsets of the segments that go. The new one has the first of them. */
  readonly replaced: readonly number[];
  readonly size: number;
  readonly maxTimestamp: number;
  readonly maxTimestampOffset: number;
}

/** Where the work may pause: after so many bytes, or until the new file is in its place. */
export type CleanStep = { readonly kind: 'work'; readonly bytes: number } | ({ readonly kind: 'swap' } & Replacement);

export interface CleanOutcome {
  /** Below, no key is there twice now. */
  readonly endOffset: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly recordsRead: number;
  readonly recordsWritten: number;
  readonly segmentsReplaced: number;
  /** How full the memory for keys became, of what it may take. */
  readonly mapUtilization: number;
}
