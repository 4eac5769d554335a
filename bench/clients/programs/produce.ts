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

  constructor(sender: Sender, load: Load, shape: Shape) {
    this.#sender = sender;
    this.#load = load;
    this.#shape = shape;
  }

  async run(): Promise<Record<string, number>> {
    await this.#phase(this.#load.warmupMs);
    const { latencies, figures } = await this.#phase(this.#load.measuredMs);
    if (this.#shape.outstanding > 1) return figures;
    return { ...figures, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
  }

  /** Counts until the time is over or all records are acknowledged; what is on its way then is waited for, and not counted. */
  async #phase(timeMs: number): Promise<{ latencies: number[]; figures: Record<string, number> }> {
    const phase = { isOver: false, acknowledged: 0, latencies: [] };
    const clock = new Clock();
    const lanes = Promise.all(Array.from({ length: this.#shape.outstanding }, async () => this.#lane(phase)));
    await Promise.race([sleep(timeMs), lanes]);
    const figures = clock.stop(phase.acknowledged, phase.acknowledged * this.#load.size);
    phase.isOver = true;
    await lanes;
    return { latencies: phase.latencies, figures };
  }

  async #lane(phase: { isOver: boolean; acknowledged: number; latencies: number[] }): Promise<void> {
    const { outstanding, perSend } = this.#shape;
    const { size, recordsMax } = this.#load;
    const values = Array.from({ length: perSend }, () => randomBytes(size));
    const isTimed = outstanding === 1;
    while (!phase.isOver && phase.acknowledged < recordsMax) {
      const at = isTimed ? performance.now() : 0;
      await this.#sender.send(values);
      if (isTimed) phase.latencies.push(performance.now() - at);
      phase.acknowledged += perSend;
    }
  }
}
