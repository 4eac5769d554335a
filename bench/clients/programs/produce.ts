/** How every producer is asked: in: a way to send some records. Out: what was acknowledged while the clock ran, and how long each took. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../figures.ts';
import { type Load, readLoad } from '../load.ts';
import { Clock, print } from './clock.ts';

export interface Sender {
  /** Settles when all of them are acknowledged. */
  send(values: readonly Buffer[]): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Sends at the same time, and records of each. */
const shapes = {
  'send-one': { outstanding: 1000, perSend: 1 },
  batch: { outstanding: 5, perSend: 500 },
  'in-turn': { outstanding: 1, perSend: 1 },
} as const;

type Shape = (typeof shapes)[keyof typeof shapes];

export async function produce(open: (load: Load) => Promise<Sender>): Promise<void> {
  const load = readLoad();
  const { work } = load;
  if (work === 'consume' || work === 'idle') throw new Error(`no producer does "${work}"`);
  const sender = await open(load);
  print(await new Production(sender, load, shapes[work]).run());
  await sender.close();
  process.exit(0);
}

class Production {
  readonly #sender: Sender;
  readonly #load: Load;
  readonly #shape: Shape;
  readonly #latencies: number[] = [];
  #acknowledged = 0;
  #isOver = false;

  constructor(sender: Sender, load: Load, shape: Shape) {
    this.#sender = sender;
    this.#load = load;
    this.#shape = shape;
  }

  async run(): Promise<Record<string, number>> {
    const { warmupMs, measuredMs, size } = this.#load;
    const lanes = Promise.all(Array.from({ length: this.#shape.outstanding }, async () => this.#lane()));
    await sleep(warmupMs);
    const before = this.#acknowledged;
    this.#latencies.length = 0;
    const clock = new Clock();
    await Promise.race([sleep(measuredMs), lanes]);
    const records = this.#acknowledged - before;
    const figures = clock.stop(records, records * size);
    this.#isOver = true;
    await lanes;
    if (records <= 0) throw new Error('nothing was acknowledged while the clock ran');
    if (this.#shape.outstanding > 1) return figures;
    return { ...figures, p50Ms: percentile(this.#latencies, 0.5), p99Ms: percentile(this.#latencies, 0.99) };
  }

  async #lane(): Promise<void> {
    const { outstanding, perSend } = this.#shape;
    const { size, recordsMax } = this.#load;
    const values = Array.from({ length: perSend }, () => randomBytes(size));
    const isTimed = outstanding === 1;
    while (!this.#isOver && this.#acknowledged < recordsMax) {
      const at = isTimed ? performance.now() : 0;
      await this.#sender.send(values);
      if (isTimed) this.#latencies.push(performance.now() - at);
      this.#acknowledged += perSend;
    }
  }
}
