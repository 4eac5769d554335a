/**
 * A file with one offset for each partition of a log directory: version, count, a line `topic partition offset` each. Replaced as a
 * whole, so that a crash leaves the old or the new one.
 */
import { type Disk, MillraceError, readSmallFile, replaceSmallFile } from '@millrace/base';

/** By the name of the partition's folder, `<topic>-<partition>`. */
export type Offsets = ReadonlyMap<string, number>;

export class OffsetCheckpoint {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #path: string;
  #text: string;
  /** Counts replacements, so that a slow one does not undo a later one. */
  #version = 0;

  constructor(disk: Disk, folder: string, name: string) {
    this.#disk = disk;
    this.#folder = folder;
    this.#path = `${folder}/${name}`;
    const bytes = readSmallFile(disk, this.#path);
    this.#text = bytes === undefined ? '' : Buffer.from(bytes).toString();
  }

  /** Throws MillraceError CORRUPT when the file is not whole: it is only ever replaced whole. */
  read(): Map<string, number> {
    const offsets = new Map<string, number>();
    if (this.#text === '') return offsets;
    const [version, count, ...lines] = this.#text.trimEnd().split('\n');
    for (const line of lines) {
      const found = /^(\S+) (\d+) (-?\d+)$/.exec(line);
      if (found !== null) offsets.set(`${found[1]}-${found[2]}`, Number(found[3]));
    }
    if (version === '0' && Number(count) === offsets.size && lines.length === offsets.size) return offsets;
    throw new MillraceError(
      'CORRUPT',
      `${this.#path} is damaged. Bring it back from a copy. Without it all records are checked at the next start, and what follows a ` +
        'damaged one is cut: remove the file only if that is acceptable.',
    );
  }

  /** Durable when it returns. */
  write(offsets: Offsets): void {
    const text = encode(offsets);
    this.#version++;
    if (text === this.#text) return;
    replaceSmallFile(this.#disk, this.#path, Buffer.from(text));
    this.#text = text;
  }

  /** To be taken when the offsets are: a replacement that comes after another one knows less and is left undone. */
  turn(): number {
    return this.#version;
  }

  /** As `write`, without holding up the loop. False when it came too late for its turn. */
  async writeAsync(offsets: Offsets, turn: number): Promise<boolean> {
    const text = encode(offsets);
    const isLate = (): boolean => this.#version !== turn;
    if (isLate()) return false;
    if (text === this.#text) return true;
    if (!(await replaceSmallFileAsync(this.#disk, this.#path, Buffer.from(text), isLate))) return false;
    // What stands in the file now may not be durable yet: a `write` of the same must not be skipped.
    this.#text = '';
    await this.#disk.syncFolderAsync(this.#folder);
    if (!isLate()) this.#text = text;
    return true;
  }
}

/** As `replaceSmallFile`, up to the rename: the sync of the folder is the caller's. False when it came too late for the rename. */
export async function replaceSmallFileAsync(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  isLate: () => boolean,
): Promise<boolean> {
  const temporary = `${path}.new.tmp`;
  const file = disk.open(temporary, { create: true });
  try {
    file.truncate(0);
    file.writeSync([bytes], 0);
    await file.sync();
  } finally {
    file.close();
  }
  if (isLate()) return false;
  disk.rename(temporary, path);
  return true;
}

function encode(offsets: Offsets): string {
  const lines = [...offsets].map(([folder, offset]) => {
    const cut = folder.lastIndexOf('-');
    return `${folder.slice(0, cut)} ${folder.slice(cut + 1)} ${offset}\n`;
  });
  return `0\n${lines.length}\n${lines.join('')}`;
}
