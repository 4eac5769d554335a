/**
 * kill -9 in the middle of an idempotent acks=all load, again and again: every record that was acknowledged is there once, in order,
 * at the offset it was acknowledged with.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { decodeBatch, encodeBatch, errorName, errors, splitBatches } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startBrokerProcess, type BrokerProcess } from '../broker-process.ts';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 50);
const topic = 'load';
const partitionCount = 3;
const inFlightMax = 5;
const recordsPerBatchMax = 20;

interface Batch {
  readonly sequence: number;
  readonly count: number;
}

/** One idempotent producer on one partition: batches not acknowledged yet are sent again, as they were. */
class Lane {
  readonly partition: number;
  readonly acknowledged: { readonly sequence: number; readonly count: number; readonly offset: number }[] = [];
  readonly unacknowledged: Batch[] = [];
  nextSequence = 0;

  constructor(partition: number) {
    this.partition = partition;
  }
}

test(`${rounds} kills lose nothing that was acknowledged and repeat nothing`, { timeout: 900_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
  const lanes = Array.from({ length: partitionCount }, (_, partition) => new Lane(partition));
  let broker = await startBrokerProcess({ folder });
  try {
    const producerId = await prepare(broker);
    for (let round = 0; round < rounds; round++) {
      const client = await WireClient.connect(broker.bootstrap);
      const load = Promise.all(lanes.map((lane) => drive(client, lane, producerId)));
      await sleep(20 + Math.random() * 300);
      await broker.kill();
      await load;
      broker = await startBrokerProcess({ folder });
    }
    await finish(broker, lanes, producerId);
    for (const lane of lanes) await verify(broker, lane);
    const total = lanes.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    assert.ok(total > rounds, `only ${total} batches were acknowledged: this proves nothing`);
  } finally {
    await broker.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function prepare(broker: BrokerProcess): Promise<number> {
  await using client = await WireClient.connect(broker.bootstrap);
  const created = await client.send('createTopics', 7, {
    topics: [
      {
        name: topic,
        numPartitions: partitionCount,
        replicationFactor: 1,
        assignments: [],
        configs: [{ name: 'segment.bytes', value: '1048576' }],
      },
    ],
  });
  assert.equal(created.topics[0]?.errorCode, errors.NONE);
  const { producerId } = await client.send('initProducerId', 4, { transactionalId: null, transactionTimeoutMs: 0 });
  return producerId;
}

/** Sends until the connection ends. */
async function drive(client: WireClient, lane: Lane, producerId: number): Promise<void> {
  const again = [...lane.unacknowledged];
  const waiting = new Set<Promise<void>>();
  const state = { isOpen: true };
  while (state.isOpen) {
    const batch = again.shift() ?? newBatch(lane);
    const sent = send(client, lane, producerId, batch).catch(() => {
      state.isOpen = false;
    });
    waiting.add(sent);
    void sent.finally(() => waiting.delete(sent));
    if (waiting.size >= inFlightMax) await Promise.race(waiting);
  }
  await Promise.all(waiting);
}

function newBatch(lane: Lane): Batch {
  const batch = { sequence: lane.nextSequence, count: 1 + Math.floor(Math.random() * recordsPerBatchMax) };
  lane.nextSequence += batch.count;
  lane.unacknowledged.push(batch);
  return batch;
}

async function send(client: WireClient, lane: Lane, producerId: number, batch: Batch): Promise<void> {
  const records = encodeBatch(
    Array.from({ length: batch.count }, (_, i) => ({
      value: Buffer.from(String(batch.sequence + i).padEnd(200, '.')),
      timestamp: 1_700_000_000_000,
    })),
    { producerId, producerEpoch: 0, baseSequence: batch.sequence },
  );
  const answer = await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name: topic, partitionData: [{ index: lane.partition, records }] }],
  });
  const result = answer.responses[0]?.partitionResponses[0];
  assert.equal(errorName(result?.errorCode ?? -1), 'NONE', `partition ${lane.partition} sequence ${batch.sequence}`);
  lane.acknowledged.push({ ...batch, offset: result?.baseOffset ?? -1 });
  lane.unacknowledged.splice(lane.unacknowledged.indexOf(batch), 1);
}

async function finish(broker: BrokerProcess, lanes: readonly Lane[], producerId: number): Promise<void> {
  await using client = await WireClient.connect(broker.bootstrap);
  for (const lane of lanes)
    for (const batch of lane.unacknowledged.slice()) await send(client, lane, producerId, batch);
}

async function verify(broker: BrokerProcess, lane: Lane): Promise<void> {
  const values = await readAll(broker, lane.partition);
  assert.equal(values.length, lane.nextSequence, `partition ${lane.partition} holds each record once`);
  for (const [offset, value] of values.entries())
    assert.equal(value, offset, `partition ${lane.partition} is in order`);
  for (const { sequence, offset } of lane.acknowledged)
    assert.equal(offset, sequence, 'what was acknowledged stands at the acknowledged offset');
}

async function readAll(broker: BrokerProcess, partition: number): Promise<number[]> {
  await using client = await WireClient.connect(broker.bootstrap);
  const values: number[] = [];
  for (;;) {
    const answer = await client.send('fetch', 12, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1 << 20,
      topics: [{ topic, partitions: [{ partition, fetchOffset: values.length, partitionMaxBytes: 1 << 20 }] }],
      forgottenTopicsData: [],
    });
    const found = answer.responses[0]?.partitions[0];
    assert.equal(errorName(found?.errorCode ?? -1), 'NONE');
    const records = found?.records ?? Buffer.alloc(0);
    if (records.length === 0) return values;
    for (const { at } of splitBatches(records).spans) {
      for (const record of decodeBatch(records, at, 1 << 20)) {
        if (record.offset >= values.length) values.push(Number.parseInt(String(record.value), 10));
      }
    }
  }
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
