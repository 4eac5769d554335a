// Millrace and Apache Kafka side by side: `npm run bench -- [CASE ...] [--rounds N] [--smoke] [--sides kafka,millrace] [--dir DIR]`.
// `npm run bench -- clients [CASE ...] [--servers kafka,millrace] [--only CLIENT,…]`: Millrace's client beside others, see clients/run.ts.
// Without a case it runs all of the brokers'. Results go to bench/results; `node bench/table.ts` prints them into docs/benchmarks.md.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Case } from './case.ts';
import { clientCases } from './clients/cases.ts';
import { benchClients } from './clients/run.ts';
import { buildDriver } from './driver.ts';
import { number } from './figures.ts';
import { KeptBrokers } from './kept-brokers.ts';
import { matrix } from './matrix.ts';
import { judged, save, verdict, type Result } from './result.ts';
import { runCase, type RoundOptions } from './rounds.ts';
import type { SideName } from './sides/broker.ts';
import { mode, quantity } from './table.ts';

/** Fewer are for a look. */
const roundsToKeep = 5;

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '6' },
    smoke: { type: 'boolean', default: false },
    sides: { type: 'string', default: 'kafka,millrace' },
    dir: { type: 'string', default: tmpdir() },
    list: { type: 'boolean', default: false },
    'no-save': { type: 'boolean', default: false },
    servers: { type: 'string', default: 'kafka,millrace' },
    only: { type: 'string' },
  },
});

if (flags.list) {
  for (const { name, text } of matrix) console.log(`${name.padEnd(18)}${text}`);
  for (const { name, text } of clientCases) console.log(`clients ${name.padEnd(18)}${text}`);
} else {
  process.exit(names[0] === 'clients' ? await clientsMain(names.slice(1)) : await main());
}

/** A smoke run starts no JVM: the clients on Node against Millrace. */
async function clientsMain(cases: string[]): Promise<number> {
  const { smoke } = flags;
  buildDriver();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const rounds = smoke ? 1 : Number(flags.rounds);
  const failed = await benchClients({
    names: cases,
    servers: smoke ? ['millrace'] : flags.servers.split(',').map(sideName),
    only: flags.only?.split(',') ?? [],
    rounds,
    smoke,
    isSaved: !flags['no-save'] && flags.only === undefined && rounds >= roundsToKeep,
    dir: flags.dir,
  });
  return failed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const startedAtMs = performance.now();
  const cases = chosenCases();
  const sides = parseSides(flags.sides);
  buildDriver();
  const dir = mkdtempSync(join(flags.dir, 'millrace-bench-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const { smoke } = flags;
  const brokers = new KeptBrokers({ sides, dir, smoke });
  const options: Omit<RoundOptions, 'rounds'> = {
    sides,
    smoke,
    dir,
    brokers,
    patienceMs: smoke ? 0 : 10_000,
    progress: (text) => console.error(text),
  };
  const failed: string[] = [];
  for (const entry of cases) {
    const caseAtMs = performance.now();
    try {
      const result = await runCase(entry, { ...options, rounds: roundsOf(entry) });
      const seconds = ((performance.now() - caseAtMs) / 1000).toFixed(1);
      console.log(`${entry.name}: ${entry.text} (${mode(entry)}), ${seconds} s`);
      if (!smoke) report(entry, result);
      if (isWorthKeeping(entry)) save(result);
    } catch (error) {
      failed.push(entry.name);
      await brokers.stop();
      console.error(`${entry.name} failed:`, error);
    }
  }
  await brokers.stop();
  if (smoke && names.length === 0 && (await clientsMain([])) > 0) failed.push('clients');
  console.log(`${cases.length} cases in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`);
  if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

function chosenCases(): Case[] {
  const unknown = names.filter((name) => !matrix.some((entry) => entry.name === name));
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')} (--list shows them)`);
  return names.length === 0 ? matrix : matrix.filter(({ name }) => names.includes(name));
}

function parseSides(text: string): { a: SideName; b: SideName } {
  const [a = '', b = ''] = text.split(',');
  return { a: sideName(a), b: sideName(b) };
}

function sideName(word: string): SideName {
  if (word !== 'kafka' && word !== 'millrace') throw new Error(`there are kafka and millrace, not "${word}"`);
  return word;
}

function roundsOf({ roundsMax }: Case): number {
  if (flags.smoke) return 1;
  return Math.min(Number(flags.rounds), roundsMax ?? Number.POSITIVE_INFINITY);
}

/** A figure of few rounds must not get into the table. */
function isWorthKeeping(entry: Case): boolean {
  const enough = Math.min(roundsToKeep, entry.roundsMax ?? roundsToKeep);
  return !flags.smoke && !flags['no-save'] && roundsOf(entry) >= enough;
}

function report(entry: Case, result: Result): void {
  for (const row of entry.rows) {
    const measured = result.rows.find(({ figure }) => figure === row.figure);
    if (measured === undefined) continue;
    const { a, b, ratio } = measured;
    const sides = `${result.sides.a} ${quantity(row, a)}, ${result.sides.b} ${quantity(row, b)}`;
    const range =
      ratio === undefined ? '' : `, ratio ${number(ratio.median)} (${number(ratio.min)}–${number(ratio.max)})`;
    const asked =
      row.must === undefined ? '' : `, must ${row.must}, goal ${row.goal ?? 'none'}: ${verdict(row, measured)}`;
    console.log(`  ${row.text}: ${sides}${range}${judged(row, measured) === undefined ? '' : asked}`);
  }
  for (const warning of result.warnings) console.log(`  ! ${warning}`);
}
