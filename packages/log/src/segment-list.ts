/** The segments of a log, ascending by base offset; the last one is the active one. */
import { assert } from '@millrace/base';

import type { Segment } from './segment.ts';

export class SegmentList {
  #segments: Segment[];

  constructor(segments: Segment[]) {
    this.#segments = segments;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get active(): Segment {
    const active = this.#segments.at(-1);
    assert(active !== undefined, 'a log has a segment');
    return active;
  }

  get first(): Segment {
    return this.#segments[0] ?? this.active;
  }

  /** Index of the segment that would hold `offset`; 0 for an offset before all of them. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle]!.baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Where the segment's offsets end: the base of the next one. */
  endOf(index: number, logEndOffset: number): number {
    return this.#segments[index + 1]?.baseOffset ?? logEndOffset;
  }

  push(segment: Segment): void {
    assert(this.#segments.length === 0 || segment.baseOffset > this.active.baseOffset, 'segments ascend');
    this.#segments.push(segment);
  }

  /** One segment in the place of others. */
  replace(old: readonly Segment[], by: Segment): void {
    const index = this.#segments.indexOf(old[0]!);
    assert(
      index >= 0 && old.every((segment, at) => this.#segments[index + at] === segment),
      'what is replaced is there',
    );
    this.#segments.splice(index, old.length, by);
  }

  /** Takes the first `count` out of the list. */
  takeFirst(count: number): Segment[] {
    return this.#segments.splice(0, count);
  }

  takeLast(): Segment {
    const last = this.#segments.pop();
    assert(last !== undefined, 'a log has a segment');
    return last;
  }
}
