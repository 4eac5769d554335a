/**
 * One log directory: who may use it, which partitions lie in it, how far they can be believed after a crash, and the syncs of all of
 * them together. A write or sync that fails for another reason than room ends the directory: nothing more is appended, reads go on.
 */
import { type Disk, type FolderLock, type Host, MillraceError, type Timer } from '@millrace/base';

import { CheckpointRound } from './checkpoint-round.ts';
import { CleanerCheckpoint } from './cleaner/cleaner-checkpoint.ts';
import { isDiskFull } from './disk-full.ts';
import { deleteFolderSuffix, partitionOf, strayFolderSuffix } from './file-names.ts';
import { forgetMove, FutureLogs, movedFrom, type UnfinishedMove } from './future-logs.ts';
import { GroupCommit, type SyncWaiter } from './group-commit.ts';
import { Log } from './log.ts';
import type { LogConfig } from './log-config.ts';
import type { LogHome } from './log-home.ts';
import { type MetaProperties, readMetaProperties, writeMetaProperties } from './meta-properties.ts';
import { readTopicId, writeTopicId } from './partition-metadata.ts';
import { removeAside } from './remove-aside.ts';

export interface LogDirectoryOptions {
  readonly nodeId: number;
  /** Of a new directory, and what an old one must have; made up for a new one when left out. */
  readonly clusterId?: string;
  /** How often recovery points are written while something changes. */
  readonly checkpointMs?: number;
}

export interface PartitionFolder {
  readonly topic: string;
  readonly partition: number;
  /** Undefined when its file is missing, as it may be after a crash in the moment of creation. */
  readonly topicId: string | undefined;
}

const cleanMarker = '.kafka_cleanshutdown';
/** Kafka's own log of metadata: not a partition for us. */
const metadataTopic = '__cluster_metadata';
const checkpointMs = 4_000;
/** How long a full disk is left alone before it is looked at again, and what must be free then. */
const fullMs = 1_000;
const freeBytesMin = 1 << 20;
const folderNameMax = 255;
/** A `flush.ms` beyond this many days means never. */
const flushMsMax = 365 * 24 * 3_600_000;
/** Reads of a partition that has moved away end by themselves within this time. */
const readsEndMs = 10_000;

export class LogDirectory implements LogHome {
  readonly host: Host;
  readonly path: string;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
  /** The process before ended in order: partitions are opened without being read. */
  readonly wasClean: boolean;
  readonly #lock: FolderLock;
  readonly #checkpointMs: number;
  /** Open logs by the name of their folder. */
  readonly #logs = new Map<string, Log>();
  readonly #commit: GroupCommit;
  readonly #checkpoints: CheckpointRound;
  readonly #cleaned: CleanerCheckpoint;
  /** Folders that nobody has looked into after an unclean end: as long as there are any, the next start may not trust. */
  readonly #unchecked: Set<string>;
  readonly #futures: FutureLogs;
  /** Moved away, and open for the reads that were under way. */
  readonly #retired = new Set<Log>();
  readonly #timers = new Set<Timer>();
  /** Logs that `flush.ms` waits for. */
  readonly #flushing = new Set<Log>();
  #isCheckpointDue = false;
  /** A folder got another name that is not durable yet. */
  #isRenamed = false;
  #failure: Error | undefined;
  #onFailure: ((error: Error) => void) | undefined;
  #fullAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** Throws MillraceError IN_USE when another process has it, CONFIG when it belongs to another cluster or node. */
  static open(host: Host, path: string, options: LogDirectoryOptions): LogDirectory {
    makeFolderDurably(host.disk, path);
    const lock = host.disk.lock(path);
    if (lock === undefined) {
      throw new MillraceError(
        'IN_USE',
        `${path} is in use by another process (it holds ${path}/.lock). Stop it, or choose another log.dirs.`,
      );
    }
    try {
      return new LogDirectory(host, path, lock, options);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(host: Host, path: string, lock: FolderLock, options: LogDirectoryOptions) {
    this.host = host;
    this.path = path;
    this.#lock = lock;
    this.#checkpointMs = options.checkpointMs ?? checkpointMs;
    const meta = identify(host, path, options);
    this.clusterId = meta.clusterId;
    this.nodeId = meta.nodeId;
    this.directoryId = meta.directoryId;
    const names = host.disk.list(path);
    this.wasClean = names.includes(cleanMarker);
    const folders = names.filter(
      (name) => partitionOf(name) !== undefined && partitionOf(name)?.topic !== metadataTopic,
    );
    this.#unchecked = new Set(this.wasClean ? [] : folders);
    this.#checkpoints = new CheckpointRound(host.disk, path);
    this.#cleaned = new CleanerCheckpoint(host.disk, path, host.log);
    this.#futures = new FutureLogs(this, names);
    this.#commit = new GroupCommit(host.disk, (error) =>
      this.fail(new MillraceError('STORAGE', `${path}: a sync failed: ${error.message}`, { cause: error })),
    );
    // From here on the marker would lie. It is gone, durably, before anything is written.
    host.disk.remove(`${path}/${cleanMarker}`);
    for (const name of names) if (name.endsWith(deleteFolderSuffix)) host.disk.remove(`${path}/${name}`);
    host.disk.syncFolder(path);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Told once, when the directory fails. */
  onFailure(callback: (error: Error) => void): void {
    this.#onFailure = callback;
  }

  get isFull(): boolean {
    if (this.#fullAtMs === Number.NEGATIVE_INFINITY) return false;
    const nowMs = this.host.clock.monotonic();
    if (nowMs - this.#fullAtMs < fullMs) return true;
    const isFull = this.host.disk.freeBytes(this.path) < freeBytesMin;
    this.#fullAtMs = isFull ? nowMs : Number.NEGATIVE_INFINITY;
    if (!isFull) this.host.log.info({ path: this.path }, 'there is room on the disk again');
    return isFull;
  }

  get logCount(): number {
    return this.#logs.size;
  }

  /** Copies of partitions that are to move here. */
  get futureCount(): number {
    return this.#futures.all.size;
  }

  get logs(): IterableIterator<Log> {
    return this.#logs.values();
  }

  /** Partition folders on the disk, open or not. */
  folders(): PartitionFolder[] {
    const found: PartitionFolder[] = [];
    for (const name of this.host.disk.list(this.path)) {
      const partition = partitionOf(name);
      if (partition === undefined || partition.topic === metadataTopic) continue;
      found.push({ ...partition, topicId: readTopicId(this.host.disk, `${this.path}/${name}`) });
    }
    return found;
  }

  holds(topic: string, partition: number): boolean {
    const name = `${topic}-${partition}`;
    return this.#logs.has(name) || this.host.disk.stat(`${this.path}/${name}`) !== undefined;
  }

  log(topic: string, partition: number): Log | undefined {
    return this.#logs.get(`${topic}-${partition}`);
  }

  /** Opens the partition, or makes it when there is none. Throws MillraceError CORRUPT when synced records are damaged. */
  openLog(topic: string, partition: number, topicId: string | undefined, config: LogConfig): Log {
    const name = `${topic}-${partition}`;
    const folder = `${this.path}/${name}`;
    const open = this.#logs.get(name);
    if (open !== undefined) throw new MillraceError('IN_USE', `${folder} is open already.`);
    let known = readTopicId(this.host.disk, folder);
    if (known !== undefined && topicId !== undefined && known !== topicId) {
      this.#setAside(name, known, topicId);
      known = undefined;
    }
    const isNew = this.host.disk.stat(folder) === undefined;
    if (isNew) this.host.disk.makeFolder(folder);
    if (topicId !== undefined && known === undefined) writeTopicId(this.host.disk, folder, topicId);
    if (isNew) this.#checkpoints.forget(name);
    if (isNew) this.#cleaned.forget(name);
    const { recoveryPoint, startOffset } = this.#checkpoints.of(name);
    const isClean = this.wasClean && !this.#unchecked.has(name);
    // Until it has been read to its end without finding anything, the next start must not believe it either.
    this.#unchecked.add(name);
    const log = Log.open({
      home: this,
      folder,
      topic,
      partition,
      topicId: topicId ?? known,
      config,
      recoveryPoint,
      startOffset,
      cleanedTo: this.#cleaned.of(name),
      isClean,
      isNew,
    });
    this.#unchecked.delete(name);
    this.#logs.set(name, log);
    return log;
  }

  /** Moves into this directory that the process before has not finished; each is told once. */
  takeUnfinishedMoves(): readonly UnfinishedMove[] {
    return this.#futures.takeUnfinished();
  }

  /** An empty copy of a partition that is to move here; nobody finds it under the partition's name. */
  openFuture(
    topic: string,
    partition: number,
    topicId: string | undefined,
    config: LogConfig,
    startOffset: number,
  ): Log {
    return this.#futures.open(topic, partition, topicId, config, startOffset);
  }

  /** The copy is whole and takes the place of the partition in the other directory, durably when it returns. */
  promote(future: Log, from: LogDirectory): Log {
    this.#futures.promote(future, from.directoryId, (log) => {
      this.#checkpoints.keep(log);
      this.checkpoint();
    });
    const { topic, partition, topicId, config, endOffset, startOffset } = future;
    const name = `${topic}-${partition}`;
    const log = Log.open({
      home: this,
      folder: `${this.path}/${name}`,
      topic,
      partition,
      topicId,
      config,
      recoveryPoint: endOffset,
      startOffset,
      isClean: true,
      isNew: false,
    });
    this.#logs.set(name, log);
    return log;
  }

  /** The partition has moved away: its folder gets another name, durably, and is removed later. Reads under way still end. */
  retire(log: Log): void {
    const name = `${log.topic}-${log.partition}`;
    log.retire();
    this.#commit.forget(log);
    this.#logs.delete(name);
    this.#retired.add(log);
    this.#later(readsEndMs, () => {
      this.#retired.delete(log);
      log.dispose();
    });
    this.#deleteFolder(name, Math.max(readsEndMs, log.config.fileDeleteDelayMs));
    this.host.disk.syncFolder(this.path);
  }

  /** The id of the directory whose folder of this partition the one here takes the place of; undefined when nothing is known of a move. */
  movedFrom(topic: string, partition: number): string | undefined {
    return movedFrom(this.host.disk, `${this.path}/${topic}-${partition}`);
  }

  /** The other folder is gone. */
  forgetMove(topic: string, partition: number): void {
    forgetMove(this.host.disk, `${this.path}/${topic}-${partition}`);
  }

  /** Renames the folder of a partition that nobody has opened, and removes it later. */
  deletePartition(topic: string, partition: number, delayMs: number): void {
    this.#deleteFolder(`${topic}-${partition}`, delayMs);
  }

  /** Where the last cleaning of a log ended; undefined when it was never cleaned. */
  cleanedTo(log: Log): number | undefined {
    return this.#cleaned.of(`${log.topic}-${log.partition}`);
  }

  /** The log was cleaned up to `offset`. Durable when it resolves. */
  async noteCleaned(log: Log, offset: number): Promise<void> {
    if (this.#isClosed || this.#logs.get(`${log.topic}-${log.partition}`) !== log) return;
    this.#cleaned.set(`${log.topic}-${log.partition}`, offset);
    await this.#cleaned.save();
  }

  /** Told when everything written in this directory before the call is durable. */
  afterSync(waiter: SyncWaiter): void {
    this.#commit.afterSync(waiter);
  }

  /** Resolves when everything written in this directory so far is durable. */
  synced(): Promise<void> {
    return this.#commit.all();
  }

  /** Recovery points and start offsets, durable when it returns. A timer does the same by itself, and without holding up the loop. */
  checkpoint(): void {
    this.#checkpoints.runSync(this.#logs);
  }

  /** `clean` writes everything that the next start needs to trust the files, and says so last. */
  async close({ clean }: { readonly clean: boolean }): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    try {
      if (clean && this.#failure === undefined) await this.#closeClean();
    } finally {
      this.#commit.stop(new MillraceError('CLOSED', `${this.path} is closed.`));
      await this.#checkpoints.idle();
      await this.#cleaned.idle();
      for (const log of [...this.#logs.values(), ...this.#retired]) log.dispose();
      this.#futures.dispose();
      this.#lock.release();
    }
  }

  async #closeClean(): Promise<void> {
    const logs = [...this.#logs.values()];
    for (const log of logs) log.writeOut();
    await this.#commit.all();
    for (const log of logs) log.save(true);
    await this.#checkpoints.run(this.#logs, () => false);
    this.checkpoint();
    if (this.#unchecked.size === 0 && this.#failure === undefined) this.#writeMarker();
  }

  wrote(log: Log): void {
    this.#commit.add(log);
    this.#checkpointSoon();
    if (log.isFlushDue) this.#commit.inBackground(log);
    else if (log.config.flushMs < flushMsMax) this.#flushLater(log, log.config.flushMs);
  }

  changed(_log: Log): void {
    this.#checkpointSoon();
  }

  full(): void {
    if (this.#fullAtMs === Number.NEGATIVE_INFINITY)
      this.host.log.error({ path: this.path }, 'the disk is full: appends are refused until there is room');
    this.#fullAtMs = this.host.clock.monotonic();
  }

  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#commit.stop(error);
    this.host.log.error({ path: this.path, error }, 'the log directory has failed: nothing more is written to it');
    this.#onFailure?.(error);
  }

  lower(log: Log, recoveryPoint: number, startOffset: number): void {
    this.#checkpoints.lower(this.#logs, log, recoveryPoint, startOffset);
    this.#cleaned.lower(`${log.topic}-${log.partition}`, recoveryPoint);
  }

  deleteFolder(log: Log): void {
    const name = `${log.topic}-${log.partition}`;
    this.#commit.forget(log);
    this.#logs.delete(name);
    this.#deleteFolder(name, log.config.fileDeleteDelayMs);
  }

  gone(log: Log): void {
    this.#commit.forget(log);
    this.#checkpoints.keep(log);
    this.#logs.delete(`${log.topic}-${log.partition}`);
  }

  /** Of a topic that had the name before: a crash may bring back a folder whose removal was not durable, though the metadata's was. */
  #setAside(name: string, known: string, topicId: string): void {
    const renamed = this.#renameFolder(name, strayFolderSuffix);
    this.host.log.warn(
      { folder: renamed, topicId: known, expected: topicId },
      'a folder belongs to another topic of that name and was set aside: remove it if it is not needed',
    );
  }

  #deleteFolder(name: string, delayMs: number): void {
    const { disk } = this.host;
    const renamed = this.#renameFolder(name, deleteFolderSuffix);
    this.#later(delayMs, () => removeAside(disk, renamed));
  }

  /** Gives where it is now. Nothing is known of a partition of that name any more. */
  #renameFolder(name: string, suffix: string): string {
    const { disk, random } = this.host;
    const id = Buffer.from(random.bytes(16)).toString('hex');
    const cut = name.lastIndexOf('-');
    const rest = `${name.slice(cut)}.${id}${suffix}`;
    const renamed = `${this.path}/${name.slice(0, Math.min(cut, folderNameMax - rest.length))}${rest}`;
    disk.rename(`${this.path}/${name}`, renamed);
    this.#isRenamed = true;
    this.#checkpoints.forget(name);
    this.#cleaned.forget(name);
    this.#unchecked.delete(name);
    this.#checkpointSoon();
    return renamed;
  }

  #writeMarker(): void {
    const { disk } = this.host;
    const file = disk.open(`${this.path}/${cleanMarker}`, { create: true });
    file.writeSync([Buffer.from('{"version":0,"brokerEpoch":-1}')], 0);
    file.syncSync();
    file.close();
    disk.syncFolder(this.path);
  }

  #checkpointSoon(): void {
    if (this.#isCheckpointDue || this.#isClosed) return;
    this.#isCheckpointDue = true;
    this.#later(this.#checkpointMs, () => {
      this.#isCheckpointDue = false;
      void this.#tick();
    });
  }

  async #tick(): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      for (const log of this.#commit.dirty) if (log.hasUnsyncedSegments) this.#commit.inBackground(log);
      for (const log of this.#logs.values()) log.save(false);
      const doomed = await this.#checkpoints.run(this.#logs, () => this.#isClosed);
      for (const { segment, delayMs } of doomed) {
        segment.rename();
        this.#later(delayMs, () => segment.removeRenamed());
      }
      await this.#cleaned.save();
      if (this.#isRenamed) await this.host.disk.syncFolderAsync(this.path);
      this.#isRenamed = false;
    } catch (error) {
      this.host.log.error({ path: this.path, error }, 'recovery points could not be written; they will be later');
      if (isDiskFull(error)) this.#makeRoom();
      this.#checkpointSoon();
    }
  }

  /** On a full disk old segments cannot wait for a checkpoint: they go one by one, oldest first, each durably. */
  #makeRoom(): void {
    for (const log of this.#logs.values()) {
      for (const segment of log.takeDoomed()) {
        segment.rename();
        this.host.disk.syncFolder(log.folder);
        segment.removeRenamed();
      }
    }
  }

  /** One timer for a log that `flush.ms` is set for, from its first write that is not synced. */
  #flushLater(log: Log, delayMs: number): void {
    if (this.#flushing.has(log)) return;
    this.#flushing.add(log);
    this.#later(delayMs, () => {
      this.#flushing.delete(log);
      const leftMs = log.flushDueMs - this.host.clock.now();
      if (leftMs <= 0) this.#commit.inBackground(log);
      else if (leftMs < flushMsMax) this.#flushLater(log, leftMs);
    });
  }

  #later(delayMs: number, callback: () => void): void {
    if (this.#isClosed) return;
    const timer = this.host.timers.after(delayMs, () => {
      this.#timers.delete(timer);
      if (!this.#isClosed) callback();
    });
    this.#timers.add(timer);
  }
}

function identify(host: Host, path: string, options: LogDirectoryOptions): MetaProperties {
  const found = readMetaProperties(host.disk, path);
  if (found === undefined) {
    const meta = { clusterId: options.clusterId ?? newId(host), nodeId: options.nodeId, directoryId: newId(host) };
    writeMetaProperties(host.disk, path, meta);
    return meta;
  }
  if (options.clusterId !== undefined && options.clusterId !== found.clusterId) {
    throw new MillraceError(
      'CONFIG',
      `${path} belongs to the cluster ${found.clusterId}, not to ${options.clusterId} (meta.properties).`,
    );
  }
  if (options.nodeId !== found.nodeId) {
    throw new MillraceError(
      'CONFIG',
      `${path} belongs to the node ${found.nodeId}, not to ${options.nodeId} (meta.properties, node.id).`,
    );
  }
  if (found.directoryId !== '') return found;
  const meta = { ...found, directoryId: newId(host) };
  writeMetaProperties(host.disk, path, meta);
  return meta;
}

/** A new folder lasts when every folder on the way to it knows its name. */
function makeFolderDurably(disk: Disk, path: string): void {
  if (disk.stat(path) !== undefined) return;
  const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
  if (parent !== '') makeFolderDurably(disk, parent);
  disk.makeFolder(path);
  disk.syncFolder(parent === '' ? '/' : parent);
}

/** As Kafka's: 16 bytes in 22 letters; one that begins with a dash would look like an option on a command line. */
function newId(host: Host): string {
  for (;;) {
    const id = Buffer.from(host.random.bytes(16)).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
