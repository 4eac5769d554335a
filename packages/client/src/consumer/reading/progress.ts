/**
 * Since when the user does not get on. In: the partitions that a reader has in hand, looked at now and then. Out: the time of the one
 * that has stood still for longest, which is what `max.poll.interval.ms` is about: others that go on do not hide it.
 */
import type { Cursor } from '../fetch/cursor.ts';

interface Seen {
  processed: bigint | undefined;
  atMs: number;
  look: number;
}

export class Progress {
  readonly #seen = new Map<Cursor, Seen>();
  #look = 0;

  /** `nowMs` where nothing is in hand: who waits for records is not late. */
  look(inHand: Iterable<Cursor>, nowMs: number): number {
    const look = ++this.#look;
    let oldestMs = nowMs;
    let count = 0;
    for (const cursor of inHand) {
      count++;
      const { processed } = cursor;
      const seen = this.#seen.get(cursor);
      if (seen === undefined) this.#seen.set(cursor, { processed, atMs: nowMs, look });
      else {
        if (seen.processed !== processed) {
          seen.processed = processed;
          seen.atMs = nowMs;
        }
        seen.look = look;
        if (seen.atMs < oldestMs) oldestMs = seen.atMs;
      }
    }
    if (this.#seen.size > count)
      for (const [cursor, seen] of this.#seen) if (seen.look !== look) this.#seen.delete(cursor);
    return oldestMs;
  }
}
