/**
 * A disk that remembers every operation, so that a test can ask what may be left of it when the power goes after any of them.
 *
 * What was synced stays: the content of a file after `sync`, the names in a folder after `syncFolder`. Of the rest anything may be
 * there or not: writes lost, torn at a sector or present only as a longer file of zeros, a later write without an earlier one, names
 * without their files' content, renames before the data, removals that did not happen.
 */
import { type Disk, type DiskFile, type FileStat, type FolderLock, type Random, readSmallFile } from '@millrace/base';

import { MemoryDisk } from './memory-disk.ts';

type Operation =
  | { readonly kind: 'write'; readonly file: number; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: number; readonly size: number }
  /** Makes durable what was written before operation `upTo`: the sync began there. */
  | { readonly kind: 'sync'; readonly file: number; readonly upTo: number }
  | { readonly kind: 'link'; readonly folder: number; readonly name: string; readonly node: Node }
  | { readonly kind: 'unlink'; readonly folder: number; readonly name: string }
  | {
      readonly kind: 'rename';
      readonly folder: number;
      readonly name: string;
      readonly target: number;
      readonly targetName: string;
    }
  | { readonly kind: 'syncFolder'; readonly folder: number; readonly upTo: number };

interface Node {
  readonly id: number;
  readonly isFolder: boolean;
}

type Names = Map<string, Node>;

const sectorBytes = 512;
const rootId = 0;

export class CrashDisk implements Disk {
  readonly #live = new MemoryDisk();
  readonly #operations: Operation[] = [];
  /** The live tree again, with the identity of files and folders that names can change hands of. */
  readonly #folders = new Map<number, Names>([[rootId, new Map()]]);
  #nextId = rootId + 1;

  /** Begins with what another disk holds, all of it durable. */
  constructor(begin?: MemoryDisk) {
    if (begin !== undefined) this.#copy(begin, '');
  }

  /** Operations so far; a crash is named by how many of them were begun. */
  get operationCount(): number {
    return this.#operations.length;
  }

  /** The last operations, for a test that failed. */
  describe(count: number, last = 12): string[] {
    return this.#operations.slice(Math.max(0, count - last), count).map((operation) => {
      const { kind } = operation;
      if (kind === 'write') return `write ${operation.file} ${operation.position}+${operation.bytes.length}`;
      return JSON.stringify(operation);
    });
  }

  /** What one may find after a crash that came when `count` operations had been begun. */
  crash(count: number, random: Random): MemoryDisk {
    const operations = this.#operations.slice(0, count);
    const names = new NamesAfterCrash(operations, random);
    const contents = new ContentsAfterCrash(operations, random);
    const disk = new MemoryDisk();
    const build = (folder: number, path: string): void => {
      for (const [name, node] of names.of(folder)) {
        if (node.isFolder) {
          disk.makeFolder(`${path}/${name}`);
          build(node.id, `${path}/${name}`);
        } else {
          const file = disk.open(`${path}/${name}`, { create: true });
          file.writeSync([contents.of(node.id)], 0);
        }
      }
    };
    build(rootId, '');
    return disk;
  }

  open(path: string, options?: { readonly create?: boolean }): DiskFile {
    const isNew = this.#live.stat(path) === undefined;
    const file = this.#live.open(path, options);
    const { folder, name } = this.#place(path);
    if (isNew) this.#link(folder, name, false);
    const node = this.#folders.get(folder)?.get(name);
    return new CrashFile(
      file,
      (operation) => this.#operations.push(operation),
      node?.id ?? -1,
      () => this.#operations.length,
    );
  }

  makeFolder(path: string): void {
    this.#live.makeFolder(path);
    let folder = rootId;
    for (const name of path.split('/').filter((part) => part !== '')) {
      folder = this.#folders.get(folder)?.get(name)?.id ?? this.#link(folder, name, true);
    }
  }

  list(path: string): string[] {
    return this.#live.list(path);
  }

  stat(path: string): FileStat | undefined {
    return this.#live.stat(path);
  }

  rename(source: string, target: string): void {
    this.#live.rename(source, target);
    const [from, to] = [this.#place(source), this.#place(target)];
    const node = this.#folders.get(from.folder)?.get(from.name);
    if (node === undefined) return;
    this.#folders.get(from.folder)?.delete(from.name);
    this.#folders.get(to.folder)?.set(to.name, node);
    this.#operations.push({
      kind: 'rename',
      folder: from.folder,
      name: from.name,
      target: to.folder,
      targetName: to.name,
    });
  }

  remove(path: string): void {
    if (this.#live.stat(path) === undefined) return;
    this.#live.remove(path);
    const { folder, name } = this.#place(path);
    this.#folders.get(folder)?.delete(name);
    this.#operations.push({ kind: 'unlink', folder, name });
  }

  syncFolder(path: string): void {
    this.#live.syncFolder(path);
    this.#operations.push({ kind: 'syncFolder', folder: this.#folderId(path), upTo: this.#operations.length });
  }

  async syncFolderAsync(path: string): Promise<void> {
    const upTo = this.#operations.length;
    const folder = this.#folderId(path);
    await Promise.resolve();
    this.#operations.push({ kind: 'syncFolder', folder, upTo });
  }

  lock(path: string): FolderLock | undefined {
    return this.#live.lock(path);
  }

  freeBytes(path: string): number {
    return this.#live.freeBytes(path);
  }

  totalBytes(path: string): number {
    return this.#live.totalBytes(path);
  }

  #copy(begin: MemoryDisk, path: string): void {
    for (const name of begin.list(path)) {
      const inside = `${path}/${name}`;
      if (begin.stat(inside)?.isFolder === true) {
        this.makeFolder(inside);
        this.#copy(begin, inside);
        continue;
      }
      const bytes = readSmallFile(begin, inside) ?? new Uint8Array(0);
      const file = this.open(inside, { create: true });
      file.writeSync([bytes], 0);
      file.syncSync();
    }
    this.syncFolder(path);
  }

  #link(folder: number, name: string, isFolder: boolean): number {
    const node = { id: this.#nextId++, isFolder };
    if (isFolder) this.#folders.set(node.id, new Map());
    this.#folders.get(folder)?.set(name, node);
    this.#operations.push({ kind: 'link', folder, name, node });
    return node.id;
  }

  #place(path: string): { folder: number; name: string } {
    const cut = path.lastIndexOf('/');
    return { folder: this.#folderId(path.slice(0, cut)), name: path.slice(cut + 1) };
  }

  #folderId(path: string): number {
    let folder = rootId;
    for (const name of path.split('/').filter((part) => part !== ''))
      folder = this.#folders.get(folder)?.get(name)?.id ?? -1;
    return folder;
  }
}

/** Which names there are: those that were synced, and any of the changes since, in order. */
class NamesAfterCrash {
  readonly #folders = new Map<number, Names>();

  constructor(operations: readonly Operation[], random: Random) {
    const isKept = choose(random);
    const durableUpTo = new Map<number, number>();
    for (const operation of operations)
      if (operation.kind === 'syncFolder') durableUpTo.set(operation.folder, operation.upTo);
    for (const [index, operation] of operations.entries()) {
      if (operation.kind !== 'link' && operation.kind !== 'unlink' && operation.kind !== 'rename') continue;
      const isDurable = index < (durableUpTo.get(operation.folder) ?? 0);
      if (isDurable || isKept()) this.#apply(operation);
    }
  }

  of(folder: number): Names {
    let names = this.#folders.get(folder);
    if (names === undefined) {
      names = new Map();
      this.#folders.set(folder, names);
    }
    return names;
  }

  #apply(operation: Extract<Operation, { kind: 'link' | 'unlink' | 'rename' }>): void {
    const names = this.of(operation.folder);
    if (operation.kind === 'link') names.set(operation.name, operation.node);
    else if (operation.kind === 'unlink') names.delete(operation.name);
    else {
      const node = names.get(operation.name);
      if (node === undefined) return;
      names.delete(operation.name);
      this.of(operation.target).set(operation.targetName, node);
    }
  }
}

/** What files hold: what was synced, and any part of what was written since. */
class ContentsAfterCrash {
  readonly #byFile = new Map<number, { readonly index: number; readonly operation: Operation }[]>();
  readonly #durableUpTo = new Map<number, number>();
  readonly #random: Random;

  constructor(operations: readonly Operation[], random: Random) {
    this.#random = random;
    for (const [index, operation] of operations.entries()) {
      if (operation.kind === 'sync')
        this.#durableUpTo.set(operation.file, Math.max(operation.upTo, this.#durableUpTo.get(operation.file) ?? 0));
      if (operation.kind !== 'write' && operation.kind !== 'truncate') continue;
      const known = this.#byFile.get(operation.file) ?? [];
      known.push({ index, operation });
      this.#byFile.set(operation.file, known);
    }
  }

  of(file: number): Buffer {
    const durableUpTo = this.#durableUpTo.get(file) ?? 0;
    const isKept = choose(this.#random);
    let content = Buffer.alloc(0);
    for (const { index, operation } of this.#byFile.get(file) ?? []) {
      const isDurable = index < durableUpTo;
      if (!isDurable && !isKept()) continue;
      if (operation.kind === 'truncate') content = resized(content, operation.size);
      else if (operation.kind === 'write') content = this.#written(content, operation, isDurable);
    }
    return content;
  }

  #written(
    content: Buffer<ArrayBuffer>,
    { position, bytes }: { position: number; bytes: Buffer },
    isDurable: boolean,
  ): Buffer<ArrayBuffer> {
    const grown = content.length < position + bytes.length ? resized(content, position + bytes.length) : content;
    if (isDurable || this.#random.below(3) > 0) {
      bytes.copy(grown, position);
      return grown;
    }
    // Torn: some sectors came, the length came or not.
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + sectorBytes - ((position + at) % sectorBytes));
      if (this.#random.below(2) === 0) bytes.copy(grown, position + at, at, end);
      else if (this.#random.below(4) === 0) return resized(grown, Math.max(content.length, position + at));
      at = end;
    }
    return grown;
  }
}

/** Whether what was not synced is there: nothing of it, all, up to some point, or any of it. */
function choose(random: Random): () => boolean {
  const way = random.below(4);
  if (way === 0) return () => false;
  if (way === 1) return () => true;
  if (way === 2) {
    let left = random.below(12);
    return () => left-- > 0;
  }
  return () => random.below(2) === 0;
}

function resized(content: Buffer, size: number): Buffer<ArrayBuffer> {
  if (size <= content.length) return Buffer.from(content.subarray(0, size));
  const grown = Buffer.alloc(size);
  content.copy(grown);
  return grown;
}

class CrashFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #record: (operation: Operation) => void;
  readonly #id: number;
  readonly #count: () => number;

  constructor(file: DiskFile, record: (operation: Operation) => void, id: number, count: () => number) {
    this.#file = file;
    this.#record = record;
    this.#id = id;
    this.#count = count;
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

  writeSync(chunks: readonly Uint8Array[], position: number): void {
    this.#file.writeSync(chunks, position);
    this.#record({ kind: 'write', file: this.#id, position, bytes: Buffer.concat(chunks) });
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.writeSync(chunks, position);
  }

  async sync(): Promise<void> {
    const upTo = this.#count();
    await Promise.resolve();
    this.#record({ kind: 'sync', file: this.#id, upTo });
  }

  syncSync(): void {
    this.#record({ kind: 'sync', file: this.#id, upTo: this.#count() });
  }

  truncate(size: number): void {
    this.#file.truncate(size);
    this.#record({ kind: 'truncate', file: this.#id, size });
  }

  setModifiedAt(atMs: number): void {
    this.#file.setModifiedAt(atMs);
  }

  close(): void {
    this.#file.close();
  }
}
