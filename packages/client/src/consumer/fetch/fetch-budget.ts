/** How much all cursors together may have buffered or on the way: `fetch.max.bytes`. */
export class FetchBudget {
  readonly #bytesMax: number;
  readonly #leastBytes: number;
  readonly #roomAgain: () => void;
  #buffered = 0;
  #reserved = 0;

  /** `leastBytes` are worth a request; `roomAgain` is told when there are as many again. */
  constructor(bytesMax: number, leastBytes: number, roomAgain: () => void) {
    this.#bytesMax = bytesMax;
    this.#leastBytes = Math.min(leastBytes, bytesMax >> 1);
    this.#roomAgain = roomAgain;
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  get hasRoom(): boolean {
    return this.#free >= this.#leastBytes || this.#buffered + this.#reserved === 0;
  }

  /** Bytes that came, or with a minus bytes that were read. */
  count(bytes: number): void {
    this.#change(() => (this.#buffered += bytes));
  }

  /** Gives how many may be asked for. */
  reserve(bytes: number): number {
    const granted = Math.max(1, Math.min(bytes, this.#free, 0x7fff_ffff));
    this.#reserved += granted;
    return granted;
  }

  release(bytes: number): void {
    this.#change(() => (this.#reserved -= bytes));
  }

  get #free(): number {
    return this.#bytesMax - this.#buffered - this.#reserved;
  }

  #change(change: () => void): void {
    const hadRoom = this.hasRoom;
    change();
    if (!hadRoom && this.hasRoom) this.#roomAgain();
  }
}
