/** The clients' part of docs/benchmarks.md: what must be, what was measured, and every client's own figures. */
import { number } from '../figures.ts';
import type { SideName } from '../sides/broker.ts';
import { isHigherBetter, unitOf, type ClientCase, type ClientRow } from './case.ts';
import { clientCases } from './cases.ts';
import { clientsOf, figureOf, latestOf, outcomeOf, type ClientResult } from './result.ts';

interface Measured {
  entry: ClientCase;
  server: SideName;
  result: ClientResult;
}

const serverNames: Record<SideName, string> = { kafka: 'Apache Kafka', millrace: 'Millrace' };

export function clientTables(): string {
  const all = (['kafka', 'millrace'] as const).flatMap((server) =>
    clientCases.flatMap((entry): Measured[] => {
      const result = latestOf(entry.name, server);
      return result === undefined ? [] : [{ entry, server, result }];
    }),
  );
  if (all.length === 0) return 'Nothing was measured yet.';
  return ['### Asked and measured of the client', asked(all), '### All clients', each(all), conditions(all)].join(
    '\n\n',
  );
}

function asked(all: readonly Measured[]): string {
  const lines = all.flatMap(({ entry, server, result }) =>
    entry.rows.flatMap((row) => {
      const outcome = outcomeOf(row, result);
      if (outcome === undefined) return [];
      const { ours, theirs, judged, verdict } = outcome;
      const unit = unitOf[row.figure];
      return cells(
        entry.text,
        serverNames[server],
        row.text,
        `${number(ours.median)} ${unit}`,
        theirs === undefined ? '' : `${number(theirs.median)} ${unit}`,
        theirs === undefined ? '' : `${number(judged.median)} (${number(judged.min)} to ${number(judged.max)})`,
        limit(row, row.must),
        limit(row, row.goal),
        { goal: 'goal', must: 'must', missed: '**missed**', none: '' }[verdict],
        `\`npm run bench -- clients ${entry.name}\``,
      );
    }),
  );
  return table(
    ['case', 'server', 'against', 'Millrace’s', 'theirs', 'ratio (min to max)', 'must', 'goal', 'met', 'repeat it'],
    lines,
  );
}

function each(all: readonly Measured[]): string {
  const lines = all.flatMap(({ entry, server, result }) =>
    clientsOf(entry, result).map((client) => {
      const figures = entry.figures.map((figure) => {
        const measured = figureOf(result, client, figure);
        return measured === undefined ? '' : `${number(measured.median)} ${unitOf[figure]}`;
      });
      return cells(entry.text, serverNames[server], client, figures.filter(Boolean).join(', '));
    }),
  );
  return table(['case', 'server', 'client', 'medians'], lines);
}

function conditions(all: readonly Measured[]): string {
  const lines = all.map(({ entry, server, result: { at, versions, rounds, warnings } }) =>
    cells(
      `\`${entry.name}\``,
      serverNames[server],
      at.slice(0, 16).replace('T', ' '),
      `${versions.commit}${versions.changed ? ' and changes' : ''}`,
      String(rounds - (rounds > 1 ? 1 : 0)),
      warnings.length === 0 ? 'none' : `${warnings.length} (in the record)`,
    ),
  );
  return table(['case', 'server', 'taken (UTC)', 'commit', 'rounds kept', 'disturbances'], lines);
}

function limit({ figure, against }: ClientRow, value: number | undefined): string {
  if (value === undefined) return '';
  return `${isHigherBetter(figure) ? '≥' : '≤'} ${value}${against === undefined ? ` ${unitOf[figure]}` : '×'}`;
}

function table(head: readonly string[], lines: readonly string[]): string {
  return [cells(...head), cells(...head.map(() => '---')), ...lines].join('\n');
}

function cells(...texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`;
}
