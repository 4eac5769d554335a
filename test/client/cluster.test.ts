import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { clientKeys, Cluster, nodeClientHost, readOptions } from '@millrace/client';

import { openTarget, type Target, uniqueName } from './target.ts';

suite('cluster', () => {
  let target: Target;
  let cluster: Cluster;

  before(async () => {
    target = await openTarget();
    const config = readOptions(clientKeys, { 'bootstrap.servers': target.bootstrap });
    cluster = new Cluster({ host: nodeClientHost(), config });
  });

  after(async () => {
    await cluster.close();
    await target[Symbol.asyncDispose]();
  });

  async function create(name: string, partitions: number): Promise<void> {
    const replicas = target.brokers;
    const { topics } = await cluster.retry(cluster.deadline(), () =>
      cluster.request('controller', 'createTopics', {
        topics: [{ name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs: [] }],
        timeoutMs: 30_000,
      }),
    );
    assert.equal(topics[0]?.errorCode, 0, topics[0]?.errorMessage ?? '');
  }

  test('every broker that is named answers, and leaders are spread over them', async () => {
    const name = uniqueName('spread');
    await create(name, 6);
    const { partitions } = await cluster.metadata.topicReady(name, cluster.deadline());
    assert.equal(partitions.length, 6);
    assert.equal(cluster.metadata.nodes.size, target.brokers);
    assert.equal(new Set(partitions.map(({ leaderId }) => leaderId)).size, target.brokers);
    for (const id of cluster.metadata.nodes.keys()) {
      const { brokers } = await cluster.request(id, 'metadata', {
        topics: [],
        allowAutoTopicCreation: false,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      });
      assert.equal(brokers.length, target.brokers);
    }
  });

  test('a coordinator is found for each kind of key, and remembered', async () => {
    for (const type of ['group', 'transaction'] as const) {
      const key = uniqueName(type);
      const find = () => cluster.coordinators.find(type, key);
      const node = await cluster.retry(cluster.deadline(), find);
      assert.deepEqual(await find(), node);
      const { versions } = await cluster.connect({ type, key });
      assert.ok(versions.has('findCoordinator'));
    }
  });

  test('a topic that is not there is looked for until the time is over, and named', async () => {
    const config = readOptions(clientKeys, { 'bootstrap.servers': target.bootstrap });
    const other = new Cluster({ host: nodeClientHost(), config, allowAutoCreateTopics: false });
    const name = uniqueName('absent');
    await assert.rejects(other.metadata.topicReady(name, other.deadline(500)), {
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: new RegExp(name),
    });
    await other.close();
  });
});
