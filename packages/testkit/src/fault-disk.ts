/** A disk that fails when it is told to: the same calls as the disk behind it, any of which may throw. */
import type { Disk, DiskFile } from '@millrace/base';

import { DiskAround, FileAround } from './disk-around.ts';

export type DiskCall = 'open' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncFolder';

/** Gives the error that the call is to throw, or nothing. */
export type Fault = (call: DiskCall, path: string) => Error | undefined;

export class FaultDisk extends DiskAround {
  protected readonly inner: Disk;
  /** May be changed at any time. */
  fault: Fault = () => undefined;

  constructor(disk: Disk) {
    super();
    this.inner = disk;
  }

  override open(path: string, options?: { readonly create?: boolean }): DiskFile {
    this.check('open', path);
    return new FaultFile(this, super.open(path, options));
  }

  override rename(source: string, target: string): void {
    this.check('rename', source);
    super.rename(source, target);
  }

  override remove(path: string): void {
    this.check('remove', path);
    super.remove(path);
  }

  override syncFolder(path: string): void {
    this.check('syncFolder', path);
    super.syncFolder(path);
  }

  override async syncFolderAsync(path: string): Promise<void> {
    this.check('syncFolder', path);
    await super.syncFolderAsync(path);
  }

  check(call: DiskCall, path: string): void {
    const error = this.fault(call, path);
    if (error !== undefined) throw error;
  }
}

class FaultFile extends FileAround {
  readonly #disk: FaultDisk;

  constructor(disk: FaultDisk, file: DiskFile) {
    super(file);
    this.#disk = disk;
  }

  /** A write that fails may have come a part of its way, as on a real disk. */
  override writeSync(chunks: readonly Uint8Array[], position: number): void {
    try {
      this.#disk.check('write', this.path);
    } catch (error) {
      this.writeHalf(chunks, position);
      throw error;
    }
    super.writeSync(chunks, position);
  }

  override async sync(): Promise<void> {
    this.#disk.check('sync', this.path);
    await super.sync();
  }

  override syncSync(): void {
    this.#disk.check('sync', this.path);
    super.syncSync();
  }

  override truncate(size: number): void {
    this.#disk.check('truncate', this.path);
    super.truncate(size);
  }
}
