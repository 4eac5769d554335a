/**
 * What an interrupted process leaves in a partition's folder. In: the folder. Out: the names that are still there and count, and the base
 * offsets of compacted segments that got their place only now.
 */
import type { Disk } from '@millrace/base';
import { batchHeader as header } from '@millrace/protocol';

import { scanBatches } from './batch-scan.ts';
import { cleanedSuffix, deletedSuffix, fileKinds, offsetOf, swapSuffix, temporarySuffix } from './file-names.ts';

export interface Cleared {
  readonly names: readonly string[];
  readonly replaced: ReadonlySet<number>;
}

export function clearLeftovers(disk: Disk, folder: string): Cleared {
  const names = disk.list(folder);
  const isLeftover = names.some((name) =>
    [deletedSuffix, cleanedSuffix, swapSuffix, temporarySuffix].some((suffix) => name.endsWith(suffix)),
  );
  const replaced = isLeftover ? clear(disk, folder, names) : new Set<number>();
  return { names: withoutOrphans(disk, folder, isLeftover ? disk.list(folder) : names), replaced };
}

function clear(disk: Disk, folder: string, names: readonly string[]): Set<number> {
  const cleaned = names.map((name) => offsetOf(name, `.log${cleanedSuffix}`)).filter((offset) => offset !== undefined);
  const firstCleaned = Math.min(...cleaned);
  for (const name of names) {
    const isGone = [deletedSuffix, cleanedSuffix, temporarySuffix].some((suffix) => name.endsWith(suffix));
    // A replacement that was still being made means that its successors are not whole either.
    const isEarly = name.endsWith(swapSuffix) && (offsetOf(name, nameKind(name)) ?? 0) >= firstCleaned;
    if (isGone || isEarly) disk.remove(`${folder}/${name}`);
  }
  const replaced = finishSwaps(disk, folder);
  disk.syncFolder(folder);
  return replaced;
}

/** A whole replacement takes the place of the segments it was made of, and then their name. */
function finishSwaps(disk: Disk, folder: string): Set<number> {
  const names = disk.list(folder);
  const replaced = new Set<number>();
  for (const name of names) {
    const base = offsetOf(name, `.log${swapSuffix}`);
    if (base === undefined) continue;
    replaced.add(base);
    const end = endOffsetOf(disk, `${folder}/${name}`, base);
    for (const original of names) {
      const offset = offsetOf(original, nameKind(original));
      if (offset === undefined || original.endsWith(swapSuffix) || original.endsWith('.snapshot')) continue;
      // A file of the replacement that has its final name already is no original: it is not there under the other name.
      const isFinal = offset === base && !names.includes(original + swapSuffix);
      if (offset >= base && offset < Math.max(end, base + 1) && !isFinal) disk.remove(`${folder}/${original}`);
    }
  }
  disk.syncFolder(folder);
  for (const name of names) {
    if (name.endsWith(swapSuffix)) disk.rename(`${folder}/${name}`, `${folder}/${name.slice(0, -swapSuffix.length)}`);
  }
  return replaced;
}

function endOffsetOf(disk: Disk, path: string, base: number): number {
  const file = disk.open(path);
  let end = base;
  try {
    scanBatches({
      file,
      from: 0,
      until: file.size(),
      whole: false,
      visit: (bytes, at) => {
        end = header.lastOffset(bytes, at) + 1;
        return true;
      },
    });
  } finally {
    file.close();
  }
  return end;
}

/** Indexes of a segment that is not there. */
function withoutOrphans(disk: Disk, folder: string, names: readonly string[]): string[] {
  const logs = new Set(names.map((name) => offsetOf(name, '.log')));
  return names.filter((name) => {
    const kind = nameKind(name);
    const offset = kind === '.log' || kind === '.snapshot' ? undefined : offsetOf(name, kind);
    if (offset === undefined || !fileKinds.some((known) => known === kind) || logs.has(offset)) return true;
    disk.remove(`${folder}/${name}`);
    return false;
  });
}

/** All behind the offset. */
function nameKind(name: string): string {
  return name.slice(Math.max(0, name.indexOf('.')));
}
