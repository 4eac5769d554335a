/**
 * Other people's clients as programs. Each knows three words: `write TOPIC` takes lines of records (`record-lines.ts`) on its standard
 * input; `read TOPIC` says every record of a topic, `read-committed TOPIC` those of transactions that were committed; `transact TOPIC NAME`
 * takes lines of a partition and a value, or the words `commit` and `abort`; `member GROUP TOPIC SETTING=VALUE …` reads with a group, says `owned PARTITIONS` when
 * that changes and `record PARTITION OFFSET`, and leaves when its standard input ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheDir, jvmArguments } from '../../../tools/reference/kafka-home.ts';
import { runCommand } from '../../compat/command.ts';
import { hexOf, writtenLine, type WrittenRecord } from './record-lines.ts';

export interface InteropClient {
  readonly name: string;
  write(bootstrap: string, topic: string, records: readonly WrittenRecord[]): Promise<void>;
  /** Lines of `record-lines.ts`, in no particular order. */
  read(bootstrap: string, topic: string): Promise<string[]>;
  readCommitted(bootstrap: string, topic: string): Promise<string[]>;
  transact(bootstrap: string, topic: string, name: string, steps: readonly TransactionStep[]): Promise<void>;
  join(bootstrap: string, group: string, topic: string, settings?: Record<string, string>): GroupMember;
}

export type TransactionStep = 'commit' | 'abort' | { readonly partition: number; readonly value: string };

export interface GroupMember extends AsyncDisposable {
  readonly name: string;
  /** The partitions that it says are its own. */
  readonly owned: ReadonlySet<number>;
  /** `partition@offset` of what it was given. */
  readonly read: ReadonlySet<string>;
  /** Settles when it has left the group. */
  leave(): Promise<void>;
}

const patienceMs = 60_000;

function foreignClient(name: string, command: () => string[]): InteropClient {
  const run = async (args: string[], stdin = '') => {
    const [program = '', ...before] = command();
    const { status, stdout, stderr } = await runCommand(program, [...before, ...args], {
      stdin,
      timeoutMs: patienceMs,
    });
    if (status !== 0)
      throw new Error(`${name} ${args.join(' ')} ended with ${status}: ${stderr}${stdout.slice(-1000)}`);
    return stdout.split('\n').filter(Boolean);
  };
  return {
    name,
    write: async (bootstrap, topic, records) => {
      await run(['write', bootstrap, topic], records.map((record) => `${writtenLine(record)}\n`).join(''));
    },
    read: async (bootstrap, topic) => await run(['read', bootstrap, topic]),
    readCommitted: async (bootstrap, topic) => await run(['read-committed', bootstrap, topic]),
    transact: async (bootstrap, topic, name, steps) => {
      const lines = steps.map((step) => (typeof step === 'string' ? step : `${step.partition}\t${hexOf(step.value)}`));
      await run(['transact', bootstrap, topic, name], lines.map((line) => `${line}\n`).join(''));
    },
    join: (bootstrap, group, topic, settings = {}) => {
      const words = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
      return new ForeignMember(name, [...command(), 'member', bootstrap, group, topic, ...words]);
    },
  };
}

class ForeignMember implements GroupMember {
  readonly name: string;
  readonly read = new Set<string>();
  readonly #child: ChildProcess;
  readonly #left: Promise<unknown>;
  #owned = new Set<number>();
  #isLeaving = false;

  constructor(name: string, [program = '', ...args]: string[]) {
    this.name = name;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    this.#child = child;
    this.#left = once(child, 'close').then(() => process.off('exit', kill));
    createInterface(child.stdout).on('line', (line) => {
      const [word, first = '', second = ''] = line.split('\t');
      if (word === 'owned') this.#owned = new Set(first.split(',').filter(Boolean).map(Number));
      else this.read.add(`${first}@${second}`);
    });
  }

  get owned(): ReadonlySet<number> {
    if (this.#child.exitCode !== null && !this.#isLeaving)
      throw new Error(`${this.name} has ended with ${this.#child.exitCode}`);
    return this.#owned;
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.#left;
    clearTimeout(timer);
    this.#owned = new Set();
    if (this.#child.signalCode !== null) throw new Error(`${this.name} did not leave`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isLeaving = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#left;
  }
}

const here = (file: string): string => join(import.meta.dirname, file);

/** Java compiles the one file when it is run. */
export const javaClient: InteropClient = foreignClient('Java', () => [
  'java',
  ...jvmArguments('tools', { heapMb: 256 }),
  here('Interop.java'),
]);

export const librdkafkaClient: InteropClient = foreignClient('librdkafka', () => [
  join(cacheDir, 'python', 'bin', 'python'),
  here('librdkafka.py'),
]);

export const kafkajsClient: InteropClient = foreignClient('kafkajs', () => [
  process.execPath,
  '--disable-warning=TimeoutNegativeWarning',
  here('kafkajs-client.ts'),
]);
