/**
 * All appends between two reads of sockets become one write per partition and one sync per log directory. In: partitions that were
 * appended to and what is to happen afterwards. Out: `written` right after the write, `durable` after the sync (group commit).
 */
import type { LogDirectory } from '@millrace/log';
import { errors } from '@millrace/protocol';

import type { Partition } from './partition.ts';

/** Told once; `error` is a code of the error table for those partitions that could not be made durable. */
export interface Durable {
  durable(failed: boolean): void;
}

export class AppendRound {
  readonly #directories: readonly LogDirectory[];
  readonly #isSynced: boolean;
  readonly #soon: (callback: () => void) => void;
  #isScheduled = false;
  #dirty: Partition[] = [];
  #written: (() => void)[] = [];
  #durable: Durable[] = [];

  /** `durability`: `sync` moves high watermarks after fdatasync, `os` after the write. */
  constructor(directories: readonly LogDirectory[], durability: 'sync' | 'os', soon: (callback: () => void) => void) {
    this.#directories = directories;
    this.#isSynced = durability === 'sync';
    this.#soon = soon;
  }

  get isEmpty(): boolean {
    return this.#dirty.length === 0 && this.#written.length === 0 && this.#durable.length === 0;
  }

  add(partition: Partition): void {
    if (partition.isDirty) return;
    partition.isDirty = true;
    this.#dirty.push(partition);
  }

  afterWrite(callback: () => void): void {
    this.#written.push(callback);
  }

  afterSync(waiter: Durable): void {
    this.#durable.push(waiter);
  }

  /** For appends outside of a socket's read: writes out when this turn's work is done. */
  writeSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#soon(() => {
      this.#isScheduled = false;
      this.writeOut();
    });
  }

  /** Must run before the buffer that the appended batches lie in is used again. */
  writeOut(): void {
    if (this.isEmpty) return;
    const dirty = this.#dirty;
    const written = this.#written;
    const durable = this.#durable;
    this.#dirty = [];
    this.#written = [];
    this.#durable = [];
    for (const partition of dirty) writeOne(partition);
    const mustSync = this.#isSynced || dirty.some(({ log }) => log.isFlushDue);
    if (!mustSync) this.#advance(dirty);
    for (const callback of written) callback();
    if (mustSync && (dirty.length > 0 || durable.length > 0)) this.#sync(dirty, durable);
    else for (const waiter of durable) waiter.durable(false);
  }

  #sync(dirty: readonly Partition[], durable: readonly Durable[]): void {
    const [first] = this.#directories;
    if (this.#directories.length === 1 && first !== undefined) {
      first.afterSync({
        synced: (error) => {
          if (error === undefined) this.#advance(dirty);
          for (const waiter of durable) waiter.durable(error !== undefined);
        },
      });
      return;
    }
    // The working ones all: a batch that was sent again waits for the sync of its first time, wherever that is. One that failed long ago
    // has no part in this round.
    const working = this.#directories.filter(({ failure }) => failure === undefined);
    const involved = new Set([...working, ...dirty.map(({ directory }) => directory)]);
    const failed = new Set<LogDirectory>();
    let left = involved.size;
    const end = (): void => {
      this.#advance(dirty.filter(({ directory }) => !failed.has(directory)));
      for (const waiter of durable) waiter.durable(failed.size > 0 || involved.size === 0);
    };
    if (left === 0) end();
    for (const directory of involved) {
      directory.afterSync({
        synced: (error) => {
          if (error !== undefined) failed.add(directory);
          if (--left === 0) end();
        },
      });
    }
  }

  #advance(dirty: readonly Partition[]): void {
    for (const partition of dirty) {
      if (partition.isClosed) continue;
      const { log } = partition;
      partition.advanceHighWatermark(this.#isSynced ? log.syncedOffset : log.endOffset);
    }
  }
}

function writeOne(partition: Partition): void {
  partition.isDirty = false;
  try {
    partition.log.writeOut();
  } catch {
    // The log has taken its appends back, and said why in its own log line: each of them fails with a code that clients retry.
    for (const entry of partition.unwritten) {
      entry.errorCode = errors.KAFKA_STORAGE_ERROR;
      entry.baseOffset = -1;
    }
  }
  partition.unwritten.length = 0;
}
