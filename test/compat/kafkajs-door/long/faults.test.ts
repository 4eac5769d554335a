// What a reader sees when brokers answer with errors, once and every time: kafkajs and the door side by side, on Millrace behind a proxy.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import * as door from '@millrace/kafkajs';
import { FaultProxy, startBroker, type TestBroker } from '@millrace/testkit';
import kafkajs from 'kafkajs';

import { type Fault, type Library, outcomeOfReading } from '../faults/outcomes.ts';

const count = 6;
const refused = ['GROUP_AUTHORIZATION_FAILED', 'UNKNOWN_SERVER_ERROR'] as const;
const rejoining = ['UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'NOT_COORDINATOR'] as const;

/** With `always`, none that both would try for ever. */
const cases: Record<'once' | 'always', [api: Fault['api'], errors: readonly Fault['error'][]][]> = {
  once: [
    ['joinGroup', [...refused, 'NOT_COORDINATOR', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'cut']],
    ['syncGroup', [...refused, ...rejoining, 'cut']],
    ['heartbeat', ['COORDINATOR_LOAD_IN_PROGRESS', 'COORDINATOR_NOT_AVAILABLE', 'cut']],
    ['offsetFetch', [...refused, ...rejoining, 'UNSTABLE_OFFSET_COMMIT', 'TOPIC_AUTHORIZATION_FAILED', 'cut']],
    ['offsetCommit', [...refused, ...rejoining, 'COORDINATOR_NOT_AVAILABLE', 'TOPIC_AUTHORIZATION_FAILED', 'cut']],
    ['listOffsets', ['OFFSET_NOT_AVAILABLE', 'TOPIC_AUTHORIZATION_FAILED', 'cut']],
    ['fetch', ['OFFSET_OUT_OF_RANGE', 'KAFKA_STORAGE_ERROR', 'CORRUPT_MESSAGE', 'UNKNOWN_SERVER_ERROR', 'cut', 'lost']],
    ['metadata', ['LEADER_NOT_AVAILABLE', 'cut']],
  ],
  always: [
    ['joinGroup', ['NOT_COORDINATOR', 'INCONSISTENT_GROUP_PROTOCOL', 'INVALID_SESSION_TIMEOUT', 'cut']],
    ['syncGroup', ['NOT_COORDINATOR', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID', 'cut']],
    ['heartbeat', [...refused, 'COORDINATOR_LOAD_IN_PROGRESS', 'FENCED_INSTANCE_ID', 'cut']],
    ['offsetFetch', [...refused, 'COORDINATOR_LOAD_IN_PROGRESS', 'UNSTABLE_OFFSET_COMMIT']],
    ['offsetCommit', [...refused, 'OFFSET_METADATA_TOO_LARGE']],
    ['listOffsets', ['OFFSET_NOT_AVAILABLE', 'TOPIC_AUTHORIZATION_FAILED']],
    ['fetch', ['TOPIC_AUTHORIZATION_FAILED', 'KAFKA_STORAGE_ERROR', 'CORRUPT_MESSAGE', 'REPLICA_NOT_AVAILABLE']],
  ],
};

suite('a reader whose brokers answer with errors sees what it sees with kafkajs', () => {
  let broker: TestBroker;

  before(async () => {
    broker = await startBroker({ 'group.min.session.timeout.ms': '500' });
    const kafka = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING });
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'read', numPartitions: 2 }] });
    await admin.disconnect();
    await producer.connect();
    const messages = Array.from({ length: count }, (_, n) => ({ value: `${n}`, partition: n % 2 }));
    await producer.send({ topic: 'read', messages });
    await producer.disconnect();
  });

  after(async () => await broker.stop());

  for (const [times, table] of Object.entries(cases)) {
    for (const [api, errors] of table) {
      test(`${api}, ${times}`, async () => {
        await using theirs = await FaultProxy.open(broker.bootstrap);
        await using mine = await FaultProxy.open(broker.bootstrap);
        for (const error of errors) {
          const fault = { api, error, times: times === 'once' ? 1 : Infinity };
          const reading = (library: string) => ({
            topic: 'read',
            count,
            groupId: `${library}-${api}-${error}-${times}`,
          });
          const [expected, seen] = await Promise.all([
            outcomeOfReading(kafkajs, theirs, reading('kafkajs'), fault),
            outcomeOfReading(door.default as unknown as Library, mine, reading('door'), fault),
          ]);
          assert.equal(seen, expected, error);
        }
      });
    }
  }
});
