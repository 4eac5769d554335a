// A broker under test: where it lives, how it is started, and the process that is measured.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type SideName = 'kafka' | 'millrace';

/** `os`: an answer does not wait for the disk, as is Kafka's default. `sync`: it leaves after the records are on the disk. */
export type Durability = 'os' | 'sync';

export interface SiteOptions {
  dir: string;
  durability: Durability;
}

/** A broker that is laid out on disk and ready to be started, also more than once. */
export interface Site {
  side: SideName;
  host: string;
  port: number;
  bootstrap: string;
  logDir: string;
  cwd: string;
  command: string;
  args: string[];
}

export interface Broker {
  site: Site;
  side: SideName;
  bootstrap: string;
  pid: number;
  /** Seconds since 1970 at which the process was started. */
  spawnedAt: number;
  /** SIGTERM and wait. */
  stop(): Promise<void>;
  /** SIGKILL and wait. */
  kill(): Promise<void>;
}

/** Starts the process and waits for the line with which both brokers say that they serve. */
export async function launch(site: Site): Promise<Broker> {
  const spawnedAt = (performance.timeOrigin + performance.now()) / 1000;
  const child = spawn(site.command, site.args, { cwd: site.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const exited = once(child, 'exit').then(() => void process.off('exit', killWithUs));
  await untilStarted(site, child);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    site,
    side: site.side,
    bootstrap: site.bootstrap,
    pid: child.pid ?? 0,
    spawnedAt,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

async function untilStarted(site: Site, child: ChildProcess): Promise<void> {
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on('line', (line) => {
        if (last.push(line) > 20) last.shift();
        if (line.includes('Kafka Server started')) resolve();
      });
    }
    child.once('exit', (code, signal) =>
      reject(new Error(`${site.side} ended with ${code ?? signal} before it served:\n${last.join('\n')}`)),
    );
  });
}
