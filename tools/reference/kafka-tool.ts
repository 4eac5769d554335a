// Runs Apache Kafka's command-line tools: each in a JVM of its own, or many after one another in one JVM.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ensureKafka, jvmArguments } from './kafka-home.ts';

const TOOLS = 'org.apache.kafka.tools';

/** The main classes behind the names of Kafka's shell scripts. */
const mainClasses = new Map([
  ['kafka-acls', `${TOOLS}.AclCommand`],
  ['kafka-broker-api-versions', `${TOOLS}.BrokerApiVersionsCommand`],
  ['kafka-cluster', `${TOOLS}.ClusterTool`],
  ['kafka-configs', 'kafka.admin.ConfigCommand'],
  ['kafka-console-consumer', `${TOOLS}.consumer.ConsoleConsumer`],
  ['kafka-console-producer', `${TOOLS}.ConsoleProducer`],
  ['kafka-consumer-groups', `${TOOLS}.consumer.group.ConsumerGroupCommand`],
  ['kafka-consumer-perf-test', `${TOOLS}.ConsumerPerformance`],
  ['kafka-delete-records', `${TOOLS}.DeleteRecordsCommand`],
  ['kafka-dump-log', `${TOOLS}.DumpLogSegments`],
  ['kafka-features', `${TOOLS}.FeatureCommand`],
  ['kafka-get-offsets', `${TOOLS}.GetOffsetShell`],
  ['kafka-groups', `${TOOLS}.GroupsCommand`],
  ['kafka-leader-election', `${TOOLS}.LeaderElectionCommand`],
  ['kafka-log-dirs', `${TOOLS}.LogDirsCommand`],
  ['kafka-metadata-quorum', `${TOOLS}.MetadataQuorumCommand`],
  ['kafka-producer-perf-test', `${TOOLS}.ProducerPerformance`],
  ['kafka-reassign-partitions', `${TOOLS}.reassign.ReassignPartitionsCommand`],
  ['kafka-storage', 'kafka.tools.StorageTool'],
  ['kafka-topics', `${TOOLS}.TopicCommand`],
  ['kafka-transactions', `${TOOLS}.TransactionsCommand`],
  ['kafka-verifiable-consumer', `${TOOLS}.VerifiableConsumer`],
  ['kafka-verifiable-producer', `${TOOLS}.VerifiableProducer`],
]);

export interface ToolResult {
  /** The exit status; null if the tool was ended because its time was over. */
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface ToolOptions {
  stdin?: string;
  timeoutMs?: number;
  env?: Record<string, string>;
}

/** Runs one tool, by script name or main class, in a JVM of its own. */
export async function runTool(tool: string, args: string[], options: ToolOptions = {}): Promise<ToolResult> {
  const child = startTool(tool, args, options);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  child.stdin?.end(options.stdin ?? '');
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close')]);
  clearTimeout(timer);
  return { status: child.exitCode, stdout, stderr };
}

/** Starts one tool and leaves it running, for the ones that do not end by themselves. */
export function startTool(tool: string, args: string[], options: Pick<ToolOptions, 'env'> = {}): ChildProcess {
  ensureKafka();
  const child = spawn('java', [...jvmArguments('tools', { heapMb: 256 }), mainClasses.get(tool) ?? tool, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  endWithUs(child);
  return child;
}

/** One JVM that runs tools one after another: the second and later ones cost a tenth of a second, not a whole one. */
export class ToolHost {
  #jvm: { child: ChildProcess; answers: AsyncIterator<string> } | undefined;
  readonly #archive: boolean;

  /** With `archive`, the JVM writes the class archive of the tools when it is closed. */
  constructor({ archive = false }: { archive?: boolean } = {}) {
    this.#archive = archive;
  }

  /** As `runTool`; calls must not overlap. */
  async run(
    tool: string,
    args: string[],
    { stdin = '', timeoutMs = 60_000 }: Omit<ToolOptions, 'env'> = {},
  ): Promise<ToolResult> {
    const { child, answers } = (this.#jvm ??= startHost(this.#archive));
    const words = [mainClasses.get(tool) ?? tool, stdin, ...args].map(
      (word) => `.${Buffer.from(word).toString('base64')}`,
    );
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdin?.write(`${words.join(' ')}\n`);
    const answer = await answers.next();
    clearTimeout(timer);
    if (answer.done === true) {
      this.#jvm = undefined;
      return {
        status: child.exitCode,
        stdout: '',
        stderr: `the tool host ended (${child.exitCode ?? child.signalCode})\n`,
      };
    }
    const [status = '', stdout = '', stderr = ''] = answer.value.split(' ');
    return { status: Number(status), stdout: decode(stdout), stderr: decode(stderr) };
  }

  async close(): Promise<void> {
    const child = this.#jvm?.child;
    this.#jvm = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.stdin?.end();
    await once(child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function startHost(archive: boolean): { child: ChildProcess; answers: AsyncIterator<string> } {
  ensureKafka();
  const child = spawn('java', [...jvmArguments('tools', { archive }), 'ToolHost'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithUs(child);
  return { child, answers: createInterface(child.stdout)[Symbol.asyncIterator]() };
}

/** A child that outlives its parent would keep ports and files. */
function endWithUs(child: ChildProcess): void {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}

function decode(word: string): string {
  return Buffer.from(word.slice(1), 'base64').toString();
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
