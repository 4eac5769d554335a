/**
 * A read of stored bytes, planned: `fill` copies whole batches into the caller's buffer, as they lie in the file. Nothing is decoded.
 */
import { assert } from '@millrace/base';
import { batchHeader as header, KafkaError } from '@millrace/protocol';

import { headerProblem } from './batch-scan.ts';
import type { LogSpots } from './log-spots.ts';
import type { Segment } from './segment.ts';

/** Where a range of whole batches lies. */
export interface ReadRange {
  readonly segment: Segment;
  readonly position: number;
  readonly bytes: number;
  /** A batch is known to begin here, at or before the end of the range. */
  readonly boundary: number;
  /** When the range ends with a batch: the offset that follows it. */
  readonly nextOffset: number | undefined;
  readonly isHot: boolean;
  /** All records of the range lie below. */
  readonly upTo: number;
}

export class LogRead {
  /** `fill` needs at most so much room. */
  readonly bytes: number;
  /** Surely in memory: `fillSync` does not wait for a disk. */
  readonly isHot: boolean;
  /** All records lie below; 0 when there are none. */
  readonly upTo: number;
  readonly #range: ReadRange | undefined;
  readonly #spots: LogSpots | undefined;

  constructor(range?: ReadRange, spots?: LogSpots) {
    this.#range = range;
    this.#spots = spots;
    this.bytes = range?.bytes ?? 0;
    this.isHot = range?.isHot ?? true;
    this.upTo = range?.upTo ?? 0;
  }

  /** Gives the count of bytes read, which end with a whole batch. */
  fillSync(target: Buffer): number {
    const range = this.#range;
    if (range === undefined) return 0;
    return this.#wholeBatches(range, target, range.segment.file.readSync(this.#room(range, target), range.position));
  }

  async fill(target: Buffer): Promise<number> {
    const range = this.#range;
    if (range === undefined) return 0;
    return this.#wholeBatches(range, target, await range.segment.file.read(this.#room(range, target), range.position));
  }

  #room(range: ReadRange, target: Buffer): Buffer {
    assert(target.length >= range.bytes, 'a read has the room that it asked for');
    return target.length === range.bytes ? target : target.subarray(0, range.bytes);
  }

  #wholeBatches(range: ReadRange, target: Buffer, count: number): number {
    const { segment, position, nextOffset } = range;
    if (nextOffset !== undefined && count === range.bytes) {
      this.#note(segment, nextOffset, position + count);
      return count;
    }
    let at = range.boundary - position;
    let next = -1;
    while (at + header.batchHeaderBytes <= count) {
      const bytes = header.batchBytes(target, at);
      if (at + bytes > count) break;
      const problem = headerProblem(target, at, count - at);
      if (problem !== undefined)
        throw new KafkaError(
          'CORRUPT_MESSAGE',
          `${segment.path}: the batch at ${position + at} is damaged: ${problem}.`,
        );
      next = header.lastOffset(target, at) + 1;
      at += bytes;
    }
    if (at > count)
      throw new KafkaError(
        'CORRUPT_MESSAGE',
        `${segment.path} ends at ${position + count}, before the end of a batch.`,
      );
    if (next >= 0) this.#note(segment, next, position + at);
    return at;
  }

  /** A segment that has been replaced since says nothing of the one in its place. */
  #note(segment: Segment, offset: number, position: number): void {
    if (!segment.isGone) this.#spots?.note(segment.baseOffset, offset, position);
  }
}

export const emptyRead = new LogRead();
