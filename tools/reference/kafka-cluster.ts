// Starts a cluster of Apache Kafka nodes: the first is the controller too, which is one JVM less and no election to wait for.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startKafka, type KafkaNode } from './kafka-node.ts';

export interface KafkaCluster {
  bootstrap: string;
  /** Where the controller of the first node listens. */
  controllers: string;
  /** By node id, from 1. */
  nodes: readonly KafkaNode[];
  /** SIGKILL to all: nobody reads their data afterwards, and an orderly end takes seconds. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface KafkaClusterOptions {
  brokers: number;
  heapMb?: number;
  /** Server properties of every node, which win over the ones set here. */
  properties?: Record<string, string>;
}

const host = '127.0.0.1';

export async function startKafkaCluster({ brokers, heapMb, properties }: KafkaClusterOptions): Promise<KafkaCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'kafka-cluster-'));
  const controllerPort = await freePort();
  const started = await Promise.allSettled(
    Array.from({ length: brokers }, async (_, index) => {
      const port = await freePort();
      return await startKafka({
        dir: join(dir, `${index + 1}`),
        port,
        ...(heapMb !== undefined && { heapMb }),
        properties: { ...propertiesOf(index + 1, brokers, port, controllerPort), ...properties },
      });
    }),
  );
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(dir, { recursive: true, force: true });
  };
  const failure = started.find((one) => one.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  const bootstrap = nodes.map((node) => node.bootstrap).join(',');
  const controllers = `${host}:${controllerPort}`;
  return { bootstrap, controllers, nodes, stop, [Symbol.asyncDispose]: stop };
}

/** Internal topics are as a real cluster has them, but with few partitions: 150 of them take longer to make than the brokers to start. */
function propertiesOf(id: number, brokers: number, port: number, controllerPort: number): Record<string, string> {
  const isController = id === 1;
  const replicas = `${Math.min(brokers, 3)}`;
  const inSync = `${Math.min(brokers, 2)}`;
  const controller = isController ? `,CONTROLLER://${host}:${controllerPort}` : '';
  return {
    'process.roles': isController ? 'broker,controller' : 'broker',
    'node.id': `${id}`,
    'controller.quorum.voters': `1@${host}:${controllerPort}`,
    listeners: `PLAINTEXT://${host}:${port}${controller}`,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '6',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '6',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': '6',
  };
}
