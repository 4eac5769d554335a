import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { startBroker } from '@millrace/testkit';

import { nodeClientHost } from '../client-host.ts';
import { isClientError } from '../error.ts';
import { clientKeys } from '../options/client-keys.ts';
import { readOptions } from '../options/read-options.ts';
import { Cluster } from './cluster.ts';

const clusterOf = (servers: string): Cluster =>
  new Cluster({ host: nodeClientHost(), config: readOptions(clientKeys, { 'bootstrap.servers': servers }) });

suite('cluster', () => {
  test('finds a topic, its leader and the coordinator of a group', async () => {
    await using broker = await startBroker();
    const cluster = clusterOf(broker.bootstrap);
    try {
      const topic = await cluster.metadata.topicReady('hello', cluster.deadline());
      assert.equal(topic.partitions[0]?.leaderId, 1);
      const deadline = cluster.deadline();
      const connection = await cluster.retry(deadline, () => cluster.connect({ type: 'group', key: 'g' }));
      assert.equal(connection.broker, broker.bootstrap);
      assert.equal(connection.versions.featureLevel('group.version'), 1);
    } finally {
      await cluster.close();
    }
  });

  test('a broker that is not there is named, and so is what was tried', async () => {
    const cluster = clusterOf('127.0.0.1:1');
    await assert.rejects(cluster.metadata.refresh(), (error) => {
      assert.ok(isClientError(error));
      assert.equal(error.code, 'UNREACHABLE');
      assert.match(error.message, /bootstrap\.servers=127\.0\.0\.1:1/);
      return true;
    });
    await cluster.close();
  });

  test('a request of a closed client is refused', async () => {
    const cluster = clusterOf('127.0.0.1:1');
    await cluster.close();
    await assert.rejects(cluster.connect('any'), { code: 'CLOSED' });
    await assert.rejects(cluster.metadata.refresh(), { code: 'CLOSED' });
  });

  test('an unknown option is refused with the name that was meant', () => {
    assert.throws(() => readOptions(clientKeys, { 'bootstrap.server': 'x:1' }), {
      message: 'There is no option "bootstrap.server". Did you mean "bootstrap.servers"?',
    });
    assert.throws(() => clusterOf('localhost'), /host:port/);
  });
});
