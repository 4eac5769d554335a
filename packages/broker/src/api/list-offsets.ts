/**
 * ListOffsets (2), versions 1 to 11. In: a time in ms, or −1 latest, −2 earliest, −3 of the greatest timestamp (7 and later), −4
 * earliest local (8), −5 latest tiered (9), −6 earliest to upload (11). Out: an offset per partition, −1 where there is none.
 * Nothing is tiered here, so −4 is the start of the log, and −5 and −6 are none.
 */
import { apis, errors, type ListOffsetsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import type { Partition } from '../partition.ts';

const latest = -1;
const earliest = -2;
const ofMaxTimestamp = -3;
const earliestLocal = -4;
const latestTiered = -5;
const earliestPendingUpload = -6;
/** The first version that knows each special time. */
const sinceVersion: ReadonlyMap<number, number> = new Map([
  [latest, 0],
  [earliest, 0],
  [ofMaxTimestamp, 7],
  [earliestLocal, 8],
  [latestTiered, 9],
  [earliestPendingUpload, 11],
]);

/** The first version whose answers carry the leader epoch. */
const epochSince = 4;

interface Found {
  readonly timestampMs: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export function listOffsets(
  doors: Doors,
  request: ListOffsetsRequest,
  exchange: Exchange,
): Answer<typeof apis.listOffsets> {
  const repeated = repeatedPartitions(request);
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((asked) => {
        const { partitionIndex, timestamp } = asked;
        if (repeated.has(`${name} ${partitionIndex}`)) return { partitionIndex, errorCode: errors.INVALID_REQUEST };
        if (timestamp < 0 && (sinceVersion.get(timestamp) ?? Infinity) > exchange.apiVersion) {
          return { partitionIndex, errorCode: errors.UNSUPPORTED_VERSION };
        }
        const partition = doors.partitions.byName(name, partitionIndex);
        if (partition === undefined) return { partitionIndex, errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION };
        const errorCode = partition.checkLeaderEpoch(asked.currentLeaderEpoch);
        if (errorCode !== errors.NONE) return { partitionIndex, errorCode };
        const found = find(partition, timestamp, request.isolationLevel === 1);
        if (found === undefined) return { partitionIndex, errorCode };
        const { timestampMs, offset, leaderEpoch } = found;
        return {
          partitionIndex,
          errorCode,
          timestamp: timestampMs,
          offset,
          ...(exchange.apiVersion < epochSince ? undefined : { leaderEpoch }),
        };
      }),
    })),
  };
}

function find(partition: Partition, timestamp: number, committedOnly: boolean): Found | undefined {
  const { log } = partition;
  const end = committedOnly ? partition.lastStableOffset : partition.highWatermark;
  switch (timestamp) {
    case latest:
      return { timestampMs: -1, offset: end, leaderEpoch: partition.leaderEpoch };
    case earliest:
    case earliestLocal:
      return { timestampMs: -1, offset: log.startOffset, leaderEpoch: log.epochOf(log.startOffset) };
    case latestTiered:
    case earliestPendingUpload:
      return undefined;
    default: {
      const found = timestamp === ofMaxTimestamp ? log.maxTimestamp() : log.offsetForTimestamp(timestamp);
      if (found === undefined || found.offset >= end) return undefined;
      return found;
    }
  }
}

function repeatedPartitions(request: ListOffsetsRequest): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name} ${partitionIndex}`;
      if (seen.has(key)) repeated.add(key);
      seen.add(key);
    }
  }
  return repeated;
}
