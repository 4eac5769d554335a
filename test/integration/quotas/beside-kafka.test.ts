/** The same requests about quotas to Apache Kafka 4.3.1 and to Millrace: every answer must be the same, and as late. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { startKafka, type KafkaNode } from '../../../tools/reference/kafka-node.ts';
import { startBrokerProcess, type BrokerProcess } from '../broker-process.ts';
import { steps } from './steps.ts';

suite('quotas beside Apache Kafka', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-quotas-'));
  let kafka: KafkaNode | undefined;
  let broker: BrokerProcess | undefined;

  before(async () => {
    kafka = await startKafka({ properties: {} });
    broker = await startBrokerProcess({ folder });
  });

  after(async () => {
    await broker?.kill();
    await kafka?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, step] of steps) {
    test(name, async () => {
      const transcripts: string[][] = [];
      for (const bootstrap of [kafka?.bootstrap, broker?.bootstrap]) {
        const lines: string[] = [];
        await step(bootstrap ?? '', (line) => lines.push(line));
        transcripts.push(lines);
      }
      assert.ok((transcripts[0]?.length ?? 0) >= 3, 'there is something to compare');
      assert.deepEqual(transcripts[1], transcripts[0]);
    });
  }
});
