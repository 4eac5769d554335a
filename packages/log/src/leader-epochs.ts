/**
 * Where each leader's epoch begins in the log; what OffsetForLeaderEpoch is answered from and what followers cut by. In the file
 * `leader-epoch-checkpoint`: version, count, a line for each epoch.
 */
export interface EpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

export class LeaderEpochs {
  #starts: EpochStart[];
  /** The first offset for which the file tells something else; undefined when it tells the same. */
  #unsavedFrom: number | undefined;
  #version = 0;

  constructor(starts: readonly EpochStart[] = []) {
    this.#starts = [...starts];
  }

  get all(): readonly EpochStart[] {
    return this.#starts;
  }

  get latest(): number | undefined {
    return this.#starts.at(-1)?.epoch;
  }

  /** Recovery must look at the batches from here on to know their epochs. */
  get unsavedFrom(): number {
    return this.#unsavedFrom ?? Number.POSITIVE_INFINITY;
  }

  get version(): number {
    return this.#version;
  }

  /** What `encode` gave at that version is durable. */
  saved(version: number): void {
    if (version === this.#version) this.#unsavedFrom = undefined;
  }

  /** The first record of `epoch` is, or will be, at `startOffset`. What stood for this or later epochs or offsets was wrong. */
  assign(epoch: number, startOffset: number): void {
    const last = this.#starts.at(-1);
    if (last?.epoch === epoch && last.startOffset <= startOffset) return;
    this.#replace([
      ...this.#starts.filter((start) => start.epoch < epoch && start.startOffset < startOffset),
      { epoch, startOffset },
    ]);
  }

  /** Of a record at this offset; -1 when nobody knows. */
  epochOf(offset: number): number {
    return this.#starts.findLast(({ startOffset }) => startOffset <= offset)?.epoch ?? -1;
  }

  /** The largest known epoch up to `epoch` and where it ends; -1 and -1 when that is unknown. */
  endOf(epoch: number, logEndOffset: number): { epoch: number; endOffset: number } {
    const { latest } = this;
    if (latest === undefined || epoch < 0 || epoch > latest) return { epoch: -1, endOffset: -1 };
    if (epoch === latest) return { epoch, endOffset: logEndOffset };
    const next = this.#starts.findIndex((start) => start.epoch > epoch);
    const { startOffset } = this.#starts[next]!;
    return { epoch: this.#starts[next - 1]?.epoch ?? epoch, endOffset: startOffset };
  }

  /** Nothing at or after `offset` is in the log any more. */
  cutEnd(offset: number): void {
    if ((this.#starts.at(-1)?.startOffset ?? -1) < offset) return;
    this.#replace(this.#starts.filter(({ startOffset }) => startOffset < offset));
  }

  /** Nothing before `offset` is in the log any more: the epoch that was going on there begins there. Not worth a file. */
  cutStart(offset: number): void {
    const last = this.#starts.findLastIndex(({ startOffset }) => startOffset <= offset);
    if (last < 0) return;
    this.#starts = [{ epoch: this.#starts[last]!.epoch, startOffset: offset }, ...this.#starts.slice(last + 1)];
  }

  #replace(starts: EpochStart[]): void {
    const same = this.#starts.findIndex(
      (start, index) => starts[index]?.epoch !== start.epoch || starts[index].startOffset !== start.startOffset,
    );
    const from = same < 0 ? this.#starts.length : same;
    const changed = Math.min(
      this.#starts[from]?.startOffset ?? Number.POSITIVE_INFINITY,
      starts[from]?.startOffset ?? Number.POSITIVE_INFINITY,
    );
    this.#unsavedFrom = Math.min(this.unsavedFrom, changed);
    this.#version++;
    this.#starts = starts;
  }

  encode(): string {
    return `0\n${this.#starts.length}\n${this.#starts.map(({ epoch, startOffset }) => `${epoch} ${startOffset}\n`).join('')}`;
  }
}

/** Undefined when the text is not a whole file of epochs in order. */
export function decodeLeaderEpochs(text: string): LeaderEpochs | undefined {
  const [version, count, ...lines] = text.trimEnd().split('\n');
  if (version !== '0' || Number(count) !== lines.length) return undefined;
  const starts: EpochStart[] = [];
  for (const line of lines) {
    const found = /^(\d+) (\d+)$/.exec(line);
    if (found === null) return undefined;
    const start = { epoch: Number(found[1]), startOffset: Number(found[2]) };
    const before = starts.at(-1);
    if (before !== undefined && (before.epoch >= start.epoch || before.startOffset >= start.startOffset))
      return undefined;
    starts.push(start);
  }
  return new LeaderEpochs(starts);
}
