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
  const holder = directories.find((directory) => MetadataLog.isIn(directory));
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
  return first;
}
