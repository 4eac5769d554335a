/**
 * Many appends, few syncs. In: logs that were written to, and waiters. Out: each waiter is told once, after everything that was written
 * in the directory before it came is durable. Rounds follow one another; a round syncs each dirty log once, a few at a time, because
 * they take turns on libuv's threads, which others need as well.
 */
import type { Disk } from '@millrace/base';

import type { Log, Unsynced } from './log.ts';
import type { Segment } from './segment.ts';

/** Told after a sync; never from inside of the call that asked for it. */
export interface SyncWaiter {
  synced(error: Error | undefined): void;
}

const syncsAtOnce = 4;

export class GroupCommit {
  readonly #disk: Disk;
  readonly #failed: (error: Error) => void;
  #dirty = new Set<Log>();
  /** To be synced although nobody waits. */
  #background = new Set<Log>();
  #waiters: SyncWaiter[] = [];
  #isRunning = false;
  #failure: Error | undefined;

  /** `failed` is told of the first sync that failed, before its waiters are; nothing is synced afterwards. */
  constructor(disk: Disk, failed: (error: Error) => void) {
    this.#disk = disk;
    this.#failed = failed;
  }

  get dirty(): ReadonlySet<Log> {
    return this.#dirty;
  }

  add(log: Log): void {
    this.#dirty.add(log);
  }

  forget(log: Log): void {
    this.#dirty.delete(log);
    this.#background.delete(log);
  }

  afterSync(waiter: SyncWaiter): void {
    this.#waiters.push(waiter);
    if (!this.#isRunning) void this.#run();
  }

  /** Everything that was written so far. Rejects when it could not be made durable. */
  all(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.afterSync({ synced: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  inBackground(log: Log): void {
    this.#background.add(log);
    if (!this.#isRunning) void this.#run();
  }

  /** The directory failed elsewhere. */
  stop(error: Error): void {
    this.#failure ??= error;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiters.length > 0 || this.#background.size > 0) {
      const waiters = this.#waiters;
      const logs = waiters.length > 0 ? this.#dirty : this.#background;
      if (logs === this.#dirty) this.#dirty = new Set();
      else for (const log of logs) this.#dirty.delete(log);
      this.#background = new Set();
      this.#waiters = [];
      const error = await this.#sync(logs);
      for (const waiter of waiters) waiter.synced(error);
    }
    this.#isRunning = false;
  }

  async #sync(logs: ReadonlySet<Log>): Promise<Error | undefined> {
    const taken: [Log, Unsynced][] = [];
    const segments: Segment[] = [];
    const folders = new Set<string>();
    if (this.#failure === undefined) {
      for (const log of logs) {
        const unsynced = log.takeUnsynced();
        if (unsynced === undefined) continue;
        taken.push([log, unsynced]);
        segments.push(...unsynced.segments);
        for (const folder of unsynced.folders) folders.add(folder);
      }
    }
    try {
      await this.#inTurns([...segments, ...folders]);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#failure !== undefined) return this.#failure;
    for (const [log, unsynced] of taken) log.synced(unsynced);
    return undefined;
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#failed(error);
  }

  async #inTurns(targets: readonly (Segment | string)[]): Promise<void> {
    const [only] = targets;
    if (targets.length <= 1) return only === undefined ? undefined : this.#syncOne(only);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < targets.length) await this.#syncOne(targets[next++]!);
    };
    await Promise.all(Array.from({ length: Math.min(syncsAtOnce, targets.length) }, lane));
  }

  async #syncOne(target: Segment | string): Promise<void> {
    try {
      await (typeof target === 'string' ? this.#disk.syncFolderAsync(target) : target.file.sync());
    } catch (error) {
      // Deleted or cut off since: nothing of it was promised to anybody.
      if (!isMissing(error)) throw error;
    }
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
