/**
 * Moves partitions between log directories while they are served. In: a partition and the directory that it is to live in. Out: its log
 * is copied there batch by batch, under another name; when all is copied and synced, one turn of the loop copies the rest, gives the
 * copy the partition's name, durably, and lets the partition go on with it. A crash before that leaves the old log, one after it the new.
 */
import type { Host, Logger } from '@millrace/base';
import type { Log, LogDirectory } from '@millrace/log';
import { batchHeader } from '@millrace/protocol';

import type { AppendRound } from './append-round.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';

export interface ReplicaMovesOptions {
  readonly host: Host;
  readonly round: AppendRound;
  readonly partitions: Partitions;
  readonly settings: {
    /** `replica.alter.log.dirs.io.max.bytes.per.second`. */
    readonly moveBytesPerSecondMax: number;
  };
}

interface Move {
  readonly partition: Partition;
  readonly directory: LogDirectory;
  readonly log: Log;
  isOver: boolean;
}

const chunkBytes = 1 << 20;
/** Synced in between, so that the end has little left. */
const syncEveryBytes = 16 << 20;
/** What may be copied in the turn of the loop that ends a move. */
const lastBytesMax = 2 << 20;
/** A move that is held back looks so often whether it is still wanted. */
const pauseMsMax = 200;

export class ReplicaMoves {
  readonly #options: ReplicaMovesOptions;
  readonly #moved: (partition: Partition) => void;
  readonly #log: Logger;
  readonly #moves = new Map<Partition, Move>();

  /** `moved`: the partition lives in another directory now. */
  constructor(options: ReplicaMovesOptions, moved: (partition: Partition) => void) {
    this.#moved = moved;
    this.#options = options;
    this.#log = options.host.log.child({ part: 'moves' });
  }

  /** Moves that the process before has not finished begin anew. */
  resume(directories: readonly LogDirectory[]): void {
    for (const directory of directories) {
      for (const { topic, partition: index, topicId } of directory.takeUnfinishedMoves()) {
        const partition = this.#options.partitions.byName(topic, index);
        if (partition === undefined || partition.topicId !== topicId || partition.directory === directory) continue;
        this.start(partition, directory);
      }
    }
  }

  /** The copy that is being made, and where. */
  of(partition: Partition): { readonly directory: LogDirectory; readonly log: Log } | undefined {
    return this.#moves.get(partition);
  }

  all(): Iterable<{ readonly partition: Partition; readonly directory: LogDirectory; readonly log: Log }> {
    return this.#moves.values();
  }

  /** Throws what the directory throws when it cannot take the copy. */
  start(partition: Partition, directory: LogDirectory): void {
    const { topic, index, topicId } = partition;
    const { config, startOffset } = partition.log;
    const log = directory.openFuture(topic, index, topicId, config, startOffset);
    const move = { partition, directory, log, isOver: false };
    this.#moves.set(partition, move);
    this.#log.info({ topic, partition: index, from: partition.directory.path, to: directory.path }, 'a move begins');
    void this.#run(move);
  }

  /** What was copied is removed; nothing happens when the partition is not on the move. */
  cancel(partition: Partition): void {
    const move = this.#moves.get(partition);
    if (move !== undefined) this.#drop(move);
  }

  /** The copies stay as they are: the next start removes them and begins again. */
  stop(): void {
    for (const move of this.#moves.values()) move.isOver = true;
    this.#moves.clear();
  }

  async #run(move: Move): Promise<void> {
    try {
      let unsynced = 0;
      while (this.#isWanted(move)) {
        const bytes = await this.#copy(move);
        unsynced += bytes;
        if (bytes > 0 && unsynced < syncEveryBytes) continue;
        if (!this.#isWanted(move)) break;
        await move.directory.synced();
        unsynced = 0;
        if (bytes === 0 && this.#isWanted(move) && this.#finish(move)) return;
      }
    } catch (error) {
      if (move.isOver) return;
      const { partition, directory } = move;
      this.#log.error(
        { topic: partition.topic, partition: partition.index, to: directory.path, error },
        'a move has failed: the partition stays where it is',
      );
    }
    if (!move.isOver) this.#drop(move);
  }

  #isWanted(move: Move): boolean {
    return !move.isOver && !move.partition.isClosed;
  }

  /** One read and one write, without holding up the loop. Gives what was copied; nothing when the copy has all that is written. */
  async #copy(move: Move): Promise<number> {
    const { partition, log } = move;
    const read = readNext(partition.log, log);
    if (read.bytes === 0) return 0;
    const buffer = Buffer.allocUnsafe(read.bytes);
    const count = read.isHot ? read.fillSync(buffer) : await read.fill(buffer);
    if (!this.#isWanted(move) || count === 0) return 0;
    put(log, buffer.subarray(0, count), partition.leaderEpoch);
    await this.#pause(move, count);
    return count;
  }

  /** As long as `bytes` may take by the limit of this moment. */
  async #pause(move: Move, bytes: number): Promise<void> {
    const { host, settings } = this.#options;
    const startedAtMs = host.clock.monotonic();
    for (let leftMs = 0; ;) {
      await new Promise<void>((resolve) => {
        if (leftMs > 0) host.timers.after(Math.min(leftMs, pauseMsMax), resolve);
        else setImmediate(resolve);
      });
      leftMs = startedAtMs + (bytes * 1000) / settings.moveBytesPerSecondMax - host.clock.monotonic();
      if (leftMs < 1 || !this.#isWanted(move)) return;
    }
  }

  /** In one turn: nothing is appended in between. False when too much has come meanwhile. */
  #finish(move: Move): boolean {
    const { partition, directory, log } = move;
    const from = partition.directory;
    if (partition.log.bytesBetween(log.endOffset, partition.log.endOffset) > lastBytesMax) return false;
    this.#options.round.writeOut();
    for (;;) {
      const read = readNext(partition.log, log);
      if (read.bytes === 0) break;
      const buffer = Buffer.allocUnsafe(read.bytes);
      put(log, buffer.subarray(0, read.fillSync(buffer)), partition.leaderEpoch);
    }
    if (partition.log.endOffset !== partition.log.writtenOffset) return false;
    if (log.endOffset < partition.log.endOffset) log.skipTo(partition.log.endOffset);
    log.deleteRecordsBefore(partition.log.startOffset);
    // A note of an earlier move must not say that the folder we leave is the newer one.
    if (from.movedFrom(partition.topic, partition.index) !== undefined)
      from.forgetMove(partition.topic, partition.index);
    const old = partition.log;
    const cleanedTo = from.cleanedTo(old);
    this.#promote(move, from);
    this.#leave(partition, from, old);
    if (cleanedTo !== undefined) void this.#noteCleaned(partition, cleanedTo);
    this.#log.info({ topic: partition.topic, partition: partition.index, to: directory.path }, 'a move has ended');
    this.#moved(partition);
    return true;
  }

  /** When it is not known which of the two folders counts after a crash, nothing more may be written to either. */
  #promote(move: Move, from: LogDirectory): void {
    const { partition, directory, log } = move;
    try {
      partition.moveTo(directory.promote(log, from), directory);
    } catch (error) {
      if (directory.holds(partition.topic, partition.index)) this.#options.partitions.takeOffline(partition);
      throw error;
    }
    move.isOver = true;
    this.#moves.delete(partition);
  }

  /** What was compacted needs not be again. */
  async #noteCleaned({ topic, index, directory, log }: Partition, cleanedTo: number): Promise<void> {
    try {
      await directory.noteCleaned(log, cleanedTo);
    } catch (error) {
      this.#log.warn(
        { topic, partition: index, error },
        'how far a partition was compacted before its move is forgotten',
      );
    }
  }

  /** The old folder goes; if it cannot, the next start knows which one counts. */
  #leave(partition: Partition, from: LogDirectory, old: Log): void {
    const { topic, index } = partition;
    try {
      from.retire(old);
      partition.directory.forgetMove(topic, index);
    } catch (error) {
      this.#log.warn(
        { topic, partition: index, path: from.path, error },
        'the folder of a partition that has moved could not be removed; the next start does it',
      );
    }
  }

  #drop(move: Move): void {
    const { partition, directory, log } = move;
    move.isOver = true;
    if (this.#moves.get(partition) === move) this.#moves.delete(partition);
    try {
      log.markDeleted();
    } catch (error) {
      this.#log.warn(
        { path: directory.path, error },
        'the copy of a move could not be removed; the next start does it',
      );
    }
  }
}

/** What follows in the old log; the copy begins anew where retention has taken away what was to be next. */
function readNext(from: Log, to: Log): ReturnType<Log['read']> {
  if (to.endOffset < from.startOffset) to.truncateFullyAndStartAt(from.startOffset);
  const bytesMax = Math.min(chunkBytes, from.config.segmentBytes);
  return from.read(to.endOffset, { bytesMax, minOneBatch: true, upTo: from.writtenOffset });
}

/** The first batch may begin before the start of the log, when only some of its records were deleted. */
function put(to: Log, batches: Buffer, leaderEpoch: number): void {
  const baseOffset = batchHeader.baseOffset(batches, 0);
  if (baseOffset < to.endOffset && to.startOffset === to.endOffset) to.truncateFullyAndStartAt(baseOffset);
  to.append(batches, { origin: 'replica', leaderEpoch });
  to.writeOut();
}
