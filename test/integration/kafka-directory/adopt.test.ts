/** A data directory that Apache Kafka 4.3.1 wrote is opened and served: its topics, their ids, its records and its groups' offsets. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { decodeBatch, encodeBatch, errors, splitBatches } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startKafka } from '../../../tools/reference/kafka-node.ts';
import { startBrokerProcess } from '../broker-process.ts';

const topic = 'from-kafka';
const group = 'readers';

test('topics, records and offsets that Apache Kafka wrote are served', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kafka-to-millrace-'));
  try {
    const kafka = await startKafka({ dir });
    const topicId = await fill(kafka.bootstrap);
    await kafka.stop();
    const broker = await startBrokerProcess({ folder: kafka.logDir });
    try {
      await check(broker.bootstrap, topicId);
      assert.equal(await broker.stop(), 0);
    } finally {
      await broker.kill();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

async function fill(bootstrap: string): Promise<string> {
  await using client = await WireClient.connect(bootstrap);
  const created = await client.send('createTopics', 7, {
    topics: [{ name: topic, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }],
  });
  assert.equal(created.topics[0]?.errorCode, errors.NONE);
  for (const partition of [0, 1, 2]) {
    for (let n = 0; n < 5; n++) await produce(client, partition, `${partition}/${n}`);
  }
  await untilDone('Kafka has a coordinator', async () => {
    await client.send('findCoordinator', 2, { key: group, keyType: 0 });
    const partitions = [{ partitionIndex: 1, committedOffset: 3n, committedMetadata: 'from Kafka' }];
    const committed = await client.send('offsetCommit', 8, {
      groupId: group,
      memberId: '',
      topics: [{ name: topic, partitions }],
    });
    return committed.topics[0]?.partitions[0]?.errorCode;
  });
  return created.topics[0]?.topicId ?? '';
}

async function produce(client: WireClient, index: number, value: string): Promise<void> {
  const records = encodeBatch([{ value: Buffer.from(value), timestamp: 1_700_000_000_000 }]);
  await untilDone('the partition has a leader', async () => {
    const topicData = [{ name: topic, partitionData: [{ index, records }] }];
    const answer = await client.send('produce', 9, { acks: -1, timeoutMs: 10_000, topicData });
    return answer.responses[0]?.partitionResponses[0]?.errorCode;
  });
}

/** A new Kafka says for a moment that it is not ready. */
async function untilDone(what: string, attempt: () => Promise<number | undefined>): Promise<void> {
  for (let tries = 0; (await attempt()) !== errors.NONE; tries++) {
    assert.ok(tries < 100, `${what} in the end`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function check(bootstrap: string, topicId: string): Promise<void> {
  await using client = await WireClient.connect(bootstrap);
  const described = await client.send('metadata', 12, { topics: [{ name: topic }], allowAutoTopicCreation: false });
  assert.equal(described.topics[0]?.topicId, topicId);
  assert.equal(described.topics[0]?.partitions.length, 3);
  await produce(client, 2, '2/5');
  assert.deepEqual(await read(client, 0), ['0/0', '0/1', '0/2', '0/3', '0/4']);
  assert.deepEqual(await read(client, 2), ['2/0', '2/1', '2/2', '2/3', '2/4', '2/5']);
  const offsets = await client.send('offsetFetch', 7, {
    groupId: group,
    topics: [{ name: topic, partitionIndexes: [1] }],
  });
  const offset = offsets.topics[0]?.partitions[0];
  assert.deepEqual([offset?.committedOffset, offset?.metadata], [3n, 'from Kafka']);
}

async function read(client: WireClient, partition: number): Promise<string[]> {
  const answer = await client.send('fetch', 12, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1 << 20,
    topics: [{ topic, partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
    forgottenTopicsData: [],
  });
  const records = answer.responses[0]?.partitions[0]?.records ?? Buffer.alloc(0);
  return splitBatches(records).spans.flatMap(({ at }) =>
    decodeBatch(records, at, 1 << 20).map(({ value }) => String(value)),
  );
}
