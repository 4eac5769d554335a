// bootstrap.controllers: an admin that talks to the controllers of Apache Kafka without a broker between them.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Admin } from '@millrace/client';

import { type KafkaCluster, startKafkaCluster } from '../../../tools/reference/kafka-cluster.ts';

suite('an admin of controllers', () => {
  let cluster: KafkaCluster;
  let admin: Admin;

  before(async () => {
    cluster = await startKafkaCluster({
      brokers: 1,
      heapMb: 320,
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    admin = new Admin({ 'bootstrap.controllers': cluster.controllers, 'default.api.timeout.ms': 10_000 });
  });

  after(async () => {
    await admin.close();
    await cluster.stop();
  });

  test('describes them, their quorum and their features', async () => {
    const { nodes, controllerId } = await admin.describeCluster();
    assert.deepEqual(
      nodes.map(({ id, host, port }) => `${id} ${host}:${port}`),
      [`1 ${cluster.controllers}`],
    );
    assert.equal(controllerId, 1);
    assert.equal((await admin.describeMetadataQuorum()).leaderId, 1);
    const { supported } = await admin.describeFeatures();
    assert.ok(supported.some(({ name }) => name === 'kraft.version'));
  });

  test('changes settings of brokers, access and features', { timeout: 20_000 }, async () => {
    const resource = { type: 'BROKER', name: '' } as const;
    await admin.incrementalAlterConfigs([{ ...resource, ops: [{ name: 'log.cleaner.threads', value: 2 }] }]);
    const binding = {
      resourceType: 'TOPIC',
      resourceName: 'orders',
      principal: 'User:alice',
      operation: 'READ',
      permissionType: 'ALLOW',
    } as const;
    await admin.createAcls([binding]);
    // The authorizer learns of it after the answer.
    for (let found = 0; found === 0; await sleep(20))
      found = (await admin.describeAcls({ resourceName: 'orders' })).length;
    await admin.updateFeatures([{ feature: 'eligible.leader.replicas.version', maxVersionLevel: 1 }]);
  });

  test('cannot do what brokers do, and says so', async () => {
    await assert.rejects(admin.listTopics(), { code: 'UNSUPPORTED' });
    await assert.rejects(admin.listGroups({ timeoutMs: 2000 }), { code: 'UNSUPPORTED' });
  });

  test('is told when it is given a broker', async () => {
    await using astray = new Admin({ 'bootstrap.controllers': cluster.bootstrap, 'default.api.timeout.ms': 5000 });
    await assert.rejects(astray.describeMetadataQuorum(), { code: 'MISMATCHED_ENDPOINT_TYPE' });
    assert.throws(
      () => new Admin({ 'bootstrap.controllers': cluster.controllers, 'bootstrap.servers': cluster.bootstrap }),
      { code: 'CONFIG', message: /not to both/ },
    );
  });
});
