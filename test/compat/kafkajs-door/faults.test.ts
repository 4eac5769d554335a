// What programs see when brokers answer with errors: kafkajs and the door side by side, on Millrace behind a proxy.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import * as door from '@millrace/kafkajs';
import { FaultProxy, startBroker, type TestBroker } from '@millrace/testkit';
import kafkajs from 'kafkajs';

import { clientOf, type Fault, type Library, outcomeOfSend, strike, verdictOf } from './faults/outcomes.ts';

const ours = door.default as unknown as Library;

const sendErrors: readonly Fault['error'][] = [
  'NOT_LEADER_OR_FOLLOWER',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS',
  'MESSAGE_TOO_LARGE',
  'CORRUPT_MESSAGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_SERVER_ERROR',
  'INVALID_RECORD',
  'cut',
  'lost',
];

suite('faults', () => {
  let broker: TestBroker;

  before(async () => {
    broker = await startBroker({ 'group.min.session.timeout.ms': '500' });
    const producer = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING }).producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    await producer.send({ topic: 'sent', messages: [{ value: '0', partition: 0 }] });
    await producer.disconnect();
  });

  after(async () => await broker.stop());

  for (const times of [1, Infinity]) {
    test(`a send whose answer is an error ${times === 1 ? 'once' : 'every time'} ends as with kafkajs`, async () => {
      await using theirs = await FaultProxy.open(broker.bootstrap);
      await using mine = await FaultProxy.open(broker.bootstrap);
      for (const error of sendErrors) {
        const fault = { api: 'produce', error, times } as const;
        const [expected, seen] = await Promise.all([
          outcomeOfSend(kafkajs, theirs, 'sent', fault),
          outcomeOfSend(ours, mine, 'sent', fault),
        ]);
        assert.equal(seen, expected, error);
      }
    });
  }

  test('an admin that has known the coordinator of a group finds it where it has moved', async () => {
    await using proxy = await FaultProxy.open(broker.bootstrap);
    const admin = clientOf(ours, proxy).admin();
    await admin.connect();
    const partitions = [{ partition: 0, offset: '1' }];
    const calls = {
      describeGroups: () => admin.describeGroups(['moved']),
      offsetFetch: () => admin.fetchOffsets({ groupId: 'moved' }),
      offsetCommit: () => admin.setOffsets({ groupId: 'moved', topic: 'sent', partitions }),
      deleteGroups: () => admin.deleteGroups(['moved']),
    };
    await calls.offsetCommit();
    for (const [api, call] of Object.entries(calls)) {
      let isLookedUp = false;
      proxy.rule = ({ name }) => {
        if (name === 'findCoordinator') isLookedUp = true;
        return name === api && !isLookedUp ? verdictOf('NOT_COORDINATOR') : undefined;
      };
      await call();
    }
    await admin.disconnect();
  });

  for (const api of ['fetch', 'listOffsets'] as const) {
    test(`a partition whose leader is not found for long is asked for now and then (${api})`, async () => {
      await using proxy = await FaultProxy.open(broker.bootstrap);
      const consumer = clientOf(ours, proxy).consumer({ groupId: `lost-${api}`, heartbeatInterval: 100 });
      let beats = 0;
      const beaten = Promise.withResolvers<void>();
      consumer.on(consumer.events.HEARTBEAT, () => {
        if (++beats === 5) beaten.resolve();
      });
      await consumer.connect();
      await consumer.subscribe({ topics: ['sent'], fromBeginning: true });
      strike(proxy, { api, error: 'NOT_LEADER_OR_FOLLOWER' });
      await consumer.run({ eachMessage: async () => {} });
      await beaten.promise;
      const asked = proxy.counts.get(api) ?? 0;
      proxy.rule = () => undefined;
      await consumer.disconnect();
      assert.ok(asked <= 3 * beats, `${asked} requests in ${beats} heartbeats`);
    });
  }
});
