/**
 * Clients against one server: `npm run bench -- clients [CASE ...] [--servers kafka,millrace] [--rounds N] [--only NAME,…] [--smoke]
 * [--no-save]`. All clients of a case in turn, A B C …, then C B A …, so that a drift of the machine falls on all alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { drive, dropTopic, withTopic } from '../driver.ts';
import { number } from '../figures.ts';
import { touchPages, untilQuiet } from '../machine/quiet.ts';
import { versions } from '../machine/versions.ts';
import { launch, type Broker, type SideName } from '../sides/broker.ts';
import { flagsOf, layOut } from '../sides/lay-out.ts';
import { unitOf, type ClientCase } from './case.ts';
import { clientCases } from './cases.ts';
import type { Load } from './load.ts';
import type { Participant } from './participants.ts';
import { clientsOf, figureOf, outcomeOf, saveClients, type ClientResult, type ClientRun } from './result.ts';

export interface ClientBenchOptions {
  /** Names of cases, or their beginnings; all if empty. */
  names: readonly string[];
  servers: readonly SideName[];
  /** Beginnings of the names of the clients that take part; all if empty. */
  only: readonly string[];
  rounds: number;
  smoke: boolean;
  isSaved: boolean;
  dir: string;
}

const durability = 'os';
/** Seconds that are enough to see that everything runs. */
const smokeLoad = { recordsMax: 20_000, warmupMs: 100, measuredMs: 400 };

/** The number of cases that failed. */
export async function benchClients(options: ClientBenchOptions): Promise<number> {
  const { names, servers, smoke } = options;
  const named = clientCases.filter(({ name }) => names.length === 0 || names.some((begin) => name.startsWith(begin)));
  const cases = smoke ? oneOfEachWork(named) : named;
  if (cases.length === 0) throw new Error(`no such case: ${names.join(', ')} (--list shows them)`);
  let failed = 0;
  for (const server of servers) {
    const dir = mkdtempSync(join(options.dir, 'millrace-clients-'));
    // A signal ends the process without coming to the end of this block.
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    const broker = await launch(await layOut(server, { dir, durability }));
    try {
      if (!smoke) await warmUp(broker);
      for (const entry of cases) {
        try {
          await benchCase(entry, broker, dir, options);
        } catch (error) {
          failed++;
          console.error(`${entry.name} failed:`, error);
        }
      }
    } finally {
      await broker.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  }
  return failed;
}

/** Other sizes and acknowledgements are the same programs. */
function oneOfEachWork(cases: readonly ClientCase[]): ClientCase[] {
  const isFirst = ({ participants, load }: ClientCase, at: number) =>
    cases.findIndex((other) => other.participants === participants && other.load.work === load.work) === at;
  return cases.filter(isFirst);
}

async function benchCase(entry: ClientCase, broker: Broker, dir: string, options: ClientBenchOptions): Promise<void> {
  const startedAtMs = performance.now();
  const result = await runCase(entry, broker, dir, options);
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`${entry.name} on ${broker.side}: ${entry.text}, ${seconds} s`);
  if (options.smoke) return;
  report(entry, result);
  if (options.isSaved) saveClients(result);
}

async function runCase(
  entry: ClientCase,
  broker: Broker,
  dir: string,
  { rounds, smoke, only }: ClientBenchOptions,
): Promise<ClientResult> {
  const load = smoke ? { ...entry.load, ...smokeLoad } : entry.load;
  const taking = entry.participants.filter(
    ({ name, runtime }) =>
      (!smoke || runtime === 'node') && (only.length === 0 || only.some((begin) => name.startsWith(begin))),
  );
  if (!smoke && load.work !== 'idle') touchPages(dir, load.recordsMax * load.size * 2);
  const runs: ClientRun[] = [];
  const stage = { smoke };
  const consumed = load.work === 'consume' ? `${entry.name}-topic` : undefined;
  if (consumed !== undefined) await fill(broker, consumed, load);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const participant of round % 2 === 0 ? taking : taking.toReversed()) {
        const busyShare = smoke ? 0 : await untilQuiet(5000);
        const figures = await runOne(
          participant,
          broker,
          { ...load, topic: consumed ?? `${entry.name}-${round}` },
          stage,
        );
        runs.push({ round, client: participant.name, busyShare, figures });
        if (!smoke)
          console.error(`${entry.name} ${round} ${broker.side} ${participant.name}: ${brief(entry, figures)}`);
      }
    }
  } finally {
    if (consumed !== undefined) await dropTopic(stage, broker, consumed);
  }
  return {
    at: new Date().toISOString(),
    case: entry.name,
    server: broker.side,
    rounds,
    versions: versions(),
    flags: flagsOf(broker.side, durability),
    warnings: warningsOf(runs),
    runs,
  };
}

/** Whoever writes gets a topic of its own, which is gone before the next one comes. */
async function runOne(
  participant: Participant,
  broker: Broker,
  load: Omit<Load, 'bootstrap'>,
  stage: { smoke: boolean },
): Promise<ClientRun['figures']> {
  const all = { ...load, bootstrap: broker.bootstrap };
  if (load.work === 'consume') return await participant.run(all, broker);
  const topic = `${load.topic}-${participant.name.replaceAll(/[^a-z]/gi, '')}`;
  return await withTopic(stage, broker, topic, async () => participant.run({ ...all, topic }, broker));
}

/** The records that all will read, in batches as producers make them by default. */
async function fill(
  broker: Broker,
  topic: string,
  { size, recordsMax }: Omit<Load, 'bootstrap' | 'topic'>,
): Promise<void> {
  await drive('create', broker, { topic });
  await drive('produce', broker, { topic, size, records: recordsMax, time: '120s' });
}

/** The server's compilers must have done their work before the first client comes. */
async function warmUp(broker: Broker): Promise<void> {
  await withTopic({ smoke: false }, broker, 'warm-up', async (topic) => {
    for (let pass = 0; pass < 3; pass++) await drive('produce', broker, { topic, records: 4e6, time: '3s' });
    await drive('latency', broker, { topic, size: 100, warmup: '100ms', time: '3s' });
    await drive('fetch', broker, { topic });
  });
}

function warningsOf(runs: readonly ClientRun[]): string[] {
  return runs
    .filter(({ busyShare }) => busyShare > 0.15)
    .map(
      ({ round, client, busyShare }) =>
        `round ${round}, ${client}: ${Math.round(busyShare * 100)} % busy before the run`,
    );
}

function brief({ figures: shown }: ClientCase, figures: ClientRun['figures']): string {
  return shown.map((figure) => `${number(figures[figure])} ${unitOf[figure]}`).join(', ');
}

function report(entry: ClientCase, result: ClientResult): void {
  for (const client of clientsOf(entry, result)) {
    const medians = entry.figures.map(
      (figure) => `${number(figureOf(result, client, figure)?.median)} ${unitOf[figure]}`,
    );
    console.log(`  ${client}: ${medians.join(', ')}`);
  }
  for (const row of entry.rows) {
    const outcome = outcomeOf(row, result);
    if (outcome === undefined) continue;
    const { median, min, max } = outcome.judged;
    const asked = row.must === undefined ? '' : `, must ${row.must}, goal ${row.goal ?? 'none'}: ${outcome.verdict}`;
    console.log(`  against ${row.text}: ${number(median)} (${number(min)}–${number(max)})${asked}`);
  }
  for (const warning of result.warnings) console.log(`  ! ${warning}`);
}
