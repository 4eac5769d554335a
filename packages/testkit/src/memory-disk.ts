/**
 * A disk in memory, for tests and for brokers that live inside of one. Files grow in chunks, an empty one costs nothing but its name.
 * Nothing is ever lost or slow here; `crash-disk.ts` is the one that forgets what was not synced.
 */
import type { Disk, DiskFile, FileStat, FolderLock } from '@millrace/base';

const chunkBytes = 256 << 10;
const firstChunkBytes = 1 << 10;

export interface MemoryDiskOptions {
  /** Room on the disk; beyond it writes fail with ENOSPC. 1 TiB when left out. */
  readonly bytesMax?: number;
  readonly now?: () => number;
}

type Folder = Map<string, Folder | Content>;

export class MemoryDisk implements Disk {
  readonly #root: Folder = new Map();
  readonly #locked = new Set<string>();
  readonly #now: () => number;
  /** May be changed at any time, to fill the disk and to make room again. */
  bytesMax: number;
  #usedBytes = 0;

  constructor(options: MemoryDiskOptions = {}) {
    this.bytesMax = options.bytesMax ?? 2 ** 40;
    this.#now = options.now ?? Date.now;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  open(path: string, options?: { readonly create?: boolean }): DiskFile {
    const { folder, name } = this.#parent(path);
    let content = folder.get(name);
    if (content === undefined) {
      if (options?.create !== true) throw diskError('ENOENT', path);
      content = new Content(this.#now());
      folder.set(name, content);
    }
    if (!(content instanceof Content)) throw diskError('EISDIR', path);
    return new MemoryFile(this, path, content);
  }

  makeFolder(path: string): void {
    let folder = this.#root;
    for (const name of namesOf(path)) {
      let next = folder.get(name);
      if (next === undefined) {
        next = new Map();
        folder.set(name, next);
      }
      if (next instanceof Content) throw diskError('ENOTDIR', path);
      folder = next;
    }
  }

  list(path: string): string[] {
    const found = this.#find(path);
    if (found === undefined) return [];
    if (found instanceof Content) throw diskError('ENOTDIR', path);
    return [...found.keys()].sort();
  }

  stat(path: string): FileStat | undefined {
    const found = this.#find(path);
    if (found === undefined) return undefined;
    if (found instanceof Content) return { isFolder: false, size: found.size, modifiedAtMs: found.modifiedAtMs };
    return { isFolder: true, size: 0, modifiedAtMs: 0 };
  }

  rename(source: string, target: string): void {
    const from = this.#parent(source);
    const moved = from.folder.get(from.name);
    if (moved === undefined) throw diskError('ENOENT', source);
    const to = this.#parent(target);
    const replaced = to.folder.get(to.name);
    if (replaced instanceof Map && replaced.size > 0) throw diskError('ENOTEMPTY', target);
    from.folder.delete(from.name);
    if (replaced !== undefined && replaced !== moved) this.#freed(replaced);
    to.folder.set(to.name, moved);
  }

  remove(path: string): void {
    const found = this.#find(path);
    if (found === undefined) return;
    const { folder, name } = this.#parent(path);
    folder.delete(name);
    this.#freed(found);
  }

  syncFolder(path: string): void {
    if (!(this.#find(path) instanceof Map)) throw diskError('ENOENT', path);
  }

  syncFolderAsync(path: string): Promise<void> {
    this.syncFolder(path);
    return Promise.resolve();
  }

  lock(path: string): FolderLock | undefined {
    if (this.#locked.has(path)) return undefined;
    this.#locked.add(path);
    this.open(`${path}/.lock`, { create: true }).close();
    return { release: () => void this.#locked.delete(path) };
  }

  /** The processes that held folders are gone, without a word. */
  releaseLocks(): void {
    this.#locked.clear();
  }

  freeBytes(_path: string): number {
    return Math.max(0, this.bytesMax - this.#usedBytes);
  }

  totalBytes(_path: string): number {
    return this.bytesMax;
  }

  /** For files only: room is taken before it is used and given back when a file shrinks. */
  take(bytes: number, path: string): void {
    if (bytes > 0 && this.#usedBytes + bytes > this.bytesMax) throw diskError('ENOSPC', path);
    this.#usedBytes += bytes;
  }

  now(): number {
    return this.#now();
  }

  #freed(removed: Folder | Content): void {
    if (removed instanceof Content) this.#usedBytes -= removed.size;
    else for (const inside of removed.values()) this.#freed(inside);
  }

  #find(path: string): Folder | Content | undefined {
    let found: Folder | Content | undefined = this.#root;
    for (const name of namesOf(path)) {
      if (!(found instanceof Map)) return undefined;
      found = found.get(name);
    }
    return found;
  }

  #parent(path: string): { folder: Folder; name: string } {
    const cut = path.lastIndexOf('/');
    const folder = this.#find(path.slice(0, cut));
    if (!(folder instanceof Map)) throw diskError('ENOENT', path);
    return { folder, name: path.slice(cut + 1) };
  }
}

/** The bytes of one file: full chunks and a last one that grows by doubling. */
class Content {
  readonly #chunks: Buffer[] = [];
  size = 0;
  modifiedAtMs: number;

  constructor(modifiedAtMs: number) {
    this.modifiedAtMs = modifiedAtMs;
  }

  read(target: Uint8Array, position: number): number {
    const count = Math.min(target.length, Math.max(0, this.size - position));
    for (let done = 0; done < count;) {
      const chunk = this.#chunks[Math.floor((position + done) / chunkBytes)]!;
      const from = (position + done) % chunkBytes;
      const until = Math.min(from + count - done, chunkBytes);
      chunk.copy(target, done, from, until);
      done += until - from;
    }
    return count;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      const from = (position + done) % chunkBytes;
      const count = Math.min(bytes.length - done, chunkBytes - from);
      const chunk = this.#chunk(Math.floor((position + done) / chunkBytes), from + count);
      chunk.set(done === 0 && count === bytes.length ? bytes : bytes.subarray(done, done + count), from);
      done += count;
    }
    this.size = Math.max(this.size, position + bytes.length);
  }

  resize(size: number): void {
    if (size < this.size) {
      this.#chunks.length = Math.ceil(size / chunkBytes);
      const last = this.#chunks.at(-1);
      last?.fill(0, Math.min(last.length, size % chunkBytes || chunkBytes));
    } else {
      for (let index = 0; index * chunkBytes < size; index++)
        this.#chunk(index, Math.min(chunkBytes, size - index * chunkBytes));
    }
    this.size = size;
  }

  /** The chunk at this index, with room for `room` bytes; what was never written reads as zeros. */
  #chunk(index: number, room: number): Buffer {
    const { length } = this.#chunks;
    if (index >= length) {
      for (let before = Math.max(0, length - 1); before < index; before++) this.#grow(before, chunkBytes);
    }
    if ((this.#chunks[index]?.length ?? 0) < room) this.#grow(index, room);
    return this.#chunks[index]!;
  }

  #grow(index: number, room: number): void {
    const old = this.#chunks[index];
    let bytes = Math.max(firstChunkBytes, old?.length ?? 0);
    while (bytes < room) bytes *= 2;
    if (old !== undefined && old.length >= bytes) return;
    const grown = Buffer.alloc(bytes);
    old?.copy(grown);
    this.#chunks[index] = grown;
  }
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #disk: MemoryDisk;
  readonly #content: Content;

  constructor(disk: MemoryDisk, path: string, content: Content) {
    this.#disk = disk;
    this.path = path;
    this.#content = content;
  }

  size(): number {
    return this.#content.size;
  }

  readSync(target: Uint8Array, position: number): number {
    return this.#content.read(target, position);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return Promise.resolve(this.#content.read(target, position));
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    let total = 0;
    for (const chunk of chunks) total += chunk.length;
    this.#disk.take(Math.max(0, position + total - this.#content.size), this.path);
    let at = position;
    for (const chunk of chunks) {
      this.#content.write(chunk, at);
      at += chunk.length;
    }
    this.#content.modifiedAtMs = this.#disk.now();
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.writeSync(chunks, position);
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  syncSync(): void {}

  truncate(size: number): void {
    this.#disk.take(size - this.#content.size, this.path);
    this.#content.resize(size);
    this.#content.modifiedAtMs = this.#disk.now();
  }

  setModifiedAt(atMs: number): void {
    this.#content.modifiedAtMs = atMs;
  }

  close(): void {}
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

/** As Node's own errors look. */
export function diskError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
