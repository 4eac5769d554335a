/**
 * A snapshot keeps the last batch of each producer only, and a producer may send any of its last five again. What a snapshot forgot is
 * read from the log once, when the producer comes with a sequence that is not the next. In: the producer, and where its memory
 * begins. Out: notes of its batches before that, oldest first.
 */
import { batchHeader as header } from '@millrace/protocol';

import { scanBatches } from './batch-scan.ts';
import { type BatchNote, noteOf, type ProducerEntry } from './producer-entry.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** Five requests of a megabyte, and what others wrote between them. */
const recallBytesMax = 16 << 20;

export function recalledBatches(segments: SegmentList, entry: ProducerEntry): BatchNote[] {
  const { forgottenBefore: before } = entry;
  if (before === undefined || before <= segments.first.baseOffset) return [];
  const notes: BatchNote[] = [];
  let bytesLeft = recallBytesMax;
  for (let index = segments.indexOf(before - 1); index >= 0 && bytesLeft > 0 && entry.hasRoomFor(notes); index--) {
    const segment = segments.all[index]!;
    const end = segment.offsets.positionOf(before - 1);
    const from = segment.believed(Math.max(0, end - bytesLeft)).position;
    bytesLeft -= Math.max(1, end - from);
    notes.unshift(...batchesOf(segment, from, before, entry));
  }
  return notes;
}

function batchesOf(segment: Segment, from: number, before: number, entry: ProducerEntry): BatchNote[] {
  const notes: BatchNote[] = [];
  scanBatches({
    file: segment.file,
    from,
    until: segment.writtenSize,
    whole: false,
    visit: (bytes, at) => {
      if (header.baseOffset(bytes, at) >= before) return false;
      const isOurs =
        header.producerId(bytes, at) === entry.producerId && header.producerEpoch(bytes, at) === entry.epoch;
      if (isOurs && !header.isControl(bytes, at)) notes.push(noteOf(bytes, at));
      return true;
    },
  });
  return notes;
}
