/**
 * Places where readers stopped: the next read mostly begins where the last one ended, and then needs no index. A spot says that in the
 * segment of `base`, the first batch with anything at or after `offset` begins at `position`.
 */
const spotCount = 16;
const fields = 3;

export class LogSpots {
  readonly #spots = new Float64Array(spotCount * fields).fill(-1);
  #next = 0;

  note(base: number, offset: number, position: number): void {
    if (this.find(base, offset) === position) return;
    const at = this.#next;
    this.#spots[at] = base;
    this.#spots[at + 1] = offset;
    this.#spots[at + 2] = position;
    this.#next = (at + fields) % this.#spots.length;
  }

  /** -1 when unknown. */
  find(base: number, offset: number): number {
    const spots = this.#spots;
    for (let at = 0; at < spots.length; at += fields) {
      if (spots[at + 1] === offset && spots[at] === base) return spots[at + 2]!;
    }
    return -1;
  }

  clear(): void {
    this.#spots.fill(-1);
  }
}
