// Apache Kafka as its distribution starts it: one node in KRaft combined mode, the JVM flags of kafka-server-start.sh, 1 GiB of heap.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureKafka, jvmArguments } from '../../tools/reference/kafka-home.ts';
import { freePort } from '../../tools/reference/kafka-node.ts';
import { runTool } from '../../tools/reference/kafka-tool.ts';
import type { Durability, Site, SiteOptions } from './broker.ts';

/** The flags of Kafka's own start script beyond `-server -XX:+UseG1GC -Xmx1G`. */
const scriptFlags = [
  '-Xms1024m',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
];

/** Deleted topics give their pages back before the next run. */
const benchProperties = { 'log.segment.delete.delay.ms': '1000' };

const durabilityProperties: Record<Durability, Record<string, string>> = {
  os: {},
  sync: { 'log.flush.interval.messages': '1' },
};

/** What distinguishes the start from that of `java kafka.Kafka` with an empty file, for the record. */
export function kafkaFlags(durability: Durability): string[] {
  return [
    '-Xmx1024m',
    ...scriptFlags,
    '-XX:+UseG1GC',
    ...pairs({ ...benchProperties, ...durabilityProperties[durability] }),
  ];
}

export async function layOutKafka({ dir, durability }: SiteOptions): Promise<Site> {
  ensureKafka();
  const host = '127.0.0.1';
  const [port, controllerPort] = [await freePort(), await freePort()];
  const logDir = join(dir, 'data');
  mkdirSync(dir, { recursive: true });
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${host}:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    'log.dirs': logDir,
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    ...benchProperties,
    ...durabilityProperties[durability],
  };
  const file = join(dir, 'server.properties');
  writeFileSync(file, pairs(properties).join('\n'));
  const format = await runTool('kafka-storage', ['format', '-c', file, '-t', 'bWlsbHJhY2VfcmVmZXJlbg', '-g']);
  if (format.status !== 0) throw new Error(`kafka-storage format failed: ${format.stdout}${format.stderr}`);
  const jvm = jvmArguments('broker', { heapMb: 1024, serverFlags: true }).filter((flag) => !isArchive(flag));
  return {
    side: 'kafka',
    host,
    port,
    bootstrap: `${host}:${port}`,
    logDir,
    cwd: dir,
    command: 'java',
    args: [...scriptFlags, ...jvm, 'kafka.Kafka', file],
  };
}

/** The JVM starts faster with an archive of its classes. Kafka's distribution has none. */
export function withClassArchive(site: Site): Site {
  const archive = jvmArguments('broker').filter(isArchive);
  return site.side === 'kafka' ? { ...site, args: [...archive, ...site.args] } : site;
}

/** After kill -9 Kafka's controller refuses the same broker until its old session has ended: nine seconds by default, one with this. */
export function withShortSession(site: Site): Site {
  const session = ['broker.session.timeout.ms=1000', 'broker.heartbeat.interval.ms=300'];
  const overrides = session.flatMap((pair) => ['--override', pair]);
  return site.side === 'kafka' ? { ...site, args: [...site.args, ...overrides] } : site;
}

function isArchive(flag: string): boolean {
  return flag.startsWith('-XX:SharedArchiveFile');
}

function pairs(properties: Record<string, string>): string[] {
  return Object.entries(properties).map(([key, value]) => `${key}=${value}`);
}
