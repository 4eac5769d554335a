/** A Millrace broker as a process of its own, on a free port of loopback, over a folder that survives it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

export interface BrokerProcess {
  readonly bootstrap: string;
  readonly port: number;
  readonly adminPort: number;
  readonly pid: number;
  /** Every line it logged so far. */
  readonly lines: readonly string[];
  /** SIGKILL: what was not synced may be lost, except what the kernel holds. */
  kill(): Promise<void>;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

export interface ProcessOptions {
  readonly folder: string;
  readonly port?: number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startBrokerProcess(options: ProcessOptions): Promise<BrokerProcess> {
  const properties = {
    listeners: `PLAINTEXT://127.0.0.1:${options.port ?? 0}`,
    'log.dirs': options.folder,
    'admin.listener': '127.0.0.1:0',
    'group.initial.rebalance.delay.ms': '0',
    ...options.properties,
  };
  const child = spawnBroker(
    Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]),
    options.environment,
  );
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const exited = once(child, 'exit').then(() => void process.off('exit', killWithUs));
  const lines: string[] = [];
  const ready = await untilReady(child, lines);
  return {
    bootstrap: `127.0.0.1:${ready.port}`,
    port: ready.port,
    adminPort: ready.adminPort,
    pid: child.pid ?? 0,
    lines,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

/** For starts that are to fail: exit code and all it said. */
export async function runToEnd(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawnBroker(args, environment);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

function spawnBroker(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn('sh', [join(root, 'bin/kafka-server-start'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LOG_FORMAT: 'json', ...environment },
  });
}

async function untilReady(child: ChildProcess, lines: string[]): Promise<{ port: number; adminPort: number }> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the broker has pipes');
  return await new Promise((resolve, reject) => {
    let ports = { port: 0, adminPort: 0 };
    for (const stream of [stdout, stderr]) {
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        if (line.includes('Millrace is ready')) ports = portsIn(line);
        if (line.includes('Kafka Server started')) resolve(ports);
      });
    }
    child.once('exit', (code) =>
      reject(new Error(`the broker ended with ${code} before it was ready:\n${lines.slice(-20).join('\n')}`)),
    );
  });
}

function portsIn(line: string): { port: number; adminPort: number } {
  const { listeners, admin } = JSON.parse(line) as { listeners: string[]; admin: string };
  return { port: Number(listeners[0]?.split(':').at(-1)), adminPort: Number(admin.split(':').at(-1)) };
}
