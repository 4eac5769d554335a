/** Reads of one log. In: offsets and limits. Out: plans that name a file and a range, made from indexes and a few headers. */
import { batchHeader as header, KafkaError } from '@millrace/protocol';

import { scanBatches } from './batch-scan.ts';
import { emptyRead, LogRead } from './log-read.ts';
import type { LogState } from './log-state.ts';
import type { Segment } from './segment.ts';

export interface ReadOptions {
  readonly bytesMax: number;
  /** Gives one batch even when it is larger than `bytesMax`. */
  readonly minOneBatch: boolean;
  /** Nothing at or after this offset. */
  readonly upTo: number;
}

/** So much of the end of a log is taken to be in memory still. */
const hotBytes = 32 << 20;

const prefix = Buffer.alloc(header.batchPrefixBytes);

export class LogReader {
  readonly #state: LogState;

  constructor(state: LogState) {
    this.#state = state;
  }

  /** The first batch holds `offset`, and may begin before it. */
  read(offset: number, options: ReadOptions): LogRead {
    const { segments, startOffset, endOffset, writtenOffset, folder, isClosed } = this.#state;
    if (isClosed) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', `${folder} is closed.`);
    if (offset < startOffset || offset > endOffset) {
      throw new KafkaError(
        'OFFSET_OUT_OF_RANGE',
        `${folder} holds offsets ${startOffset} to ${endOffset}, not ${offset}.`,
      );
    }
    const upTo = Math.min(options.upTo, writtenOffset);
    if (offset >= upTo) return emptyRead;
    for (let index = segments.indexOf(offset); index < segments.all.length; index++) {
      const segment = segments.all[index]!;
      if (segment.baseOffset >= upTo) break;
      const read = this.#readSegment(segment, offset, Math.min(upTo, segments.endOf(index, writtenOffset)), options);
      if (read !== undefined) return read;
    }
    return emptyRead;
  }

  /** Where the first batch begins that has anything at or after `offset`; the end of what is written when there is none. */
  positionOf(segment: Segment, offset: number): number {
    if (offset <= segment.baseOffset) return 0;
    const { spots, segments, writtenOffset } = this.#state;
    if (segment === segments.active && offset >= writtenOffset) return segment.writtenSize;
    const known = spots.find(segment.baseOffset, offset);
    if (known >= 0) return known;
    this.#state.heal(segment);
    const position = this.#scanFor(segment, offset, segment.offsets.positionOf(offset));
    spots.note(segment.baseOffset, offset, position);
    return position;
  }

  #scanFor(segment: Segment, offset: number, from: number): number {
    let found = segment.writtenSize;
    const { position, problem } = scanBatches({
      file: segment.file,
      from,
      until: segment.writtenSize,
      whole: false,
      visit: (bytes, at, position) => {
        if (header.lastOffset(bytes, at) < offset) return true;
        found = position;
        return false;
      },
    });
    if (problem === undefined) return found;
    // The index is to blame, if the batches are whole when they are read from the beginning.
    if (from > 0) return this.#scanFor(segment, offset, 0);
    throw new KafkaError('CORRUPT_MESSAGE', `${segment.path}: the batch at ${position} is damaged: ${problem}.`);
  }

  /** Of the batch at `position`; undefined at the end of the segment. */
  baseOffsetAt(segment: Segment, position: number): number | undefined {
    return segment.file.readSync(prefix, position) < prefix.length ? undefined : header.baseOffset(prefix, 0);
  }

  /** About how many bytes lie between two offsets, for answers that wait for a minimum. */
  bytesBetween(from: number, to: number): number {
    const { segments, spots, writtenOffset } = this.#state;
    if (to <= from) return 0;
    const [first, last] = [segments.indexOf(from), segments.indexOf(to)];
    const lastSegment = segments.all[last]!;
    const position = this.positionOf(lastSegment, to);
    // The next call will begin here.
    if (to === writtenOffset) spots.note(lastSegment.baseOffset, to, position);
    let bytes = position - this.positionOf(segments.all[first]!, from);
    for (let index = first; index < last; index++) bytes += segments.all[index]!.writtenSize;
    return bytes;
  }

  #readSegment(segment: Segment, offset: number, upTo: number, options: ReadOptions): LogRead | undefined {
    const position = this.positionOf(segment, offset);
    const limit = this.#limitOf(segment, upTo);
    if (position >= limit) return undefined;
    let end = Math.min(limit, position + options.bytesMax);
    let boundary = position;
    if (end < limit) {
      this.#state.heal(segment);
      boundary = Math.max(position, segment.offsets.floor(end).position);
      if (boundary === position) {
        const bytes = this.#batchBytes(segment, position);
        if (bytes > options.bytesMax) {
          if (!options.minOneBatch) return emptyRead;
          end = position + bytes;
        }
      }
    }
    const isHot = segment.writtenSize - position <= hotBytes && segment === this.#state.segments.active;
    const nextOffset = end === limit ? upTo : undefined;
    const below = end === limit ? upTo : Math.min(upTo, segment.offsets.offsetAfter(end) ?? upTo);
    return new LogRead(
      { segment, position, bytes: end - position, boundary, nextOffset, isHot, upTo: below },
      this.#state.spots,
    );
  }

  /** Where to stop for `upTo`, which may end the segment. */
  #limitOf(segment: Segment, upTo: number): number {
    const { segments } = this.#state;
    const isLast = segment === segments.active;
    const end = isLast ? this.#state.writtenOffset : segments.endOf(segments.indexOf(segment.baseOffset), upTo);
    return upTo >= end ? segment.writtenSize : this.positionOf(segment, upTo);
  }

  #batchBytes(segment: Segment, position: number): number {
    const count = segment.file.readSync(prefix, position);
    const bytes = count < prefix.length ? 0 : header.batchBytes(prefix, 0);
    if (bytes < header.batchHeaderBytes) {
      throw new KafkaError(
        'CORRUPT_MESSAGE',
        `${segment.path}: the batch at ${position} is damaged: it cannot be ${bytes} bytes long.`,
      );
    }
    return bytes;
  }
}
