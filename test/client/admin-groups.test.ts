import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { settled, type TopicPartitionOffset } from '@millrace/client';

import { AdminStage } from './admin-stage.ts';
import { uniqueName } from './target.ts';

suite('admin: groups and their offsets', () => {
  let stage: AdminStage;

  before(async () => {
    stage = await AdminStage.open();
  });

  after(() => stage[Symbol.asyncDispose]());

  const whole = ({ topic, partition, offset, leaderEpoch, metadata }: TopicPartitionOffset) => [
    topic,
    partition,
    offset,
    leaderEpoch,
    metadata,
  ];

  test('offsets of several groups are set, listed together, and deleted one by one', async () => {
    const { admin } = stage;
    const topic = await stage.topic('grouped', 3);
    const groups = Array.from({ length: 5 }, () => uniqueName('group'));
    const far = 2n ** 63n - 1n;
    for (const [index, groupId] of groups.entries())
      await admin.alterConsumerGroupOffsets(groupId, [
        { topic, partition: 0, offset: BigInt(index) },
        { topic, partition: 2, offset: far, leaderEpoch: 3, metadata: 'mine' },
      ]);
    const listed = await admin.listConsumerGroupOffsets(groups);
    assert.deepEqual(
      listed.map(({ groupId }) => groupId),
      groups,
    );
    for (const [index, { offsets }] of listed.entries())
      assert.deepEqual(offsets.toSorted((a, b) => a.partition - b.partition).map(whole), [
        [topic, 0, BigInt(index), undefined, ''],
        [topic, 2, far, 3, 'mine'],
      ]);

    const [groupId = ''] = groups;
    const [one] = await admin.listConsumerGroupOffsets(
      [{ groupId, partitions: [0, 1].map((partition) => ({ topic, partition })) }],
      { requireStable: true },
    );
    assert.deepEqual(
      one?.offsets.map(({ partition }) => partition),
      [0],
    );

    await admin.deleteConsumerGroupOffsets(groupId, [{ topic, partition: 2 }]);
    const [rest] = await admin.listConsumerGroupOffsets([groupId]);
    assert.deepEqual(
      rest?.offsets.map(({ partition }) => partition),
      [0],
    );

    await admin.deleteConsumerGroups(groups);
    const { failures } = await settled(admin.describeClassicGroups(groups));
    assert.deepEqual(
      [...failures.values()].map(({ code }) => code),
      groups.map(() => 'GROUP_ID_NOT_FOUND'),
    );
  });

  test('offsets have a name of their own for streams groups, and deleting one for each of the newer kinds', async () => {
    const { admin } = stage;
    const topic = await stage.topic('streamed', 2);
    const [groupId, other] = [uniqueName('streams'), uniqueName('streams')];
    const place = { topic, partition: 1 };
    for (const id of [groupId, other]) await admin.alterStreamsGroupOffsets(id, [{ ...place, offset: 7n }]);
    const offsets = async (): Promise<bigint[]> =>
      (await admin.listStreamsGroupOffsets([groupId]))[0]!.offsets.map(({ offset }) => offset);
    assert.deepEqual(await offsets(), [7n]);
    await admin.deleteStreamsGroupOffsets(groupId, [place]);
    assert.deepEqual(await offsets(), []);
    // Without a single offset a group may be gone already.
    await settled(admin.deleteStreamsGroups([groupId]));
    await admin.deleteShareGroups([other]);
    const { failures } = await settled(admin.describeClassicGroups([groupId, other]));
    assert.deepEqual(
      [...failures.values()].map(({ code }) => code),
      ['GROUP_ID_NOT_FOUND', 'GROUP_ID_NOT_FOUND'],
    );
  });

  test('a member is described with what it has, and stands in the way of the admin until it is removed', async () => {
    const { admin } = stage;
    const topic = await stage.topic('members', 2);
    const groupId = uniqueName('group');
    const memberId = await stage.join(groupId, topic, [0, 1]);

    const [described] = await admin.describeConsumerGroups([groupId], { includeAuthorizedOperations: true });
    assert.equal(described?.type, 'classic');
    assert.equal(described.state, 'Stable');
    assert.equal(described.partitionAssignor, 'range');
    assert.equal(described.isSimple, false);
    assert.ok(described.authorizedOperations?.includes('READ'));
    assert.ok(described.coordinator.port > 0);
    assert.deepEqual(
      described.members.map((member) => [member.memberId, member.assignment]),
      [[memberId, [0, 1].map((partition) => ({ topic, partition }))]],
    );
    const [classic] = await admin.describeClassicGroups([groupId]);
    assert.deepEqual([classic?.protocolType, classic?.protocol], ['consumer', 'range']);
    assert.ok((classic?.members[0]?.memberMetadata.length ?? 0) > topic.length);

    const listed = await admin.listGroups({ states: ['Stable'], types: ['classic'], protocolTypes: ['consumer'] });
    assert.deepEqual(
      listed.find((group) => group.groupId === groupId),
      {
        groupId,
        protocolType: 'consumer',
        state: 'Stable',
        type: 'classic',
      },
    );
    assert.ok(!(await admin.listGroups({ states: ['Empty'] })).some((group) => group.groupId === groupId));

    await assert.rejects(admin.deleteConsumerGroups([groupId]), { code: 'NON_EMPTY_GROUP' });
    await assert.rejects(admin.alterConsumerGroupOffsets(groupId, [{ topic, partition: 0, offset: 1n }]), {
      code: 'UNKNOWN_MEMBER_ID',
    });
    await assert.rejects(admin.deleteConsumerGroupOffsets(groupId, [{ topic, partition: 0 }]), {
      code: 'GROUP_SUBSCRIBED_TO_TOPIC',
    });

    await admin.removeMembersFromConsumerGroup(groupId, { reason: 'a test' });
    await admin.deleteConsumerGroups([groupId]);
  });

  test('a static member is removed by its instance, and one that is not there is named', async () => {
    const { admin } = stage;
    const topic = await stage.topic('static');
    const groupId = uniqueName('group');
    await stage.join(groupId, topic, [0], 'instance-1');
    const members = ['instance-1', 'instance-2'].map((groupInstanceId) => ({ groupInstanceId }));
    await assert.rejects(admin.removeMembersFromConsumerGroup(groupId, { members }), (error: Error) => {
      assert.match(error.message, /^1 of 2 failed. The first: Removing member "instance-2" from group/);
      return true;
    });
    const [described] = await admin.describeConsumerGroups([groupId]);
    assert.deepEqual(described?.members, []);
    assert.equal(described.state, 'Empty');
  });

  test('a group of KIP-848 is described with its epochs and what its members are to have', async () => {
    const { admin, cluster } = stage;
    const topic = await stage.topic('modern', 2);
    const groupId = uniqueName('group');
    const beat = async (memberEpoch: number, isFirst: boolean) =>
      await cluster.request({ type: 'group', key: groupId }, 'consumerGroupHeartbeat', {
        groupId,
        memberId: 'AAAAAAAAAAAAAAAAAAAAAQ',
        memberEpoch,
        instanceId: null,
        rackId: null,
        rebalanceTimeoutMs: isFirst ? 60_000 : -1,
        subscribedTopicNames: isFirst ? [topic] : null,
        subscribedTopicRegex: null,
        serverAssignor: null,
        topicPartitions: isFirst ? [] : null,
      });
    let epoch = 0;
    // The first heartbeat may come before the coordinator knows of the topic.
    await cluster.retry(cluster.deadline(), async () => {
      epoch = (await beat(0, true)).memberEpoch;
    });
    const group = await stage.until(
      async () => {
        epoch = (await beat(epoch, false)).memberEpoch;
        return (await admin.describeConsumerGroups([groupId]))[0]!;
      },
      ({ members }) => members[0]?.targetAssignment?.length === 2,
    );
    assert.equal(group.type, 'consumer');
    assert.equal(group.partitionAssignor, 'uniform');
    assert.ok((group.groupEpoch ?? 0) > 0);
    assert.deepEqual(
      group.members[0]?.targetAssignment?.toSorted((a, b) => a.partition - b.partition),
      [0, 1].map((partition) => ({ topic, partition })),
    );
    const types = (await admin.listGroups({ types: ['consumer'] })).filter((one) => one.groupId === groupId);
    assert.deepEqual(
      types.map(({ type }) => type),
      ['consumer'],
    );
    await beat(-1, false);
    await admin.deleteConsumerGroups([groupId]);
  });

  test('a group that is not there is said to be missing', async () => {
    const { admin } = stage;
    const absent = uniqueName('absent');
    await assert.rejects(admin.describeConsumerGroups([absent]), { code: 'GROUP_ID_NOT_FOUND' });
    await assert.rejects(admin.deleteConsumerGroups([absent]), { code: 'GROUP_ID_NOT_FOUND' });
    await assert.rejects(admin.describeStreamsGroups([absent]), {
      code: stage.isKafka ? 'GROUP_ID_NOT_FOUND' : 'UNSUPPORTED',
    });
    assert.deepEqual(await admin.listConsumerGroupOffsets([absent]), [{ groupId: absent, offsets: [] }]);
  });

  test('offsets of a share group are set, listed and deleted', async () => {
    const { admin } = stage;
    const topic = await stage.topic('shared', 2);
    const groupId = uniqueName('share');
    const alter = admin.alterShareGroupOffsets(groupId, [{ topic, partition: 1, startOffset: 5n }]);
    if (!stage.isKafka) {
      await assert.rejects(alter, {
        code: 'UNSUPPORTED',
        message: /AlterShareGroupOffsets cannot be sent to .* does not offer it/,
      });
      return;
    }
    await alter;
    const [listed] = await admin.listShareGroupOffsets([groupId]);
    assert.deepEqual(
      listed?.offsets.map(({ partition, startOffset }) => [partition, startOffset]),
      [[1, 5n]],
    );
    const [described] = await admin.describeShareGroups([groupId]);
    assert.deepEqual([described?.state, described?.members], ['Empty', []]);
    const beat = async (memberEpoch: number) =>
      await stage.cluster.request({ type: 'group', key: groupId }, 'shareGroupHeartbeat', {
        groupId,
        memberId: 'AAAAAAAAAAAAAAAAAAAAAQ',
        memberEpoch,
        rackId: null,
        subscribedTopicNames: memberEpoch === 0 ? [topic] : null,
      });
    let epoch = 0;
    const joined = await stage.until(
      async () => {
        epoch = (await beat(epoch)).memberEpoch;
        return (await admin.describeShareGroups([groupId]))[0]!;
      },
      ({ members }) => members[0]?.assignment.length === 2,
    );
    assert.deepEqual([joined.state, joined.members[0]?.memberId], ['Stable', 'AAAAAAAAAAAAAAAAAAAAAQ']);
    assert.ok((await admin.listGroups({ types: ['share'] })).some((group) => group.groupId === groupId));
    await assert.rejects(admin.deleteShareGroupOffsets(groupId, [topic]), { code: 'NON_EMPTY_GROUP' });
    await beat(-1);
    await admin.deleteShareGroupOffsets(groupId, [topic]);
    assert.deepEqual((await admin.listShareGroupOffsets([groupId]))[0]?.offsets, []);
    await admin.deleteConsumerGroups([groupId]);
  });

  test('a streams group is described with its topology and the tasks of its members', async (context) => {
    if (!stage.isKafka) return context.skip('Millrace has no streams groups');
    const { admin, cluster } = stage;
    const topic = await stage.topic('streamed', 2);
    const groupId = uniqueName('streams');
    const memberId = 'AAAAAAAAAAAAAAAAAAAAAQ';
    const subtopology = {
      subtopologyId: '0',
      sourceTopics: [topic],
      sourceTopicRegex: [],
      stateChangelogTopics: [],
      repartitionSinkTopics: [],
      repartitionSourceTopics: [],
      copartitionGroups: [],
    };
    const beat = async (memberEpoch: number) => {
      const joining = {
        rebalanceTimeoutMs: 60_000,
        topology: { epoch: 0, subtopologies: [subtopology] },
        processId: 'process',
        clientTags: [],
        activeTasks: [],
        standbyTasks: [],
        warmupTasks: [],
      };
      const ids = { groupId, memberId, memberEpoch, endpointInformationEpoch: 0 };
      const request = memberEpoch === 0 ? { ...ids, ...joining } : ids;
      return await cluster.request({ type: 'group', key: groupId }, 'streamsGroupHeartbeat', request);
    };
    let epoch = 0;
    const group = await stage.until(
      async () => {
        const answer = await cluster.retry(cluster.deadline(), () => beat(epoch));
        if (answer.errorCode === 0) epoch = answer.memberEpoch;
        return (await settled(admin.describeStreamsGroups([groupId], { includeAuthorizedOperations: true })))
          .results[0];
      },
      (found) => found?.members[0]?.targetAssignment.activeTasks[0]?.partitions.length === 2,
    );
    assert.equal(group?.topology?.subtopologies?.[0]?.sourceTopics[0], topic);
    assert.deepEqual([group.members[0]?.memberId, group.members[0]?.processId], [memberId, 'process']);
    assert.deepEqual(group.members[0]?.targetAssignment.activeTasks[0]?.subtopologyId, '0');
    assert.ok(group.authorizedOperations?.includes('DESCRIBE'));
    assert.ok((await admin.listGroups({ types: ['streams'] })).some((one) => one.groupId === groupId));
    await beat(-1);
    await admin.deleteConsumerGroups([groupId]);
  });
});
