/** The offsets that an answer has acquired for us. In: ranges, and the offsets of records. Out: how often each was delivered, and what is left over. */
import { ClientError } from '../error.ts';
import type { TypedRange } from './acknowledgement.ts';

export interface AcquiredRange {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly deliveryCount: number;
}

/** Distances between offsets must be exact as numbers. */
const spanMax = 1n << 52n;
const gap = 0;

export class AcquiredRanges {
  readonly firstOffset: bigint;
  readonly #ranges: readonly AcquiredRange[];
  /** What of the ranges no record was found for. */
  readonly #untaken: TypedRange[] = [];
  readonly #spoiled: TypedRange[] = [];
  #at = 0;
  /** The first offset of the range at hand that no record was seen for. */
  #next: bigint;

  /** Throws `ClientError` BROKEN_ANSWER. */
  constructor({
    topic,
    partition,
    broker,
    acquired,
  }: {
    readonly topic: string;
    readonly partition: number;
    readonly broker: string;
    readonly acquired: readonly AcquiredRange[];
  }) {
    const ranges = acquired.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
    this.#ranges = ranges;
    this.firstOffset = ranges[0]?.firstOffset ?? 0n;
    this.#next = this.firstOffset;
    let before = -1n;
    for (const { firstOffset, lastOffset } of ranges) {
      if (firstOffset <= before || lastOffset < firstOffset || lastOffset - this.firstOffset > spanMax)
        throw new ClientError(
          'BROKEN_ANSWER',
          `${broker} says that offsets ${firstOffset} to ${lastOffset} of ${topic}-${partition} were acquired, which cannot be after ${before}.`,
          { broker },
        );
      before = lastOffset;
    }
  }

  covers(offset: bigint): boolean {
    return this.#ranges.some(({ firstOffset, lastOffset }) => firstOffset <= offset && offset <= lastOffset);
  }

  distance(offset: bigint): number {
    return Number(offset - this.firstOffset);
  }

  offsetAt(distance: number): bigint {
    return this.firstOffset + BigInt(distance);
  }

  /** A record was found; offsets come in order. How often it was delivered, undefined when it is not ours. */
  take(offset: bigint): number | undefined {
    for (let range = this.#ranges[this.#at]; range !== undefined; range = this.#ranges[this.#at]) {
      if (offset < this.#next) return undefined;
      if (offset <= range.lastOffset) {
        if (offset > this.#next) this.#leave(this.#next, offset - 1n);
        this.#next = offset + 1n;
        return range.deliveryCount;
      }
      this.#pass(range);
    }
    return undefined;
  }

  /** These could not be read. */
  spoil(range: TypedRange): void {
    this.#spoiled.push(range);
  }

  /** All that no record was found for: `code` from `end` on, where the answer had no more bytes, else gaps or what was spoiled. */
  untaken(end: bigint, code: number): TypedRange[] {
    for (let range = this.#ranges[this.#at]; range !== undefined; range = this.#ranges[this.#at]) this.#pass(range);
    const last = this.#ranges.at(-1)?.lastOffset ?? -1n;
    const special = [...this.#spoiled];
    if (end <= last) special.push({ firstOffset: end, lastOffset: last, code });
    return this.#untaken.flatMap((range) => split(range, special));
  }

  /** Before anything was taken. */
  whole(code: number): TypedRange[] {
    return this.#ranges.map(({ firstOffset, lastOffset }) => ({ firstOffset, lastOffset, code }));
  }

  #pass({ lastOffset }: AcquiredRange): void {
    if (this.#next <= lastOffset) this.#leave(this.#next, lastOffset);
    this.#at++;
    this.#next = this.#ranges[this.#at]?.firstOffset ?? this.#next;
  }

  #leave(firstOffset: bigint, lastOffset: bigint): void {
    this.#untaken.push({ firstOffset, lastOffset, code: gap });
  }
}

/** A range cut where others, in order, lie over it. */
function split({ firstOffset, lastOffset, code }: TypedRange, over: readonly TypedRange[]): TypedRange[] {
  const parts: TypedRange[] = [];
  let next = firstOffset;
  for (const other of over) {
    const from = other.firstOffset > next ? other.firstOffset : next;
    const to = other.lastOffset < lastOffset ? other.lastOffset : lastOffset;
    if (from > to) continue;
    if (from > next) parts.push({ firstOffset: next, lastOffset: from - 1n, code });
    parts.push({ firstOffset: from, lastOffset: to, code: other.code });
    next = to + 1n;
  }
  if (next <= lastOffset) parts.push({ firstOffset: next, lastOffset, code });
  return parts;
}
