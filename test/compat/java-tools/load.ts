// kafka-producer-perf-test and kafka-consumer-perf-test with all records accounted for, and the verifiable producer and
// consumer: what was acknowledged is exactly what is read.

import assert from 'node:assert/strict';
import type { ToolSteps } from './tool-steps.ts';

export async function load(tools: ToolSteps): Promise<void> {
  await tools.createTopic('perf', '--partitions', '3');
  const produce = ['--topic', 'perf', '--num-records', '20000', '--record-size', '200', '--throughput', '-1'];
  for (const codec of ['none', 'lz4', 'zstd']) {
    const properties = ['--command-property', 'acks=all', `compression.type=${codec}`];
    await tools.step(`producer-perf-test with ${codec}`, 'kafka-producer-perf-test', [...produce, ...properties], {
      mask: maskFigures,
    });
  }
  await tools.step(
    'consumer-perf-test',
    'kafka-consumer-perf-test',
    ['--topic', 'perf', '--num-records', '60000', '--timeout', '20000'],
    { mask: maskRow },
  );
  await tools.step('get-offsets after the load', 'kafka-get-offsets', ['--topic', 'perf'], {
    mask: (text) => `sum ${text.split('\n').reduce((sum, line) => sum + Number(line.split(':')[2] ?? 0), 0)}`,
  });
  await verifiable(tools);
}

async function verifiable(tools: ToolSteps): Promise<void> {
  await tools.createTopic('verified', '--partitions', '2');
  const count = 500;
  const produced = await tools.alone('kafka-verifiable-producer', [
    '--topic',
    'verified',
    '--max-messages',
    String(count),
    '--acks',
    '-1',
    '--repeating-keys',
    '7',
  ]);
  const consumed = await tools.alone('kafka-verifiable-consumer', [
    '--topic',
    'verified',
    '--group-id',
    'verifiers',
    '--max-messages',
    String(count),
    '--verbose',
  ]);
  const acked = setOf(produced, 'producer_send_success');
  const read = setOf(consumed, 'record_data');
  assert.equal(acked.size, count);
  assert.deepEqual(read, acked, 'what the consumer read is what the broker acknowledged');
  tools.note('verifiable producer: events', kinds(produced));
  tools.note(
    'verifiable consumer: events',
    kinds(consumed).filter((kind) => !/^(records_consumed|offsets_committed)/.test(kind)),
  );
  tools.note('verifiable: acknowledged and read', [`${acked.size}`, `${read.size}`]);
}

function events(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => JSON.parse(line));
}

function setOf(text: string, name: string): Set<string> {
  const records = events(text).filter((event) => event['name'] === name);
  return new Set(
    records.map(({ topic, partition, offset, key, value }) => JSON.stringify({ topic, partition, offset, key, value })),
  );
}

function kinds(text: string): string[] {
  const counts = new Map<string, number>();
  for (const { name } of events(text)) counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).sort();
}

/** The last line, which tells of all records; its rates and latencies go. */
function maskFigures(text: string): string {
  const total = text.split('\n').find((line) => line.includes('99.9th'));
  return total?.replaceAll(/\d+(\.\d+)?(?= (records\/sec|MB\/sec|ms))/g, 'N') ?? text;
}

/** Start, end and rates go; the number of records stays. */
function maskRow(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const cells = line.split(', ');
      return /^\d{4}-/.test(line) ? `records ${cells[4]}, MB ${Number(cells[2]).toFixed(1)}` : line;
    })
    .join('\n');
}
