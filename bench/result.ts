// One line of bench/results/CASE.jsonl: everything a figure needs to be believed and repeated.

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, Row } from './case.ts';
import { spread, type Figures, type Spread } from './figures.ts';
import type { Versions } from './machine/versions.ts';
import type { SideName } from './sides/broker.ts';

const folder = join(import.meta.dirname, 'results');

export interface RunRecord {
  round: number;
  label: 'a' | 'b';
  /** Before the run: load average of the last minute, and the share of all processors at work. */
  loadAverage: number;
  busyShare: number;
  figures: Figures;
}

export interface RowResult {
  figure: string;
  a?: Spread;
  b?: Spread;
  /** b divided by a in each round. */
  ratio?: Spread;
}

export interface Result {
  at: string;
  case: string;
  durability: string;
  sides: { a: SideName; b: SideName };
  /** The first is in `runs` but not in `rows`, unless it is the only one. */
  rounds: number;
  versions: Versions;
  flags: { a: string[]; b: string[] };
  rows: RowResult[];
  warnings: string[];
  runs: RunRecord[];
}

export type Verdict = 'goal' | 'must' | 'missed' | 'none';

/** What stands in the table for one row: medians of each side, and of the ratios of the rounds. */
export function rowResults({ rows }: Pick<Case, 'rows'>, runs: readonly RunRecord[]): RowResult[] {
  const rounds = [...new Set(runs.map(({ round }) => round))];
  const kept = rounds.length > 1 ? rounds.slice(1) : rounds;
  return rows.map(({ figure }) => {
    const of = (label: 'a' | 'b', round: number) =>
      runs.find((run) => run.label === label && run.round === round)?.figures[figure];
    const all = (label: 'a' | 'b') => kept.map((round) => of(label, round)).filter((value) => value !== undefined);
    const ratios = kept.map((round) => (of('b', round) ?? Number.NaN) / (of('a', round) ?? Number.NaN));
    return {
      figure,
      ...(all('a').length > 0 && { a: spread(all('a')) }),
      ...(all('b').length > 0 && { b: spread(all('b')) }),
      ...(ratios.every(Number.isFinite) && { ratio: spread(ratios) }),
    };
  });
}

/** The figure that is judged: the ratio, or what Millrace (b) has by itself. */
export function judged(row: Row, result: RowResult): number | undefined {
  return (row.against === 'ratio' ? result.ratio : result.b)?.median;
}

export function verdict(row: Row, result: RowResult): Verdict {
  const value = judged(row, result);
  if (row.must === undefined || value === undefined) return 'none';
  const meets = (limit: number) => (row.better === 'higher' ? value >= limit : value <= limit);
  if (row.goal !== undefined && meets(row.goal)) return 'goal';
  return meets(row.must) ? 'must' : 'missed';
}

export function save(result: Result): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(pathOf(result.case, result.sides.a === result.sides.b), `${JSON.stringify(result)}\n`);
}

/** The results of a case, oldest first. `selfCheck`: the ones with the same broker on both sides. */
export function resultsOf(name: string, selfCheck = false): Result[] {
  const path = pathOf(name, selfCheck);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const results: Result[] = lines.map((line) => JSON.parse(line));
  return results.filter((result) => result.case === name);
}

function pathOf(name: string, selfCheck: boolean): string {
  return join(folder, `${selfCheck ? 'self-check' : name}.jsonl`);
}
