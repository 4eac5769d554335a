/**
 * Which segments are cleaned into one, so that segments do not get smaller and smaller: neighbours that fit together even if nothing
 * were removed, by their batches, their indexes and the range of their offsets; and not too many at once, because what they are
 * replaced by takes their place in one turn of the main thread.
 */
import type { Disk } from '@millrace/base';

import { filePath } from '../file-names.ts';
import type { CleanJob, SourceSegment } from './clean-job.ts';

/** The largest relative offset that an index can hold. */
const relativeOffsetMax = 0x7fff_ffff;

const segmentsMax = 16;

/** Of the segments that begin before `endOffset`. */
export function groupSegments(
  disk: Disk,
  job: CleanJob,
  segments: readonly SourceSegment[],
  endOffset: number,
): SourceSegment[][] {
  const groups: SourceSegment[][] = [];
  let [bytes, indexBytes, timeIndexBytes] = [0, 0, 0];
  for (const [index, segment] of segments.entries()) {
    if (segment.baseOffset >= endOffset) break;
    const group = groups.at(-1);
    const lastOffset = (segments[index + 1]?.baseOffset ?? job.firstUncleanable) - 1;
    const own = [segment.size, sizeOf(disk, job, segment, '.index'), sizeOf(disk, job, segment, '.timeindex')] as const;
    const fits =
      group !== undefined &&
      group.length < segmentsMax &&
      bytes + own[0] <= job.segmentBytes &&
      indexBytes + own[1] <= job.segmentIndexBytes &&
      timeIndexBytes + own[2] <= job.segmentIndexBytes &&
      (segment.size === 0 || lastOffset - group[0]!.baseOffset <= relativeOffsetMax);
    if (fits) group.push(segment);
    else {
      groups.push([segment]);
      [bytes, indexBytes, timeIndexBytes] = [0, 0, 0];
    }
    bytes += own[0];
    indexBytes += own[1];
    timeIndexBytes += own[2];
  }
  return groups;
}

function sizeOf(
  disk: Disk,
  { folder }: CleanJob,
  { baseOffset }: SourceSegment,
  kind: '.index' | '.timeindex',
): number {
  return disk.stat(filePath(folder, baseOffset, kind))?.size ?? 0;
}
