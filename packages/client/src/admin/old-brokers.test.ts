import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';

import { settled } from './errand.ts';
import { ScriptedCluster } from './admin-stage.ts';

const coordinator = ({ coordinatorKeys }: { readonly coordinatorKeys: readonly string[] }) => ({
  coordinators: coordinatorKeys.map((key) => ({
    key,
    nodeId: 1,
    host: 'b1',
    port: 1,
    errorCode: 0,
    errorMessage: null,
  })),
});

suite('old brokers', () => {
  test('topics are described by Metadata where DescribeTopicPartitions is not known', async () => {
    await using cluster = new ScriptedCluster({}, { describeTopicPartitions: -1 });
    cluster.leaders.set('t', [2, 1]);
    const [topic] = await cluster.settles(cluster.admin.describeTopics(['t']));
    assert.deepEqual(
      topic?.partitions.map(({ leaderId }) => leaderId),
      [2, 1],
    );
    assert.equal(topic.partitions[0]?.eligibleLeaderReplicas, undefined);
    assert.equal(topic.authorizedOperations, undefined);
  });

  test('a broker whose pages go round in a circle is not followed', async () => {
    const partition = {
      errorCode: 0,
      partitionIndex: 0,
      leaderId: 1,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
    };
    await using cluster = new ScriptedCluster({
      describeTopicPartitions: () => ({
        topics: [{ errorCode: 0, name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [partition] }],
        nextCursor: { topicName: 't', partitionIndex: 1 },
      }),
    });
    await assert.rejects(cluster.settles(cluster.admin.describeTopics(['t'])), { code: 'BROKEN_ANSWER' });
  });

  test('a place that an old broker would take for a time is not asked for', async () => {
    await using cluster = new ScriptedCluster({}, { listOffsets: 6 });
    cluster.leaders.set('t', [1]);
    const call = cluster.admin.listOffsets([{ topic: 't', partition: 0, at: 'maxTimestamp' }]);
    await assert.rejects(cluster.settles(call), { code: 'UNSUPPORTED', message: /"maxTimestamp" came with version 7/ });
    assert.equal(cluster.asked('listOffsets').length, 0);
  });

  test('the other places are asked for all the same', async () => {
    await using cluster = new ScriptedCluster(
      {
        listOffsets: ({
          topics,
        }: {
          readonly topics: readonly { readonly name: string; readonly partitions: readonly object[] }[];
        }) => ({
          topics: topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map((partition) => ({
              ...partition,
              errorCode: 0,
              timestamp: -1,
              offset: 4n,
              leaderEpoch: 0,
            })),
          })),
        }),
      },
      { listOffsets: 6 },
    );
    cluster.leaders.set('t', [1, 1]);
    const places = ['maxTimestamp', 'latest'] as const;
    const call = cluster.admin.listOffsets(places.map((at, partition) => ({ topic: 't', partition, at })));
    const { results, failures } = await cluster.settles(settled(call));
    assert.deepEqual(results, [{ topic: 't', partition: 1, offset: 4n, timestamp: -1, leaderEpoch: 0 }]);
    assert.deepEqual(
      [...failures].map(([name, { code }]) => [name, code]),
      [['t-0', 'UNSUPPORTED']],
    );
  });

  test('offsets of several groups are asked for one by one', async () => {
    const committed = {
      partitionIndex: 0,
      committedOffset: 5n,
      committedLeaderEpoch: -1,
      metadata: null,
      errorCode: 0,
    };
    await using cluster = new ScriptedCluster(
      {
        findCoordinator: coordinator,
        offsetFetch: ({ groupId }: { readonly groupId: string }) => ({
          topics: [{ name: groupId, partitions: [committed] }],
        }),
      },
      { offsetFetch: 7 },
    );
    const listed = await cluster.settles(cluster.admin.listConsumerGroupOffsets(['a', 'b']));
    assert.deepEqual(
      listed.map(({ groupId, offsets }) => [groupId, offsets[0]?.topic, offsets[0]?.offset]),
      [
        ['a', 'a', 5n],
        ['b', 'b', 5n],
      ],
    );
  });

  test('offsets under an open transaction are waited for when they are to be stable', async () => {
    let tries = 0;
    await using cluster = new ScriptedCluster({
      findCoordinator: coordinator,
      offsetFetch: () => {
        const errorCode = ++tries < 3 ? errors.UNSTABLE_OFFSET_COMMIT : 0;
        const partition = { partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: 1, metadata: 'm', errorCode };
        return { groups: [{ groupId: 'g', topics: [{ name: 't', partitions: [partition] }], errorCode: 0 }] };
      },
    });
    const [group] = await cluster.settles(cluster.admin.listConsumerGroupOffsets(['g'], { requireStable: true }));
    assert.deepEqual(group?.offsets, [{ topic: 't', partition: 0, offset: 5n, leaderEpoch: 1, metadata: 'm' }]);
    assert.deepEqual(
      cluster.asked('offsetFetch').map(([, { requireStable }]) => requireStable),
      [true, true, true],
    );
  });

  test('groups are described as classic ones where others are not known', async () => {
    const group = { errorCode: 0, groupId: 'g', groupState: 'Empty', protocolType: '', protocolData: '', members: [] };
    await using cluster = new ScriptedCluster(
      { findCoordinator: coordinator, describeGroups: () => ({ groups: [group] }) },
      { consumerGroupDescribe: -1 },
    );
    const [described] = await cluster.settles(cluster.admin.describeConsumerGroups(['g']));
    assert.deepEqual([described?.type, described?.isSimple, described?.groupEpoch], ['classic', true, undefined]);
  });

  test('topics are deleted by name in the older form, and not by id', async () => {
    await using cluster = new ScriptedCluster(
      {
        deleteTopics: ({ topicNames }: { readonly topicNames: readonly string[] }) => ({
          responses: topicNames.map((name) => ({ name, errorCode: 0 })),
        }),
      },
      { deleteTopics: 5 },
    );
    await cluster.settles(cluster.admin.deleteTopics(['t']));
    const byId = cluster.admin.deleteTopics([{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }]);
    await assert.rejects(cluster.settles(byId), { code: 'UNSUPPORTED', message: /DeleteTopics up to version 5/ });
  });

  test('what was done before the rest could not be said is done', async () => {
    await using cluster = new ScriptedCluster(
      {
        deleteTopics: ({ topicNames }: { readonly topicNames: readonly string[] }) => ({
          responses: topicNames.map((name) => ({ name, errorCode: 0 })),
        }),
      },
      { deleteTopics: 5 },
    );
    const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
    const { failures } = await cluster.settles(settled(cluster.admin.deleteTopics(['t', { topicId }])));
    assert.deepEqual([...failures.keys()], [topicId]);
  });

  test('half of a topic is none', async () => {
    const partition = (partitionIndex: number) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: 1,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
    });
    await using cluster = new ScriptedCluster({
      describeTopicPartitions: ({ cursor }: { readonly cursor: object | null }) =>
        cursor === null
          ? {
              topics: [{ errorCode: 0, name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [partition(0)] }],
              nextCursor: { topicName: 't', partitionIndex: 1 },
            }
          : 'silence',
    });
    const call = settled(cluster.admin.describeTopics(['t'], { timeoutMs: 100 }));
    const { results, failures } = await cluster.settles(call);
    assert.deepEqual([results, failures.get('t')?.code], [[], 'TIMEOUT']);
  });

  test('a call that a cluster cannot do says which', async () => {
    await using cluster = new ScriptedCluster({}, { describeAcls: -1 });
    await assert.rejects(cluster.settles(cluster.admin.describeAcls({})), {
      code: 'UNSUPPORTED',
      message: /^DescribeAcls cannot be sent to b1:1: the broker does not offer it/,
    });
  });
});
