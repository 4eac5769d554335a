/** A broker started as an operator would: by variables alone, or by arguments; every line it says is kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..', '..');
const readyLine = '[KafkaServer id=';
const startMsMax = 20_000;

export interface LogLine {
  readonly level: number;
  readonly msg: string;
}

export interface LaunchedBroker extends AsyncDisposable {
  readonly pid: number;
  readonly lines: readonly LogLine[];
  /** Gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  kill(): Promise<void>;
}

export interface Launch {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with each line as it comes. */
  readonly onLine?: (line: LogLine) => void;
}

/** Nothing of ours that begins with KAFKA_ leaks in. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(KAFKA_|CLUSTER_ID$)/.test(name)),
);

/** Settles after the last of the lines that tell it is ready. */
export async function launch({ args = [], environment = {}, onLine }: Launch): Promise<LaunchedBroker> {
  const child = spawn('sh', [join(root, 'bin/kafka-server-start'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, LOG_FORMAT: 'json', ...environment },
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const exited = once(child, 'exit').then(() => void process.off('exit', killWithUs));
  const lines: LogLine[] = [];
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail('it was not ready in time'), startMsMax);
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`${why}:\n${lines.map(({ msg }) => msg).join('\n')}`));
    };
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (text) => {
        const line = text.startsWith('{') ? (JSON.parse(text) as LogLine) : { level: 60, msg: text };
        lines.push(line);
        onLine?.(line);
        if (!line.msg.startsWith(readyLine)) return;
        clearTimeout(timer);
        resolve();
      });
    }
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`it ended with ${code}`);
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    pid: child.pid ?? 0,
    lines,
    stop: async (signal = 'SIGTERM') => await end(signal),
    kill: async () => void (await end('SIGKILL')),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
}
