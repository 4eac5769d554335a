/**
 * Copies of partitions that move into a log directory from another one. In: a copy in a folder with Kafka's `-future` name. Out: when it
 * is whole, the partition under its own name, durably. From that moment the copy is what counts: a note in its folder names the
 * directory that it came from, so that a start that finds the partition in both knows which one to open. A copy that is not whole when
 * the process ends is worth nothing, and begins anew.
 */
import { MillraceError, readSmallFile, replaceSmallFile, type Disk } from '@millrace/base';

import { futureFolderSuffix, partitionOf } from './file-names.ts';
import { Log } from './log.ts';
import type { LogConfig } from './log-config.ts';
import type { LogHome } from './log-home.ts';
import { readTopicId, writeTopicId } from './partition-metadata.ts';

/** A copy that the process before has not finished. */
export interface UnfinishedMove {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
  readonly folder: string;
}

/** In the folder of a partition that has moved: the id of the directory whose folder it takes the place of. */
const noteFile = 'moved-from';

export class FutureLogs {
  readonly #home: LogHome;
  readonly #logs = new Set<Log>();
  #unfinished: UnfinishedMove[];

  /** `names` are the folders of the directory at its start. */
  constructor(home: LogHome, names: readonly string[]) {
    this.#home = home;
    this.#unfinished = names.flatMap((name) => {
      const found = futurePartitionOf(name);
      const folder = `${home.path}/${name}`;
      return found === undefined ? [] : [{ ...found, folder, topicId: readTopicId(home.host.disk, folder) }];
    });
  }

  get all(): ReadonlySet<Log> {
    return this.#logs;
  }

  /** Each of them once; their folders are of no more use. */
  takeUnfinished(): readonly UnfinishedMove[] {
    const unfinished = this.#unfinished;
    this.#unfinished = [];
    for (const { folder } of unfinished) this.#home.host.disk.remove(folder);
    return unfinished;
  }

  /** A new, empty copy that begins at `startOffset`. */
  open(topic: string, partition: number, topicId: string | undefined, config: LogConfig, startOffset: number): Log {
    const { host, path } = this.#home;
    const unique = Buffer.from(host.random.bytes(16)).toString('hex');
    const folder = `${path}/${topic}-${partition}.${unique}${futureFolderSuffix}`;
    host.disk.makeFolder(folder);
    if (topicId !== undefined) writeTopicId(host.disk, folder, topicId);
    const home = new FutureHome(this.#home, (log) => this.#logs.delete(log));
    const log = Log.open({
      home,
      folder,
      topic,
      partition,
      topicId,
      config,
      recoveryPoint: startOffset,
      startOffset,
      isClean: true,
      isNew: true,
    });
    this.#logs.add(log);
    return log;
  }

  /**
   * Closes a copy that is whole and gives its folder the partition's name: the point of no return, durable when it returns. `keep` makes
   * it durable before how far the log may be believed.
   */
  promote(future: Log, fromDirectoryId: string, keep: (log: Log) => void): void {
    const { disk } = this.#home.host;
    future.close();
    if (this.#home.failure !== undefined) throw new MillraceError('STORAGE', `${this.#home.path} has failed.`);
    replaceSmallFile(disk, `${future.folder}/${noteFile}`, Buffer.from(fromDirectoryId));
    keep(future);
    disk.rename(future.folder, `${this.#home.path}/${future.topic}-${future.partition}`);
    disk.syncFolder(this.#home.path);
  }

  dispose(): void {
    for (const log of this.#logs) log.dispose();
  }
}

/** The directory that a partition's folder took the place of, if it was moved and the old folder may be there still. */
export function movedFrom(disk: Disk, folder: string): string | undefined {
  const bytes = readSmallFile(disk, `${folder}/${noteFile}`);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

/** The old folder is gone, durably. The next move of the partition must not find the note again. */
export function forgetMove(disk: Disk, folder: string): void {
  disk.remove(`${folder}/${noteFile}`);
  disk.syncFolder(folder);
}

/** What a copy needs of the directory, which does not count it among its partitions. */
class FutureHome implements LogHome {
  readonly #home: LogHome;
  readonly #closed: (log: Log) => void;

  constructor(home: LogHome, closed: (log: Log) => void) {
    this.#home = home;
    this.#closed = closed;
  }

  get host(): LogHome['host'] {
    return this.#home.host;
  }

  get path(): string {
    return this.#home.path;
  }

  get failure(): Error | undefined {
    return this.#home.failure;
  }

  get isFull(): boolean {
    return this.#home.isFull;
  }

  wrote(log: Log): void {
    this.#home.wrote(log);
  }

  full(): void {
    this.#home.full();
  }

  fail(error: Error): void {
    this.#home.fail(error);
  }

  /** No checkpoint tells of a copy. */
  changed(): void {}
  lower(): void {}

  deleteFolder(log: Log): void {
    this.#closed(log);
    this.host.disk.remove(log.folder);
  }

  gone(log: Log): void {
    this.#closed(log);
  }
}

function futurePartitionOf(name: string): { topic: string; partition: number } | undefined {
  const found = /^(.+)\.[0-9a-f]{32}-future$/.exec(name);
  return found === null ? undefined : partitionOf(found[1]!);
}
