// What our admin makes, and what it then tells of a cluster of three brokers, is what Java's admin tells of it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Admin, Consumer, Producer } from '@millrace/client';
import { install, jvmArguments } from '../../../tools/reference/kafka-home.ts';
import { startKafkaCluster, type KafkaCluster } from '../../../tools/reference/kafka-cluster.ts';
import { runCommand } from '../../compat/command.ts';
import { adminLines } from './admin-lines.ts';

install('kafka');

suite('the admin beside Java', () => {
  let kafka: KafkaCluster;
  let admin: Admin;

  before(async () => {
    kafka = await startKafkaCluster({
      brokers: 3,
      heapMb: 320,
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    admin = new Admin({ 'bootstrap.servers': kafka.bootstrap });
  });

  after(async () => {
    await admin.close();
    await kafka.stop();
  });

  async function javaLines(): Promise<string[]> {
    const program = join(import.meta.dirname, 'AdminLines.java');
    const args = [...jvmArguments('tools', { heapMb: 256 }), program, kafka.bootstrap];
    const { status, stdout, stderr } = await runCommand('java', args, { timeoutMs: 90_000 });
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter(Boolean);
  }

  async function fill(): Promise<void> {
    await admin.createTopics([
      { name: 'orders', numPartitions: 6, replicationFactor: 3, configs: { 'segment.bytes': 1_048_576 } },
      {
        name: 'placed',
        assignments: [
          [3, 1],
          [2, 3],
        ],
      },
    ]);
    await using producer = new Producer({ 'bootstrap.servers': kafka.bootstrap });
    for (let count = 0; count < 30; count++)
      await producer.send({
        topic: 'orders',
        key: Buffer.from(`${count}`),
        value: Buffer.from('v'),
        timestamp: count * 100,
      });
    await admin.deleteRecords([{ topic: 'orders', partition: 0, beforeOffset: -1n }]);
    await admin.alterConsumerGroupOffsets('idle', [
      { topic: 'orders', partition: 1, offset: 9_007_199_254_740_993n, leaderEpoch: 0, metadata: 'far' },
      { topic: 'placed', partition: 0, offset: 0n },
    ]);
    await admin.fenceProducers(['first', 'second', 'third']);
    await admin.createAcls([
      { resourceType: 'TOPIC', resourceName: 'x', principal: 'User:a', operation: 'READ', patternType: 'PREFIXED' },
      { resourceType: 'GROUP', resourceName: '*', principal: 'User:b', operation: 'ALL', permissionType: 'DENY' },
    ]);
    const entity = [
      { entityType: 'user', entityName: 'u' },
      { entityType: 'client-id', entityName: null },
    ];
    const ops = [
      { key: 'consumer_byte_rate', value: 77 },
      { key: 'request_percentage', value: 12.5 },
    ];
    await admin.alterClientQuotas([{ entity, ops }]);
    await admin.alterUserScramCredentials([
      { user: 'zed', mechanism: 'SCRAM-SHA-512', password: 'p', iterations: 5000 },
    ]);
    await admin.incrementalAlterConfigs([
      { type: 'BROKER', name: '2', ops: [{ name: 'log.cleaner.threads', value: 2 }] },
      { type: 'BROKER', name: '', ops: [{ name: 'background.threads', value: 11 }] },
      { type: 'GROUP', name: 'idle', ops: [{ name: 'consumer.session.timeout.ms', value: 50_000 }] },
      { type: 'CLIENT_METRICS', name: 'm', ops: [{ name: 'interval.ms', value: 1000 }] },
    ]);
  }

  test('every line is the same', { timeout: 180_000 }, async () => {
    await fill();
    const groups = ['classic', 'consumer'];
    const consumers = groups.map(
      (protocol) =>
        new Consumer({
          'bootstrap.servers': kafka.bootstrap,
          'group.id': `live-${protocol}`,
          'group.protocol': protocol,
        }),
    );
    try {
      for (const consumer of consumers) consumer.subscribe(['orders']);
      for (const consumer of consumers) void consumer.run({ eachRecord: () => {} });
      for (const ids = groups.map((protocol) => `live-${protocol}`); ;) {
        const described = await admin.describeConsumerGroups(ids).catch(() => []);
        if (
          described.length === 2 &&
          described.every(({ state, members }) => state === 'Stable' && members[0]?.assignment.length === 6)
        )
          break;
      }
      let ours = await adminLines(admin);
      let java = await javaLines();
      // What was still on its way to a broker may have come in between.
      for (let tries = 0; tries < 3 && differs(ours, java); tries++)
        [ours, java] = [await adminLines(admin), await javaLines()];
      assert.deepEqual(ours.toSorted(), java.toSorted());
      assert.ok(ours.length > 1000, `${ours.length} lines`);
    } finally {
      for (const consumer of consumers) await consumer.close();
    }
  });
});

const differs = (ours: readonly string[], java: readonly string[]): boolean =>
  ours.toSorted().join('\n') !== java.toSorted().join('\n');
