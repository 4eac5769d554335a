// Runs one case: both sides in turn, A B, B A, A B …, so that a drift of the machine falls on both alike.

import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Case, Stage } from './case.ts';
import type { Figures } from './figures.ts';
import type { KeptBrokers, Pair } from './kept-brokers.ts';
import { loadAverage } from './machine/proc.ts';
import { touchPages, untilQuiet } from './machine/quiet.ts';
import { versions } from './machine/versions.ts';
import { rowResults, type Result, type RunRecord } from './result.ts';
import type { Broker, SideName } from './sides/broker.ts';
import { flagsOf } from './sides/lay-out.ts';

export interface RoundOptions {
  sides: { a: SideName; b: SideName };
  rounds: number;
  smoke: boolean;
  dir: string;
  brokers: KeptBrokers;
  /** How long to wait for an idle machine before each run. */
  patienceMs: number;
  progress(text: string): void;
}

type Label = Stage['label'];

/** Above this share of both cores, taken by neither broker nor driver, a run is called disturbed. */
const foreignShareMax = 0.1;

export async function runCase(entry: Case, options: RoundOptions): Promise<Result> {
  const labels = (['a', 'b'] as const).filter(
    (label) => entry.only === undefined || options.sides[label] === entry.only,
  );
  if (entry.brokers === 'own') await options.brokers.stop();
  const pair = entry.brokers === 'kept' ? await options.brokers.with(entry.durability) : undefined;
  if (!options.smoke && entry.bytes > 0) touchPages(options.dir, entry.bytes);
  const bench = new Bench(entry, options, pair);
  const runs: RunRecord[] = [];
  try {
    await each(labels, options, (label) => bench.prepare(label));
    for (let round = 0; round < options.rounds; round++) {
      const order = round % 2 === 0 ? labels : labels.toReversed();
      runs.push(...(await each(order, options, (label) => bench.run(label, round))));
    }
  } finally {
    for (const label of labels) await bench.clear(label).catch((error: unknown) => options.progress(String(error)));
  }
  return {
    at: new Date().toISOString(),
    case: entry.name,
    durability: entry.durability,
    sides: options.sides,
    rounds: options.rounds,
    versions: versions(),
    flags: { a: flagsOf(options.sides.a, entry.durability), b: flagsOf(options.sides.b, entry.durability) },
    rows: rowResults(entry, runs),
    warnings: warningsOf(runs, options.sides),
    runs,
  };
}

/** One side after the other, or both at once where only time matters. */
async function each<T>(
  labels: readonly Label[],
  { smoke }: RoundOptions,
  work: (label: Label) => Promise<T>,
): Promise<T[]> {
  if (smoke) return await Promise.all(labels.map(work));
  const results: T[] = [];
  for (const label of labels) results.push(await work(label));
  return results;
}

/** One case with its brokers: a stage for each side. */
class Bench {
  readonly #entry: Case;
  readonly #options: RoundOptions;
  readonly #pair: Pair | undefined;

  constructor(entry: Case, options: RoundOptions, pair: Pair | undefined) {
    this.#entry = entry;
    this.#options = options;
    this.#pair = pair;
  }

  async prepare(label: Label): Promise<void> {
    const [entry, stage] = [this.#entry, this.#stage(label, -1)];
    mkdirSync(stage.dir, { recursive: true });
    if (entry.brokers === 'own') await entry.prepare?.(stage);
    else await entry.prepare?.(stage, this.#broker(label));
  }

  async run(label: Label, round: number): Promise<RunRecord> {
    const [entry, stage] = [this.#entry, this.#stage(label, round)];
    const { smoke, patienceMs } = this.#options;
    const busyShare = smoke ? 0 : await untilQuiet(patienceMs);
    const before = { loadAverage: loadAverage(), busyShare };
    const figures = entry.brokers === 'own' ? await entry.run(stage) : await entry.run(stage, this.#broker(label));
    if (!smoke) this.#options.progress(`${entry.name} ${round} ${label} ${stage.side}: ${brief(entry, figures)}`);
    return { round, label, ...before, figures };
  }

  async clear(label: Label): Promise<void> {
    const [entry, stage] = [this.#entry, this.#stage(label, -1)];
    if (entry.brokers === 'own') await entry.clear?.(stage);
    else await entry.clear?.(stage, this.#broker(label));
    rmSync(stage.dir, { recursive: true, force: true });
  }

  #stage(label: Label, round: number): Stage {
    const { sides, smoke, dir } = this.#options;
    const side = sides[label];
    const own = join(dir, `${this.#entry.name}-${label}`);
    return { side, label, durability: this.#entry.durability, round, smoke, dir: own };
  }

  #broker(label: Label): Broker {
    if (this.#pair === undefined) throw new Error(`${this.#entry.name} has no kept brokers`);
    return this.#pair[label];
  }
}

function warningsOf(runs: readonly RunRecord[], sides: RoundOptions['sides']): string[] {
  return runs.flatMap(({ round, label, figures, busyShare }) => {
    const who = `round ${round}, ${sides[label]}`;
    const foreign = foreignShare(figures);
    return [
      ...(busyShare > 0.15 ? [`${who}: the machine was ${percent(busyShare)} busy before the run`] : []),
      ...(foreign > foreignShareMax ? [`${who}: ${percent(foreign)} of the machine went to others`] : []),
    ];
  });
}

/** The share of the machine that neither broker nor driver used; kernel threads are in it. */
function foreignShare({
  machineCpuSeconds,
  brokerCpuSeconds,
  driverCpuSeconds,
  stolenSeconds,
  seconds,
}: Figures): number {
  if (machineCpuSeconds === undefined || seconds === undefined || seconds < 0.5) return 0;
  const foreign = machineCpuSeconds + (stolenSeconds ?? 0) - (brokerCpuSeconds ?? 0) - (driverCpuSeconds ?? 0);
  return foreign / (seconds * availableParallelism());
}

function brief({ rows }: Case, figures: Figures): string {
  return rows
    .map(({ figure, text, unit }) => `${text} ${(figures[figure] ?? Number.NaN).toPrecision(4)} ${unit}`)
    .join(', ');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
