/** On a real disk, where a sync takes its time. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { encodeBatch, errorName } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startBrokerProcess } from '../broker-process.ts';

test('a topic made again while it is deleted can be produced to', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-topics-'));
  const broker = await startBrokerProcess({ folder });
  try {
    await using client = await WireClient.connect(broker.bootstrap);
    await using other = await WireClient.connect(broker.bootstrap);
    for (let round = 0; round < 20; round++) {
      await create(client);
      const deleted = other.send('deleteTopics', 5, { topicNames: ['t'], timeoutMs: 5000 });
      for (let turn = 0; turn < round % 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      const made = await create(client);
      await deleted;
      const produced = await produce(client);
      const expected = made === 'NONE' ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION';
      assert.equal(produced, expected, `round ${round}, where the second creation said ${made}`);
      await client.send('deleteTopics', 5, { topicNames: ['t'], timeoutMs: 5000 });
    }
  } finally {
    await broker.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function create(client: WireClient): Promise<string> {
  const { topics } = await client.send('createTopics', 7, {
    topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  });
  return errorName(topics[0]?.errorCode ?? -1);
}

async function produce(client: WireClient): Promise<string> {
  const partitionData = [{ index: 0, records: encodeBatch([{ value: Buffer.from('a') }]) }];
  const { responses } = await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: 't', partitionData }],
  });
  return errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1);
}
