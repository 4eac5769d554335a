/**
 * Files as the core sees them. `testkit` has one in memory that can lose what was not synced.
 * Every call may throw; an error with `code === 'ENOSPC'` means the disk is full and nothing of the call counts.
 */
export interface Disk {
  /** Opens for reading and writing; `create` makes an empty file when there is none. Without it a missing file throws ENOENT. */
  open(path: string, options?: { readonly create?: boolean }): DiskFile;
  /** Makes the folder and its parents. */
  makeFolder(path: string): void;
  /** Names in the folder, sorted; empty when there is no such folder. */
  list(path: string): string[];
  stat(path: string): FileStat | undefined;
  /** Replaces `target` when it exists. Durable only after `syncFolder` of the folders concerned. */
  rename(source: string, target: string): void;
  /** Removes a file, or a folder with all it holds; a missing one is no error. */
  remove(path: string): void;
  /** The same without holding up the caller, where a large file takes its time. */
  removeAsync?(path: string): Promise<void>;
  /** Makes creations, renames and removals in this folder durable. */
  syncFolder(path: string): void;
  /** The same without holding up the caller. */
  syncFolderAsync(path: string): Promise<void>;
  /** The owner's mark on a folder that ends with the process; `undefined` when another process holds it. */
  lock(path: string): FolderLock | undefined;
  /** Bytes free for us on the disk that holds `path`. */
  freeBytes(path: string): number;
  /** Bytes of the whole disk that holds `path`. */
  totalBytes(path: string): number;
}

export interface FileStat {
  readonly isFolder: boolean;
  readonly size: number;
  readonly modifiedAtMs: number;
}

export interface FolderLock {
  release(): void;
}

/** An open file. Positions are explicit: there is no cursor and no append mode. */
export interface DiskFile {
  readonly path: string;
  size(): number;
  /** Fills `target` from `position` as far as the file goes; gives the count of bytes read. */
  readSync(target: Uint8Array, position: number): number;
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all chunks one after the other from `position`; short writes are continued inside. */
  writeSync(chunks: readonly Uint8Array[], position: number): void;
  /** The chunks belong to the file until the promise settles. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** fdatasync: what was written, and the size, survive a loss of power. A failure is final for the file: never retry and believe. */
  sync(): Promise<void>;
  syncSync(): void;
  truncate(size: number): void;
  setModifiedAt(atMs: number): void;
  close(): void;
}

/** Reads a whole small file; `undefined` when there is none. */
export function readSmallFile(disk: Disk, path: string): Uint8Array | undefined {
  if (disk.stat(path)?.isFolder !== false) return undefined;
  const file = disk.open(path);
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.readSync(bytes, 0));
  } finally {
    file.close();
  }
}

/**
 * Replaces a small file so that a crash leaves the old or the new content, never a mixture:
 * temporary file, sync, rename, sync of the folder.
 */
export function replaceSmallFile(disk: Disk, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  const file = disk.open(temporary, { create: true });
  try {
    file.truncate(0);
    file.writeSync([bytes], 0);
    file.syncSync();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  disk.syncFolder(path.slice(0, path.lastIndexOf('/')) || '/');
}
