/**
 * A disk that takes its time, fills up, fails to sync, and forgets. In: the calls of one life after the other. Out: what the next life
 * finds, after an orderly end, after a kill (everything), or after a loss of power (what was synced, and any part of the rest).
 */
import type { Disk, DiskFile, FileStat, FolderLock } from '@millrace/base';

import { CrashDisk } from '../crash-disk.ts';
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

export class SimulatedDisk implements Disk {
  readonly #options: SimulatedDiskOptions;
  #disk: CrashDisk;
  #operationsBeforeTurn = 0;
  /** How many syncs fail from now on. */
  failingSyncs = 0;
  /** One has failed since the power was last lost. */
  hasFailed = false;
  /** The longest that a sync takes. */
  syncMsMax = 3;

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
    this.#disk = this.#diskOf();
  }

  /** Room for so many bytes more than there are now; all the room there is when left out. */
  leaveRoom(bytes?: number): void {
    this.#disk.bytesMax = bytes === undefined ? roomyBytes : this.#disk.usedBytes + bytes;
  }

  /** To be called before each turn: a loss of power may come between any two calls of it. */
  turnBegins(): void {
    this.#operationsBeforeTurn = this.#disk.operationCount;
  }

  /** The power goes at some point of the turn that has just ended. */
  losePower(): void {
    const { chance, history } = this.#options;
    const count = chance.integer(this.#operationsBeforeTurn, this.#disk.operationCount);
    history.trace(`power lost after ${count} of ${this.#disk.operationCount} operations`);
    this.#disk = this.#diskOf(this.#disk.crash(count, chance.random));
    this.hasFailed = false;
    this.#operationsBeforeTurn = this.#disk.operationCount;
  }

  /** The process is killed, the machine goes on. */
  processEnds(): void {
    this.#disk.releaseLocks();
  }

  open(path: string, options?: { readonly create?: boolean }): DiskFile {
    const file = this.#disk.open(path, options);
    return new SimulatedFile(file, this.#options);
  }

  makeFolder(path: string): void {
    this.#disk.makeFolder(path);
  }

  list(path: string): string[] {
    return this.#disk.list(path);
  }

  stat(path: string): FileStat | undefined {
    return this.#disk.stat(path);
  }

  rename(source: string, target: string): void {
    this.#options.history.trace(`rename ${source} ${target}`);
    this.#disk.rename(source, target);
  }

  remove(path: string): void {
    this.#options.history.trace(`remove ${path}`);
    this.#disk.remove(path);
  }

  syncFolder(path: string): void {
    this.#disk.syncFolder(path);
  }

  syncFolderAsync(path: string): Promise<void> {
    return this.#disk.syncFolderAsync(path);
  }

  lock(path: string): FolderLock | undefined {
    return this.#disk.lock(path);
  }

  freeBytes(path: string): number {
    return this.#disk.freeBytes(path);
  }

  totalBytes(path: string): number {
    return this.#disk.totalBytes(path);
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

class SimulatedFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #options: SimulatedDiskOptions;

  constructor(file: DiskFile, options: SimulatedDiskOptions) {
    this.#file = file;
    this.#options = options;
  }

  get path(): string {
    return this.#file.path;
  }

  size(): number {
    return this.#file.size();
  }

  readSync(target: Uint8Array, position: number): number {
    return this.#file.readSync(target, position);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    const { time, chance, life } = this.#options;
    return new Promise((resolve) => {
      const ends = (): void => resolve(this.#file.readSync(target, position));
      time.after(chance.amount(0.05, 1), life().bound(ends));
    });
  }

  /** A write that does not fit may have come a part of its way. */
  writeSync(chunks: readonly Uint8Array[], position: number): void {
    this.#options.history.trace(
      `write ${this.path} ${position}+${chunks.reduce((bytes, { length }) => bytes + length, 0)}`,
    );
    try {
      this.#file.writeSync(chunks, position);
    } catch (error) {
      const first = chunks[0];
      try {
        if (first !== undefined && first.length > 1)
          this.#file.writeSync([first.subarray(0, first.length >> 1)], position);
      } catch {
        // Not even half of it fits.
      }
      throw error;
    }
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.writeSync(chunks, position);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  syncSync(): void {
    this.#file.syncSync();
  }

  truncate(size: number): void {
    this.#options.history.trace(`truncate ${this.path} ${size}`);
    this.#file.truncate(size);
  }

  setModifiedAt(atMs: number): void {
    this.#file.setModifiedAt(atMs);
  }

  close(): void {
    this.#file.close();
  }
}
