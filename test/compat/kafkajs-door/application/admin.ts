// Every call of the admin, and how it refuses what cannot be.

import kafkajs, { type AclEntry, type Admin } from 'kafkajs';

import { shapeOf, type Stage } from './stage.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs;
const none = undefined as never;
const byPartition = <T extends { partition: number }>(entries: T[]) =>
  entries.sort((a, b) => a.partition - b.partition);

export async function admin(stage: Stage): Promise<void> {
  const admin = stage.kafka().admin();
  stage.step('admin connects');
  const heard: string[] = [];
  admin.on(admin.events.CONNECT, ({ type }) => void heard.push(type));
  admin.on(admin.events.DISCONNECT, ({ type }) => void heard.push(type));
  await admin.connect();
  const cluster = await admin.describeCluster();
  stage.say('cluster', { ...cluster, clusterId: typeof cluster.clusterId });
  await topics(stage, admin);
  await offsets(stage, admin);
  await configs(stage, admin);
  await groups(stage, admin);
  await records(stage, admin);
  await acls(stage, admin);
  await reassignments(stage, admin);
  await admin.disconnect();
  stage.say('heard', heard);
}

async function topics(stage: Stage, admin: Admin): Promise<void> {
  stage.step('topics');
  const topic = stage.name('made-by-admin');
  const second = stage.name('placed');
  stage.say('validated', await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic }] }));
  stage.say(
    'created',
    await admin.createTopics({
      timeout: 5000,
      topics: [
        { topic, numPartitions: 2, replicationFactor: 1, configEntries: [{ name: 'retention.ms', value: '7200000' }] },
        { topic: second, replicaAssignment: [{ partition: 0, replicas: [1] }] },
      ],
    }),
  );
  stage.say('created again', await admin.createTopics({ topics: [{ topic }] }));
  stage.say('listed', (await admin.listTopics()).filter((name) => [topic, second].includes(name)).sort());
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  stage.say(
    'metadata',
    topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.sort((a, b) => a.partitionId - b.partitionId),
    })),
  );
  stage.say(
    'metadata of all',
    (await admin.fetchTopicMetadata()).topics.some(({ name }) => name === second),
  );
  stage.say(
    'more partitions, validated',
    (await admin.createPartitions({ validateOnly: true, topicPartitions: [{ topic, count: 4 }] })) ?? null,
  );
  stage.say(
    'more partitions',
    (await admin.createPartitions({ topicPartitions: [{ topic, count: 3, assignments: [[1]] }] })) ?? null,
  );
  await stage.until(
    'three',
    async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length === 3,
  );
  await stage.fails('fewer partitions', () => admin.createPartitions({ topicPartitions: [{ topic, count: 1 }] }));
  stage.say('deleted', (await admin.deleteTopics({ topics: [topic, second], timeout: 5000 })) ?? null);
  await stage.until('they are gone', async () => !(await admin.listTopics()).includes(topic));
  await stage.fails('deleting what is not there', () => admin.deleteTopics({ topics: [stage.name('absent')] }));
  await stage.fails('metadata of what is not there', () =>
    admin.fetchTopicMetadata({ topics: [stage.name('absent')] }),
  );
  await stage.fails('a bad name', () => admin.createTopics({ topics: [{ topic: 'no spaces' }] }));
  await stage.fails('a bad setting', () =>
    admin.createTopics({ topics: [{ topic: stage.name('bad'), configEntries: [{ name: 'no.such', value: '1' }] }] }),
  );
  await stage.fails('too many replicas', () =>
    admin.createTopics({ topics: [{ topic: stage.name('bad'), replicationFactor: 99 }] }),
  );
  for (const [what, topics] of Object.entries({
    none,
    notList: 'x',
    number: [{ topic: 7 }],
    twice: [{ topic: 'a' }, { topic: 'a' }],
    entries: [{ topic: 'a', configEntries: 'x' }],
    entry: [{ topic: 'a', configEntries: [7] }],
    value: [{ topic: 'a', configEntries: [{ name: 'x', value: 1 }] }],
  })) {
    await stage.fails(`create ${what}`, () => admin.createTopics({ topics: topics as never }));
    await stage.fails(`delete ${what}`, () =>
      admin.deleteTopics({
        topics: (what === 'number' ? [7] : what === 'none' || what === 'notList' ? topics : none) as never,
      }),
    );
  }
  for (const [what, topicPartitions] of Object.entries({
    none,
    empty: [],
    number: [{ topic: 7, count: 1 }],
    twice: [
      { topic: 'a', count: 1 },
      { topic: 'a', count: 1 },
    ],
  }))
    await stage.fails(`partitions ${what}`, () =>
      admin.createPartitions({ topicPartitions: topicPartitions as never }),
    );
  await stage.fails('metadata of a number', () => admin.fetchTopicMetadata({ topics: [7 as never] }));
}

async function offsets(stage: Stage, admin: Admin): Promise<void> {
  stage.step('offsets');
  const topic = await stage.topic('placed-offsets', 2, [{ name: 'retention.ms', value: '-1' }]);
  const producer = stage.kafka().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({
    topic,
    messages: Array.from({ length: 10 }, (_, i) => ({
      value: String(i),
      partition: i % 2,
      timestamp: String(1_500_000_000_000 + i),
    })),
  });
  await producer.disconnect();
  const groupId = stage.name('offsets');
  stage.say('of the topic', byPartition(await admin.fetchTopicOffsets(topic)));
  stage.say('by time', byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, 1_500_000_000_005)));
  stage.say('by a late time', byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, 1_500_000_000_099)));
  stage.say('without time', byPartition(await admin.fetchTopicOffsetsByTimestamp(topic)));
  stage.say(
    'of a new group',
    (await admin.fetchOffsets({ groupId, topics: [topic] })).map(({ topic, partitions }) => ({
      topic,
      partitions: byPartition(partitions),
    })),
  );
  stage.say('of nothing', await admin.fetchOffsets({ groupId }));
  stage.say(
    'set',
    (await admin.setOffsets({
      groupId,
      topic,
      partitions: [
        { partition: 0, offset: '3' },
        { partition: 1, offset: '4' },
      ],
    })) ?? null,
  );
  stage.say(
    'then',
    (await admin.fetchOffsets({ groupId, topics: [topic] })).map(({ partitions }) => byPartition(partitions)),
  );
  stage.say(
    'all of the group',
    (await admin.fetchOffsets({ groupId })).map(({ topic, partitions }) => ({
      topic,
      partitions: byPartition(partitions),
    })),
  );
  stage.say('reset to the end', (await admin.resetOffsets({ groupId, topic, earliest: false })) ?? null);
  stage.say(
    'then',
    (await admin.fetchOffsets({ groupId, topics: [topic] })).map(({ partitions }) => byPartition(partitions)),
  );
  stage.say(
    'resolved',
    (await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true })).map(({ partitions }) =>
      byPartition(partitions),
    ),
  );
  stage.say('reset to the beginning', (await admin.resetOffsets({ groupId, topic, earliest: true })) ?? null);
  stage.say(
    'resolved',
    (await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true })).map(({ partitions }) =>
      byPartition(partitions),
    ),
  );
  await stage.fails('offsets of no topic', () => admin.fetchTopicOffsets(none));
  await stage.fails('offsets by time of no topic', () => admin.fetchTopicOffsetsByTimestamp(none, 1));
  await stage.fails('offsets of an absent topic', () => admin.fetchTopicOffsets(stage.name('absent')));
  await stage.fails('offsets of no group', () => admin.fetchOffsets({ groupId: '' }));
  await stage.fails('offsets of a word', () => admin.fetchOffsets({ groupId, topics: 'x' as never }));
  await stage.fails('set of no group', () => admin.setOffsets({ groupId: '', topic, partitions: [] }));
  await stage.fails('set of no topic', () => admin.setOffsets({ groupId, topic: '', partitions: [] }));
  await stage.fails('set of nothing', () => admin.setOffsets({ groupId, topic, partitions: [] }));
  await stage.fails('reset of no group', () => admin.resetOffsets({ groupId: '', topic, earliest: true }));
  await stage.fails('reset of no topic', () => admin.resetOffsets({ groupId, topic: '', earliest: true }));
}

async function configs(stage: Stage, admin: Admin): Promise<void> {
  stage.step('settings');
  const topic = await stage.topic('set', 1, [{ name: 'retention.ms', value: '7200000' }]);
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  const described = await admin.describeConfigs({
    includeSynonyms: true,
    resources: [{ ...resource, configNames: ['retention.ms', 'cleanup.policy'] }],
  });
  for (const { configEntries, ...rest } of described.resources) {
    stage.say('resource', rest);
    for (const entry of configEntries.sort((a, b) => (a.configName < b.configName ? -1 : 1)))
      stage.say(entry.configName, {
        ...entry,
        configSynonyms: entry.configSynonyms.map(({ configName, configSource }) => [configName, configSource]),
      });
  }
  const all = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
  stage.say('all', [(all.resources[0]?.configEntries.length ?? 0) > 20, Object.keys(all).sort()]);
  const broker = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.BROKER, name: '1', configNames: ['node.id'] }],
  });
  stage.say(
    'of a broker',
    broker.resources.map(({ configEntries, resourceName, resourceType }) => [
      resourceName,
      resourceType,
      configEntries.map(({ configName, configValue }) => [configName, configValue]),
    ]),
  );
  stage.say(
    'altered, validated',
    await admin.alterConfigs({
      validateOnly: true,
      resources: [{ ...resource, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
    }),
  );
  stage.say(
    'altered',
    shapeOf(
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ ...resource, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
      }),
    ),
  );
  await stage.until('it is altered', async () => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ ...resource, configNames: ['cleanup.policy'] }],
    });
    return resources[0]?.configEntries[0]?.configValue === 'compact';
  });
  await stage.fails('an unknown setting', () =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ ...resource, configEntries: [{ name: 'no.such', value: '1' }] }],
    }),
  );
  await stage.fails('settings of an absent topic', () =>
    admin.describeConfigs({ includeSynonyms: false, resources: [{ ...resource, name: stage.name('absent') }] }),
  );
  for (const [what, resources] of Object.entries({
    none,
    empty: [],
    type: [{ type: 99, name: 'x' }],
    name: [{ type: 2, name: '' }],
    entries: [{ type: 2, name: 'x', configNames: 7, configEntries: 7 }],
    value: [{ type: 2, name: 'x', configNames: 7, configEntries: [{ name: 'x', value: 1 }] }],
  })) {
    await stage.fails(`describe ${what}`, () =>
      admin.describeConfigs({ includeSynonyms: false, resources: resources as never }),
    );
    await stage.fails(`alter ${what}`, () =>
      admin.alterConfigs({ validateOnly: false, resources: resources as never }),
    );
  }
}

async function groups(stage: Stage, admin: Admin): Promise<void> {
  stage.step('groups');
  const topic = await stage.topic('grouped');
  const groupId = stage.name('described');
  const consumer = stage.kafka().consumer({ groupId, maxWaitTimeInMs: 40, sessionTimeout: 6000 });
  let isJoined = false;
  consumer.on(consumer.events.GROUP_JOIN, () => void (isJoined = true));
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({ eachMessage: async () => {} });
  await stage.until('joined', () => isJoined);
  const listed = async () => (await admin.listGroups()).groups.filter((group) => group.groupId === groupId);
  stage.say('listed', await listed());
  const { groups } = await admin.describeGroups([groupId]);
  stage.say(
    'described',
    groups.map(({ members, ...rest }) => ({ ...rest, members: members.map((member) => shapeOf(member)) })),
  );
  await stage.fails('deleting one that is not empty', () => admin.deleteGroups([groupId]));
  await stage.fails('setting its offsets', () =>
    admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] }),
  );
  await consumer.disconnect();
  stage.say('deleted', await admin.deleteGroups([groupId]));
  stage.say('listed', await listed());
  stage.say(
    'described when it is gone',
    (await admin.describeGroups([groupId])).groups.map(({ groupId, state, members }) => ({ groupId, state, members })),
  );
  await stage.fails('deleting one that is not there', () => admin.deleteGroups([stage.name('absent')]));
  stage.say('deleting none', await admin.deleteGroups([]));
  await stage.fails('deleting nothing', () => admin.deleteGroups(none));
  await stage.fails('deleting a number', () => admin.deleteGroups([7 as never]));
}

async function records(stage: Stage, admin: Admin): Promise<void> {
  stage.step('records');
  const topic = await stage.topic('shrunk', 2);
  await stage.fill(
    topic,
    Array.from({ length: 10 }, (_, i) => ({ value: String(i), partition: i % 2 })),
  );
  await admin.fetchTopicOffsets(topic);
  stage.say(
    'deleted',
    (await admin.deleteTopicRecords({
      topic,
      partitions: [
        { partition: 0, offset: '2' },
        { partition: 1, offset: '-1' },
      ],
    })) ?? null,
  );
  stage.say(
    'then',
    byPartition(await admin.fetchTopicOffsets(topic)).map(({ low, high }) => [low, high]),
  );
  await stage.fails('beyond the end', () =>
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '99' }] }),
  );
  await stage.fails('in an absent partition', () =>
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 9, offset: '1' }] }),
  );
  await stage.fails('of no topic', () => admin.deleteTopicRecords({ topic: '', partitions: [] }));
  await stage.fails('of nothing', () => admin.deleteTopicRecords({ topic, partitions: [] }));
}

async function acls(stage: Stage, admin: Admin): Promise<void> {
  stage.step('access');
  const entry: AclEntry = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: 'secret',
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:eve',
    host: '*',
    operation: AclOperationTypes.READ,
    permissionType: AclPermissionTypes.DENY,
  };
  // The clusters of these tests have no authorizer: the broker says so.
  await stage.fails('create', () => admin.createAcls({ acl: [entry] }));
  await stage.fails('describe', () => admin.describeAcls(entry));
  await stage.fails('delete', () => admin.deleteAcls({ filters: [entry] }));
  for (const [what, acl] of Object.entries({
    none,
    empty: [],
    principal: [{ ...entry, principal: 7 }],
    host: [{ ...entry, host: 7 }],
    name: [{ ...entry, resourceName: 7 }],
    operation: [{ ...entry, operation: 99 }],
    pattern: [{ ...entry, resourcePatternType: 99 }],
    permission: [{ ...entry, permissionType: 99 }],
    type: [{ ...entry, resourceType: 99 }],
  })) {
    await stage.fails(`create ${what}`, () => admin.createAcls({ acl: acl as never }));
    await stage.fails(`delete ${what}`, () => admin.deleteAcls({ filters: acl as never }));
    if (Array.isArray(acl) && acl.length > 0)
      await stage.fails(`describe ${what}`, () => admin.describeAcls(acl[0] as never));
  }
}

async function reassignments(stage: Stage, admin: Admin): Promise<void> {
  stage.step('reassignments');
  const topic = await stage.topic('moved');
  stage.say('listed', await admin.listPartitionReassignments({ topics: [{ topic, partitions: [0] }], timeout: 5000 }));
  stage.say('listed all', await admin.listPartitionReassignments({}));
  stage.say(
    'to where it is',
    (await admin.alterPartitionReassignments({
      topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [1] }] }],
    })) ?? null,
  );
  await stage.fails('to a broker that is not there', () =>
    admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [77] }] }] }),
  );
  for (const [what, topics] of Object.entries({
    none,
    word: 'x',
    number: [{ topic: 7 }],
    twice: [{ topic: 'a' }, { topic: 'a' }],
    lists: [{ topic: 'a', partitionAssignment: 7, partitions: 7 }],
    partition: [{ topic: 'a', partitionAssignment: [{ partition: -1, replicas: [1] }], partitions: [-1] }],
    replicas: [{ topic: 'a', partitionAssignment: [{ partition: 0, replicas: 7 }], partitions: ['x'] }],
    replica: [{ topic: 'a', partitionAssignment: [{ partition: 0, replicas: [-1] }], partitions: 'x' }],
  })) {
    await stage.fails(`move ${what}`, () => admin.alterPartitionReassignments({ topics: topics as never }));
    if (what !== 'none')
      await stage.fails(`list ${what}`, () => admin.listPartitionReassignments({ topics: topics as never }));
  }
}
