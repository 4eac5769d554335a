import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { Admin } from '../admin/admin.ts';
import { nodeClientHost } from '../client-host.ts';
import { Consumer } from '../consumer/consumer.ts';
import { Producer } from '../producer/producer.ts';
import { ShareConsumer } from '../share/share-consumer.ts';
import { instanceId, TelemetryStage } from './telemetry-stage.ts';

type Door = Pick<Admin, 'clientInstanceId' | 'close'>;
type DoorOptions = { readonly 'bootstrap.servers': string; readonly host: ReturnType<typeof nodeClientHost> };

const doors: [labels: string, group: string, open: (options: DoorOptions) => Door][] = [
  ['client_rack=r1', 'admin.client', (options) => new Admin({ ...options, ...pushing })],
  ['transactional_id=x client_rack=r1', 'producer', (options) => new Producer({ ...options, ...pushing, ...tx })],
  [
    'group_id=g group_instance_id=i client_rack=r1',
    'consumer',
    (options) => new Consumer({ ...options, ...pushing, 'group.id': 'g', 'group.instance.id': 'i' }),
  ],
  ['group_id=g group_member_id=', 'consumer', (options) => new ShareConsumer({ ...options, 'group.id': 'g' })],
];
const pushing = { 'enable.metrics.push': true, 'client.rack': 'r1' };
const tx = { 'transactional.id': 'x' };

suite('every door', () => {
  test('knows the id of its client, and pushes its metrics once more when it is closed', async () => {
    for (const [labels, group, open] of doors) {
      await using stage = new TelemetryStage();
      stage.wanted = { requestedMetrics: ['org.apache.kafka.'] };
      const door = open({ 'bootstrap.servers': 'b1:9092', host: { ...nodeClientHost(), dial: stage.dial } });
      assert.equal(await door.clientInstanceId(), instanceId);
      await Promise.all([door.close(), door.close()]);
      const [{ terminating, lines }] = stage.pushes as [(typeof stage.pushes)[number]];
      assert.deepEqual([terminating, stage.pushes.length, stage.broker.openCount], [true, 1, 0]);
      const line = lines.find((one) => one.includes('.request.total '))!;
      assert.ok(line.startsWith(`org.apache.kafka.${group}`) && line.includes(`{${labels}`), line);
    }
  });

  test('but that of an admin tells by default, as with Java', async () => {
    await using stage = new TelemetryStage();
    await using admin = new Admin({ 'bootstrap.servers': 'b1:9092', host: { ...nodeClientHost(), dial: stage.dial } });
    await assert.rejects(admin.clientInstanceId(), { code: 'STATE', message: /enable.metrics.push/ });
  });
});
