// Offsets that no JavaScript number holds. Only Apache Kafka can be brought to have them: segments are laid into its folder.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { encodeBatch } from '@millrace/protocol';
import { install } from '../../../tools/reference/kafka-home.ts';
import { startKafka, type KafkaNode } from '../../../tools/reference/kafka-node.ts';
import { javaClient } from './foreign-clients.ts';
import { createTopic } from './interop-topic.ts';
import { millraceClient } from './millrace-client.ts';

/** Where each partition begins: the first that a number cannot tell from its neighbour, and not far from the last of all. */
const starts = [2n ** 53n + 1n, 2n ** 63n - 1_000_001n];
const topic = 'far-out';
const timestamp = 1_500_000_000_000;

install('kafka');

suite('offsets beyond 2^53', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kafka-offsets-'));
  let kafka: KafkaNode;

  before(async () => {
    const first = await startKafka({ dir });
    await createTopic(first.bootstrap, topic, { partitions: starts.length, settings: { 'retention.ms': '-1' } });
    await first.stop();
    for (const [partition, start] of starts.entries()) layDown(join(first.logDir, `${topic}-${partition}`), start);
    kafka = await startKafka({ dir });
  });

  after(async () => {
    await kafka.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('records are written behind them and read from them as Java does', async () => {
    const records = starts.flatMap((_, partition) =>
      ['c', 'd'].map((value) => ({
        codec: 'none',
        partition,
        timestamp,
        key: null,
        value: Buffer.from(value),
        headers: [],
      })),
    );
    await millraceClient.write(kafka.bootstrap, topic, records);
    const expected = starts.flatMap((start, partition) =>
      ['a', 'b', 'c', 'd'].map((value, index) =>
        [partition, start + BigInt(index), timestamp, '-', Buffer.from(value).toString('hex'), ''].join('\t'),
      ),
    );
    assert.deepEqual((await javaClient.read(kafka.bootstrap, topic)).sort(), expected.sort());
    assert.deepEqual((await millraceClient.read(kafka.bootstrap, topic)).sort(), expected.sort());
  });
});

/** A log whose only segment begins at the offset. */
function layDown(folder: string, start: bigint): void {
  for (const file of readdirSync(folder)) if (/^0+\./.test(file)) rmSync(join(folder, file));
  const batch = encodeBatch(
    ['a', 'b'].map((value) => ({ value: Buffer.from(value), timestamp })),
    { leaderEpoch: 0 },
  );
  // The checksum does not cover where a batch stands.
  batch.writeBigInt64BE(start, 0);
  writeFileSync(join(folder, `${String(start).padStart(20, '0')}.log`), batch);
}
