/**
 * A disk that remembers every operation, so that a test can ask what may be left of it when the power goes after any of them.
 *
 * What was synced stays: the content of a file after `sync`, the names in a folder after `syncFolder`. Of the rest anything may be
 * there or not: writes lost, torn at a sector or present only as a longer file of zeros, a later write without an earlier one, names
 * without their files' content, renames before the data, removals that did not happen.
 */
import { type DiskFile, type Random, readSmallFile } from '@millrace/base';

import { DiskAround, FileAround } from './disk-around.ts';
import { MemoryDisk, type MemoryDiskOptions } from './memory-disk.ts';

type Operation =
  | { readonly kind: 'write'; readonly file: number; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: number; readonly size: number }
  /** Makes durable what was written before operation `upTo`: the sync began there. */
  | { readonly kind: 'sync'; readonly file: number; readonly upTo: number }
  /** The system has given up what was written before `upTo` and not durable: no later sync brings it back. */
  | { readonly kind: 'syncFailed'; readonly file: number; readonly upTo: number }
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

export interface CrashDiskOptions extends MemoryDiskOptions {
  /** How long a sync takes; it fails when the promise does. */
  readonly syncing?: (path: string) => Promise<void>;
}

const sectorBytes = 512;
const rootId = 0;

export class CrashDisk extends DiskAround {
  protected readonly inner: MemoryDisk;
  readonly #syncing: (path: string) => Promise<void>;
  readonly #operations: Operation[] = [];
  /** The live tree again, with the identity of files and folders that names can change hands of. */
  readonly #folders = new Map<number, Names>([[rootId, new Map()]]);
  #nextId = rootId + 1;

  /** Begins with what another disk holds, all of it durable. */
  constructor(begin?: MemoryDisk, options: CrashDiskOptions = {}) {
    super();
    this.inner = new MemoryDisk(options);
    this.#syncing = options.syncing ?? (() => Promise.resolve());
    if (begin !== undefined) this.#copy(begin, '');
  }

  /** Operations so far; a crash is named by how many of them were begun. */
  get operationCount(): number {
    return this.#operations.length;
  }

  /** Room on the disk; may be changed at any time. */
  get bytesMax(): number {
    return this.inner.bytesMax;
  }

  set bytesMax(bytes: number) {
    this.inner.bytesMax = bytes;
  }

  get usedBytes(): number {
    return this.inner.usedBytes;
  }

  /** The process is gone, and the machine goes on: nothing is lost. */
  releaseLocks(): void {
    this.inner.releaseLocks();
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

  override open(path: string, options?: { readonly create?: boolean }): DiskFile {
    const isNew = this.inner.stat(path) === undefined;
    const file = this.inner.open(path, options);
    const { folder, name } = this.#place(path);
    if (isNew) this.#link(folder, name, false);
    const node = this.#folders.get(folder)?.get(name);
    return new CrashFile(
      file,
      (operation) => this.#operations.push(operation),
      node?.id ?? -1,
      () => this.#operations.length,
      this.#syncing,
    );
  }

  override makeFolder(path: string): void {
    this.inner.makeFolder(path);
    let folder = rootId;
    for (const name of path.split('/').filter((part) => part !== '')) {
      folder = this.#folders.get(folder)?.get(name)?.id ?? this.#link(folder, name, true);
    }
  }

  override rename(source: string, target: string): void {
    this.inner.rename(source, target);
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

  override remove(path: string): void {
    if (this.inner.stat(path) === undefined) return;
    this.inner.remove(path);
    const { folder, name } = this.#place(path);
    this.#folders.get(folder)?.delete(name);
    this.#operations.push({ kind: 'unlink', folder, name });
  }

  override syncFolder(path: string): void {
    this.inner.syncFolder(path);
    this.#operations.push({ kind: 'syncFolder', folder: this.#folderId(path), upTo: this.#operations.length });
  }

  override async syncFolderAsync(path: string): Promise<void> {
    const upTo = this.#operations.length;
    const folder = this.#folderId(path);
    await this.#syncing(path);
    this.#operations.push({ kind: 'syncFolder', folder, upTo });
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
      if (operation.kind === 'syncFolder')
        durableUpTo.set(operation.folder, Math.max(operation.upTo, durableUpTo.get(operation.folder) ?? 0));
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

type Change = Extract<Operation, { kind: 'write' | 'truncate' }>;

/** What files hold: what was synced, and any part of what was written since. */
class ContentsAfterCrash {
  readonly #byFile = new Map<number, { readonly index: number; readonly change: Change }[]>();
  readonly #durableUpTo = new Map<number, number>();
  /** Ranges of operations that a failed sync has left out for good. */
  readonly #lost = new Map<number, { readonly from: number; readonly upTo: number }[]>();
  readonly #random: Random;

  constructor(operations: readonly Operation[], random: Random) {
    this.#random = random;
    for (const [index, operation] of operations.entries()) {
      if (operation.kind === 'write' || operation.kind === 'truncate') {
        const known = this.#byFile.get(operation.file);
        if (known === undefined) this.#byFile.set(operation.file, [{ index, change: operation }]);
        else known.push({ index, change: operation });
      } else if (operation.kind === 'sync') {
        this.#durableUpTo.set(operation.file, Math.max(operation.upTo, this.#durableUpTo.get(operation.file) ?? 0));
      } else if (operation.kind === 'syncFailed') {
        const from = this.#durableUpTo.get(operation.file) ?? 0;
        this.#lost.set(operation.file, [...(this.#lost.get(operation.file) ?? []), { from, upTo: operation.upTo }]);
      }
    }
  }

  of(file: number): Buffer {
    const durableUpTo = this.#durableUpTo.get(file) ?? 0;
    const lost = this.#lost.get(file) ?? [];
    const isKept = choose(this.#random);
    const content = new GrowingContent();
    for (const { index, change } of this.#byFile.get(file) ?? []) {
      const isDurable = index < durableUpTo && !lost.some(({ from, upTo }) => index >= from && index < upTo);
      if (!isDurable && !isKept()) continue;
      if (change.kind === 'truncate') content.resize(change.size);
      else if (isDurable || this.#random.below(3) > 0) content.put(change.bytes, change.position);
      else this.#tear(content, change);
    }
    return content.bytes();
  }

  /** Some sectors came, the length came or not. */
  #tear(content: GrowingContent, { position, bytes }: { readonly position: number; readonly bytes: Buffer }): void {
    const before = content.size;
    content.resize(Math.max(before, position + bytes.length));
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + sectorBytes - ((position + at) % sectorBytes));
      if (this.#random.below(2) === 0) {
        content.put(bytes.subarray(at, end), position + at);
      } else if (this.#random.below(4) === 0) {
        content.resize(Math.max(before, position + at));
        return;
      }
      at = end;
    }
  }
}

/** Appends one after the other must not copy all that came before each time. */
class GrowingContent {
  #bytes = Buffer.alloc(1024);
  size = 0;

  put(bytes: Buffer, position: number): void {
    if (this.size < position + bytes.length) this.resize(position + bytes.length);
    bytes.copy(this.#bytes, position);
  }

  /** What is new is zeros. */
  resize(size: number): void {
    if (size > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(size, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.size);
      this.#bytes = grown;
    } else if (size < this.size) {
      this.#bytes.fill(0, size, this.size);
    }
    this.size = size;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
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

class CrashFile extends FileAround {
  readonly #record: (operation: Operation) => void;
  readonly #id: number;
  readonly #count: () => number;
  readonly #syncing: (path: string) => Promise<void>;

  constructor(
    file: DiskFile,
    record: (operation: Operation) => void,
    id: number,
    count: () => number,
    syncing: (path: string) => Promise<void>,
  ) {
    super(file);
    this.#record = record;
    this.#id = id;
    this.#count = count;
    this.#syncing = syncing;
  }

  override writeSync(chunks: readonly Uint8Array[], position: number): void {
    super.writeSync(chunks, position);
    this.#record({ kind: 'write', file: this.#id, position, bytes: Buffer.concat(chunks) });
  }

  override async sync(): Promise<void> {
    const upTo = this.#count();
    try {
      await this.#syncing(this.path);
    } catch (error) {
      this.#record({ kind: 'syncFailed', file: this.#id, upTo });
      throw error;
    }
    this.#record({ kind: 'sync', file: this.#id, upTo });
  }

  override syncSync(): void {
    this.#record({ kind: 'sync', file: this.#id, upTo: this.#count() });
  }

  override truncate(size: number): void {
    super.truncate(size);
    this.#record({ kind: 'truncate', file: this.#id, size });
  }
}
