/**
 * DescribeLogDirs (35), versions 1 to 5. In: partitions, or null for all. Out: per log directory what each partition takes on disk, copies
 * of partitions that move there included, with how many records each of those lacks still.
 */
import type { LogDirectory } from '@millrace/log';
import { apis, errors, type DescribeLogDirsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

type DescribeLogDirsAnswer = Exclude<Awaited<Answer<typeof apis.describeLogDirs>>, symbol>;
type Result = DescribeLogDirsAnswer['results'][number];
type SizedPartition = Result['topics'][number]['partitions'][number];
type IsWanted = (topic: string, index: number) => boolean;

export function describeLogDirs(doors: Doors, request: DescribeLogDirsRequest): Answer<typeof apis.describeLogDirs> {
  const asked =
    request.topics === null
      ? undefined
      : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
  const isWanted: IsWanted = (topic, index) => asked === undefined || asked.get(topic)?.has(index) === true;
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    results: [
      ...doors.directories.map((directory) => describeOne(doors, directory, isWanted)),
      ...doors.offlineDirectories.map(({ path }) => offline(path)),
    ],
  };
}

function describeOne(doors: Doors, directory: LogDirectory, isWanted: IsWanted): Result {
  if (directory.failure !== undefined) return offline(directory.path);
  const topics = new Map<string, SizedPartition[]>();
  const put = (topic: string, sized: SizedPartition): void => {
    const known = topics.get(topic);
    if (known === undefined) topics.set(topic, [sized]);
    else known.push(sized);
  };
  for (const { topic, index, log, directory: home } of doors.partitions.all()) {
    if (home !== directory || !isWanted(topic, index)) continue;
    put(topic, { partitionIndex: index, partitionSize: log.bytes, offsetLag: 0, isFutureKey: false });
  }
  for (const { partition, directory: target, log } of doors.moves.all()) {
    const { topic, index } = partition;
    if (target !== directory || !isWanted(topic, index)) continue;
    const offsetLag = Math.max(0, partition.log.endOffset - log.endOffset);
    put(topic, { partitionIndex: index, partitionSize: log.bytes, offsetLag, isFutureKey: true });
  }
  const { disk } = doors.host;
  return {
    errorCode: errors.NONE,
    logDir: directory.path,
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
    totalBytes: disk.totalBytes(directory.path),
    usableBytes: disk.freeBytes(directory.path),
    isCordoned: doors.settings.isCordoned(directory.path),
  };
}

function offline(logDir: string): Result {
  return { errorCode: errors.KAFKA_STORAGE_ERROR, logDir, topics: [] };
}
