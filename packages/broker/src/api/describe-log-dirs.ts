/** DescribeLogDirs (35), versions 1 to 5. In: partitions, or null for all. Out: per log directory what each partition takes on disk. */
import { apis, errors, type DescribeLogDirsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

interface SizedPartition {
  readonly partitionIndex: number;
  readonly partitionSize: number;
  readonly offsetLag: number;
  readonly isFutureKey: boolean;
}

export function describeLogDirs(doors: Doors, request: DescribeLogDirsRequest): Answer<typeof apis.describeLogDirs> {
  const wanted =
    request.topics === null
      ? undefined
      : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    results: doors.directories.map((directory) => {
      const topics = new Map<string, SizedPartition[]>();
      for (const { topic, index, log, directory: home } of doors.partitions.all()) {
        if (home !== directory || (wanted !== undefined && wanted.get(topic)?.has(index) !== true)) continue;
        const sized = topics.get(topic) ?? [];
        sized.push({ partitionIndex: index, partitionSize: log.bytes, offsetLag: 0, isFutureKey: false });
        topics.set(topic, sized);
      }
      return {
        errorCode: directory.failure === undefined ? errors.NONE : errors.KAFKA_STORAGE_ERROR,
        logDir: directory.path,
        topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
        totalBytes: doors.host.disk.totalBytes(directory.path),
        usableBytes: doors.host.disk.freeBytes(directory.path),
        isCordoned: false,
      };
    }),
  };
}
