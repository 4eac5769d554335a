// Segments in message formats 0 and 1, as Apache Kafka before 0.11 wrote them, in the log of Apache Kafka: brokers hand them out as they are.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { Admin, Consumer } from '@millrace/client';
import { goldenMessageLines, goldenMessageNames, goldenMessages, messageLine } from '@millrace/testkit';

import { startKafka } from '../../../tools/reference/kafka-node.ts';

suite('old segments in a log of Apache Kafka', () => {
  test('are read as Java reads them, in both formats and all compressions, and mixed with the present one', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'old-formats-'));
    try {
      await prepare(dir);
      await using kafka = await startKafka({ dir });
      for (const topic of goldenMessageNames)
        assert.deepEqual(await read(kafka.bootstrap, topic), goldenMessageLines(topic), topic);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

/** Topics whose only segment is what Java wrote. */
async function prepare(dir: string): Promise<void> {
  const kafka = await startKafka({ dir });
  const admin = new Admin({ 'bootstrap.servers': kafka.bootstrap });
  await admin.createTopics(goldenMessageNames.map((name) => ({ name, configs: { 'retention.ms': '-1' } })));
  await admin.close();
  await kafka.stop();
  for (const name of goldenMessageNames) {
    const folder = join(kafka.logDir, `${name}-0`);
    for (const file of readdirSync(folder))
      if (/\.(log|index|timeindex|snapshot)$/.test(file)) rmSync(join(folder, file));
    const log = goldenMessages(name);
    const base = (goldenMessageLines(name)[0] ?? '').split('\t')[0]!.padStart(20, '0');
    writeFileSync(join(folder, `${base}.log`), log);
  }
}

async function read(bootstrap: string, topic: string): Promise<string[]> {
  const count = goldenMessageLines(topic).length;
  await using consumer = new Consumer({
    'bootstrap.servers': bootstrap,
    'auto.offset.reset': 'earliest',
    'check.crcs': true,
    'isolation.level': 'read_uncommitted',
  });
  await consumer.assign([{ topic, partition: 0 }]);
  const lines: string[] = [];
  for await (const record of consumer) if (lines.push(messageLine(record)) === count) break;
  return lines;
}
