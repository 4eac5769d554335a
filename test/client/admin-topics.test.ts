import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { isClientError, settled } from '@millrace/client';

import { AdminStage } from './admin-stage.ts';
import { uniqueName } from './target.ts';

suite('admin: topics, configs, records', () => {
  let stage: AdminStage;

  before(async () => {
    stage = await AdminStage.open();
  });

  after(() => stage[Symbol.asyncDispose]());

  test('a topic is made as it is wanted, listed, described by name and by id, raised and deleted', async () => {
    const { admin, target } = stage;
    const name = uniqueName('made');
    const [made] = await admin.createTopics([
      { name, numPartitions: 3, replicationFactor: target.brokers, configs: { 'retention.ms': 1234 } },
    ]);
    assert.equal(made?.name, name);
    assert.equal(made.numPartitions, 3);
    assert.equal(made.replicationFactor, target.brokers);
    const retention = made.configs.find((entry) => entry.name === 'retention.ms');
    assert.deepEqual([retention?.value, retention?.source], ['1234', 'DYNAMIC_TOPIC_CONFIG']);
    await stage.everywhere(name);

    const listing = (await admin.listTopics()).find((topic) => topic.name === name);
    assert.deepEqual(listing, { name, topicId: made.topicId, isInternal: false });

    const [described] = await admin.describeTopics([name], { includeAuthorizedOperations: true });
    assert.equal(described?.topicId, made.topicId);
    assert.deepEqual(
      described.partitions.map(({ index, replicas, isr }) => [index, replicas.length, isr.length]),
      [0, 1, 2].map((index) => [index, target.brokers, target.brokers]),
    );
    assert.ok(described.authorizedOperations?.includes('ALTER_CONFIGS'));
    const [byId] = await admin.describeTopics([{ topicId: made.topicId }]);
    assert.equal(byId?.name, name);
    assert.deepEqual(
      byId.partitions.map(({ replicas }) => replicas),
      described.partitions.map(({ replicas }) => replicas),
    );

    await admin.createPartitions([{ topic: name, totalCount: 5 }]);
    await admin.listOffsets([{ topic: name, partition: 4, at: 'latest' }]);
    await stage.everywhere(name);

    await admin.deleteTopics([{ topicId: made.topicId }]);
    await assert.rejects(admin.deleteTopics([name]), { code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  test('partitions are put on the brokers that are named', async () => {
    const { admin, target } = stage;
    const name = uniqueName('placed');
    const ids = [...(await admin.describeCluster()).nodes].map(({ id }) => id).toSorted((a, b) => a - b);
    const assignments = [[ids.at(-1)!], [ids[0]!]];
    await admin.createTopics([{ name, assignments }]);
    await stage.everywhere(name);
    await admin.createPartitions([{ topic: name, totalCount: 3, newAssignments: [[ids.at(-1)!]] }]);
    await admin.listOffsets([{ topic: name, partition: 2, at: 'latest' }]);
    const [described] = await admin.describeTopics([{ topicId: (await admin.describeTopics([name]))[0]!.topicId }]);
    assert.equal(described?.partitions[0]?.leaderId, ids.at(-1));
    assert.equal(described?.partitions[1]?.leaderId, ids[0]);
    assert.equal(target.brokers, ids.length);
  });

  test('a topic with more partitions than one answer has room for comes whole', async () => {
    const name = await stage.topic('paged', 7);
    const other = await stage.topic('paged', 2);
    const topics = await stage.admin.describeTopics([other, name], { partitionSizeLimitPerResponse: 3 });
    assert.deepEqual(
      topics.map((topic) => topic.name),
      [other, name],
    );
    assert.deepEqual(
      topics.map(({ partitions }) => partitions.map(({ index }) => index)),
      [
        [0, 1],
        [0, 1, 2, 3, 4, 5, 6],
      ],
    );
  });

  test('what failed is named, and what did not is there', async () => {
    const { admin, target } = stage;
    const name = await stage.topic('there');
    const absent = uniqueName('absent');
    const { results, failures } = await settled(admin.describeTopics([absent, name]));
    assert.deepEqual(
      results.map((topic) => topic.name),
      [name],
    );
    assert.equal(failures.get(absent)?.code, 'UNKNOWN_TOPIC_OR_PARTITION');

    const fresh = uniqueName('fresh');
    const topics = [name, fresh].map((topic) => ({ name: topic, numPartitions: 1, replicationFactor: target.brokers }));
    await assert.rejects(admin.createTopics(topics), (error) => {
      assert.ok(isClientError(error));
      assert.equal(error.code, 'TOPIC_ALREADY_EXISTS');
      assert.match(error.message, new RegExp(`^1 of 2 failed. The first: Creating topic "${name}"`));
      assert.deepEqual([...error.failures.keys()], [name]);
      return true;
    });
    await stage.everywhere(fresh);
  });

  test('a look whether it could be done does nothing', async () => {
    const { admin } = stage;
    const name = uniqueName('never');
    const [looked] = await admin.createTopics([{ name, numPartitions: 4, replicationFactor: 1 }], {
      validateOnly: true,
    });
    assert.equal(looked?.numPartitions, 4);
    await assert.rejects(admin.describeTopics([name]), { code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    await assert.rejects(admin.createTopics(['no/such'], { validateOnly: true }), { code: 'INVALID_TOPIC_EXCEPTION' });
  });

  test('configs are set, appended to, taken back, and told with where they come from', async () => {
    const { admin } = stage;
    const name = await stage.topic('configs', 1, { configs: new Map([['cleanup.policy', 'delete']]) });
    const resource = { type: 'TOPIC', name } as const;
    await admin.incrementalAlterConfigs([
      {
        ...resource,
        ops: [
          { name: 'segment.bytes', value: 1_048_576 },
          { name: 'cleanup.policy', op: 'APPEND', value: 'compact' },
        ],
      },
    ]);
    const valueOf = async (config: string) => {
      const [described] = await admin.describeConfigs([{ ...resource, configNames: [config] }], {
        includeSynonyms: true,
        includeDocumentation: true,
      });
      assert.equal(described?.entries.length, 1);
      return described.entries[0]!;
    };
    const eventually = async (config: string, value: string) =>
      await stage.until(
        () => valueOf(config),
        (entry) => entry.value === value,
      );
    const segment = await eventually('segment.bytes', '1048576');
    assert.equal(segment.type, 'INT');
    assert.equal(segment.isDefault, false);
    assert.deepEqual(segment.synonyms[0], { name: 'segment.bytes', value: '1048576', source: 'DYNAMIC_TOPIC_CONFIG' });
    assert.equal(segment.synonyms.at(-1)?.source, 'DEFAULT_CONFIG');
    assert.ok((segment.documentation ?? '').length > 20);
    await eventually('cleanup.policy', 'delete,compact');
    await admin.incrementalAlterConfigs([{ ...resource, ops: [{ name: 'segment.bytes', op: 'DELETE' }] }]);
    assert.equal((await eventually('segment.bytes', '1073741824')).isDefault, true);
    await assert.rejects(
      admin.incrementalAlterConfigs([{ ...resource, ops: [{ name: 'segment.bytes', value: 'many' }] }], {
        validateOnly: true,
      }),
      { code: 'INVALID_CONFIG' },
    );
  });

  test('brokers are asked for their own configs', async () => {
    const { admin } = stage;
    const { nodes } = await admin.describeCluster();
    const described = await admin.describeConfigs([
      ...nodes.map(({ id }) => ({ type: 'BROKER' as const, name: `${id}`, configNames: ['node.id', 'broker.id'] })),
      { type: 'BROKER', name: '' },
    ]);
    for (const [index, { id }] of nodes.entries())
      assert.ok(
        described[index]?.entries.some(({ value }) => value === `${id}`),
        `broker ${id} tells its id`,
      );
    assert.equal(described.length, nodes.length + 1);
  });

  test('offsets are listed at every place, and records before one are deleted', async () => {
    const { admin } = stage;
    const topic = await stage.topic('offsets', 2);
    await stage.produce({ topic, partition: 0 }, [1000, 3000, 2000]);
    const at = async (...places: Parameters<typeof admin.listOffsets>[0][number]['at'][]) => {
      const found = [];
      for (const place of places) found.push(...(await admin.listOffsets([{ topic, partition: 0, at: place }])));
      return found.map(({ offset, timestamp }) => [offset, timestamp]);
    };
    assert.deepEqual(await at('earliest', 'latest', 'maxTimestamp', 1500, new Date(3001)), [
      [0n, -1],
      [3n, -1],
      [1n, 3000],
      [1n, 3000],
      [-1n, -1],
    ]);
    const both = await admin.listOffsets(
      [0, 1].map((partition) => ({ topic, partition, at: 'latest' as const })),
      { isolationLevel: 'read_committed' },
    );
    assert.deepEqual(
      both.map(({ partition, offset }) => [partition, offset]),
      [
        [0, 3n],
        [1, 0n],
      ],
    );
    assert.deepEqual(await admin.deleteRecords([{ topic, partition: 0, beforeOffset: 2n }]), [
      { topic, partition: 0, lowWatermark: 2n },
    ]);
    assert.deepEqual(await at('earliest'), [[2n, -1]]);
    assert.deepEqual(await admin.deleteRecords([{ topic, partition: 0, beforeOffset: -1n }]), [
      { topic, partition: 0, lowWatermark: 3n },
    ]);
    await assert.rejects(admin.deleteRecords([{ topic, partition: 0, beforeOffset: 9n }]), {
      code: 'OFFSET_OUT_OF_RANGE',
    });
  });

  test('a topic that is not there is waited for as long as the call may take', async () => {
    const topic = uniqueName('absent');
    const call = stage.admin.listOffsets([{ topic, partition: 0, at: 'latest' }], { timeoutMs: 400 });
    await assert.rejects(call, (error) => {
      assert.ok(isClientError(error));
      assert.equal(error.code, 'TIMEOUT');
      assert.match(error.message, new RegExp(topic));
      return true;
    });
  });
});
