/** Files of entries of one size, as the indexes of a segment are. */
import type { Disk } from '@millrace/base';

/** All whole entries of the file; none when there is no file. */
export function readEntries(disk: Disk, path: string, entryBytes: number): Buffer {
  if (disk.stat(path) === undefined) return Buffer.alloc(0);
  const file = disk.open(path);
  try {
    const bytes = Buffer.allocUnsafe(file.size());
    const count = file.readSync(bytes, 0);
    return bytes.subarray(0, count - (count % entryBytes));
  } finally {
    file.close();
  }
}

export interface EntryRange {
  /** The file has the entries before this one. */
  readonly from: number;
  readonly until: number;
  /** The file gets exactly the length of its entries, even when that is none. */
  readonly whole: boolean;
  /** The file holds entries behind these that must not come back: it is cut and synced. */
  readonly mustTrim: boolean;
}

export function writeEntries(
  disk: Disk,
  path: string,
  entryBytes: number,
  { from, until, whole, mustTrim }: EntryRange,
  write: (bytes: Buffer, at: number, index: number) => void,
): void {
  if (from === until && !whole && !mustTrim) return;
  const bytes = Buffer.allocUnsafe((until - from) * entryBytes);
  for (let index = from; index < until; index++) write(bytes, (index - from) * entryBytes, index);
  const file = disk.open(path, { create: true });
  try {
    if (bytes.length > 0) file.writeSync([bytes], from * entryBytes);
    if ((whole || mustTrim) && file.size() !== until * entryBytes) file.truncate(until * entryBytes);
    if (mustTrim) file.syncSync();
  } finally {
    file.close();
  }
}
