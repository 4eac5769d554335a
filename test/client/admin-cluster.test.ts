import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { settled } from '@millrace/client';

import { AdminStage } from './admin-stage.ts';
import { uniqueName } from './target.ts';

suite('admin: cluster, brokers, replicas', () => {
  let stage: AdminStage;

  before(async () => {
    stage = await AdminStage.open();
  });

  after(() => stage[Symbol.asyncDispose]());

  const brokerIds = async () =>
    (await stage.admin.describeCluster()).nodes.map(({ id }) => id).toSorted((a, b) => a - b);

  test('the cluster is described with its brokers, those that are fenced too', async () => {
    const { admin, target } = stage;
    const described = await admin.describeCluster({ includeAuthorizedOperations: true });
    assert.equal(described.clusterId.length, 22);
    assert.equal(described.nodes.length, target.brokers);
    assert.ok(described.nodes.every(({ isFenced }) => !isFenced));
    assert.ok(described.nodes.some(({ id }) => id === described.controllerId));
    assert.ok(described.authorizedOperations?.includes('CREATE'));
    const all = await admin.describeCluster({ includeFencedBrokers: true });
    assert.deepEqual(new Set(all.nodes.map(({ id }) => id)), new Set(described.nodes.map(({ id }) => id)));
    assert.equal(all.authorizedOperations, undefined);
  });

  test('features are told, and one that nobody has cannot be set', async () => {
    const { admin } = stage;
    const [id] = await brokerIds();
    const { supported, finalized, finalizedEpoch } = await admin.describeFeatures({ brokerId: id });
    const version = finalized.find(({ name }) => name === 'metadata.version');
    assert.ok((version?.maxVersionLevel ?? 0) > 1);
    assert.ok(supported.some(({ name }) => name === 'metadata.version'));
    assert.ok((finalizedEpoch ?? -1) >= 0);
    await assert.rejects(admin.updateFeatures([{ feature: 'no.such', maxVersionLevel: 3 }], { validateOnly: true }), {
      code: 'INVALID_UPDATE_VERSION',
    });
  });

  test('the quorum of controllers has a leader among its voters', async () => {
    const { leaderId, voters, highWatermark } = await stage.admin.describeMetadataQuorum();
    assert.ok(voters.some(({ replicaId }) => replicaId === leaderId));
    assert.equal(typeof highWatermark, 'bigint');
  });

  test('a quorum of fixed voters takes no other, and a broker that is not registered cannot go', async () => {
    const { admin } = stage;
    const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port: 1 }];
    await assert.rejects(admin.addRaftVoter(99, 'AAAAAAAAAAAAAAAAAAAAAQ', endpoints), { code: 'UNSUPPORTED_VERSION' });
    await assert.rejects(admin.removeRaftVoter(99, 'AAAAAAAAAAAAAAAAAAAAAQ'), { code: 'UNSUPPORTED_VERSION' });
    await assert.rejects(admin.unregisterBroker(99), { code: 'BROKER_ID_NOT_REGISTERED' });
  });

  test('every broker tells its log directories, and where a replica is', async () => {
    const { admin } = stage;
    const topic = await stage.topic('dirs', 2);
    const ids = await brokerIds();
    const described = await admin.describeLogDirs(ids);
    assert.deepEqual(
      described.map(({ brokerId }) => brokerId),
      ids,
    );
    for (const { logDirs } of described) {
      const own = logDirs.flatMap(({ replicas }) => replicas).filter((replica) => replica.topic === topic);
      assert.deepEqual(
        own.toSorted((a, b) => a.partition - b.partition).map(({ partition, isFuture }) => [partition, isFuture]),
        [
          [0, false],
          [1, false],
        ],
      );
      assert.ok((logDirs[0]?.totalBytes ?? 0) > (logDirs[0]?.usableBytes ?? 0));
      assert.equal(logDirs[0]?.error, undefined);
    }
    const replicas = ids.map((brokerId) => ({ topic, partition: 1, brokerId }));
    const [first, ...others] = await admin.describeReplicaLogDirs([
      ...replicas,
      { topic, partition: 9, brokerId: ids[0]! },
    ]);
    assert.equal(first?.currentLogDir, described[0]?.logDirs[0]?.path);
    assert.equal(first?.futureLogDir, undefined);
    assert.equal(others.at(-1)?.currentLogDir, undefined);

    const { failures } = await settled(
      admin.alterReplicaLogDirs([{ topic, partition: 0, brokerId: ids[0]!, logDir: '/no/such' }]),
    );
    assert.deepEqual(
      [...failures].map(([name, { code }]) => [name, code]),
      [[`${topic}-0-${ids[0]}`, 'LOG_DIR_NOT_FOUND']],
    );
  });

  test('a partition is given to another broker, and its leader is elected', async () => {
    const { admin } = stage;
    const ids = await brokerIds();
    const topic = uniqueName('moved');
    await admin.createTopics([{ name: topic, assignments: [[ids[0]!], [ids[0]!]] }]);
    await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]);
    const last = ids.at(-1)!;
    await admin.alterPartitionReassignments([{ topic, partition: 0, replicas: [last] }]);
    await stage.until(
      () => admin.listPartitionReassignments({ partitions: [{ topic, partition: 0 }] }),
      ([ongoing]) => {
        if (ongoing !== undefined)
          assert.deepEqual([ongoing.addingReplicas, ongoing.removingReplicas], [[last], [ids[0]]]);
        return ongoing === undefined;
      },
    );
    await stage.everywhere(topic);
    await stage.until(
      () => admin.describeTopics([topic]),
      ([described]) => described?.partitions[0]?.leaderId === last,
    );
    await assert.rejects(admin.alterPartitionReassignments([{ topic, partition: 1, replicas: null }]), {
      code: 'NO_REASSIGNMENT_IN_PROGRESS',
    });
    await assert.rejects(admin.alterPartitionReassignments([{ topic, partition: 1, replicas: [last, 99] }]), {
      code: 'INVALID_REPLICA_ASSIGNMENT',
    });

    assert.deepEqual(await admin.electLeaders('PREFERRED', [{ topic, partition: 1 }]), [
      { topic, partition: 1, isElected: false },
    ]);
    await assert.rejects(admin.electLeaders('PREFERRED', [{ topic, partition: 9 }]), {
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    const other = ids.find((one) => one !== ids[0]);
    if (other !== undefined) {
      const swapped = await stage.topic('swapped', 1, {
        assignments: [[ids[0]!, other]],
        numPartitions: undefined,
        replicationFactor: undefined,
      });
      await admin.alterPartitionReassignments([{ topic: swapped, partition: 0, replicas: [other, ids[0]!] }]);
      assert.deepEqual(await admin.electLeaders('PREFERRED', [{ topic: swapped, partition: 0 }]), [
        { topic: swapped, partition: 0, isElected: true },
      ]);
      await stage.until(
        () => admin.describeTopics([swapped]),
        ([described]) => described?.partitions[0]?.leaderId === other,
      );
    }
    const all = await admin.electLeaders('UNCLEAN', null);
    assert.ok(all.every(({ isElected }) => !isElected));
  });

  test('whatever has settings is listed by its type', async () => {
    const topic = await stage.topic('listed');
    const resources = await stage.admin.listConfigResources({ types: ['TOPIC', 'BROKER'] });
    assert.ok(resources.some(({ type, name }) => type === 'TOPIC' && name === topic));
    assert.equal(resources.filter(({ type }) => type === 'BROKER').length, stage.target.brokers);
    assert.ok((await stage.admin.listConfigResources()).length >= resources.length);
  });
});
