/** One run of the broker's process. What it left to be done later is not done once it is over. */
export class Life {
  readonly number: number;
  isOver = false;

  constructor(number: number) {
    this.number = number;
  }

  /** The same callback, for as long as this life lasts. */
  bound(callback: () => void): () => void {
    return () => {
      if (!this.isOver) callback();
    };
  }
}
