// A Connect worker in distributed mode, unmodified, with the file source and the file sink: killed in the middle and started again.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../tools/reference/kafka-node.ts';
import { runTool } from '../../../tools/reference/kafka-tool.ts';
import { programArguments } from '../java-program.ts';
import type { Target } from '../target.ts';

const PATIENCE_MS = 40_000;

export async function run({ bootstrap }: Target): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'connect-'));
  const proof = new ConnectProof(dir, bootstrap, await freePort());
  try {
    await proof.play();
  } catch (failure) {
    proof.step('the rest', [String(failure), ...proof.errors()]);
  } finally {
    await proof.kill();
    rmSync(dir, { recursive: true, force: true });
  }
  return proof.transcript();
}

class ConnectProof {
  readonly #dir: string;
  readonly #bootstrap: string;
  readonly #url: string;
  readonly #lines: string[] = [];
  readonly #stderr: string[] = [];
  readonly #source: string;
  readonly #sink: string;
  #worker: { child: ChildProcess; exited: Promise<unknown> } | undefined;

  constructor(dir: string, bootstrap: string, port: number) {
    this.#dir = dir;
    this.#bootstrap = bootstrap;
    this.#url = `http://127.0.0.1:${port}`;
    this.#source = join(dir, 'source.txt');
    this.#sink = join(dir, 'sink.txt');
    writeFileSync(join(dir, 'worker.properties'), this.#workerProperties());
  }

  async play(): Promise<void> {
    this.#feed(1, 20);
    await this.#start();
    await this.#create();
    await this.#untilSunk(20);
    await this.#untilCommitted(20);
    this.#feed(21, 40);
    await this.#untilSunk(21);
    await this.kill();
    this.#feed(41, 60);
    await this.#start();
    await this.#untilSunk(60);
    await this.#untilCommitted(60);
    this.step('after the worker was killed and started again', [
      ...(await this.#states()),
      `lines in the sink, each at least once and in order: ${inOrder(this.#sunk(), 60)}`,
    ]);
    await this.#stopAndReset();
    await this.#noteTopic();
    await this.#remove();
  }

  step(name: string, lines: string[]): void {
    this.#lines.push(`## ${name}`, ...lines, '');
  }

  errors(): string[] {
    return this.#stderr.slice(-20);
  }

  transcript(): string {
    return this.#lines
      .join('\n')
      .replaceAll(this.#dir, 'DIR')
      .replaceAll(/"version":"[^"]*"|"commit":"[^"]*"/g, '');
  }

  /** SIGKILL, as a power cut would. */
  async kill(): Promise<void> {
    this.#worker?.child.kill('SIGKILL');
    await this.#worker?.exited;
    this.#worker = undefined;
  }

  async #start(): Promise<void> {
    const main = 'org.apache.kafka.connect.cli.ConnectDistributed';
    const child = spawn('java', [...programArguments(), main, join(this.#dir, 'worker.properties')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#stderr.push(...text.split('\n')));
    const exited = once(child, 'exit').then(() => void process.off('exit', killWithUs));
    this.#worker = { child, exited };
    await this.#until('the worker answers', async () => (await this.#ask('GET', '/')).startsWith('200'));
  }

  #workerProperties(): string {
    const properties = {
      'bootstrap.servers': this.#bootstrap,
      'group.id': 'connect-proof',
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'config.storage.topic': 'connect-configs',
      'config.storage.replication.factor': '1',
      'offset.storage.topic': 'connect-offsets',
      'offset.storage.replication.factor': '1',
      'offset.storage.partitions': '3',
      'status.storage.topic': 'connect-status',
      'status.storage.replication.factor': '1',
      'status.storage.partitions': '2',
      'offset.flush.interval.ms': '300',
      'exactly.once.source.support': 'enabled',
      'plugin.discovery': 'service_load',
      'session.timeout.ms': '2000',
      'heartbeat.interval.ms': '300',
      'rebalance.timeout.ms': '5000',
      'scheduled.rebalance.max.delay.ms': '0',
      'producer.transaction.timeout.ms': '5000',
      'consumer.fetch.max.wait.ms': '100',
      'consumer.session.timeout.ms': '2000',
      'consumer.heartbeat.interval.ms': '300',
      'consumer.isolation.level': 'read_committed',
      'consumer.auto.offset.reset': 'earliest',
      listeners: this.#url,
    };
    return Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('');
  }

  #feed(from: number, to: number): void {
    for (let i = from; i <= to; i++) appendFileSync(this.#source, `line ${i}\n`);
  }

  async #create(): Promise<void> {
    const plugins: { class: string; type: string }[] = JSON.parse(await this.#get('/connector-plugins'));
    this.step(
      'plugins for files',
      plugins
        .filter(({ class: name }) => name.includes('.file.'))
        .map(({ class: name, type }) => `${type} ${name}`)
        .sort(),
    );
    const file = 'org.apache.kafka.connect.file';
    this.step('create', [
      await this.#ask('POST', '/connectors', {
        name: 'lines-in',
        config: {
          'connector.class': `${file}.FileStreamSourceConnector`,
          'tasks.max': '1',
          file: this.#source,
          topic: 'connect-lines',
          'topic.creation.default.partitions': '1',
          'topic.creation.default.replication.factor': '1',
          'transaction.boundary': 'interval',
          'transaction.boundary.interval.ms': '200',
        },
      }),
      await this.#ask('POST', '/connectors', {
        name: 'lines-out',
        config: {
          'connector.class': `${file}.FileStreamSinkConnector`,
          'tasks.max': '1',
          file: this.#sink,
          topics: 'connect-lines',
        },
      }),
      await this.#ask('GET', '/connectors'),
    ]);
    this.step('states', await this.#states());
  }

  async #states(): Promise<string[]> {
    const lines: string[] = [];
    for (const name of ['lines-in', 'lines-out']) {
      let last = '';
      await this.#until(`${name} runs`, async () => {
        last = await this.#ask('GET', `/connectors/${name}/status`);
        return (last.match(/RUNNING/g) ?? []).length === 2;
      });
      lines.push(last.replaceAll(/127\.0\.0\.1:\d+/g, 'WORKER'));
    }
    return lines;
  }

  /** Both connectors have told the cluster how far they are. */
  async #untilCommitted(count: number): Promise<void> {
    const bytes = readFileSync(this.#source).length;
    await this.#until(`offsets of ${count} lines`, async () => {
      const read = await this.#get('/connectors/lines-in/offsets');
      const written = await this.#get('/connectors/lines-out/offsets');
      return (
        read.includes(`"position":${bytes}`) && written.includes(`"kafka_offset":`) && this.#sunk().length >= count
      );
    });
  }

  async #untilSunk(count: number): Promise<void> {
    await this.#until(`${count} lines in the sink`, () => Promise.resolve(this.#sunk().includes(`line ${count}`)));
  }

  #sunk(): string[] {
    return existsSync(this.#sink) ? readFileSync(this.#sink, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Stopped connectors can be sent to other offsets: all lines are read and written once more. */
  async #stopAndReset(): Promise<void> {
    const lines = [
      await this.#ask('PUT', '/connectors/lines-in/pause'),
      await this.#ask('PUT', '/connectors/lines-in/resume'),
      await this.#ask('PUT', '/connectors/lines-out/stop'),
    ];
    await this.#until('the sink is stopped', async () => {
      const status = await this.#get('/connectors/lines-out/status');
      return status.includes('STOPPED') && status.includes('"tasks":[]');
    });
    const before = this.#sunk().length;
    await this.#until('the reset', async () => {
      const answer = await this.#ask('DELETE', '/connectors/lines-out/offsets');
      if (!answer.startsWith('200')) return false;
      lines.push(answer);
      return true;
    });
    lines.push(
      await this.#ask('GET', '/connectors/lines-out/offsets'),
      await this.#ask('PUT', '/connectors/lines-out/resume'),
    );
    await this.#until('the lines once more', () => Promise.resolve(this.#sunk().length >= before + 60));
    lines.push(`once more, in order: ${inOrder(this.#sunk().slice(before), 60)}`);
    this.step('pause, stop, reset', lines);
  }

  /** What the source wrote, exactly once; and how the worker made its topics. */
  async #noteTopic(): Promise<void> {
    const at = ['--bootstrap-server', this.#bootstrap];
    const read = [
      '--topic',
      'connect-lines',
      '--from-beginning',
      '--max-messages',
      '60',
      '--isolation-level',
      'read_committed',
    ];
    const { stdout } = await runTool('kafka-console-consumer', [...at, ...read, '--timeout-ms', '10000']);
    const expected = Array.from({ length: 60 }, (_, i) => `line ${i + 1}\n`).join('');
    this.step('records of the source', [`sixty lines, each once and in order: ${stdout === expected}`]);
    const { stdout: topics } = await runTool('kafka-topics', [...at, '--describe', '--exclude-internal']);
    this.step(
      'topics of the worker',
      topics
        .split('\n')
        .filter((line) => line.startsWith('Topic: connect-'))
        .map((line) => line.replaceAll(/TopicId: \S+/g, 'TopicId: ID').replaceAll('\t', ' '))
        .sort(),
    );
  }

  async #remove(): Promise<void> {
    const lines = [
      await this.#ask('DELETE', '/connectors/lines-in'),
      await this.#ask('DELETE', '/connectors/lines-out'),
    ];
    await this.#until('no connectors', async () => (await this.#get('/connectors')) === '[]');
    this.step('remove', lines);
  }

  /** Status and body; a worker in the middle of a rebalance (409) is asked again. */
  async #ask(method: string, path: string, body?: object): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await fetch(`${this.#url}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }).catch(() => undefined);
      const text = answer === undefined ? 'no answer' : `${answer.status} ${await answer.text()}`;
      if ((answer !== undefined && answer.status !== 409) || path === '/' || Date.now() > deadline) return text.trim();
      await sleep(100);
    }
  }

  async #get(path: string): Promise<string> {
    return (await this.#ask('GET', path)).replace(/^\d+ /, '');
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`never came: ${what}`);
      await sleep(50);
    }
  }
}

/** Whether the lines 1 to `count` are all there in order, apart from ones that come again. */
function inOrder(lines: string[], count: number): boolean {
  const firsts = [...new Set(lines)];
  return firsts.length === count && firsts.every((line, i) => line === `line ${i + 1}`);
}
