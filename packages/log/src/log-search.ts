/** Offsets by time: exact, so the batch in question is decoded, compressed or not. */
import { decodeBatch, batchHeader as header } from '@millrace/protocol';

import { scanBatches } from './batch-scan.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';

export interface FoundOffset {
  readonly offset: number;
  readonly timestampMs: number;
  readonly leaderEpoch: number;
}

/** What the records of one batch may grow to. */
const recordBytesMax = 1 << 30;

/** The first record that is not older than `timestampMs`; undefined when all are. */
export function offsetForTimestamp(state: LogState, timestampMs: number): FoundOffset | undefined {
  for (const segment of state.segments.all) {
    state.heal(segment);
    if (segment.maxTimestamp < timestampMs) continue;
    const from = segment.offsets.positionOf(segment.times.offsetBefore(timestampMs));
    const found = search(state, segment, from, (bytes, at) => {
      if (header.maxTimestamp(bytes, at) < timestampMs || header.lastOffset(bytes, at) < state.startOffset)
        return undefined;
      return firstRecord(bytes, at, timestampMs, state.startOffset);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first record with the largest timestamp of all. */
export function offsetOfMaxTimestamp(state: LogState): FoundOffset | undefined {
  let latest: Segment | undefined;
  for (const segment of state.segments.all) {
    state.heal(segment);
    if (segment.maxTimestamp >= 0 && segment.maxTimestamp > (latest?.maxTimestamp ?? -1)) latest = segment;
  }
  if (latest === undefined) return undefined;
  const segment = latest;
  const { maxTimestamp, maxTimestampOffset } = segment;
  return search(state, segment, segment.offsets.positionOf(maxTimestampOffset), (bytes, at) => {
    if (header.lastOffset(bytes, at) < maxTimestampOffset) return undefined;
    return firstRecord(bytes, at, maxTimestamp, 0);
  });
}

/** Calls `look` with each batch from `from` on until it has found something. */
function search(
  state: LogState,
  segment: Segment,
  from: number,
  look: (bytes: Buffer, at: number) => FoundOffset | undefined,
): FoundOffset | undefined {
  let found: FoundOffset | undefined;
  scanBatches({
    file: segment.file,
    from,
    until: segment.writtenSize,
    whole: true,
    visit: (bytes, at) => {
      found = look(bytes, at);
      return found === undefined;
    },
  });
  return found;
}

function firstRecord(bytes: Buffer, at: number, timestampMs: number, startOffset: number): FoundOffset | undefined {
  const leaderEpoch = header.leaderEpoch(bytes, at);
  for (const record of decodeBatch(bytes, at, recordBytesMax)) {
    if (record.timestamp >= timestampMs && record.offset >= startOffset)
      return { offset: record.offset, timestampMs: record.timestamp, leaderEpoch };
  }
  return undefined;
}
