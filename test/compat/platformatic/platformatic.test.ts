// @platformatic/kafka 2.12.1, unmodified, against the broker.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  Admin,
  Consumer,
  Producer,
  type CompressionAlgorithmValue,
  type Message,
  type MessageToProduce,
} from '@platformatic/kafka';
import { brokerForTest, freshName, type BrokerForTest } from '../js-broker.ts';
import { Members, until } from '../js-members.ts';

const FIRST_TIMESTAMP = 1_500_000_000_000n;
const keep = [{ name: 'retention.ms', value: '-1' }];
const TOPIC_RESOURCE = 2;

suite('@platformatic/kafka', () => {
  let broker: BrokerForTest;
  let admin: Admin;
  const options = () => ({ clientId: 'tester', bootstrapBrokers: [broker.bootstrap], retries: 3, retryDelay: 50 });

  before(async () => {
    broker = await brokerForTest();
    admin = new Admin(options());
  });

  after(async () => {
    await admin.close();
    await broker[Symbol.asyncDispose]();
  });

  async function createTopic(partitions: number): Promise<string> {
    const topic = freshName('platformatic');
    await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: keep });
    await until('the topic is led', async () => (await admin.listTopics()).includes(topic));
    return topic;
  }

  async function send(
    messages: MessageToProduce[],
    extra: { compression?: CompressionAlgorithmValue; idempotent?: boolean; acks?: number } = {},
  ) {
    const producer = new Producer(options());
    try {
      return await producer.send({ messages, ...extra });
    } finally {
      await producer.close();
    }
  }

  /** Reads so many messages from the beginning, or from the offsets given. */
  async function read(
    topic: string,
    count: number,
    offsets?: { partition: number; offset: bigint }[],
  ): Promise<Message[]> {
    const consumer = new Consumer({ ...options(), groupId: freshName('reader'), maxWaitTime: 20, autocommit: false });
    const from = offsets?.map((one) => ({ topic, ...one }));
    const stream = await consumer.consume({
      topics: [topic],
      ...(from === undefined ? { mode: 'earliest' } : { mode: 'manual', offsets: from }),
    });
    const messages: Message[] = [];
    for await (const message of stream) {
      if (messages.push(message) === count) break;
    }
    await consumer.close(true);
    return messages;
  }

  test('the cluster describes itself', async () => {
    const topic = await createTopic(2);
    const metadata = await admin.metadata({ topics: [topic] });
    assert.deepEqual([...metadata.brokers], [[1, { host: broker.host, port: broker.port, rack: null }]]);
    const partitions = metadata.topics
      .get(topic)
      ?.partitions.map(({ leader, leaderEpoch, replicas, isr, offlineReplicas }) => ({
        leader,
        leaderEpoch,
        replicas,
        isr,
        offlineReplicas,
      }));
    const one = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1], offlineReplicas: [] };
    assert.deepEqual(partitions, [one, one]);
    assert.equal(metadata.id.length, 22);
  });

  test('a topic is created, listed and deleted', async () => {
    const topic = freshName('platformatic');
    const [created] = await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 });
    assert.deepEqual([created?.name, created?.partitions, created?.replicas], [topic, 3, 1]);
    assert.equal(created?.configuration['cleanup.policy'], 'delete');
    await until('the topic is listed', async () => (await admin.listTopics()).includes(topic));
    await admin.deleteTopics({ topics: [topic] });
    await until('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
  });

  test('what exists is not created, and what is not there not deleted', async () => {
    const topic = await createTopic(1);
    await assert.rejects(admin.createTopics({ topics: [topic] }), hasError('TOPIC_ALREADY_EXISTS'));
    await assert.rejects(admin.deleteTopics({ topics: [freshName('absent')] }), hasError('UNKNOWN_TOPIC_OR_PARTITION'));
  });

  test('partitions are added', async () => {
    const topic = await createTopic(1);
    await admin.createPartitions({
      topics: [{ name: topic, count: 4, assignments: Array.from({ length: 3 }, () => ({ brokerIds: [1] })) }],
    });
    await until(
      'four partitions',
      async () =>
        (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic)?.partitionsCount === 4,
    );
    await assert.rejects(
      admin.createPartitions({ topics: [{ name: topic, count: 2, assignments: [] }] }),
      hasError('INVALID_PARTITIONS'),
    );
  });

  test('settings are described and altered', async () => {
    const topic = await createTopic(1);
    const describe = async (...names: string[]) => {
      const [described] = await admin.describeConfigs({
        resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: names }],
      });
      return new Map(described?.configs.map(({ name, value }) => [name, value]));
    };
    assert.equal((await describe('cleanup.policy')).get('cleanup.policy'), 'delete');
    const change = { configs: [{ name: 'cleanup.policy', configOperation: 2 as const, value: 'compact' }] };
    await admin.incrementalAlterConfigs({
      resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, ...change }],
    });
    await until(
      'the setting is altered',
      async () => (await describe('cleanup.policy')).get('cleanup.policy') === 'delete,compact',
    );
    const bad = { configs: [{ name: 'retention.ms', configOperation: 0 as const, value: '-7' }] };
    await assert.rejects(
      admin.incrementalAlterConfigs({ resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, ...bad }] }),
      hasError('INVALID_CONFIG'),
    );
  });

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    test(`messages go through with ${compression}`, async () => {
      const topic = await createTopic(1);
      const sent = Array.from({ length: 20 }, (_, i) => ({
        topic,
        partition: 0,
        key: Buffer.from(`key-${i}`),
        value: Buffer.from(`${compression} ${i} `.repeat(20)),
        timestamp: FIRST_TIMESTAMP + BigInt(i),
        headers: new Map([[Buffer.from('codec'), Buffer.from(compression)]]),
      }));
      const { offsets } = await send(sent, { compression });
      assert.deepEqual(offsets, [{ topic, partition: 0, offset: 0n }]);
      const got = (await read(topic, 20)).map(({ offset, timestamp, key, value, headers }) => [
        offset,
        timestamp,
        String(key),
        String(value),
        [...headers].map(String),
      ]);
      assert.deepEqual(
        got,
        sent.map(({ timestamp, key, value, headers }, i) => [
          BigInt(i),
          timestamp,
          String(key),
          String(value),
          [...headers].map(String),
        ]),
      );
    });
  }

  test('an idempotent producer writes each message once', async () => {
    const topic = await createTopic(1);
    const producer = new Producer({ ...options(), idempotent: true });
    for (let i = 0; i < 10; i++)
      await producer.send({ messages: [{ topic, partition: 0, value: Buffer.from(String(i)) }], acks: -1 });
    await producer.close();
    assert.deepEqual(
      (await read(topic, 10)).map(({ value }) => String(value)),
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    );
  });

  test('messages are sent without waiting for an answer', async () => {
    const topic = await createTopic(1);
    await send([{ topic, partition: 0, value: Buffer.from('unanswered') }], { acks: 0 });
    assert.deepEqual(
      (await read(topic, 1)).map(({ value }) => String(value)),
      ['unanswered'],
    );
  });

  test('a message over the limit is refused', async () => {
    const topic = await createTopic(1);
    await assert.rejects(
      send([{ topic, partition: 0, value: Buffer.alloc(1_200_000) }]),
      hasError('MESSAGE_TOO_LARGE'),
    );
  });

  test('a consumer starts where it is told', async () => {
    const topic = await createTopic(1);
    await send(Array.from({ length: 10 }, (_, i) => ({ topic, partition: 0, value: Buffer.from(String(i)) })));
    assert.deepEqual(
      (await read(topic, 3, [{ partition: 0, offset: 7n }])).map(({ offset }) => offset),
      [7n, 8n, 9n],
    );
  });

  test('offsets are found by time, and records are deleted', async () => {
    const topic = await createTopic(2);
    await send(
      Array.from({ length: 10 }, (_, i) => ({
        topic,
        partition: i % 2,
        value: Buffer.from(String(i)),
        timestamp: FIRST_TIMESTAMP + BigInt(i),
      })),
    );
    const at = async (timestamp: bigint) => {
      const [listed] = await admin.listOffsets({
        topics: [{ name: topic, partitions: [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp })) }],
      });
      return listed?.partitions
        .sort((a, b) => a.partitionIndex - b.partitionIndex)
        .map(({ offset, timestamp }) => [offset, timestamp]);
    };
    assert.deepEqual(await at(-2n), [
      [0n, -1n],
      [0n, -1n],
    ]);
    assert.deepEqual(await at(-1n), [
      [5n, -1n],
      [5n, -1n],
    ]);
    assert.deepEqual(await at(-3n), [
      [4n, FIRST_TIMESTAMP + 8n],
      [4n, FIRST_TIMESTAMP + 9n],
    ]);
    assert.deepEqual(await at(FIRST_TIMESTAMP + 5n), [
      [3n, FIRST_TIMESTAMP + 6n],
      [2n, FIRST_TIMESTAMP + 5n],
    ]);
    assert.deepEqual(await at(FIRST_TIMESTAMP + 99n), [
      [-1n, -1n],
      [-1n, -1n],
    ]);
    const [deleted] = await admin.deleteRecords({
      topics: [
        {
          name: topic,
          partitions: [
            { partition: 0, offset: 2n },
            { partition: 1, offset: -1n },
          ],
        },
      ],
    });
    assert.deepEqual(
      deleted?.partitions.sort((a, b) => a.partition - b.partition),
      [
        { partition: 0, lowWatermark: 2n },
        { partition: 1, lowWatermark: 5n },
      ],
    );
    assert.deepEqual(await at(-2n), [
      [2n, -1n],
      [5n, -1n],
    ]);
  });

  test('a group of three shares the partitions, and takes over from a member that dies or leaves', async () => {
    const topic = await createTopic(6);
    const groupId = freshName('team');
    await using members = new Members(join(import.meta.dirname, 'member.ts'), broker.bootstrap, groupId, topic);
    let sent = 0;
    const readAll = async () => {
      const records = Array.from({ length: 60 }, () => ({ partition: sent % 6, offset: Math.floor(sent++ / 6) }));
      await send(records.map(({ partition, offset }) => ({ topic, partition, value: Buffer.from(String(offset)) })));
      await members.untilRead(records.map(({ partition, offset }) => [partition, offset]));
    };
    for (const name of ['a', 'b', 'c']) members.start(name);
    await members.untilShares(2, 2, 2);
    await readAll();
    const group = (await admin.describeGroups({ groups: [groupId] })).get(groupId);
    const names = [...(group?.members.values() ?? [])].map(({ clientId }) => clientId).sort();
    assert.deepEqual(
      [group?.state, group?.protocolType, names],
      ['Stable', 'consumer', ['member-a', 'member-b', 'member-c']],
    );
    await assert.rejects(admin.deleteGroups({ groups: [groupId] }), hasError('NON_EMPTY_GROUP'));
    await members.kill('b');
    await members.untilShares(3, 3);
    await readAll();
    await members.leave('c');
    await members.untilShares(6);
    await readAll();
    await members.leave('a');
    assert.ok((await admin.listGroups()).has(groupId));
    await admin.deleteGroups({ groups: [groupId] });
    assert.ok(!(await admin.listGroups()).has(groupId));
  });

  test('offsets of a group are set, read and deleted from outside', async () => {
    const topic = await createTopic(2);
    const groupId = freshName('alone');
    await admin.alterConsumerGroupOffsets({
      groupId,
      topics: [
        {
          name: topic,
          partitionOffsets: [
            { partition: 0, offset: 3n },
            { partition: 1, offset: 4n },
          ],
        },
      ],
    });
    const offsets = async () => {
      const [group] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
      return (
        group?.topics[0]?.partitions
          .sort((a, b) => a.partitionIndex - b.partitionIndex)
          .map(({ committedOffset }) => committedOffset) ?? []
      );
    };
    assert.deepEqual(await offsets(), [3n, 4n]);
    await admin.deleteConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionIndexes: [0] }] });
    assert.deepEqual(await offsets(), [4n]);
    await admin.deleteGroups({ groups: [groupId] });
    assert.deepEqual(await offsets(), []);
  });
});

/** The errors of the broker are at the leaves of a tree of aggregate errors. */
function hasError(apiId: string): (error: unknown) => boolean {
  const leaves = (error: unknown): unknown[] =>
    error instanceof AggregateError ? error.errors.flatMap(leaves) : [error];
  return (error) => {
    const ids = leaves(error).map((leaf) =>
      leaf !== null && typeof leaf === 'object' && 'apiId' in leaf ? leaf.apiId : String(leaf),
    );
    assert.deepEqual([...new Set(ids)], [apiId]);
    return true;
  };
}
