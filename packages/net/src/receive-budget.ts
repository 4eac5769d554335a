/**
 * One limit for the parts of frames that all connections together hold. In: how much a connection holds more or less. Out: connections
 * that hold a part are no longer read while the limit is passed, but for one, so that there is always a frame that gets complete.
 */
export interface Holder {
  readonly heldBytes: number;
  holdBack(): void;
  goOn(): void;
}

export class ReceiveBudget {
  readonly #bytesMax: number;
  readonly #heldBack = new Set<Holder>();
  #favoured: Holder | undefined;
  #heldBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** `bytes` more are held than when the holder told last. */
  changed(holder: Holder, bytes: number): void {
    this.#heldBytes += bytes;
    if (holder === this.#favoured && holder.heldBytes === 0) this.#favoured = undefined;
    if (this.#heldBytes <= this.#bytesMax) this.#releaseAll();
    else if (holder.heldBytes > 0) this.#hold(holder);
    if (this.#favoured === undefined) this.#favourNext();
  }

  /** The connection is gone, and what it held with it. */
  gone(holder: Holder, bytes: number): void {
    this.#heldBack.delete(holder);
    if (holder === this.#favoured) this.#favoured = undefined;
    this.#heldBytes -= bytes;
    if (this.#heldBytes <= this.#bytesMax) this.#releaseAll();
    else if (this.#favoured === undefined) this.#favourNext();
  }

  #hold(holder: Holder): void {
    if (this.#favoured === undefined) this.#favoured = holder;
    if (holder === this.#favoured || this.#heldBack.has(holder)) return;
    this.#heldBack.add(holder);
    holder.holdBack();
  }

  #favourNext(): void {
    const [next] = this.#heldBack;
    if (next === undefined) return;
    this.#favoured = next;
    this.#heldBack.delete(next);
    next.goOn();
  }

  #releaseAll(): void {
    this.#favoured = undefined;
    for (const holder of this.#heldBack) holder.goOn();
    this.#heldBack.clear();
  }
}
