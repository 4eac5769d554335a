/** When what is compacted, seen from a client of a broker over memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { LogFields, Logger } from '@millrace/base';
import { silentLogger } from '@millrace/base';
import { encodeBatch, errors } from '@millrace/protocol';
import { recordsOf } from '@millrace/testkit/simulated';
import { startBroker, type TestBroker, WireClient } from '@millrace/testkit';

import type { Partition } from './partition.ts';

/** The cleaner looks when a test tells it to, not by itself. */
const properties = { 'log.cleaner.backoff.ms': '3600000' };

async function create(
  client: WireClient,
  name: string,
  settings: Readonly<Record<string, string>>,
  numPartitions = 1,
): Promise<void> {
  const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
  const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs }];
  const created = await client.send('createTopics', 7, { topics });
  assert.equal(created.topics[0]?.errorCode, errors.NONE, created.topics[0]?.errorMessage ?? '');
}

/** `count` records of one key, each in a batch of its own. */
async function write(client: WireClient, name: string, count: number, key = 'key', index = 0): Promise<void> {
  for (let number = 0; number < count; number++) {
    const records = encodeBatch([
      { key: Buffer.from(key), value: Buffer.from(`${number}`.padEnd(100, '.')), timestamp: Date.now() },
    ]);
    const topicData = [{ name, partitionData: [{ index, records }] }];
    const answer = await client.send('produce', 9, { acks: -1, timeoutMs: 10_000, topicData });
    assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, errors.NONE);
  }
}

const logOf = ({ broker }: TestBroker, name: string): ReturnType<typeof broker.partitions.byName> & object => {
  const partition = broker.partitions.byName(name, 0);
  assert.ok(partition);
  return partition;
};

const countOf = (test: TestBroker, name: string): number => recordsOf(logOf(test, name).log).length;

test('a compacted topic is compacted when enough of it is new, and no other topic is', async () => {
  await using kafka = await startBroker(properties);
  await using client = await WireClient.connect(kafka.bootstrap);
  await create(client, 'state', { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.6' });
  await create(client, 'events', { 'cleanup.policy': 'delete' });
  for (const name of ['state', 'events']) await write(client, name, 10);
  for (const name of ['state', 'events']) logOf(kafka, name).log.roll();
  await kafka.broker.cleaning.run();
  assert.equal(countOf(kafka, 'state'), 1);
  assert.equal(countOf(kafka, 'events'), 10);
  await write(client, 'state', 1);
  logOf(kafka, 'state').log.roll();
  await kafka.broker.cleaning.run();
  assert.equal(countOf(kafka, 'state'), 2, 'half of it is new, which is not enough');
  assert.equal(Math.round(kafka.broker.cleaning.maxDirtyRatio * 10), 5);
  await write(client, 'state', 3);
  logOf(kafka, 'state').log.roll();
  await kafka.broker.cleaning.run();
  assert.equal(countOf(kafka, 'state'), 1);
});

test('the log with the largest part that is new comes first; one that cannot be cleaned is told once and left alone', async () => {
  const lines: { text: string; topic: unknown }[] = [];
  const tell = (fields: LogFields, text: string): void => void lines.push({ text, topic: fields['topic'] });
  const log: Logger = { ...silentLogger, info: tell, error: tell, child: () => log };
  await using kafka = await startBroker(properties, log);
  await using client = await WireClient.connect(kafka.bootstrap);
  const settings = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' };
  for (const name of ['half', 'damaged', 'whole']) await create(client, name, settings);
  await write(client, 'half', 10, 'other');
  await write(client, 'half', 1);
  logOf(kafka, 'half').log.roll();
  await kafka.broker.cleaning.run();
  for (const name of ['half', 'damaged', 'whole']) await write(client, name, 4);
  for (const name of ['half', 'damaged', 'whole']) logOf(kafka, name).log.roll();
  const { log: damaged, directory } = logOf(kafka, 'damaged');
  kafka.broker.host.disk.open(`${damaged.folder}/${'0'.repeat(20)}.log`).writeSync([Buffer.from('rot')], 80);
  lines.length = 0;
  await kafka.broker.cleaning.run();
  await kafka.broker.cleaning.run();
  const told = lines.filter(({ topic }) => topic !== undefined);
  assert.deepEqual(new Set(told.map(({ topic }) => topic)), new Set(['damaged', 'half', 'whole']));
  assert.equal(told.length, 3);
  assert.ok(told.findIndex(({ topic }) => topic === 'whole') < told.findIndex(({ topic }) => topic === 'half'));
  assert.match(told.find(({ topic }) => topic === 'damaged')?.text ?? '', /could not be compacted/);
  assert.deepEqual(
    kafka.broker.cleaning.uncleanable(directory.path).map(({ topic }) => topic),
    ['damaged'],
  );
  assert.equal(countOf(kafka, 'whole'), 1);
});

test('compact,delete does both', async () => {
  await using kafka = await startBroker(properties);
  await using client = await WireClient.connect(kafka.bootstrap);
  await create(client, 'both', { 'cleanup.policy': 'compact,delete', 'retention.bytes': '0' });
  await write(client, 'both', 5);
  logOf(kafka, 'both').log.roll();
  await write(client, 'both', 5, 'other');
  await kafka.broker.cleaning.run();
  assert.equal(countOf(kafka, 'both'), 6);
  const { log, highWatermark } = logOf(kafka, 'both');
  assert.equal(log.deleteOldSegments(Date.now(), highWatermark), 1);
  assert.equal(log.startOffset, 5);
  assert.equal(countOf(kafka, 'both'), 5);
});

test('what waits for longer than max.compaction.lag.ms comes whatever the ratio, unless there is no thread for it', async () => {
  for (const [threads, left] of [
    ['2', 1],
    ['0', 5],
  ] as const) {
    await using kafka = await startBroker({ ...properties, 'log.cleaner.threads': threads });
    await using client = await WireClient.connect(kafka.bootstrap);
    const settings = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '1.0', 'max.compaction.lag.ms': '1' };
    await create(client, 'state', settings);
    await write(client, 'state', 5);
    logOf(kafka, 'state').log.roll();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await kafka.broker.cleaning.run();
    assert.equal(countOf(kafka, 'state'), left);
  }
});

test('the offsets of groups are compacted as any other topic', async () => {
  await using kafka = await startBroker({ ...properties, 'log.cleaner.min.cleanable.ratio': '0.01' });
  await using client = await WireClient.connect(kafka.bootstrap);
  await create(client, 'read', {});
  await write(client, 'read', 1);
  await client.send('findCoordinator', 2, { key: 'readers', keyType: 0 });
  const commit = async (offset: number): Promise<number | undefined> => {
    const partitions = [{ partitionIndex: 0, committedOffset: BigInt(offset), committedMetadata: '' }];
    const topics = [{ name: 'read', partitions }];
    const answer = await client.send('offsetCommit', 8, { groupId: 'readers', memberId: '', topics });
    return answer.topics[0]?.partitions[0]?.errorCode;
  };
  while ((await commit(0)) !== errors.NONE) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let offset = 1; offset <= 20; offset++) assert.equal(await commit(offset), errors.NONE);
  const { log } = logOf(kafka, '__consumer_offsets');
  log.roll();
  const before = recordsOf(log).length;
  await kafka.broker.cleaning.run();
  assert.ok(before > 20);
  assert.ok(recordsOf(log).length < 5);
  const topics = [{ name: 'read', partitionIndexes: [0] }];
  const fetched = await client.send('offsetFetch', 7, { groupId: 'readers', topics });
  assert.equal(fetched.topics[0]?.partitions[0]?.committedOffset, 20n);
});

/** So many partitions that a look at them takes several turns; there is something to compact in the last ten. */
async function many(kafka: TestBroker, client: WireClient): Promise<Partition[]> {
  const settings = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' };
  await create(client, 'many', settings, 150);
  const partitions = Array.from({ length: 150 }, (_, index) => kafka.broker.partitions.byName('many', index)!);
  for (const { log, index } of partitions.slice(-10)) {
    await write(client, 'many', 2, 'key', index);
    log.roll();
  }
  return partitions;
}

test('while it looks at many partitions others have their turn', async () => {
  await using kafka = await startBroker(properties);
  await using client = await WireClient.connect(kafka.bootstrap);
  await create(client, 'many', { 'cleanup.policy': 'compact' }, 1000);
  let [turns, looks, looksSinceTurn, looksMost] = [0, 0, 0, 0];
  for (const { log } of kafka.broker.partitions.all()) {
    const range = log.cleaning.range.bind(log.cleaning);
    log.cleaning.range = (...rest) => {
      looks++;
      looksMost = Math.max(looksMost, ++looksSinceTurn);
      return range(...rest);
    };
  }
  let counting = setImmediate(function count() {
    turns++;
    looksSinceTurn = 0;
    counting = setImmediate(count);
  });
  await kafka.broker.cleaning.run();
  clearImmediate(counting);
  assert.equal(looks, 1000);
  assert.ok(turns >= 15, `${turns} turns`);
  assert.ok(looksMost <= 64, `${looksMost} partitions in one turn`);
});

test('no two lanes take the same log, though both find it the one that needs it most', async () => {
  await using kafka = await startBroker({ ...properties, 'log.cleaner.threads': '4' });
  await using client = await WireClient.connect(kafka.bootstrap);
  const partitions = await many(kafka, client);
  const jobs = new Map<number, number>();
  for (const { log, index } of partitions) {
    const job = log.cleaning.job.bind(log.cleaning);
    log.cleaning.job = async (...rest) => {
      jobs.set(index, (jobs.get(index) ?? 0) + 1);
      const prepared = await job(...rest);
      // So long that all lanes come to it.
      for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
      return prepared;
    };
  }
  await kafka.broker.cleaning.run();
  const expected = partitions.slice(-10).map(({ index }): [number, number] => [index, 1]);
  assert.deepEqual(
    [...jobs].sort(([a], [b]) => a - b),
    expected,
  );
  for (const { log } of partitions.slice(-10)) assert.equal(recordsOf(log).length, 1);
});

test('a stop ends a look, and nothing is begun after it', async () => {
  await using kafka = await startBroker(properties);
  await using client = await WireClient.connect(kafka.bootstrap);
  const partitions = await many(kafka, client);
  const running = kafka.broker.cleaning.run();
  await kafka.broker.cleaning.stop();
  await running;
  assert.equal(kafka.broker.cleaning.last, undefined);
  for (const { log } of partitions.slice(-10)) assert.equal(recordsOf(log).length, 2);
});
