/**
 * Time that moves only when nothing is left to do: the next event is taken, and everything that follows from it without waiting runs to
 * its end before the one after it. Events at the same moment come in the order in which they were asked for.
 */
import type { Timer } from '@millrace/base';

/** What clocks on the wall show when a simulation begins. */
export const beginMs = 1_700_000_000_000;

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  /** Undefined when it was cancelled. */
  callback: (() => void) | undefined;
}

export class VirtualTime {
  readonly #heap: Waiting[] = [];
  #nowMs = 0;
  #order = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events taken so far. */
  turnCount = 0;

  after(delayMs: number, callback: () => void): Timer {
    const waiting: Waiting = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#push(waiting);
    return { cancel: () => (waiting.callback = undefined) };
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Takes the next event and waits until all is quiet again. False when there is none. */
  async turn(): Promise<boolean> {
    for (;;) {
      const next = this.#pop();
      if (next === undefined) return false;
      if (next.callback === undefined) continue;
      this.#nowMs = next.atMs;
      this.turnCount++;
      next.callback();
      // Ticks and promises all run before the loop comes to its next phase.
      await new Promise<void>((resolve) => setImmediate(resolve));
      return true;
    }
  }

  #push(waiting: Waiting): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(waiting);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(waiting, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = waiting;
  }

  #pop(): Waiting | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
}
