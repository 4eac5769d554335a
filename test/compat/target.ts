// The two servers every foreign client is run against: Apache Kafka, whose answers are the truth, and Millrace.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, startKafka } from '../../tools/reference/kafka-node.ts';

export type TargetKind = 'kafka' | 'millrace';

export interface Target {
  kind: TargetKind;
  bootstrap: string;
  host: string;
  port: number;
  pid: number;
  /** The folder with the partitions, as given in `log.dirs`. */
  logDir: string;
  /** SIGTERM, wait, remove the folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starting and stopping each take a fraction of a second; a machine under load may need some more. */
const PATIENCE_MS = 30_000;

const root = join(import.meta.dirname, '..', '..');

/** Both servers get node id 1 and answer joins at once, so that their transcripts can be compared. */
const standardProperties = { 'node.id': '1', 'group.initial.rebalance.delay.ms': '0' };

export interface TargetOptions {
  properties?: Record<string, string>;
  /** A second log directory, `spare` beside `data`. */
  spareLogDir?: boolean;
}

export async function startTarget(kind: TargetKind, options: TargetOptions = {}): Promise<Target> {
  const dir = mkdtempSync(join(tmpdir(), `${kind}-`));
  const logDir = join(dir, 'data');
  const logDirs = options.spareLogDir === true ? [logDir, join(dir, 'spare')] : [logDir];
  const properties = { 'log.dirs': logDirs.join(','), ...standardProperties, ...options.properties };
  return kind === 'millrace'
    ? await startMillrace(dir, logDir, properties)
    : await startReference(dir, logDir, properties);
}

async function startReference(dir: string, logDir: string, properties: Record<string, string>): Promise<Target> {
  const node = await startKafka({ dir, properties });
  const stop = async () => {
    await node.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { ...node, kind: 'kafka', logDir, stop, [Symbol.asyncDispose]: stop };
}

async function startMillrace(dir: string, logDir: string, properties: Record<string, string>): Promise<Target> {
  const host = '127.0.0.1';
  const port = await freePort();
  const all = { listeners: `PLAINTEXT://${host}:${port}`, ...properties };
  const overrides = Object.entries(all).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
  const child = spawn('sh', ['bin/kafka-server-start', ...overrides], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit').then(() => void process.off('exit', kill));
  await untilStarted(child);
  const stop = async () => {
    const giveUp = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(giveUp);
    rmSync(dir, { recursive: true, force: true });
    if (child.signalCode === 'SIGKILL') throw new Error('Millrace did not end when it was told to');
  };
  return {
    kind: 'millrace',
    bootstrap: `${host}:${port}`,
    host,
    port,
    pid: child.pid ?? 0,
    logDir,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function untilStarted(child: ChildProcess): Promise<void> {
  if (child.stdout === null || child.stderr === null) throw new Error('the output of the broker is a pipe');
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const silent = () => {
      child.kill('SIGKILL');
      reject(new Error(`Millrace did not say that it serves:\n${last.join('\n')}`));
    };
    const timer = setTimeout(silent, PATIENCE_MS);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on('line', (line) => {
        if (last.push(line) > 20) last.shift();
        if (!line.includes('Kafka Server started')) return;
        clearTimeout(timer);
        resolve();
      });
    }
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`Millrace ended with ${code} before it served:\n${last.join('\n')}`));
    });
  });
}
