/**
 * What /metrics answers: the broker's counters under the names of every dialect that `metrics.dialects` names, and what prom-client
 * tells of the process. Nothing is counted here. Tables and prom-client are loaded at the first scrape, so that a start does not wait.
 */
import type { Registry } from 'prom-client';

import type { Doors } from '../doors.ts';
import type { Names, Observed } from './measure.ts';
import { Readings, type ObservedListener } from './readings.ts';

interface Loaded {
  readonly registry: Registry;
  readonly names: readonly Names[];
  readonly expose: (dialects: readonly Names[], observed: Observed) => Promise<string>;
}

export class Prometheus {
  readonly #doors: Doors;
  readonly #readings: Readings;
  #loaded: Promise<Loaded> | undefined;

  constructor(doors: Doors, listeners: () => readonly ObservedListener[]) {
    this.#doors = doors;
    this.#readings = new Readings(doors, listeners);
  }

  async text(): Promise<string> {
    this.#loaded ??= load(this.#doors);
    const { registry, names, expose } = await this.#loaded;
    this.#readings.refresh();
    const own = await expose([...names, this.#doors.telemetry.names()], {
      doors: this.#doors,
      readings: this.#readings,
    });
    return own + (await registry.metrics());
  }

  close(): void {
    this.#readings.close();
  }
}

async function load({ settings }: Doors): Promise<Loaded> {
  const [prom, { namesOf }, { expose }] = await Promise.all([
    import('prom-client'),
    import('./dialects.ts'),
    import('./exposition.ts'),
  ]);
  const registry = new prom.Registry();
  prom.collectDefaultMetrics({ register: registry });
  return { registry, names: namesOf(settings.values['metrics.dialects']), expose };
}
