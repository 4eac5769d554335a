/** A log directory goes from Apache Kafka to us and back: after an orderly stop, and after a kill -9. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { nodeHost } from '@millrace/base';
import { defaultLogConfig, type Log, LogDirectory } from '@millrace/log';
import { batchHeader, decodeBatch, encodeBatch, splitBatches } from '@millrace/protocol';

import { type KafkaNode, startKafka } from '../../../tools/reference/kafka-node.ts';
import { ToolHost } from '../../../tools/reference/kafka-tool.ts';

const topic = 'travels';
const recordCount = 20_000;
const tools = new ToolHost();
let dir = '';
let logDir = '';

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-travels-'));
  logDir = join(dir, 'data');
});

after(async () => {
  await tools.close();
  rmSync(dir, { recursive: true, force: true });
});

async function kafka<T>(use: (node: KafkaNode) => Promise<T>): Promise<T> {
  const node = await startKafka({ dir });
  try {
    return await use(node);
  } finally {
    await node.stop();
  }
}

async function run(tool: string, args: string[]): Promise<string> {
  const { status, stdout, stderr } = await tools.run(tool, args, { timeoutMs: 60_000 });
  assert.equal(status, 0, stderr);
  return stdout;
}

async function produce(node: KafkaNode, count: number): Promise<void> {
  const properties = [`bootstrap.servers=${node.bootstrap}`, 'batch.size=4096', 'compression.type=lz4', 'acks=all'];
  const args = ['--topic', topic, '--num-records', String(count), '--record-size', '100', '--throughput', '-1'];
  await run('kafka-producer-perf-test', [...args, '--producer-props', ...properties]);
}

function open(): { directory: LogDirectory; log: Log } {
  const directory = LogDirectory.open(nodeHost(), logDir, { nodeId: 1 });
  const folder = directory.folders().find((found) => found.topic === topic);
  assert.ok(folder?.topicId, 'the folder of the partition names its topic');
  return {
    directory,
    log: directory.openLog(topic, 0, folder.topicId, { ...defaultLogConfig, segmentBytes: 500_000 }),
  };
}

/** Offset and value of every record. */
function recordsOf(log: Log): Map<number, string> {
  const records = new Map<number, string>();
  for (let at = log.startOffset; at < log.endOffset;) {
    const read = log.read(at, { bytesMax: 1 << 20, minOneBatch: true, upTo: log.endOffset });
    const bytes = Buffer.alloc(read.bytes);
    const filled = bytes.subarray(0, read.fillSync(bytes));
    for (const { at: position } of splitBatches(filled).spans) {
      for (const record of decodeBatch(filled, position, 1 << 24))
        records.set(record.offset, record.value?.toString() ?? '');
      at = batchHeader.lastOffset(filled, position) + 1;
    }
  }
  return records;
}

test('what Kafka wrote and stopped in order is opened without a scan, and read', async () => {
  await kafka(async (node) => {
    const configs = ['--config', 'segment.bytes=1048576', '--config', 'index.interval.bytes=2048'];
    await run('kafka-topics', [
      '--bootstrap-server',
      node.bootstrap,
      '--create',
      '--topic',
      topic,
      '--partitions',
      '1',
      ...configs,
    ]);
    await produce(node, recordCount);
  });
  const { directory, log } = open();
  assert.equal(directory.wasClean, true);
  assert.equal(log.endOffset, recordCount);
  assert.equal(log.syncedOffset, recordCount);
  assert.equal(log.latestEpoch, 0);
  assert.ok(log.segmentCount > 1);
  assert.equal(log.activeProducers()[0]?.lastSequence, recordCount - 1);
  const records = recordsOf(log);
  assert.equal(records.size, recordCount);
  assert.ok([...records.values()].every((value) => value.length === 100));
  const latest = log.maxTimestamp();
  assert.ok(latest);
  assert.ok(log.offsetForTimestamp(latest.timestampMs)!.offset <= latest.offset);
  assert.equal(log.offsetForTimestamp(0)?.offset, 0);
  for (let number = 0; number < 100; number++) {
    const records = [{ value: Buffer.from(`ours ${number} `.padEnd(100, '.')), timestamp: Date.now() }];
    log.append(encodeBatch(records, { compression: 'zstd' }), { leaderEpoch: 1, origin: 'client' });
    if (number % 10 === 0) log.writeOut();
  }
  log.writeOut();
  await directory.close({ clean: true });
});

test('Kafka goes on where we stopped in order, without a recovery', async () => {
  assert.ok(existsSync(join(logDir, '.kafka_cleanshutdown')));
  await kafka(async (node) => {
    const offsets = await run('kafka-get-offsets', ['--bootstrap-server', node.bootstrap, '--topic', topic]);
    assert.match(offsets, new RegExp(`${topic}:0:${recordCount + 100}`));
    const args = [
      '--bootstrap-server',
      node.bootstrap,
      '--topic',
      topic,
      '--partition',
      '0',
      '--offset',
      String(recordCount - 5),
    ];
    const text = await run('kafka-console-consumer', [...args, '--max-messages', '105', '--timeout-ms', '20000']);
    const ours = text.split('\n').filter((line) => line.startsWith('ours '));
    assert.deepEqual(
      ours.map((line) => Number(line.split(' ')[1])),
      Array.from({ length: 100 }, (_, number) => number),
    );
    await produce(node, 10);
  });
  assert.doesNotMatch(readFileSync(join(dir, 'server.log'), 'utf8'), /(WARN|ERROR) .*(kafka\.log|storage\.internals)/);
});

test('what Kafka left behind a kill -9 is recovered, torn tail and all', async () => {
  const node = await startKafka({ dir });
  await produce(node, 5000);
  await node.kill();
  const expected = recordCount + 100 + 10 + 5000;
  const folder = join(logDir, `${topic}-0`);
  const active = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .at(-1)!;
  // Kafka's records are in the page cache, whole. What a power cut would leave of the next one:
  appendFileSync(join(folder, active), encodeBatch([{ value: Buffer.alloc(500) }]).subarray(0, 300));
  const { directory, log } = open();
  assert.equal(directory.wasClean, false);
  assert.equal(log.endOffset, expected);
  assert.equal(recordsOf(log).size, expected);
  assert.equal(log.activeProducers().at(-1)?.lastSequence, 4999);
  await directory.close({ clean: false });
});

test('Kafka recovers what our own kill -9 leaves', async () => {
  const { directory, log } = open();
  log.append(encodeBatch([{ value: Buffer.from('the last one') }]), { leaderEpoch: 2, origin: 'client' });
  log.writeOut();
  const { endOffset } = log;
  await directory.close({ clean: false });
  await kafka(async (node) => {
    const offsets = await run('kafka-get-offsets', ['--bootstrap-server', node.bootstrap, '--topic', topic]);
    assert.match(offsets, new RegExp(`${topic}:0:${endOffset}`));
    const args = [
      '--bootstrap-server',
      node.bootstrap,
      '--topic',
      topic,
      '--partition',
      '0',
      '--offset',
      String(endOffset - 1),
    ];
    assert.equal(
      await run('kafka-console-consumer', [...args, '--max-messages', '1', '--timeout-ms', '20000']),
      'the last one\n',
    );
  });
});

test('two processes never have one directory: Kafka holds us out', async () => {
  await kafka(() => {
    assert.throws(() => LogDirectory.open(nodeHost(), logDir, { nodeId: 1 }), { code: 'IN_USE' });
    return Promise.resolve();
  });
});
