/**
 * Clients at work whose pushes are caught on their way: ours and Java's. In: which door. Out: each metric that it has told of, as a line
 * without values, and the names of its own labels.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { decompress } from '@millrace/protocol';
import { Admin, Consumer, Producer } from '@millrace/client';
import { FaultProxy, type PushedMetric, pushedMetrics, startBroker, type TestBroker } from '@millrace/testkit';

import { jvmArguments } from '../../../tools/reference/kafka-home.ts';

export type Door = 'producer' | 'consumer' | 'classic' | 'admin';
const intervalMs = 100;
export const doors: readonly Door[] = ['producer', 'consumer', 'classic', 'admin'];

/** A Millrace that wants all metrics of all clients, and what stands between it and a client. */
export class TelemetryTarget implements AsyncDisposable {
  readonly broker: TestBroker;
  readonly topic = 'pushed';
  /** The bodies of pushes, as they came. */
  readonly pushes: { readonly terminating: boolean; readonly metrics: readonly PushedMetric[] }[] = [];
  readonly #proxy: FaultProxy;

  static async open(): Promise<TelemetryTarget> {
    const broker = await startBroker({ 'admin.listener': '127.0.0.1:0' });
    const proxy = await FaultProxy.open(broker.bootstrap);
    const target = new TelemetryTarget(broker, proxy);
    await using admin = new Admin({ 'bootstrap.servers': broker.bootstrap, 'enable.metrics.push': false });
    await admin.createTopics([target.topic]);
    await admin.incrementalAlterConfigs([
      {
        type: 'CLIENT_METRICS',
        name: 'all',
        ops: [
          { name: 'metrics', op: 'SET', value: '*' },
          { name: 'interval.ms', op: 'SET', value: `${intervalMs}` },
        ],
      },
    ]);
    await using producer = new Producer({ 'bootstrap.servers': broker.bootstrap, 'enable.metrics.push': false });
    await producer.send([{ topic: target.topic, value: 'a' }]);
    return target;
  }

  private constructor(broker: TestBroker, proxy: FaultProxy) {
    this.broker = broker;
    this.#proxy = proxy;
    proxy.rule = ({ name, body }) => {
      if (name !== 'pushTelemetry') return undefined;
      const { terminating, compressionType, metrics } = body() as never as {
        terminating: boolean;
        compressionType: number;
        metrics: Buffer;
      };
      this.pushes.push({ terminating, metrics: pushedMetrics(decompress(compressionType, metrics, 1 << 20)) });
      return undefined;
    };
  }

  get bootstrap(): string {
    return this.#proxy.bootstrap;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy.close();
    await this.broker[Symbol.asyncDispose]();
  }
}

/** Works, and pushes, until it is told to end. */
type Work = (target: TelemetryTarget, until: Promise<void>) => Promise<void>;

export const javaWork =
  (door: Door): Work =>
  async ({ bootstrap, topic }, until) => {
    const program = join(import.meta.dirname, 'JavaPush.java');
    const args = [...jvmArguments('tools', { heapMb: 256 }), program, bootstrap, door, topic];
    const child = spawn('java', args, { stdio: ['pipe', 'inherit', 'inherit'] });
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    const exited = once(child, 'exit');
    await Promise.race([until, exited]);
    child.stdin.write('.');
    await exited;
    process.off('exit', kill);
    if (child.exitCode !== 0) throw new Error(`Java's ${door} ended with ${child.exitCode}`);
  };

export const ourWork: { readonly [D in Door]: Work } = {
  producer: async ({ bootstrap, topic }, until) => {
    await using producer = new Producer({ ...optionsOf(bootstrap, 'producer'), 'transactional.id': 'our-tx' });
    await producer.transaction(async () => {
      for (let n = 0; n < 10; n++) await producer.send({ topic, key: `k${n}`, value: `v${n}` });
    });
    await until;
  },
  consumer: (target, until) => consume(target, until, 'consumer'),
  classic: (target, until) => consume(target, until, 'classic'),
  admin: async ({ bootstrap, topic }, until) => {
    await using admin = new Admin(optionsOf(bootstrap, 'admin'));
    await admin.describeTopics([topic]);
    await until;
  },
};

async function consume({ bootstrap, topic }: TelemetryTarget, until: Promise<void>, protocol: Door): Promise<void> {
  await using consumer = new Consumer({
    ...optionsOf(bootstrap, protocol),
    'group.id': `our-${protocol}`,
    'group.protocol': protocol,
    'auto.offset.reset': 'earliest',
    ...(protocol === 'classic' && { 'group.instance.id': 'our-member' }),
  });
  consumer.subscribe([topic]);
  const over = new AbortController();
  void until.then(() => over.abort());
  await consumer.run({ eachRecord: () => {}, signal: over.signal });
}

const optionsOf = (bootstrap: string, door: Door) => ({
  'bootstrap.servers': bootstrap,
  'client.id': `our-${door}`,
  'client.rack': 'r1',
  'enable.metrics.push': true,
});

/** What a client tells of while it works, and at its end. */
export async function toldBy(work: Work): Promise<string[]> {
  await using target = await TelemetryTarget.open();
  const enough = Promise.withResolvers<void>();
  const looking = setInterval(() => target.pushes.length >= 4 && enough.resolve(), 20);
  try {
    await work(target, enough.promise);
  } finally {
    clearInterval(looking);
  }
  const told = new Set<string>();
  if (target.pushes.at(-1)?.terminating === true) told.add('client says when it ends');
  for (const { metrics } of target.pushes) for (const metric of metrics) told.add(lineOf(metric));
  for (const { metrics } of target.pushes) for (const { resource } of metrics) told.add(`client ${namesOf(resource)}`);
  return [...told].sort();
}

const namesOf = (labels: readonly string[]): string =>
  labels
    .map((label) => label.slice(0, label.indexOf('=')))
    .sort()
    .join(',');

const lineOf = ({ name, kind, isWhole, labels, sinceMs }: PushedMetric): string =>
  [name, kind, isWhole ? 'whole' : 'double', sinceMs === 0 ? 'now' : 'since', namesOf(labels)].join(' ');
