/** A disk over another disk, and the same for a file: every call is handed on. Who wants a call to be otherwise overrides that one. */
import type { Disk, DiskFile, FileStat, FolderLock } from '@millrace/base';

export abstract class DiskAround implements Disk {
  protected abstract readonly inner: Disk;

  open(path: string, options?: { readonly create?: boolean }): DiskFile {
    return this.inner.open(path, options);
  }

  makeFolder(path: string): void {
    this.inner.makeFolder(path);
  }

  list(path: string): string[] {
    return this.inner.list(path);
  }

  stat(path: string): FileStat | undefined {
    return this.inner.stat(path);
  }

  rename(source: string, target: string): void {
    this.inner.rename(source, target);
  }

  remove(path: string): void {
    this.inner.remove(path);
  }

  syncFolder(path: string): void {
    this.inner.syncFolder(path);
  }

  syncFolderAsync(path: string): Promise<void> {
    return this.inner.syncFolderAsync(path);
  }

  lock(path: string): FolderLock | undefined {
    return this.inner.lock(path);
  }

  freeBytes(path: string): number {
    return this.inner.freeBytes(path);
  }

  totalBytes(path: string): number {
    return this.inner.totalBytes(path);
  }
}

export class FileAround implements DiskFile {
  protected readonly inner: DiskFile;

  constructor(inner: DiskFile) {
    this.inner = inner;
  }

  get path(): string {
    return this.inner.path;
  }

  size(): number {
    return this.inner.size();
  }

  readSync(target: Uint8Array, position: number): number {
    return this.inner.readSync(target, position);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.inner.read(target, position);
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    this.inner.writeSync(chunks, position);
  }

  /** As `writeSync`, so that only that one has to be overridden. */
  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.writeSync(chunks, position);
  }

  sync(): Promise<void> {
    return this.inner.sync();
  }

  syncSync(): void {
    this.inner.syncSync();
  }

  truncate(size: number): void {
    this.inner.truncate(size);
  }

  setModifiedAt(atMs: number): void {
    this.inner.setModifiedAt(atMs);
  }

  close(): void {
    this.inner.close();
  }

  /** What a write that fails may have brought to the disk before it did. */
  protected writeHalf(chunks: readonly Uint8Array[], position: number): void {
    const [first] = chunks;
    if (first !== undefined && first.length > 1) this.inner.writeSync([first.subarray(0, first.length >> 1)], position);
  }
}
