/**
 * A broker as it is installed, in its own process and from its bundle, compacts topics while clients write and read, and its event loop
 * goes on meanwhile. What is left is what a model says, after a restart too.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { batchHeader, decodeBatch, encodeBatch, errors, splitBatches } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startBrokerProcess } from '../broker-process.ts';

const topic = 'state';
const keyCount = 500;
const rounds = 60;

test('a broker process compacts in a thread of its own, while it is written to', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-compaction-'));
  const properties = { 'log.cleaner.backoff.ms': '100', 'offsets.topic.num.partitions': '1' };
  let broker = await startBrokerProcess({ folder, properties });
  try {
    const last = new Map<string, string>();
    {
      await using client = await WireClient.connect(broker.bootstrap);
      await create(client);
      for (let round = 0; round < rounds; round++) await produce(client, round, last);
      await cleanedBehind(folder, (rounds - 20) * keyCount);
      await check(client, last);
    }
    await fewSegments(join(folder, `${topic}-0`), 3);
    assert.ok(broker.lines.some((line) => line.includes('compacted a log')));
    assert.ok(!broker.lines.some((line) => line.includes('could not be compacted')));
    const metrics = await (await fetch(`http://127.0.0.1:${broker.adminPort}/metrics`)).text();
    assert.match(metrics, /kafka_log_logcleanermanager_uncleanable_partitions_count\{[^}]*\} 0\n/);
    assert.equal(await broker.stop(), 0);
    broker = await startBrokerProcess({ folder, properties });
    await using client = await WireClient.connect(broker.bootstrap);
    await check(client, last);
  } finally {
    await broker.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function create(client: WireClient): Promise<void> {
  const configs = Object.entries({
    'cleanup.policy': 'compact',
    'segment.bytes': '1048576',
    'min.cleanable.dirty.ratio': '0.1',
    'file.delete.delay.ms': '0',
  }).map(([name, value]) => ({ name, value }));
  const created = await client.send('createTopics', 7, {
    topics: [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }],
  });
  assert.equal(created.topics[0]?.errorCode, errors.NONE);
}

async function produce(client: WireClient, round: number, last: Map<string, string>): Promise<void> {
  const records = Array.from({ length: keyCount }, (_, index) => {
    const key = `key-${(index * 7 + round) % keyCount}`;
    const value = `${round}/${index}`.padEnd(200, '.');
    last.set(key, value);
    return { key: Buffer.from(key), value: Buffer.from(value), timestamp: Date.now() };
  });
  const batch = encodeBatch(records, { compression: round % 3 === 0 ? 'lz4' : 'none' });
  const topicData = [{ name: topic, partitionData: [{ index: 0, records: batch }] }];
  const answer = await client.send('produce', 9, { acks: -1, timeoutMs: 10_000, topicData });
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, errors.NONE);
}

/** The checkpoint of the cleaner tells how far it has come. */
async function cleanedBehind(folder: string, offset: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (cleanedTo(folder) >= offset) return;
    await sleep(50);
  }
  assert.fail(`cleaned up to ${cleanedTo(folder)}, not up to ${offset}`);
}

function cleanedTo(folder: string): number {
  try {
    const text = readFileSync(join(folder, 'cleaner-offset-checkpoint'), 'utf8');
    return Number(new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? -1);
  } catch {
    return -1;
  }
}

/** A pass may have begun before the last segments were full: another follows, and the files it replaces go after it. */
async function fewSegments(partition: string, most: number): Promise<void> {
  const count = (): number => readdirSync(partition).filter((name) => name.endsWith('.log')).length;
  for (let tries = 0; tries < 600 && count() > most; tries++) await sleep(50);
  assert.ok(count() <= most, `${count()} segments are left`);
}

async function check(client: WireClient, last: ReadonlyMap<string, string>): Promise<void> {
  const found = new Map<string, string>();
  let count = 0;
  for (let offset = 0; offset < rounds * keyCount;) {
    const answer = await client.send('fetch', 12, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1 << 20,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1 << 20 }] }],
      forgottenTopicsData: [],
    });
    const records = answer.responses[0]?.partitions[0]?.records ?? Buffer.alloc(0);
    const { spans } = splitBatches(records);
    assert.ok(spans.length > 0, `there is something at ${offset}`);
    for (const { at } of spans) {
      for (const record of decodeBatch(records, at, 1 << 20)) {
        assert.ok(record.offset >= count, 'offsets ascend');
        found.set(String(record.key), String(record.value));
        count++;
      }
      offset = batchHeader.lastOffset(records, at) + 1;
    }
  }
  assert.deepEqual(found, new Map([...found.keys()].map((key) => [key, last.get(key)])));
  assert.equal(found.size, last.size);
  assert.ok(count < rounds * keyCount);
}
