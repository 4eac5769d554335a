/**
 * A disk that takes its time, fills up, fails to sync, and forgets. In: the calls of one life after the other. Out: what the next life
 * finds, after an orderly end, after a kill (everything), or after a loss of power (what was synced, and any part of the rest).
 */
import type { DiskFile } from '@millrace/base';

import { CrashDisk } from '../crash-disk.ts';
import { DiskAround, FileAround } from '../disk-around.ts';
import { diskError } from '../memory-disk.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import type { Life } from './life.ts';
import type { VirtualTime } from './virtual-time.ts';

const roomyBytes = 2 ** 40;

export interface SimulatedDiskOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly history: History;
  /** Whose calls they are. */
  readonly life: () => Life;
}

export class SimulatedDisk extends DiskAround {
  readonly #options: SimulatedDiskOptions;
  protected inner: CrashDisk;
  #operationsBeforeTurn = 0;
  /** How many syncs fail from now on. */
  failingSyncs = 0;
  /** One has failed since the power was last lost. */
  hasFailed = false;
  /** The longest that a sync takes. */
  syncMsMax = 3;

  constructor(options: SimulatedDiskOptions) {
    super();
    this.#options = options;
    this.inner = this.#diskOf();
  }

  /** Room for so many bytes more than there are now; all the room there is when left out. */
  leaveRoom(bytes?: number): void {
    this.inner.bytesMax = bytes === undefined ? roomyBytes : this.inner.usedBytes + bytes;
  }

  /** To be called before each turn: a loss of power may come between any two calls of it. */
  turnBegins(): void {
    this.#operationsBeforeTurn = this.inner.operationCount;
  }

  /** The power goes at some point of the turn that has just ended. */
  losePower(): void {
    const { chance, history } = this.#options;
    const count = chance.integer(this.#operationsBeforeTurn, this.inner.operationCount);
    history.trace(`power lost after ${count} of ${this.inner.operationCount} operations`);
    this.inner = this.#diskOf(this.inner.crash(count, chance.random));
    this.hasFailed = false;
    this.#operationsBeforeTurn = this.inner.operationCount;
  }

  /** The process is killed, the machine goes on. */
  processEnds(): void {
    this.inner.releaseLocks();
  }

  override open(path: string, options?: { readonly create?: boolean }): DiskFile {
    return new SimulatedFile(super.open(path, options), this.#options);
  }

  override rename(source: string, target: string): void {
    this.#options.history.trace(`rename ${source} ${target}`);
    super.rename(source, target);
  }

  override remove(path: string): void {
    this.#options.history.trace(`remove ${path}`);
    super.remove(path);
  }

  #diskOf(begin?: ConstructorParameters<typeof CrashDisk>[0]): CrashDisk {
    const { time } = this.#options;
    const disk: CrashDisk = new CrashDisk(begin, {
      bytesMax: roomyBytes,
      now: () => time.nowMs,
      syncing: (path) => this.#syncing(path),
    });
    return disk;
  }

  #syncing(path: string): Promise<void> {
    const { time, chance, history, life } = this.#options;
    const delayMs = chance.amount(0.2, this.syncMsMax);
    history.trace(`sync ${path}`);
    return new Promise((resolve, reject) => {
      const ends = (): void => {
        if (this.failingSyncs === 0) return resolve();
        this.failingSyncs--;
        this.hasFailed = true;
        history.trace(`sync failed ${path}`);
        reject(diskError('EIO', path));
      };
      time.after(delayMs, life().bound(ends));
    });
  }
}

class SimulatedFile extends FileAround {
  readonly #options: SimulatedDiskOptions;

  constructor(file: DiskFile, options: SimulatedDiskOptions) {
    super(file);
    this.#options = options;
  }

  override read(target: Uint8Array, position: number): Promise<number> {
    const { time, chance, life } = this.#options;
    return new Promise((resolve) => {
      const ends = (): void => resolve(this.readSync(target, position));
      time.after(chance.amount(0.05, 1), life().bound(ends));
    });
  }

  /** A write that does not fit may have come a part of its way. */
  override writeSync(chunks: readonly Uint8Array[], position: number): void {
    this.#options.history.trace(
      `write ${this.path} ${position}+${chunks.reduce((bytes, { length }) => bytes + length, 0)}`,
    );
    try {
      super.writeSync(chunks, position);
    } catch (error) {
      try {
        this.writeHalf(chunks, position);
      } catch {
        // Not even half of it fits.
      }
      throw error;
    }
  }

  override truncate(size: number): void {
    this.#options.history.trace(`truncate ${this.path} ${size}`);
    super.truncate(size);
  }
}
