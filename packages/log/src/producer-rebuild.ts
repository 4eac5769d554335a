/** The table of producers out of files: the newest snapshot that is whole, and every batch since. */
import type { Disk } from '@millrace/base';
import { batchHeader as header } from '@millrace/protocol';

import { scanBatches } from './batch-scan.ts';
import { transactionEndOf } from './control-batch.ts';
import { filePath, offsetOf } from './file-names.ts';
import { readSnapshot } from './producer-snapshot.ts';
import { ProducerTable } from './producer-table.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

export interface Rebuilt {
  readonly producers: ProducerTable;
  /** There is a snapshot at this offset; -1 when there is none at all. */
  readonly snapshotOffset: number;
}

/**
 * As it is at `endOffset`, which is the end of the log. Snapshots from behind it tell of records that are gone, and from one before the first
 * segment nobody knows what came next: they go first.
 */
export function rebuildProducers(
  disk: Disk,
  folder: string,
  names: readonly string[],
  segments: SegmentList,
  endOffset: number,
): Rebuilt {
  const begin = segments.first.baseOffset;
  const offsets = removeSnapshots(disk, folder, names, (offset) => offset > endOffset || offset < begin);
  for (const snapshotOffset of offsets.sort((a, b) => b - a)) {
    const producers = readSnapshot(disk, filePath(folder, snapshotOffset, '.snapshot'));
    if (producers === undefined) continue;
    replay(segments, producers, snapshotOffset, endOffset);
    return { producers, snapshotOffset };
  }
  const producers = new ProducerTable();
  replay(segments, producers, 0, endOffset);
  return { producers, snapshotOffset: -1 };
}

/** Durably. Gives the offsets of those that stay. */
export function removeSnapshots(
  disk: Disk,
  folder: string,
  names: readonly string[],
  isGone: (offset: number) => boolean,
): number[] {
  const offsets = names.map((name) => offsetOf(name, '.snapshot')).filter((offset) => offset !== undefined);
  const gone = offsets.filter(isGone);
  for (const offset of gone) disk.remove(filePath(folder, offset, '.snapshot'));
  if (gone.length > 0) disk.syncFolder(folder);
  return offsets.filter((offset) => !gone.includes(offset));
}

function replay(segments: SegmentList, producers: ProducerTable, from: number, endOffset: number): void {
  if (from < endOffset) {
    for (let index = segments.indexOf(from); index < segments.all.length; index++) {
      replaySegment(segments.all[index]!, producers, from);
    }
  } else {
    // A crash may have taken the marker of a transaction whose end is in the index already.
    segments.active.aborted.cut(from);
  }
  producers.hold();
}

function replaySegment(segment: Segment, producers: ProducerTable, from: number): void {
  const { file, aborted } = segment;
  aborted.cut(from);
  scanBatches({
    file,
    from: segment.believed(segment.offsets.positionOf(from)).position,
    until: segment.size,
    whole: false,
    visit: (bytes, at, position) => {
      if (header.producerId(bytes, at) < 0 || header.baseOffset(bytes, at) < from) return true;
      if (!header.isControl(bytes, at)) {
        producers.note(bytes, at);
        return true;
      }
      const batch = Buffer.allocUnsafe(header.batchBytes(bytes, at));
      file.readSync(batch, position);
      const end = transactionEndOf(batch, 0);
      const ended = end === undefined ? undefined : producers.noteEnd(batch, 0, end);
      if (ended !== undefined) aborted.add(ended);
      return true;
    },
  });
}
