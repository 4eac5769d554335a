/** Files of entries of one size, as the indexes of a segment are. */
import type { Disk } from '@millrace/base';

/** Kafka reserves 10 MiB for an index in use: what lies behind its entries is not worth reading. */
const chunkBytes = 64 << 10;

/** Gives entries to `take`, one after the other, until it wants no more. No file has no entries. */
export function readEntries(
  disk: Disk,
  path: string,
  entryBytes: number,
  take: (bytes: Buffer, at: number) => boolean,
): void {
  if (disk.stat(path) === undefined) return;
  const file = disk.open(path);
  try {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes - (chunkBytes % entryBytes), file.size()));
    for (let position = 0; ; position += chunk.length) {
      const count = file.readSync(chunk, position);
      for (let at = 0; at + entryBytes <= count; at += entryBytes) if (!take(chunk, at)) return;
      if (count < chunk.length || count === 0) return;
    }
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
