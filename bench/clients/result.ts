/** One line of bench/results/clients.jsonl: a case against one server, every figure of every run of every client. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { spread, type Figures, type Spread } from '../figures.ts';
import type { Versions } from '../machine/versions.ts';
import type { SideName } from '../sides/broker.ts';
import { isHigherBetter, type ClientCase, type ClientFigure, type ClientRow } from './case.ts';

const path = join(import.meta.dirname, '..', 'results', 'clients.jsonl');

export interface ClientRun {
  round: number;
  client: string;
  /** Before the run: the share of all processors at work. */
  busyShare: number;
  figures: Figures;
}

export interface ClientResult {
  at: string;
  case: string;
  server: SideName;
  /** The first is in `runs` but is not counted, unless it is the only one. */
  rounds: number;
  versions: Versions;
  flags: string[];
  warnings: string[];
  runs: ClientRun[];
}

export interface RowOutcome {
  ours: Spread;
  theirs: Spread | undefined;
  /** What is judged: ours divided by theirs in the same round, or ours. */
  judged: Spread;
  verdict: 'goal' | 'must' | 'missed' | 'none';
}

export function saveClients(result: ClientResult): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${JSON.stringify(result)}\n`);
}

/** The latest result of a case against a server. */
export function latestOf(name: string, server: SideName): ClientResult | undefined {
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const results: ClientResult[] = lines.map((line) => JSON.parse(line));
  return results.findLast((result) => result.case === name && result.server === server);
}

/** A figure of one participant over the rounds that count. */
export function figureOf(result: ClientResult, client: string, figure: ClientFigure): Spread | undefined {
  const values = keptRounds(result)
    .map((round) => bestOf(result, round, (name) => name === client, figure))
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : spread(values);
}

/** Nothing while one of the two sides was not measured. */
export function outcomeOf(
  { figure, ours, against, must, goal }: ClientRow,
  result: ClientResult,
): RowOutcome | undefined {
  const pairs = keptRounds(result).map((round) => ({
    mine: bestOf(result, round, (name) => isCalled(name, ours), figure),
    theirs: bestOf(result, round, (name) => against?.some((other) => isCalled(name, other)) === true, figure),
  }));
  const mine = pairs.map((pair) => pair.mine).filter((value) => value !== undefined);
  const theirs = pairs.map((pair) => pair.theirs).filter((value) => value !== undefined);
  if (mine.length === 0 || (against !== undefined && theirs.length === 0)) return undefined;
  const ratios = pairs.map((pair) => (pair.mine ?? Number.NaN) / (pair.theirs ?? Number.NaN)).filter(Number.isFinite);
  const judged = spread(against === undefined ? mine : ratios);
  const meets = (limit: number) => (isHigherBetter(figure) ? judged.median >= limit : judged.median <= limit);
  const verdict =
    must === undefined ? 'none' : goal !== undefined && meets(goal) ? 'goal' : meets(must) ? 'must' : 'missed';
  return { ours: spread(mine), theirs: against === undefined ? undefined : spread(theirs), judged, verdict };
}

/** Participants of a result in the order of their case. */
export function clientsOf(entry: ClientCase, result: ClientResult): string[] {
  const measured = new Set(result.runs.map(({ client }) => client));
  return entry.participants.map(({ name }) => name).filter((name) => measured.has(name));
}

function isCalled(name: string, wanted: string): boolean {
  return name === wanted || (wanted.endsWith('*') && name.startsWith(wanted.slice(0, -1)));
}

function keptRounds({ runs }: ClientResult): number[] {
  const rounds = [...new Set(runs.map(({ round }) => round))];
  return rounds.length > 1 ? rounds.slice(1) : rounds;
}

function bestOf(
  { runs }: ClientResult,
  round: number,
  wanted: (client: string) => boolean,
  figure: ClientFigure,
): number | undefined {
  const values = runs
    .filter((run) => run.round === round && wanted(run.client))
    .map(({ figures }) => figures[figure])
    .filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  return isHigherBetter(figure) ? Math.max(...values) : Math.min(...values);
}
