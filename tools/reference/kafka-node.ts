// Starts one Apache Kafka node, broker and KRaft controller in one JVM, on free loopback ports.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureKafka, jvmArguments, type JvmOptions } from './kafka-home.ts';

export interface KafkaOptions extends JvmOptions {
  /** Server properties that win over the ones set here. */
  properties?: Record<string, string>;
  /** Holds the configuration, the log and the data. A fresh temporary folder, removed by `stop`, if absent. A folder used before is opened as it is. */
  dir?: string;
  port?: number;
}

export interface KafkaNode {
  bootstrap: string;
  host: string;
  port: number;
  pid: number;
  dir: string;
  /** The folder with the partitions. */
  logDir: string;
  /** SIGTERM and wait, as an operator would. */
  stop(): Promise<void>;
  /** SIGKILL and wait, as a power cut would. The folder stays. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const host = '127.0.0.1';

export async function startKafka(options: KafkaOptions = {}): Promise<KafkaNode> {
  ensureKafka();
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'kafka-'));
  const [port, controllerPort] = [options.port ?? (await freePort()), await freePort()];
  const properties = { ...standardProperties(dir, port, controllerPort), ...options.properties };
  const logDir = properties['log.dirs'] ?? join(dir, 'data');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'server.properties');
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  await format(file);
  const child = spawn('java', [...jvmArguments('broker', options), 'kafka.Kafka', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const exited = once(child, 'exit').then(() => void process.off('exit', killWithUs));
  await untilStarted(child, join(dir, 'server.log'));
  const end = async (signal: NodeJS.Signals, remove: boolean) => {
    child.kill(signal);
    await exited;
    if (remove) rmSync(dir, { recursive: true, force: true });
  };
  const stop = () => end('SIGTERM', options.dir === undefined);
  return {
    bootstrap: `${host}:${port}`,
    host,
    port,
    pid: child.pid ?? 0,
    dir,
    logDir,
    stop,
    kill: () => end('SIGKILL', false),
    [Symbol.asyncDispose]: stop,
  };
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  return address.port;
}

function standardProperties(dir: string, port: number, controllerPort: number): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${host}:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    'log.dirs': join(dir, 'data'),
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
  };
}

/** The cluster id is fixed: nothing depends on it, and a folder that was formatted before is left alone. */
async function format(file: string): Promise<void> {
  const args = [
    ...jvmArguments('tools'),
    'kafka.tools.StorageTool',
    'format',
    '-c',
    file,
    '-t',
    'bWlsbHJhY2VfcmVmZXJlbg',
    '-g',
  ];
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`kafka-storage format failed: ${said}`);
}

/** Resolves at the line Kafka logs after it has opened its sockets and been unfenced; copies all lines to the file. */
async function untilStarted(child: ChildProcess, logFile: string): Promise<void> {
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
  if (child.stdout === null) throw new Error('the output of the broker is a pipe');
  const lines = createInterface(child.stdout);
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      log.write(`${line}\n`);
      if (last.push(line) > 20) last.shift();
      if (line.includes('Kafka Server started')) resolve();
    });
    child.once('exit', (code) => {
      log.end();
      reject(new Error(`Apache Kafka ended with ${code} before it served:\n${last.join('\n')}`));
    });
  });
}
