// kafkajs 2.2.4, unmodified, against the broker.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import kafkajs, { type Admin, type IHeaders, type Kafka, type Message } from 'kafkajs';
import { brokerForTest, freshName, type BrokerForTest } from '../js-broker.ts';
import { Members, until } from '../js-members.ts';
import { plugCodecs } from './codecs.ts';

const { CompressionTypes, ConfigResourceTypes, logLevel } = kafkajs;
const FIRST_TIMESTAMP = 1_500_000_000_000;
const keep = [{ name: 'retention.ms', value: '-1' }];

suite('kafkajs', () => {
  let broker: BrokerForTest;
  let kafka: Kafka;
  let admin: Admin;

  before(async () => {
    plugCodecs();
    broker = await brokerForTest();
    kafka = new kafkajs.Kafka({
      brokers: [broker.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20, retries: 8 },
    });
    admin = kafka.admin();
    await admin.connect();
  });

  after(async () => {
    await admin.disconnect();
    await broker[Symbol.asyncDispose]();
  });

  async function createTopic(numPartitions: number): Promise<string> {
    const topic = freshName('kafkajs');
    await admin.createTopics({ topics: [{ topic, numPartitions, configEntries: keep }], waitForLeaders: true });
    return topic;
  }

  async function send(topic: string, messages: Message[], compression = CompressionTypes.None) {
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    try {
      return await producer.send({ topic, messages, compression });
    } finally {
      await producer.disconnect();
    }
  }

  /** Reads so many messages of a topic in a group of its own, after an optional seek. */
  async function read(topic: string, count: number, seek?: { partition: number; offset: string }) {
    const consumer = kafka.consumer({ groupId: freshName('reader'), maxWaitTimeInMs: 20 });
    const messages: {
      partition: number;
      offset: string;
      timestamp: string;
      key: string | undefined;
      value: string | undefined;
      headers: IHeaders | undefined;
    }[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { offset, timestamp, key, value, headers } }) => {
        messages.push({ partition, offset, timestamp, key: key?.toString(), value: value?.toString(), headers });
      },
    });
    if (seek !== undefined) consumer.seek({ topic, ...seek });
    await until(`${count} messages`, () => messages.length >= count);
    await consumer.disconnect();
    return messages;
  }

  test('the cluster describes itself', async () => {
    const { brokers, controller, clusterId } = await admin.describeCluster();
    assert.deepEqual(brokers, [{ nodeId: 1, host: broker.host, port: broker.port }]);
    assert.equal(controller, 1);
    assert.equal(clusterId.length, 22);
  });

  test('a topic is created, listed, described and deleted', async () => {
    const topic = await createTopic(3);
    assert.ok((await admin.listTopics()).includes(topic));
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions.map(({ partitionId, leader, replicas, isr }) => ({
      partitionId,
      leader,
      replicas,
      isr,
    }));
    const one = { leader: 1, replicas: [1], isr: [1] };
    assert.deepEqual(
      partitions?.sort((a, b) => a.partitionId - b.partitionId),
      [
        { partitionId: 0, ...one },
        { partitionId: 1, ...one },
        { partitionId: 2, ...one },
      ],
    );
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  });

  test('a topic that exists is not created again', async () => {
    const topic = await createTopic(1);
    assert.equal(await admin.createTopics({ topics: [{ topic }] }), false);
  });

  test('a topic that is not there cannot be deleted', async () => {
    const hasty = kafka.admin({ retry: { retries: 0 } });
    await hasty.connect();
    await assert.rejects(hasty.deleteTopics({ topics: [freshName('absent')] }), /does not host this topic-partition/);
    await hasty.disconnect();
  });

  test('partitions are added', async () => {
    const topic = await createTopic(1);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await until('four partitions', async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length === 4;
    });
  });

  test('settings are described and altered', async () => {
    const topic = await createTopic(1);
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
    const valueOf = async (name: string) => {
      const { resources } = await admin.describeConfigs({
        resources: [{ ...resource, configNames: [name] }],
        includeSynonyms: false,
      });
      return resources[0]?.configEntries.map(({ configName, configValue, isDefault }) => ({
        configName,
        configValue,
        isDefault,
      }));
    };
    assert.deepEqual(await valueOf('cleanup.policy'), [
      { configName: 'cleanup.policy', configValue: 'delete', isDefault: true },
    ]);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ ...resource, configEntries: [...keep, { name: 'cleanup.policy', value: 'compact' }] }],
    });
    await until(
      'the setting is altered',
      async () => (await valueOf('cleanup.policy'))?.[0]?.configValue === 'compact',
    );
    await assert.rejects(
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ ...resource, configEntries: [{ name: 'no.such.setting', value: '1' }] }],
      }),
      {
        type: 'INVALID_CONFIG',
      },
    );
  });

  for (const codec of ['None', 'GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const) {
    test(`messages go through with ${codec}`, async () => {
      const topic = await createTopic(1);
      const sent = Array.from({ length: 20 }, (_, i) => ({
        key: `key-${i}`,
        value: `${codec} ${i} `.repeat(20),
        timestamp: String(FIRST_TIMESTAMP + i),
        headers: { codec, number: String(i) },
      }));
      const [noted] = await send(topic, sent, CompressionTypes[codec]);
      assert.deepEqual(
        { partition: noted?.partition, errorCode: noted?.errorCode, baseOffset: noted?.baseOffset },
        { partition: 0, errorCode: 0, baseOffset: '0' },
      );
      const got = (await read(topic, 20)).map(({ key, value, timestamp, offset, headers }) => ({
        key,
        value,
        timestamp,
        offset,
        codec: headers?.['codec']?.toString(),
      }));
      assert.deepEqual(
        got,
        sent.map(({ key, value, timestamp }, i) => ({ key, value, timestamp, offset: String(i), codec })),
      );
    });
  }

  test('an idempotent producer writes each message once, and null keys and values stay null', async () => {
    const topic = await createTopic(1);
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (let i = 0; i < 10; i++) await producer.send({ topic, messages: [{ key: null, value: String(i) }] });
    await producer.send({ topic, messages: [{ key: 'k', value: null }] });
    await producer.disconnect();
    const got = await read(topic, 11);
    assert.deepEqual(
      got.map(({ value }) => value),
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', undefined],
    );
    assert.deepEqual(
      got.map(({ key }) => key),
      [...Array.from({ length: 10 }, () => undefined), 'k'],
    );
  });

  test('a message over the limit is refused', async () => {
    const topic = await createTopic(1);
    await assert.rejects(send(topic, [{ value: 'x'.repeat(1_200_000) }]), { type: 'MESSAGE_TOO_LARGE' });
  });

  test('a consumer seeks', async () => {
    const topic = await createTopic(1);
    await send(
      topic,
      Array.from({ length: 10 }, (_, i) => ({ value: String(i) })),
    );
    const got = await read(topic, 3, { partition: 0, offset: '7' });
    assert.deepEqual(
      got.slice(-3).map(({ offset }) => offset),
      ['7', '8', '9'],
    );
  });

  test('offsets are found by time, and records are deleted', async () => {
    const topic = await createTopic(2);
    await send(
      topic,
      Array.from({ length: 10 }, (_, i) => ({
        value: String(i),
        partition: i % 2,
        timestamp: String(FIRST_TIMESTAMP + i),
      })),
    );
    const byPartition = <T extends { partition: number }>(entries: T[]) =>
      entries.sort((a, b) => a.partition - b.partition);
    assert.deepEqual(
      byPartition(await admin.fetchTopicOffsets(topic)).map(({ low, high }) => [low, high]),
      [
        ['0', '5'],
        ['0', '5'],
      ],
    );
    assert.deepEqual(byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, FIRST_TIMESTAMP + 5)), [
      { partition: 0, offset: '3' },
      { partition: 1, offset: '2' },
    ]);
    assert.deepEqual(byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, FIRST_TIMESTAMP + 99)), [
      { partition: 0, offset: '5' },
      { partition: 1, offset: '5' },
    ]);
    await admin.deleteTopicRecords({
      topic,
      partitions: [
        { partition: 0, offset: '2' },
        { partition: 1, offset: '-1' },
      ],
    });
    assert.deepEqual(
      byPartition(await admin.fetchTopicOffsets(topic)).map(({ low, high }) => [low, high]),
      [
        ['2', '5'],
        ['5', '5'],
      ],
    );
  });

  test('a group of three shares the partitions, and takes over from a member that dies or leaves', async () => {
    const topic = await createTopic(6);
    const groupId = freshName('team');
    await using members = new Members(join(import.meta.dirname, 'member.ts'), broker.bootstrap, groupId, topic);
    let sent = 0;
    const readAll = async () => {
      const records = Array.from({ length: 60 }, () => ({ partition: sent % 6, offset: Math.floor(sent++ / 6) }));
      await send(
        topic,
        records.map(({ partition, offset }) => ({ partition, value: String(offset) })),
      );
      await members.untilRead(records.map(({ partition, offset }) => [partition, offset]));
    };
    for (const name of ['a', 'b', 'c']) members.start(name);
    await members.untilShares(2, 2, 2);
    await readAll();
    const { groups } = await admin.describeGroups([groupId]);
    const [group] = groups;
    assert.deepEqual(
      [group?.state, group?.protocolType, group?.members.map(({ clientId }) => clientId).sort()],
      ['Stable', 'consumer', ['member-a', 'member-b', 'member-c']],
    );
    await assert.rejects(admin.deleteGroups([groupId]), { name: 'KafkaJSDeleteGroupsError' });
    await members.kill('b');
    await members.untilShares(3, 3);
    await readAll();
    await members.leave('c');
    await members.untilShares(6);
    await readAll();
    await members.leave('a');
    const offsetsOf = async () =>
      (await admin.fetchOffsets({ groupId, topics: [topic] }))[0]?.partitions.map(({ offset }) => offset);
    assert.deepEqual(await offsetsOf(), ['30', '30', '30', '30', '30', '30']);
  });

  test('offsets are committed with metadata, and groups are listed and deleted', async () => {
    const topic = await createTopic(1);
    await send(topic, [{ value: 'one' }]);
    const groupId = freshName('alone');
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 20 });
    let reads = 0;
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: async () => void reads++ });
    await until('the message is read', () => reads === 1);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1', metadata: 'a note' }]);
    await consumer.disconnect();
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
    assert.deepEqual(committed?.partitions, [{ partition: 0, offset: '1', metadata: 'a note' }]);
    const { groups } = await admin.listGroups();
    assert.deepEqual(
      groups.filter((group) => group.groupId === groupId),
      [{ groupId, protocolType: 'consumer' }],
    );
    assert.deepEqual(
      (await admin.deleteGroups([groupId])).map(({ errorCode }) => errorCode),
      [0],
    );
    assert.ok(!(await admin.listGroups()).groups.some((group) => group.groupId === groupId));
  });
});
