/**
 * The data directories of a start. In: `log.dirs`. Out: those that can be used, locked, and those that cannot, whose partitions stay
 * offline. Which one holds the metadata log is found by looking, so that directories may be added, left out and named in any order.
 */
import { resolve } from 'node:path';

import { isMillraceError, MillraceError, type Host } from '@millrace/base';
import { LogDirectory, readMetaProperties } from '@millrace/log';

import type { BrokerConfig } from './config/broker-config.ts';
import { MetadataLog } from './metadata/metadata-log.ts';

export interface OfflineDirectory {
  readonly path: string;
  readonly reason: string;
}

export interface LogDirectories {
  readonly directories: readonly LogDirectory[];
  readonly offline: readonly OfflineDirectory[];
  readonly metadata: LogDirectory;
  readonly clusterId: string;
}

const kafkaMetadataTopic = '__cluster_metadata';

type Configured = Pick<BrokerConfig, 'logDirs' | 'clusterId' | 'nodeId'>;

/** Throws `MillraceError`: IN_USE for one that another process holds, CONFIG for one of another cluster, or when none is left. */
export function openLogDirectories(host: Host, config: Configured): LogDirectories {
  const directories: LogDirectory[] = [];
  const offline: OfflineDirectory[] = [];
  try {
    let clusterId = config.clusterId ?? knownClusterId(host, config);
    for (const path of new Set(config.logDirs.map((path) => resolve(path)))) {
      const known = clusterId === undefined ? undefined : { clusterId };
      try {
        directories.push(LogDirectory.open(host, path, { nodeId: config.nodeId, ...known }));
      } catch (error) {
        if (isMillraceError(error)) throw error;
        offline.push({ path, reason: error instanceof Error ? error.message : String(error) });
      }
      clusterId ??= directories[0]?.clusterId;
    }
    return { directories, offline, metadata: metadataDirectory(directories, offline), clusterId: clusterId ?? '' };
  } catch (error) {
    for (const directory of directories) void directory.close({ clean: false });
    throw error;
  }
}

/** A directory that is new must not make up an id when another one has it. */
function knownClusterId(host: Host, { logDirs }: Configured): string | undefined {
  for (const path of logDirs) {
    try {
      const found = readMetaProperties(host.disk, resolve(path));
      if (found !== undefined) return found.clusterId;
    } catch (error) {
      if (isMillraceError(error)) throw error;
    }
  }
  return undefined;
}

function metadataDirectory(directories: readonly LogDirectory[], offline: readonly OfflineDirectory[]): LogDirectory {
  const [holder, other] = directories.filter((directory) => MetadataLog.isIn(directory));
  if (other !== undefined) {
    throw new MillraceError(
      'CONFIG',
      `Both ${holder?.path} and ${other.path} hold metadata of the cluster. Leave one of them out of log.dirs, or move its metadata away.`,
    );
  }
  if (holder !== undefined) return holder;
  const [first] = directories;
  const [broken] = offline;
  if (broken !== undefined) {
    throw new MillraceError(
      'STORAGE',
      `The log directory ${broken.path} cannot be used (${broken.reason}), and no other one holds the metadata of the cluster.`,
    );
  }
  if (first === undefined) throw new MillraceError('CONFIG', 'No data directory is named: set log.dirs.');
  const orphaned = directories.find((directory) => directory.folders().length > 0);
  // Kafka's own metadata beside them: the directories are taken over.
  if (orphaned === undefined || directories.some((directory) => directory.holds(kafkaMetadataTopic, 0))) return first;
  throw new MillraceError(
    'CONFIG',
    `${orphaned.path} holds partitions, but no directory of log.dirs holds the metadata they belong to: name the one that does. ` +
      `To take the partitions over without their settings, make an empty folder ${kafkaMetadataTopic}-0 beside them.`,
  );
}
