// Prints the latest result of every case into docs/benchmarks.md: what must be, what should be, what was measured, what was not met.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, Row } from './case.ts';
import { clientTables } from './clients/table.ts';
import { number, spread, type Spread } from './figures.ts';
import { matrix } from './matrix.ts';
import { judged, resultsOf, verdict, type Result, type RowResult } from './result.ts';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs', 'benchmarks.md');

if (import.meta.main) {
  const text = filled(readFileSync(page, 'utf8'), 'table', tables());
  writeFileSync(page, filled(text, 'clients', clientTables()));
  execFileSync(join(root, 'node_modules', '.bin', 'oxfmt'), [page]);
}

/** The page with what stands between two of its comments replaced. */
function filled(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [head = '', rest] = text.split(begin);
  if (rest === undefined) throw new Error(`${page} has no ${begin}`);
  return `${head}${begin}\n\n${content}\n\n${end}${rest.split(end)[1] ?? ''}`;
}

export function quantity({ unit }: Row, measured: Spread | undefined): string {
  return measured === undefined ? '–' : `${number(measured.median)} ${unit}`;
}

function tables(): string {
  const latest = matrix.map((entry) => ({ entry, result: resultsOf(entry.name).at(-1) }));
  const measured = latest.flatMap(({ entry, result }) => (result === undefined ? [] : [{ entry, result }]));
  const missing = latest.filter(({ result }) => result === undefined).map(({ entry }) => `\`${entry.name}\``);
  return [
    '### Asked and measured',
    table(measured, (row) => row.must !== undefined),
    '### Not met',
    unmet(measured),
    '### For information',
    table(measured, (row) => row.must === undefined),
    ...(missing.length > 0 ? [`Not measured yet: ${missing.join(', ')}.`] : []),
    '### How each was taken',
    conditions(measured),
    ...selfCheck(),
  ].join('\n\n');
}

type Measured = { entry: Case; result: Result };

function rowsOf({ entry, result }: Measured): { row: Row; measured: RowResult }[] {
  return entry.rows.flatMap((row) => {
    const measured = result.rows.find(({ figure }) => figure === row.figure);
    return measured === undefined ? [] : [{ row, measured }];
  });
}

function table(all: Measured[], wanted: (row: Row) => boolean): string {
  const lines = all.flatMap(({ entry, result }) =>
    rowsOf({ entry, result })
      .filter(({ row }) => wanted(row))
      .map(({ row, measured }) => {
        const { a, b, ratio } = measured;
        const range =
          ratio === undefined ? '–' : `${number(ratio.median)} (${number(ratio.min)} to ${number(ratio.max)})`;
        return cells(
          `${entry.text}: ${row.text}`,
          mode(entry),
          quantity(row, a),
          quantity(row, b),
          range,
          limit(row, row.must),
          limit(row, row.goal),
          { goal: 'goal', must: 'must', missed: '**missed**', none: '' }[verdict(row, measured)],
          `\`npm run bench -- ${entry.name}\``,
        );
      }),
  );
  const head = ['case', 'durability', 'Kafka', 'Millrace', 'ratio (min to max)', 'must', 'goal', 'met', 'repeat it'];
  return [cells(...head), cells(...head.map(() => '---')), ...lines].join('\n');
}

/** What an answer waits for. */
export function mode({ durability, storage }: Case): string {
  return storage ?? (durability === 'os' ? 'page cache' : 'on disk');
}

function limit(row: Row, value: number | undefined): string {
  if (value === undefined) return '';
  return `${row.better === 'higher' ? '≥' : '≤'} ${value}${row.against === 'absolute' ? ` ${row.unit}` : '×'}`;
}

function unmet(all: Measured[]): string {
  const lines = all.flatMap((measuredCase) =>
    rowsOf(measuredCase).flatMap(({ row, measured }) => {
      const found = verdict(row, measured);
      if (found === 'none' || found === 'goal' || (found === 'must' && row.goal === undefined)) return [];
      const [name, value] = found === 'missed' ? ['must', row.must] : ['goal', row.goal];
      const asked = `${name} ${limit(row, value)}, measured ${number(judged(row, measured))}`;
      return [`- ${measuredCase.entry.text}, ${row.text}: ${asked}`];
    }),
  );
  if (all.length === 0) return 'Nothing was measured yet.';
  return lines.length > 0 ? lines.join('\n') : 'Everything asked for was met.';
}

/** The state of the machine for each case: who was the limit, and was anything in the way. */
function conditions(all: Measured[]): string {
  const lines = all.map(({ entry, result }) =>
    cells(
      `\`${entry.name}\``,
      result.at.slice(0, 16).replace('T', ' '),
      `${result.versions.commit}${result.versions.changed ? ' and changes' : ''}`,
      String(result.rounds - (result.rounds > 1 ? 1 : 0)),
      limiting(result),
      result.warnings.length === 0 ? 'none' : `${result.warnings.length} (in the record)`,
      propertiesOf(result.flags.a),
      propertiesOf(result.flags.b),
    ),
  );
  const versions = all.at(-1)?.result.versions;
  const jvm = `\`${all.at(-1)?.result.flags.a.filter(isJvmFlag).join(' ')}\``;
  const machine =
    versions === undefined
      ? ''
      : `${versions.cores} × ${versions.cpu}, ${versions.memoryGiB} GiB, Linux ${versions.kernel}; Apache Kafka ${versions.kafka} on Java ${versions.java}, Node ${versions.node}, franz-go ${versions.franzGo} on Go ${versions.go}. Kafka's JVM: ${jvm}.\n\n`;
  const head = ['case', 'taken (UTC)', 'commit', 'rounds kept', 'cores used', 'disturbances', 'Kafka', 'Millrace'];
  return machine + [cells(...head), cells(...head.map(() => '---')), ...lines].join('\n');
}

function isJvmFlag(flag: string): boolean {
  return flag.startsWith('-X');
}

function propertiesOf(flags: readonly string[]): string {
  return flags
    .filter((flag) => !isJvmFlag(flag))
    .map((flag) => `\`${flag}\``)
    .join(', ');
}

/** Cores that driver and broker used in the measured part; a driver near the machine's limit means that the broker was not. */
function limiting({ runs, sides, versions }: Result): string {
  const of = (label: 'a' | 'b', figure: string) => {
    const shares = runs
      .filter((run) => run.label === label && run.figures['driverCpuSeconds'] !== undefined)
      .map(({ figures }) => (figures[figure] ?? Number.NaN) / (figures['seconds'] ?? Number.NaN));
    return spread(shares).median;
  };
  const described = (['a', 'b'] as const).map((label) => {
    const [driver, broker] = [of(label, 'driverCpuSeconds'), of(label, 'brokerCpuSeconds')];
    if (!Number.isFinite(driver) || !Number.isFinite(broker)) return undefined;
    const full = of(label, 'machineCpuSeconds') > 0.92 * versions.cores ? ', machine saturated' : '';
    return `${sides[label]} ${number(broker)}, its driver ${number(driver)}${full}`;
  });
  return described.every((text) => text === undefined)
    ? '–'
    : described.filter((text) => text !== undefined).join('; ');
}

/** The same broker on both sides must come out at 1: how far it does not is the noise of this machine. */
function selfCheck(): string[] {
  const results = matrix.flatMap((entry) => {
    const result = resultsOf(entry.name, true).at(-1);
    return result === undefined ? [] : [{ entry, result }];
  });
  if (results.length === 0) return [];
  const lines = results.flatMap(({ entry, result }) =>
    rowsOf({ entry, result }).map(({ row, measured }) => {
      const { ratio } = measured;
      const range =
        ratio === undefined ? '–' : `${number(ratio.median)} (${number(ratio.min)} to ${number(ratio.max)})`;
      return cells(`${entry.text}: ${row.text}`, `${result.sides.a} against itself`, range);
    }),
  );
  const head = ['case', 'sides', 'ratio (min to max)'];
  return ['### The harness against itself', [cells(...head), cells(...head.map(() => '---')), ...lines].join('\n')];
}

function cells(...texts: string[]): string {
  return `| ${texts.join(' | ')} |`;
}
