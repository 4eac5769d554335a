/** A disk that fails when it is told to: the same calls as the disk behind it, any of which may throw. */
import type { Disk, DiskFile, FileStat, FolderLock } from '@millrace/base';

export type DiskCall = 'open' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncFolder';

/** Gives the error that the call is to throw, or nothing. */
export type Fault = (call: DiskCall, path: string) => Error | undefined;

export class FaultDisk implements Disk {
  readonly #disk: Disk;
  /** May be changed at any time. */
  fault: Fault = () => undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  open(path: string, options?: { readonly create?: boolean }): DiskFile {
    this.check('open', path);
    return new FaultFile(this, this.#disk.open(path, options));
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
    this.check('rename', source);
    this.#disk.rename(source, target);
  }

  remove(path: string): void {
    this.check('remove', path);
    this.#disk.remove(path);
  }

  syncFolder(path: string): void {
    this.check('syncFolder', path);
    this.#disk.syncFolder(path);
  }

  async syncFolderAsync(path: string): Promise<void> {
    this.check('syncFolder', path);
    await this.#disk.syncFolderAsync(path);
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

  check(call: DiskCall, path: string): void {
    const error = this.fault(call, path);
    if (error !== undefined) throw error;
  }
}

class FaultFile implements DiskFile {
  readonly #disk: FaultDisk;
  readonly #file: DiskFile;

  constructor(disk: FaultDisk, file: DiskFile) {
    this.#disk = disk;
    this.#file = file;
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
    return this.#file.read(target, position);
  }

  /** A write that fails may have come a part of its way, as on a real disk. */
  writeSync(chunks: readonly Uint8Array[], position: number): void {
    try {
      this.#disk.check('write', this.path);
    } catch (error) {
      const first = chunks[0];
      if (first !== undefined && first.length > 1)
        this.#file.writeSync([first.subarray(0, first.length >> 1)], position);
      throw error;
    }
    this.#file.writeSync(chunks, position);
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.writeSync(chunks, position);
  }

  async sync(): Promise<void> {
    this.#disk.check('sync', this.path);
    await this.#file.sync();
  }

  syncSync(): void {
    this.#disk.check('sync', this.path);
    this.#file.syncSync();
  }

  truncate(size: number): void {
    this.#disk.check('truncate', this.path);
    this.#file.truncate(size);
  }

  setModifiedAt(atMs: number): void {
    this.#file.setModifiedAt(atMs);
  }

  close(): void {
    this.#file.close();
  }
}
