/**
 * AlterReplicaLogDirs (34), versions 1 and 2. In: partitions by the log directory they are to move to. Out: at once whether each move
 * was begun; DescribeLogDirs shows how far it is. To name the directory that a partition lies in ends its move.
 */
import { isMillraceError } from '@millrace/base';
import { apis, errors, isKafkaError, type AlterReplicaLogDirsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

/** The name of the copy's folder must fit into a file name. */
const folderNameMax = 255;
const futureNameBytes = '.'.length + 32 + '-future'.length;

export function alterReplicaLogDirs(
  doors: Doors,
  request: AlterReplicaLogDirsRequest,
): Answer<typeof apis.alterReplicaLogDirs> {
  const results = new Map<string, Map<number, number>>();
  for (const { path, topics } of request.dirs) {
    for (const { name, partitions } of topics) {
      const codes = results.get(name) ?? new Map<number, number>();
      results.set(name, codes);
      for (const index of partitions) codes.set(index, moveOne(doors, path, name, index));
    }
  }
  return {
    throttleTimeMs: 0,
    results: [...results].map(([topicName, codes]) => ({
      topicName,
      partitions: [...codes].map(([partitionIndex, errorCode]) => ({ partitionIndex, errorCode })),
    })),
  };
}

function moveOne(doors: Doors, path: string, topic: string, index: number): number {
  const { partitions, moves, directories, offlineDirectories, settings } = doors;
  if (`${topic}-${index}`.length + futureNameBytes > folderNameMax) return errors.INVALID_TOPIC_EXCEPTION;
  const directory = directories.find((known) => known.path === path);
  if (directory === undefined)
    return offlineDirectories.some((known) => known.path === path)
      ? errors.KAFKA_STORAGE_ERROR
      : errors.LOG_DIR_NOT_FOUND;
  if (directory.failure !== undefined) return errors.KAFKA_STORAGE_ERROR;
  const partition = partitions.byName(topic, index);
  if (partition === undefined) {
    const isKnown = doors.image.topic(topic)?.partitions[index] !== undefined;
    return isKnown ? errors.KAFKA_STORAGE_ERROR : errors.UNKNOWN_TOPIC_OR_PARTITION;
  }
  const move = moves.of(partition);
  if (move?.directory === directory) return errors.NONE;
  moves.cancel(partition);
  if (partition.directory === directory) return errors.NONE;
  if (settings.isCordoned(directory.path)) return errors.INVALID_REPLICA_ASSIGNMENT;
  // As long as a directory is offline nobody knows what lies in it; and a folder that is left there must not be written over.
  const isUnsure = offlineDirectories.length > 0 || directories.some(({ failure }) => failure !== undefined);
  if (isUnsure || directory.holds(topic, index)) return errors.KAFKA_STORAGE_ERROR;
  try {
    moves.start(partition, directory);
    return errors.NONE;
  } catch (error) {
    if (isKafkaError(error)) return error.code;
    if (isMillraceError(error) || isDiskError(error)) return errors.KAFKA_STORAGE_ERROR;
    throw error;
  }
}

function isDiskError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
