/** How every consumer is asked: in: a way to read a topic from its start. Out: how fast records came whose values were looked at. */
import { type Load, readLoad } from '../load.ts';
import { Clock, print } from './clock.ts';

/** Counts records; the clock starts with the first. */
export class Tally {
  readonly #recordsMax: number;
  readonly #done = Promise.withResolvers<void>();
  readonly #timeMs: number;
  #deadline: NodeJS.Timeout | undefined;
  #clock: Clock | undefined;
  #records = 0;
  #bytes = 0;
  figures: Record<string, number> | undefined;

  constructor(recordsMax: number, timeMs: number) {
    this.#recordsMax = recordsMax;
    this.#timeMs = timeMs;
  }

  /** The time is over, or everything has been read. */
  get isOver(): boolean {
    return this.figures !== undefined;
  }

  /** Settles when it is over. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  add(valueBytes: number): void {
    if (this.#clock === undefined) this.#start();
    this.#bytes += valueBytes;
    if (++this.#records === this.#recordsMax) this.#finish();
  }

  #start(): void {
    this.#clock = new Clock();
    this.#deadline = setTimeout(() => this.#finish(), this.#timeMs);
  }

  #finish(): void {
    clearTimeout(this.#deadline);
    this.figures ??= this.#clock?.stop(this.#records, this.#bytes);
    this.#done.resolve();
  }
}

/** `pass` reads with a group of its own until the tally is over, and leaves. The first pass warms the process up. */
export async function consume(pass: (load: Load, tally: Tally) => Promise<void>): Promise<void> {
  const load = readLoad();
  const { recordsMax, warmupMs, measuredMs, size } = load;
  if (warmupMs > 0) await pass(load, new Tally(recordsMax, warmupMs));
  const tally = new Tally(recordsMax, measuredMs);
  await pass(load, tally);
  const { figures = {} } = tally;
  if (figures['bytes'] !== (figures['records'] ?? 0) * size || figures['records'] === 0)
    throw new Error(`${figures['bytes']} bytes in ${figures['records']} records of ${size}`);
  print(figures);
  process.exit(0);
}
