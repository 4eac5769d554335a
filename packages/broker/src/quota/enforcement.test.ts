/** Quotas and limits as clients meet them, over sockets. What is expected was first seen in Apache Kafka 4.3.1. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch, errorName, errors, zeroUuid } from '@millrace/protocol';
import { startBroker, WireClient, type TestBroker } from '@millrace/testkit';

import { decodeMetadataRecord, encodeMetadataRecord } from '../metadata/record.ts';
import { MetadataImage } from '../metadata/image.ts';

type Entity = Readonly<Record<string, string | null>>;
type Quotas = Readonly<Record<string, number | null>>;

const self: Entity = { 'client-id': 'wire-client' };

async function setQuotas({ bootstrap }: TestBroker, quotas: Quotas, entity: Entity = self): Promise<void> {
  await using admin = await WireClient.connect(bootstrap);
  const { entries } = await admin.send('alterClientQuotas', 1, {
    entries: [
      {
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(quotas).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
      },
    ],
    validateOnly: false,
  });
  assert.deepEqual(
    entries.map(({ errorCode, errorMessage }) => [errorName(errorCode), errorMessage]),
    [['NONE', null]],
  );
}

async function createTopic(
  client: WireClient,
  name: string,
  numPartitions = 1,
  version = 7,
): Promise<{ code: string; throttleTimeMs: number }> {
  const { topics, throttleTimeMs } = await client.send('createTopics', version, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
  });
  return { code: errorName(topics[0]?.errorCode ?? -1), throttleTimeMs };
}

const value = { value: Buffer.alloc(1000) };

function produceRequest(acks: number) {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: encodeBatch([value]) }] }];
  return { acks, timeoutMs: 5000, topicData };
}

async function produce(client: WireClient): Promise<number> {
  const answer = await client.send('produce', 9, produceRequest(-1));
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, errors.NONE);
  return answer.throttleTimeMs;
}

async function fetch(client: WireClient, session = { sessionId: 0, sessionEpoch: -1 }) {
  return await client.send('fetch', 12, {
    replicaId: -1,
    maxWaitMs: 10,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel: 0,
    ...session,
    topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
    forgottenTopicsData: [],
    rackId: '',
  });
}

/** Whether a request that is sent now is answered before other clients were served `turns` times. */
async function isMuted(broker: TestBroker, client: WireClient, turns = 20): Promise<boolean> {
  let isAnswered = false;
  const answer = client.send('apiVersions', 0, {}).then(
    () => (isAnswered = true),
    () => false,
  );
  await using other = await WireClient.connect(broker.bootstrap);
  for (let turn = 0; turn < turns; turn++) await other.send('listGroups', 0, {});
  void answer;
  return !isAnswered;
}

suite('a client whose quota is used up', () => {
  test('has its produce answered with the time to wait, and is not read until then', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    await createTopic(client, 't');
    assert.equal(await produce(client), 0);
    await setQuotas(broker, { producer_byte_rate: 100 });
    const throttleTimeMs = await produce(client);
    // About 1,100 bytes against a thousand in ten windows.
    assert.ok(throttleTimeMs > 500 && throttleTimeMs < 3000, `it waits ${throttleTimeMs} ms`);
    assert.ok(await isMuted(broker, client));
    await using fresh = await WireClient.connect(broker.bootstrap);
    assert.ok(!(await isMuted(broker, fresh)), 'another connection of it is read');
    await setQuotas(broker, { producer_byte_rate: null });
    assert.equal(await produce(fresh), 0);
  });

  test('is answered when its time is over', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    await createTopic(client, 't');
    await setQuotas(broker, { producer_byte_rate: 105 });
    assert.ok((await produce(client)) > 0);
    await client.send('apiVersions', 0, {});
  });

  test('is not read either when it wants no answers', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    await createTopic(client, 't');
    await setQuotas(broker, { producer_byte_rate: 10 });
    client.post('produce', 9, produceRequest(0));
    assert.ok(await isMuted(broker, client));
  });

  test('fetches nothing, and begins no session', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    await createTopic(client, 't');
    for (let time = 0; time < 3; time++) await produce(client);
    // Room for two of the three batches.
    await setQuotas(broker, { consumer_byte_rate: 220 });
    const first = await fetch(client);
    assert.equal(first.throttleTimeMs, 0);
    assert.equal(first.responses[0]?.partitions[0]?.records?.length, 2 * encodeBatch([value]).length);
    const second = await fetch(client, { sessionId: 0, sessionEpoch: 0 });
    assert.ok(second.throttleTimeMs > 0);
    assert.deepEqual([second.errorCode, second.sessionId, second.responses.length], [0, 0, 0]);
    assert.equal(broker.broker.sessions.count, 0);
    assert.ok(await isMuted(broker, client));
  });

  test('gets a batch that is larger than its quota all the same, once', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    await createTopic(client, 't');
    await produce(client);
    await setQuotas(broker, { consumer_byte_rate: 1 });
    const first = await fetch(client);
    assert.equal(first.throttleTimeMs, 0);
    assert.ok((first.responses[0]?.partitions[0]?.records?.length ?? 0) > 1000);
    assert.ok((await fetch(client)).throttleTimeMs > 0);
  });

  test('waits no longer than a window for the time that its requests took', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    await setQuotas(broker, { request_percentage: 1e-6 });
    const { throttleTimeMs } = await client.send('metadata', 12, { topics: [] });
    assert.equal(throttleTimeMs, 1000);
  });

  test('changes nothing of the cluster, or is throttled where its version does not know the error', async () => {
    await using broker = await startBroker();
    await setQuotas(broker, { controller_mutation_rate: 1 });
    const outcomes: string[] = [];
    for (const [name, version] of [
      ['a', 7],
      ['b', 7],
      ['c', 7],
      ['d', 5],
    ] as const) {
      // Muted ones are of no use any more.
      await using client = await WireClient.connect(broker.bootstrap);
      const { code, throttleTimeMs } = await createTopic(client, name, 8, version);
      outcomes.push(`${name} ${code} ${throttleTimeMs > 0 ? 'throttled' : 'at once'}`);
    }
    // Eleven tokens: the second takes more than there are, the third finds none.
    assert.deepEqual(outcomes, [
      'a NONE at once',
      'b NONE at once',
      'c THROTTLING_QUOTA_EXCEEDED throttled',
      'd NONE throttled',
    ]);
    await using client = await WireClient.connect(broker.bootstrap);
    const { responses } = await client.send('deleteTopics', 6, {
      topics: [{ name: 'a', topicId: zeroUuid }],
      timeoutMs: 1000,
    });
    assert.equal(errorName(responses[0]?.errorCode ?? -1), 'THROTTLING_QUOTA_EXCEEDED');
    await using another = await WireClient.connect(broker.bootstrap);
    const grown = await another.send('createPartitions', 3, {
      topics: [{ name: 'a', count: 9, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    });
    assert.deepEqual(
      grown.results.map(({ errorCode, errorMessage }) => [errorName(errorCode), errorMessage]),
      [['THROTTLING_QUOTA_EXCEEDED', null]],
    );
    assert.equal(broker.broker.image.topic('a')?.partitions.length, 8);
  });

  test('shows in the metrics', async () => {
    await using broker = await startBroker({ 'admin.listener': '127.0.0.1:0' });
    await using client = await WireClient.connect(broker.bootstrap);
    await createTopic(client, 't');
    await setQuotas(broker, { producer_byte_rate: 10 }, { user: null });
    await produce(client);
    const response = await globalThis.fetch(`http://127.0.0.1:${broker.broker.adminPort}/metrics`);
    const text = await response.text();
    assert.match(text, /^kafka_server_produce_throttle_time\{user="ANONYMOUS"\} [1-9]/m);
    assert.match(text, /^millrace_throttled_answers_total\{quota="produce",user="ANONYMOUS"\} 1$/m);
  });
});

suite('quotas', () => {
  test('of both user and client come before those of one, and are stored', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    await createTopic(client, 't');
    await setQuotas(broker, { producer_byte_rate: 1 }, { user: null });
    await setQuotas(broker, { producer_byte_rate: 1e9 }, { user: 'ANONYMOUS', 'client-id': 'wire-client' });
    assert.equal(await produce(client), 0);
    const copy = new MetadataImage();
    for (const record of broker.broker.image.records())
      copy.replay(decodeMetadataRecord(encodeMetadataRecord(record, 1)));
    assert.deepEqual([...copy.quotas.entries()], [...broker.broker.image.quotas.entries()]);
    assert.equal([...copy.quotas.entries()].length, 2);
  });
});

async function served(broker: TestBroker): Promise<WireClient> {
  const client = await WireClient.connect(broker.bootstrap);
  await client.send('apiVersions', 0, {});
  return client;
}

async function setBroker({ bootstrap }: TestBroker, name: string, text: string): Promise<void> {
  await using admin = await WireClient.connect(bootstrap);
  const { responses } = await admin.send('incrementalAlterConfigs', 1, {
    resources: [{ resourceType: 4, resourceName: '1', configs: [{ name, configOperation: 0, value: text }] }],
    validateOnly: false,
  });
  assert.equal(responses[0]?.errorCode, errors.NONE);
}

suite('connections', () => {
  test('over max.connections wait for others to leave, also when it is lowered and raised later', async () => {
    await using broker = await startBroker({ 'max.connections': '2' });
    const first = await served(broker);
    await using second = await served(broker);
    await using third = await WireClient.connect(broker.bootstrap);
    assert.equal(await answeredAfter(third, async () => await second.send('apiVersions', 0, {})), false);
    const answer = third.send('apiVersions', 0, {});
    first.close();
    await answer;
    assert.equal(broker.broker.admission.counters('PLAINTEXT').count, 2);
  });

  test('of one listener have a limit of their own, which may change', async () => {
    await using broker = await startBroker({ 'listener.name.plaintext.max.connections': '2' });
    await using first = await served(broker);
    await setBroker(broker, 'listener.name.plaintext.max.connections', '1');
    await using second = await WireClient.connect(broker.bootstrap);
    assert.equal(await answeredAfter(second, async () => await first.send('apiVersions', 0, {})), false);
  });

  test('that are too many since max.connections was lowered are closed, the most silent first', async () => {
    await using broker = await startBroker();
    const silent = await served(broker);
    await using second = await served(broker);
    await using third = await served(broker);
    await second.send('apiVersions', 0, {});
    await setBroker(broker, 'max.connections', '3');
    await silent.closed;
    await third.send('apiVersions', 0, {});
    await second.send('apiVersions', 0, {});
  });

  test('of one address over its limit are closed at once, unless an override says otherwise', async () => {
    await using broker = await startBroker({
      'max.connections.per.ip': '0',
      'max.connections.per.ip.overrides': '10.0.0.1:5,127.0.0.1:1',
    });
    await using first = await served(broker);
    const second = await WireClient.connect(broker.bootstrap);
    await second.closed;
    await first.send('apiVersions', 0, {});
    assert.equal(broker.broker.admission.counters('PLAINTEXT').refusedCount, 1);
  });

  test('that come too fast for their address are closed after a while', async () => {
    await using broker = await startBroker({ 'quota.window.num': '2' });
    await setQuotas(broker, { connection_creation_rate: 2 }, { ip: '127.0.0.1' });
    await using first = await served(broker);
    await using second = await served(broker);
    const third = await WireClient.connect(broker.bootstrap);
    await third.closed;
    await first.send('apiVersions', 0, {});
    await second.send('apiVersions', 0, {});
    assert.ok(broker.broker.admission.counters('PLAINTEXT').addressThrottleMs > 0);
  });

  test('that come too fast all together wait, and come in', async () => {
    await using broker = await startBroker({ 'max.connection.creation.rate': '5', 'quota.window.num': '2' });
    for (let count = 0; count < 8; count++) {
      await using client = await WireClient.connect(broker.bootstrap);
      await client.send('apiVersions', 0, {});
    }
    assert.ok(broker.broker.admission.counters('PLAINTEXT').throttleMs > 0);
    assert.equal(broker.broker.admission.counters('PLAINTEXT').acceptedCount, 8);
  });
});

/** Whether `waiting` is answered while `others` are served many times. */
async function answeredAfter(waiting: WireClient, others: () => Promise<unknown>): Promise<boolean> {
  let isAnswered = false;
  void waiting.send('apiVersions', 0, {}).then(
    () => (isAnswered = true),
    () => undefined,
  );
  for (let turn = 0; turn < 20; turn++) await others();
  return isAnswered;
}
