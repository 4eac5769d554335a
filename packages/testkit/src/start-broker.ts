/** A real broker inside a test's process: memory in place of files, a free port of loopback, no delay before the first rebalance. */
import { nodeHost, silentLogger, type Logger } from '@millrace/base';
import { Broker, readBrokerConfig } from '@millrace/broker';

import { MemoryDisk } from './memory-disk.ts';

export interface TestBroker extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, for any client. */
  readonly bootstrap: string;
  readonly broker: Broker;
  stop(): Promise<void>;
}

const host = '127.0.0.1';

/** Kafka's own keys; what is not given is as on a laptop. */
const testProperties: Readonly<Record<string, string>> = {
  'node.id': '1',
  listeners: `PLAINTEXT://${host}:0`,
  'log.dirs': '/memory',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '1',
  'admin.listener': '',
};

/** Throws `MillraceError` CONFIG for a value that cannot be. */
export async function startBroker(
  properties: Readonly<Record<string, string>> = {},
  log: Logger = silentLogger,
): Promise<TestBroker> {
  const all = { ...testProperties, ...properties };
  const args = Object.entries(all).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
  const disk = new MemoryDisk();
  const config = readBrokerConfig({ args, environment: {}, disk });
  const fatal = (error: unknown): never => {
    throw error;
  };
  const broker = await Broker.start({ host: { ...nodeHost(log), disk }, config, fatal });
  const { port } = broker.advertised('PLAINTEXT');
  const stop = async (): Promise<void> => await broker.stop();
  return { host, port, bootstrap: `${host}:${port}`, broker, stop, [Symbol.asyncDispose]: stop };
}
