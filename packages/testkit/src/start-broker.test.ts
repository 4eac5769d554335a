import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';

import { isMillraceError } from '@millrace/base';
import { decodeBatch, encodeBatch, errorName } from '@millrace/protocol';

import { startBroker, type TestBroker } from './start-broker.ts';
import { WireClient } from './wire-client.ts';

const brokerCount = 100;

test('a hundred brokers live beside each other in one process, each with its own records, and leave nothing behind', async () => {
  const before = openHandles();
  const brokers = await Promise.all(Array.from({ length: brokerCount }, async () => await startBroker()));
  assert.equal(new Set(brokers.map(({ port }) => port)).size, brokerCount);
  await Promise.all(brokers.map(async (broker, index) => await produce(broker, `value of ${index}`)));
  const values = await Promise.all(brokers.map(async (broker) => await fetch(broker)));
  assert.deepEqual(
    values,
    Array.from(values, (_, index) => `value of ${index}`),
  );
  await Promise.all(brokers.map(async (broker) => await broker.stop()));
  // What is closed is reported a turn later; other tests of this process may close things of theirs meanwhile.
  for (let turn = 0; turn < 100 && leaked(before).length > 0; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(leaked(before), []);
});

test('a broker that was stopped is not there any more, and stopping it again does no harm', async () => {
  const broker = await startBroker();
  await produce(broker, 'value');
  await broker.stop();
  await broker.stop();
  await assert.rejects(WireClient.connect(broker.bootstrap), { code: 'ECONNREFUSED' });
});

test('a broker leaves scope with its block', async () => {
  let bootstrap: string;
  {
    await using broker = await startBroker();
    ({ bootstrap } = broker);
    await produce(broker, 'value');
  }
  await assert.rejects(WireClient.connect(bootstrap), { code: 'ECONNREFUSED' });
});

test("Kafka's own keys configure it, and a wrong value is refused", async () => {
  await using broker = await startBroker({ 'num.partitions': '3', 'node.id': '9' });
  await using client = await WireClient.connect(broker.bootstrap);
  const { topics, brokers } = await client.send('metadata', 12, {
    topics: [{ name: 't' }],
    allowAutoTopicCreation: true,
  });
  assert.equal(topics[0]?.partitions.length, 3);
  assert.deepEqual(
    brokers.map(({ nodeId, port }) => [nodeId, port]),
    [[9, broker.port]],
  );
  await assert.rejects(
    startBroker({ 'num.partitions': 'many' }),
    (error) => isMillraceError(error) && error.code === 'CONFIG',
  );
});

test('a port that is taken is refused', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  try {
    await assert.rejects(
      startBroker({ listeners: `PLAINTEXT://127.0.0.1:${port}` }),
      (error) => isMillraceError(error) && error.code === 'IN_USE',
    );
  } finally {
    server.close();
  }
});

/** How many there are of each kind of what would keep the process alive. */
function openHandles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function leaked(before: ReadonlyMap<string, number>): string[] {
  const more = [...openHandles()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  return more.map(([kind, count]) => `${count - (before.get(kind) ?? 0)} of ${kind}`);
}

async function produce(broker: TestBroker, value: string): Promise<void> {
  await using client = await WireClient.connect(broker.bootstrap);
  await client.send('metadata', 12, { topics: [{ name: 't' }], allowAutoTopicCreation: true });
  const partitionData = [{ index: 0, records: encodeBatch([{ value: Buffer.from(value) }]) }];
  const { responses } = await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: 't', partitionData }],
  });
  assert.equal(errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1), 'NONE');
}

async function fetch(broker: TestBroker): Promise<string> {
  await using client = await WireClient.connect(broker.bootstrap);
  const { responses } = await client.send('fetch', 12, {
    maxWaitMs: 1000,
    minBytes: 1,
    topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
    forgottenTopicsData: [],
  });
  const [record] = decodeBatch(responses[0]?.partitions[0]?.records ?? Buffer.alloc(0), 0, 1 << 20);
  return String(record?.value);
}
