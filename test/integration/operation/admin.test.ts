/** What monitoring sees: metrics under the names of the public dashboards, health, readiness; and nobody from outside sees anything. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';

import { encodeBatch } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { freePort } from '../../../tools/reference/kafka-node.ts';
import { startBrokerProcess } from '../broker-process.ts';
import { testFolder } from './folder.ts';
import { launch } from './launched-broker.ts';

const timeout = 60_000;

/** Of the dialect of the JMX exporter with Strimzi's rules, what a single node without TLS and transactions has. */
const metricNames: readonly string[] = [
  ...[
    'messagesin',
    'bytesin',
    'bytesout',
    'totalproducerequests',
    'totalfetchrequests',
    'failedproducerequests',
    'failedfetchrequests',
  ].map((name) => `kafka_server_brokertopicmetrics_${name}_total`),
  ...['underreplicatedpartitions', 'underminisrpartitioncount', 'partitioncount', 'leadercount'].map(
    (name) => `kafka_server_replicamanager_${name}`,
  ),
  'kafka_controller_kafkacontroller_activecontrollercount',
  'kafka_controller_kafkacontroller_offlinepartitionscount',
  'kafka_log_log_size',
  'kafka_log_logmanager_offlinelogdirectorycount',
  'kafka_server_socket_server_metrics_connection_count',
  ...['current_leader', 'current_epoch', 'high_watermark', 'log_end_offset'].map(
    (name) => `kafka_server_raftmetrics_${name}`,
  ),
  'kafka_network_requestmetrics_requests_total',
  'process_open_fds',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
];

test('the metrics have the names that dashboards ask for, and count what happened', { timeout }, async () => {
  using folder = testFolder();
  const broker = await startBrokerProcess({ folder: folder.path });
  try {
    await using client = await WireClient.connect(broker.bootstrap);
    await client.send('metadata', 12, { topics: [{ name: 't' }], allowAutoTopicCreation: true });
    const records = encodeBatch(['a', 'b', 'c'].map((value) => ({ value: Buffer.from(value) })));
    const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
    for (let time = 0; time < 2; time++) await client.send('produce', 9, { acks: -1, timeoutMs: 5000, topicData });
    const response = await fetch(`http://127.0.0.1:${broker.adminPort}/metrics`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const samples = parse(await response.text());
    const missing = metricNames.filter(
      (name) => ![...samples.keys()].some((sample) => sample === name || sample.startsWith(`${name}{`)),
    );
    assert.deepEqual(missing, []);
    assert.equal(samples.get('kafka_server_brokertopicmetrics_messagesin_total{topic="t"}'), 6);
    assert.equal(samples.get('kafka_server_brokertopicmetrics_bytesin_total{topic="t"}'), 2 * records.length);
    assert.equal(samples.get('kafka_server_brokertopicmetrics_totalproducerequests_total{topic="t"}'), 2);
    assert.equal(samples.get('kafka_log_log_size{topic="t",partition="0"}'), 2 * records.length);
    assert.equal(samples.get('kafka_server_replicamanager_partitioncount'), 1);
    const connections =
      'kafka_server_socket_server_metrics_connection_count{listener="PLAINTEXT",networkProcessor="0"}';
    assert.equal(samples.get(connections), 1);
  } finally {
    await broker.stop();
  }
});

test('health and readiness are told in JSON, and other paths and methods are refused', { timeout }, async () => {
  using folder = testFolder();
  const broker = await startBrokerProcess({ folder: folder.path });
  try {
    const at = (path: string): string => `http://127.0.0.1:${broker.adminPort}${path}`;
    const healthy = await fetch(at('/healthz'));
    assert.deepEqual([healthy.status, await healthy.json()], [200, { status: 'ok', reasons: [] }]);
    const isReady = await fetch(at('/readyz'));
    assert.deepEqual([isReady.status, await isReady.json()], [200, { status: 'ready', reasons: [] }]);
    assert.equal((await fetch(at('/'))).status, 404);
    assert.equal((await fetch(at('/metrics/../healthz/x'))).status, 404);
    assert.equal((await fetch(at('/metrics'), { method: 'POST' })).status, 405);
    assert.equal((await fetch(at('/metrics'), { method: 'HEAD' })).status, 200);
  } finally {
    await broker.stop();
  }
});

test('without settings every port is bound to loopback only', { timeout }, async () => {
  using folder = testFolder();
  // Defaults in all but the number of the port, which somebody else may hold.
  const port = await freePort();
  const properties = { 'log.dirs': folder.path, listeners: `PLAINTEXT://localhost:${port}` };
  await using broker = await launch({
    args: Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]),
  });
  const bound = listeningAddresses(broker.pid);
  assert.ok(bound.length >= 2, `a client port and the admin port, not only ${bound.join(' ')}`);
  assert.ok(bound.some((address) => address.endsWith(`:${port}`)));
  for (const address of bound) assert.match(address, /^(127\.\d+\.\d+\.\d+|::1):/);
});

/** Sample by sample, `name{label="value"}`. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return samples;
}

const listenState = '0A';

/** Of the sockets that a process listens with. */
function listeningAddresses(pid: number): string[] {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const found = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`));
    if (found?.[1] !== undefined) inodes.add(found[1]);
  }
  return ['tcp', 'tcp6'].flatMap((family) =>
    readFileSync(`/proc/${pid}/net/${family}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[3] === listenState && inodes.has(columns[9] ?? ''))
      .map((columns) => addressOf(columns[1] ?? '')),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed since the folder was read.
    return '';
  }
}

/** The kernel prints addresses in words of four bytes, each the wrong way round. */
function addressOf(text: string): string {
  const [words = '', port = ''] = text.split(':');
  const bytes =
    words
      .match(/.{8}/g)
      ?.flatMap((word) => (word.match(/../g) ?? []).toReversed().map((hex) => Number.parseInt(hex, 16))) ?? [];
  const host =
    bytes.length === 4
      ? bytes.join('.')
      : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0))
        ? '::1'
        : bytes.join(',');
  return `${host}:${Number.parseInt(port, 16)}`;
}
