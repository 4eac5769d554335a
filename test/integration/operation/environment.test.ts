/** Started by the variables of compose files, new and old; a client on each listener is sent back to the listener it came by. */
import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { encodeBatch, errorName } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { freePort } from '../../../tools/reference/kafka-node.ts';
import { testFolder } from './folder.ts';
import { launch } from './launched-broker.ts';

const timeout = 60_000;
const clusterId = '5L6g3nShT-eMCtK--X86sw';

/** The set that the Apache image is documented with; names and ports are the test's. */
function kraftVariables(
  folder: string,
  at: { readonly inside: string; readonly controller: string; readonly outsidePort: number },
) {
  return {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: `1@${at.controller}`,
    KAFKA_LISTENERS: `PLAINTEXT://${at.inside},CONTROLLER://${at.controller},PLAINTEXT_HOST://0.0.0.0:${at.outsidePort}`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${at.inside},PLAINTEXT_HOST://localhost:${at.outsidePort}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_LOG_DIRS: folder,
    CLUSTER_ID: clusterId,
  };
}

test('with two listeners each client is told the address of its own', { timeout }, async () => {
  using folder = testFolder();
  const [insidePort, controllerPort, outsidePort] = [await freePort(), await freePort(), await freePort()];
  const inside = `127.0.0.1:${insidePort}`;
  await using _broker = await launch({
    environment: kraftVariables(folder.path, { inside, controller: `127.0.0.1:${controllerPort}`, outsidePort }),
  });
  await isToldAddress(inside, inside);
  await isToldAddress(`127.0.0.1:${outsidePort}`, `localhost:${outsidePort}`);
});

test('the variables of the image with their very names and ports', { timeout }, async (t) => {
  if (!(await canUseImageNames()))
    return t.skip('needs a loopback address for the name "broker", and ports 9092, 29092 and 29093');
  using folder = testFolder();
  await using _broker = await launch({
    environment: kraftVariables(folder.path, { inside: 'broker:29092', controller: 'broker:29093', outsidePort: 9092 }),
  });
  await isToldAddress('broker:29092', 'broker:29092');
  await isToldAddress('127.0.0.1:9092', 'localhost:9092');
});

test('the variables of the time of ZooKeeper start a node, with one line about them', { timeout }, async () => {
  using folder = testFolder();
  const port = await freePort();
  await using broker = await launch({
    environment: {
      KAFKA_BROKER_ID: '7',
      KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_LOG_DIRS: folder.path,
    },
  });
  const warnings = broker.lines.filter(({ level }) => level >= 40).map(({ msg }) => msg);
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0] ?? '', /ZooKeeper/);
  await using client = await WireClient.connect(`127.0.0.1:${port}`);
  const { brokers } = await client.send('metadata', 12, { topics: [], allowAutoTopicCreation: false });
  assert.deepEqual(
    brokers.map(({ nodeId }) => nodeId),
    [7],
  );
});

test(
  'the lines that tell it is ready come in order, and at the first of them a client can produce',
  { timeout },
  async () => {
    using folder = testFolder();
    const port = await freePort();
    const produced = Promise.withResolvers<string>();
    await using broker = await launch({
      environment: {
        KAFKA_NODE_ID: '3',
        KAFKA_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
        KAFKA_LOG_DIRS: folder.path,
      },
      onLine: ({ msg }) => {
        if (msg.includes('RECOVERY to RUNNING')) produce(`127.0.0.1:${port}`).then(produced.resolve, produced.reject);
      },
    });
    assert.equal(await produced.promise, 'NONE');
    const told = broker.lines.map(({ msg }) => msg).filter((msg) => /\[\w+ (id|nodeId)=3\]/.test(msg));
    assert.deepEqual(told, [
      '[BrokerLifecycleManager id=3] The broker has been unfenced. Transitioning from RECOVERY to RUNNING.',
      '[KafkaRaftServer nodeId=3] Kafka Server started',
      '[KafkaServer id=3] started',
    ]);
  },
);

/** By Metadata, FindCoordinator and DescribeCluster, which is all that clients follow. */
async function isToldAddress(bootstrap: string, expected: string): Promise<void> {
  await using client = await WireClient.connect(bootstrap);
  const { brokers, clusterId: id } = await client.send('metadata', 12, { topics: [], allowAutoTopicCreation: false });
  assert.deepEqual(
    brokers.map(({ nodeId, host, port }) => `${nodeId} ${host}:${port}`),
    [`1 ${expected}`],
  );
  assert.equal(id, clusterId);
  const found = await client.send('findCoordinator', 3, { key: 'g', keyType: 0 });
  assert.equal(`${errorName(found.errorCode)} ${found.host}:${found.port}`, `NONE ${expected}`);
  const cluster = await client.send('describeCluster', 1, { includeClusterAuthorizedOperations: false });
  assert.deepEqual(
    cluster.brokers.map(({ host, port }) => `${host}:${port}`),
    [expected],
  );
  assert.equal(cluster.clusterId, clusterId);
}

async function produce(bootstrap: string): Promise<string> {
  await using client = await WireClient.connect(bootstrap);
  const { topics } = await client.send('createTopics', 7, {
    topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  });
  assert.equal(errorName(topics[0]?.errorCode ?? -1), 'NONE');
  const partitionData = [{ index: 0, records: encodeBatch([{ value: Buffer.from('first') }]) }];
  const { responses } = await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: 't', partitionData }],
  });
  return errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1);
}

async function canUseImageNames(): Promise<boolean> {
  try {
    const { address } = await lookup('broker');
    if (!address.startsWith('127.')) return false;
    for (const port of [9092, 29092, 29093]) await isFree(port);
    return true;
  } catch {
    return false;
  }
}

async function isFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '0.0.0.0', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
