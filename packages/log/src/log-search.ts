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
    const found = search(
      segment,
      from,
      (bytes, at) => header.maxTimestamp(bytes, at) >= timestampMs && header.lastOffset(bytes, at) >= state.startOffset,
      (batch) => firstRecord(batch, timestampMs, state.startOffset),
    );
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
  const { maxTimestampOffset } = segment;
  return search(
    segment,
    segment.offsets.positionOf(maxTimestampOffset),
    (bytes, at) => header.lastOffset(bytes, at) >= maxTimestampOffset,
    latestRecord,
  );
}

/** Calls `look` with each header from `from` on; the first batch that it picks is read as a whole. */
function search(
  segment: Segment,
  from: number,
  isWanted: (bytes: Buffer, at: number) => boolean,
  find: (batch: Buffer) => FoundOffset | undefined,
): FoundOffset | undefined {
  const { file } = segment;
  let found: FoundOffset | undefined;
  scanBatches({
    file,
    from,
    until: segment.writtenSize,
    whole: false,
    visit: (bytes, at, position) => {
      if (!isWanted(bytes, at)) return true;
      const batch = Buffer.allocUnsafe(header.batchBytes(bytes, at));
      file.readSync(batch, position);
      found = find(batch);
      return found === undefined;
    },
  });
  return found;
}

/** The first of those with the batch's largest timestamp. */
function latestRecord(batch: Buffer): FoundOffset | undefined {
  const leaderEpoch = header.leaderEpoch(batch, 0);
  let latest: FoundOffset | undefined;
  for (const { offset, timestamp } of decodeBatch(batch, 0, recordBytesMax)) {
    if (latest === undefined || timestamp > latest.timestampMs)
      latest = { offset, timestampMs: timestamp, leaderEpoch };
  }
  return latest;
}

function firstRecord(batch: Buffer, timestampMs: number, startOffset: number): FoundOffset | undefined {
  const leaderEpoch = header.leaderEpoch(batch, 0);
  for (const record of decodeBatch(batch, 0, recordBytesMax)) {
    if (record.timestamp >= timestampMs && record.offset >= startOffset) {
      return { offset: record.offset, timestampMs: record.timestamp, leaderEpoch };
    }
  }
  return undefined;
}
