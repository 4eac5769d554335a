/** Settings of topics that must do something, on a real disk and a real clock. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import {
  batchHeader,
  decodeBatch,
  encodeBatch,
  errorName,
  type BatchInput,
  type RecordInput,
  type Response,
} from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startBrokerProcess, type BrokerProcess } from '../broker-process.ts';
import { testFolder, type TestFolder } from './folder.ts';

/** The smallest that Kafka allows; a batch of two thirds of it fills a segment, and the next one begins another. */
const segmentBytes = 1 << 20;
const large = Buffer.alloc(700_000, 1);
const waitMsMax = 10_000;

suite('settings of a topic act', { timeout: 60_000 }, () => {
  let folder: TestFolder;
  let broker: BrokerProcess;
  let client: WireClient;

  before(async () => {
    folder = testFolder();
    broker = await startBrokerProcess({
      folder: folder.path,
      properties: { 'log.retention.check.interval.ms': '100', 'log.segment.delete.delay.ms': '100' },
    });
    client = await WireClient.connect(broker.bootstrap);
  });

  after(async () => {
    client.close();
    await broker.kill();
    folder[Symbol.dispose]();
  });

  async function topic(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    const { topics } = await client.send('createTopics', 7, {
      topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs }],
    });
    assert.equal(errorName(topics[0]?.errorCode ?? -1), 'NONE');
  }

  async function produce(
    name: string,
    records: readonly RecordInput[],
    batch: BatchInput = {},
    acks = -1,
  ): Promise<Produced> {
    const partitionData = [{ index: 0, records: encodeBatch(records, batch) }];
    const { responses } = await client.send('produce', 9, {
      acks,
      timeoutMs: 5000,
      topicData: [{ name, partitionData }],
    });
    return responses[0]?.partitionResponses[0] as Produced;
  }

  async function fetched(name: string): Promise<Buffer> {
    const { responses } = await client.send('fetch', 12, {
      maxWaitMs: 0,
      minBytes: 1,
      topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
      forgottenTopicsData: [],
    });
    return responses[0]?.partitions[0]?.records ?? Buffer.alloc(0);
  }

  async function startOffset(name: string): Promise<number> {
    const { topics } = await client.send('listOffsets', 7, {
      replicaId: -1,
      topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -2 }] }],
    });
    return topics[0]?.partitions[0]?.offset ?? -1;
  }

  async function startsAt(name: string, offset: number): Promise<void> {
    const untilMs = performance.now() + waitMsMax;
    while ((await startOffset(name)) !== offset) {
      assert.ok(performance.now() < untilMs, `${name} begins at ${await startOffset(name)}, not at ${offset}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  function segmentsOf(name: string): string[] {
    return readdirSync(join(folder.path, `${name}-0`)).filter((file) => file.endsWith('.log'));
  }

  test('segment.bytes: a segment that is full is followed by another, named after its first offset', async () => {
    await topic('segments', { 'segment.bytes': String(segmentBytes) });
    for (let batch = 0; batch < 3; batch++) await produce('segments', [{ value: large }]);
    assert.deepEqual(
      segmentsOf('segments').sort(),
      [0, 1, 2].map((offset) => `${String(offset).padStart(20, '0')}.log`),
    );
  });

  test('retention.ms: segments whose records are too old go, the newest too, and reading begins behind them', async () => {
    await topic('aged', { 'segment.bytes': String(segmentBytes), 'retention.ms': '60000' });
    const hourAgo = Date.now() - 3_600_000;
    for (let batch = 0; batch < 2; batch++) await produce('aged', [{ value: large, timestamp: hourAgo }]);
    await startsAt('aged', 2);
    await produce('aged', [{ value: large, timestamp: Date.now() }]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(await startOffset('aged'), 2, 'what is young stays');
  });

  test('retention.bytes: the oldest segments go until the rest is small enough', async () => {
    await topic('capped', { 'segment.bytes': String(segmentBytes), 'retention.bytes': '1500000' });
    for (let batch = 0; batch < 6; batch++) await produce('capped', [{ value: large, timestamp: Date.now() }]);
    await startsAt('capped', 3);
    const untilMs = performance.now() + waitMsMax;
    while (segmentsOf('capped').length > 3) {
      assert.ok(performance.now() < untilMs, 'the files go as well');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  test('retention.bytes is acted on as soon as it is set', async () => {
    await topic('capped-later', { 'segment.bytes': String(segmentBytes) });
    for (let batch = 0; batch < 4; batch++) await produce('capped-later', [{ value: large, timestamp: Date.now() }]);
    assert.equal(await startOffset('capped-later'), 0);
    await client.send('incrementalAlterConfigs', 1, {
      resources: [
        {
          resourceType: 2,
          resourceName: 'capped-later',
          configs: [{ name: 'retention.bytes', configOperation: 0, value: '800000' }],
        },
      ],
      validateOnly: false,
    });
    await startsAt('capped-later', 2);
  });

  test("message.timestamp.type=LogAppendTime: the broker's time is in the answer and in every record", async () => {
    await topic('stamped', { 'message.timestamp.type': 'LogAppendTime' });
    const fromMs = Date.now();
    const { logAppendTimeMs } = await produce(
      'stamped',
      [1, 2].map((timestamp) => ({ value: Buffer.from('v'), timestamp })),
    );
    assert.ok(logAppendTimeMs >= fromMs && logAppendTimeMs <= Date.now());
    const records = [...decodeBatch(await fetched('stamped'), 0, 1 << 20)];
    assert.deepEqual(
      records.map(({ timestamp }) => timestamp),
      [logAppendTimeMs, logAppendTimeMs],
    );
    assert.equal(
      errorName((await produce('stamped', [{ value: Buffer.from('v'), timestamp: Date.now() + 1e10 }])).errorCode),
      'NONE',
    );
  });

  test('compression.type: batches are stored in the codec of the topic, whatever they came in', async () => {
    const ids = { uncompressed: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4, producer: 2 };
    for (const [type, id] of Object.entries(ids)) {
      await topic(`compressed-${type}`, { 'compression.type': type });
      await produce(`compressed-${type}`, [{ value: Buffer.from('a'.repeat(1000)) }, { value: null }], {
        compression: 'snappy',
      });
      const stored = await fetched(`compressed-${type}`);
      assert.equal(batchHeader.compressionId(stored, 0), id, type);
      assert.deepEqual(
        [...decodeBatch(stored, 0, 1 << 20)].map(({ value }) => value?.length),
        [1000, undefined],
      );
    }
  });

  test('min.insync.replicas: acks=all needs as many as it says, acks=1 does not', async () => {
    await topic('safe', { 'min.insync.replicas': '2' });
    assert.equal(errorName((await produce('safe', [{ value: Buffer.from('v') }])).errorCode), 'NOT_ENOUGH_REPLICAS');
    assert.equal(errorName((await produce('safe', [{ value: Buffer.from('v') }], {}, 1)).errorCode), 'NONE');
  });

  test('max.message.bytes: a batch of that size passes, one byte more does not', async () => {
    const records = [{ value: Buffer.alloc(500) }];
    const { length } = encodeBatch(records);
    await topic('exact', { 'max.message.bytes': String(length) });
    await topic('narrow', { 'max.message.bytes': String(length - 1) });
    assert.equal(errorName((await produce('exact', records)).errorCode), 'NONE');
    assert.equal(errorName((await produce('narrow', records)).errorCode), 'MESSAGE_TOO_LARGE');
  });
});

type Produced = Response<'produce'>['responses'][number]['partitionResponses'][number];
