/**
 * What an index file still holds of entries that were taken back. Mostly the same entries are made again, by a scan after a start: then
 * the file was right and nothing has to be written. Otherwise the file is cut, and synced, before anything relies on it.
 */
export class StaleTail {
  #from = 0;
  #entries: (readonly [number, number])[] = [];

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Entries from `from` on, `saved` of which are in the file, are no longer meant. */
  note(from: number, saved: number, entryAt: (index: number) => readonly [number, number]): void {
    if (saved <= from) return;
    const entries = Array.from({ length: saved - from }, (_, index) => entryAt(from + index));
    // What was taken back before lies behind these.
    this.#entries = this.isEmpty ? entries : [...entries, ...this.#entries.slice(Math.max(0, saved - this.#from))];
    this.#from = from;
  }

  /** How many entries the file holds as they are meant now, up to `count`. Nothing is stale if that is all it holds. */
  settle(saved: number, count: number, entryAt: (index: number) => readonly [number, number]): number {
    if (this.isEmpty) return saved;
    let same = 0;
    for (; same < this.#entries.length && this.#from + same < count; same++) {
      const [a, b] = entryAt(this.#from + same);
      const [x, y] = this.#entries[same]!;
      if (a !== x || b !== y) break;
    }
    if (same === this.#entries.length) this.#entries = [];
    return Math.max(saved, this.#from + same);
  }

  clear(): void {
    this.#entries = [];
  }
}
