/** The real disk: `Disk` over node:fs. Synchronous calls are for what is in memory or small, the others go to libuv's threads. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { assert } from './assert.ts';
import type { Disk, DiskFile, FileStat, FolderLock } from './disk.ts';

/** One writev takes no more chunks than this (IOV_MAX). */
const chunksPerWrite = 1024;

export class NodeDisk implements Disk {
  open(path: string, options?: { readonly create?: boolean }): DiskFile {
    const create = options?.create === true ? fs.constants.O_CREAT : 0;
    return new NodeFile(path, fs.openSync(path, fs.constants.O_RDWR | create, 0o644));
  }

  makeFolder(path: string): void {
    fs.mkdirSync(path, { recursive: true });
  }

  list(path: string): string[] {
    try {
      return fs.readdirSync(path).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  stat(path: string): FileStat | undefined {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    return { isFolder: stat.isDirectory(), size: stat.size, modifiedAtMs: Math.trunc(stat.mtimeMs) };
  }

  rename(source: string, target: string): void {
    fs.renameSync(source, target);
  }

  remove(path: string): void {
    fs.rmSync(path, { recursive: true, force: true });
  }

  async removeAsync(path: string): Promise<void> {
    await fs.promises.rm(path, { recursive: true, force: true });
  }

  syncFolder(path: string): void {
    if (process.platform === 'win32') return;
    const fd = fs.openSync(path, fs.constants.O_RDONLY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  async syncFolderAsync(path: string): Promise<void> {
    if (process.platform === 'win32') return;
    const folder = await fs.promises.open(path, fs.constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /**
   * An operating system's lock on `<path>/.lock`, gone with the process however it ends. Node has no call for it, SQLite inside of
   * Node has: an exclusive transaction on the empty file. Java's file locks see it and the other way around, so that Apache Kafka
   * and Millrace keep each other out of a folder as well.
   */
  lock(path: string): FolderLock | undefined {
    const sqlite = process.getBuiltinModule('node:sqlite');
    let database: DatabaseSync | undefined;
    try {
      database = new sqlite.DatabaseSync(join(path, '.lock'), { timeout: 0 });
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      database?.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
    const held = database;
    return { release: () => held.close() };
  }

  freeBytes(path: string): number {
    const { bavail, bsize } = fs.statfsSync(path);
    return bavail * bsize;
  }

  totalBytes(path: string): number {
    const { blocks, bsize } = fs.statfsSync(path);
    return blocks * bsize;
  }
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  /** Calls on libuv's threads: the descriptor is closed after the last one, or its number could mean another file by then. */
  #underway = 0;
  #isClosed = false;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  readSync(target: Uint8Array, position: number): number {
    let done = 0;
    while (done < target.length) {
      const count = fs.readSync(this.#fd, target, done, target.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < target.length) {
      const from = done;
      const count = await this.#async<number>((told) => {
        fs.read(this.#fd, target, from, target.length - from, position + from, told);
      });
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    const only = chunks[0];
    if (chunks.length === 1 && only !== undefined) {
      let done = 0;
      while (done < only.length) done += fs.writeSync(this.#fd, only, done, only.length - done, position + done);
      return;
    }
    let at = position;
    for (let rest = chunks; rest.length > 0;) {
      const batch = rest.length > chunksPerWrite ? rest.slice(0, chunksPerWrite) : rest;
      const count = fs.writevSync(this.#fd, batch, at);
      at += count;
      rest = unwritten(rest, count);
    }
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (let rest = chunks; rest.length > 0;) {
      const batch = rest.slice(0, chunksPerWrite);
      const count = await this.#async<number>((told) => {
        fs.writev(this.#fd, batch, at, told);
      });
      at += count;
      rest = unwritten(rest, count);
    }
  }

  sync(): Promise<void> {
    return this.#async<void>((told) => {
      fs.fdatasync(this.#fd, told);
    });
  }

  syncSync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#fd, size);
  }

  setModifiedAt(atMs: number): void {
    fs.futimesSync(this.#fd, atMs / 1000, atMs / 1000);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#underway === 0) fs.closeSync(this.#fd);
  }

  #async<T>(start: (told: (error: NodeJS.ErrnoException | null, value: T) => void) => void): Promise<T> {
    assert(!this.#isClosed, 'a closed file is not used');
    this.#underway++;
    return new Promise((resolve, reject) => {
      start((error, value) => {
        this.#underway--;
        if (this.#isClosed && this.#underway === 0) fs.closeSync(this.#fd);
        if (error === null || error === undefined) resolve(value);
        else reject(error);
      });
    });
  }
}

/** What is left of `chunks` after their first `count` bytes. */
function unwritten(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.length;
  }
  return [];
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** SQLITE_BUSY: somebody else holds the lock. */
function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === 5;
}
