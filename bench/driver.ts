// The franz-go driver: built into the cache folder, run for one measurement, its line of JSON read.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../tools/reference/kafka-home.ts';
import type { Figures } from './figures.ts';
import type { Broker } from './sides/broker.ts';

const source = join(import.meta.dirname, 'driver');
const program = join(cacheDir, 'bench-driver');

export type DriverMode =
  | 'produce'
  | 'transactions'
  | 'fetch'
  | 'fetch-raw'
  | 'latency'
  | 'idle'
  | 'parked'
  | 'ready'
  | 'create'
  | 'delete';

export type DriverFlags = Record<string, string | number | boolean>;

/** Go's build cache makes this a matter of milliseconds when nothing has changed. */
export function buildDriver(): void {
  mkdirSync(cacheDir, { recursive: true });
  execFileSync('go', ['build', '-trimpath', '-o', program, '.'], {
    cwd: source,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** Runs one mode against a broker and returns what it measured. */
export async function drive(
  mode: DriverMode,
  broker: Pick<Broker, 'bootstrap'> & { pid?: number },
  flags: DriverFlags = {},
): Promise<Figures> {
  const all = { bootstrap: broker.bootstrap, 'broker-pid': broker.pid ?? 0, ...flags };
  const args = Object.entries(all).map(([name, value]) => `-${name}=${value}`);
  const child = spawn(program, [mode, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const timer = setTimeout(kill, 180_000);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  clearTimeout(timer);
  process.off('exit', kill);
  if (child.exitCode !== 0) throw new Error(`driver ${mode} ${args.join(' ')}: ${stderr.trim() || child.signalCode}`);
  const figures: Figures = JSON.parse(stdout);
  return figures;
}

/** Makes a topic, hands it to the work, and drops it. */
export async function withTopic<T>(
  patient: { smoke: boolean },
  broker: Broker,
  topic: string,
  work: (topic: string) => Promise<T>,
): Promise<T> {
  await drive('create', broker, { topic });
  try {
    return await work(topic);
  } finally {
    await dropTopic(patient, broker, topic);
  }
}

/** Deletes a topic and, unless it is a smoke run, waits until its files are gone, so that their pages are free for the next run. */
export async function dropTopic({ smoke }: { smoke: boolean }, broker: Broker, topic: string): Promise<void> {
  await drive('delete', broker, { topic });
  const deadline = performance.now() + (smoke ? 0 : 5000);
  while (filesOf(broker, topic) > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function filesOf(broker: Broker, topic: string): number {
  if (!existsSync(broker.site.logDir)) return 0;
  return readdirSync(broker.site.logDir).filter((name) => name.startsWith(`${topic}-`)).length;
}
