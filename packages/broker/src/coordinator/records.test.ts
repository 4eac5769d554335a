import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { batchHeader, decodeBatch, zeroUuid } from '@millrace/protocol';

import { encodeRecords, replayBatches, type CoordinatorRecord, type RecordPlace } from './records.ts';
import { Stage } from './stage.ts';

const metadata = {
  protocolType: 'consumer',
  generation: 3,
  protocol: 'range',
  leader: 'm',
  currentStateTimestamp: 1_700_000_000_000,
  members: [
    {
      memberId: 'm',
      groupInstanceId: 'i',
      clientId: 'c',
      clientHost: '/127.0.0.1',
      rebalanceTimeout: 60_000,
      sessionTimeout: 10_000,
      subscription: Buffer.from('S'),
      assignment: Buffer.from('A'),
    },
  ],
};
const offset = {
  offset: 7n,
  leaderEpoch: 2,
  metadata: 'ü',
  commitTimestamp: 1,
  expireTimestamp: -1,
  topicId: zeroUuid,
};

function replayed(batch: Buffer): { readonly record: CoordinatorRecord; readonly place: RecordPlace }[] {
  const seen: { record: CoordinatorRecord; place: RecordPlace }[] = [];
  replayBatches(batch, {
    record: (record, place) => seen.push({ record, place }),
    transactionEnded: () => assert.fail('no transaction'),
    unreadable: (reason) => assert.fail(reason),
  });
  return seen;
}

test('keys and values have the bytes that Apache Kafka writes', () => {
  const batch = encodeRecords(
    [
      { type: 'GroupMetadata', group: 'g', value: null },
      { type: 'OffsetCommit', group: 'g', topic: 't', partition: 1, value: offset },
      { type: 'OffsetCommit', group: 'g', topic: 't', partition: 1, value: { ...offset, expireTimestamp: 9 } },
    ],
    1_700_000_000_000,
  );
  const [group, commit, expiring] = decodeBatch(batch, 0, 1 << 20);
  assert.equal(group?.key?.toString('hex'), '0002' + '0001' + '67');
  assert.equal(group?.value, null);
  assert.equal(commit?.key?.toString('hex'), '0001' + '000167' + '000174' + '00000001');
  // Version 4: offset, leader epoch, metadata in a compact string, commit time, no tags.
  assert.equal(
    commit?.value?.toString('hex'),
    '0004' + '0000000000000007' + '00000002' + '03c3bc' + '0000000000000001' + '00',
  );
  // Version 1: offset, metadata, commit time, expiry.
  assert.equal(
    expiring?.value?.toString('hex'),
    '0001' + '0000000000000007' + '0002c3bc' + '0000000000000001' + '0000000000000009',
  );
  assert.equal(batchHeader.attributes(batch, 0), 0);
  assert.equal(batchHeader.producerId(batch, 0), -1);
  assert.equal(commit?.timestamp, 1_700_000_000_000);
});

test('what is written is what is replayed', () => {
  const records: CoordinatorRecord[] = [
    { type: 'GroupMetadata', group: 'g', value: metadata },
    { type: 'OffsetCommit', group: 'g', topic: 't', partition: 1, value: offset },
    { type: 'OffsetCommit', group: '__proto__', topic: 'constructor', partition: 0, value: null },
    { type: 'GroupMetadata', group: 'gone', value: null },
  ];
  const batch = encodeRecords(records, 5);
  batchHeader.stampOffset(batch, 0, 100, 0);
  assert.deepEqual(
    replayed(batch),
    records.map((record, index) => ({ record, place: { offset: 100 + index, producerId: -1 } })),
  );
});

test('replayed members do not hold on to the buffer they were read from', () => {
  const batch = encodeRecords([{ type: 'GroupMetadata', group: 'g', value: metadata }], 5);
  const [first] = replayed(batch);
  batch.fill(0);
  assert.ok(first?.record.type === 'GroupMetadata');
  assert.equal(first.record.value?.members[0]?.assignment.toString(), 'A');
});

test('a partition that Apache Kafka 4.3.1 wrote is read: classic, simple and expiring groups, transactions, a consumer group; other kinds passed over', () => {
  const segment = readFileSync(new URL('testdata/kafka-4.3.1-offsets.segment', import.meta.url));
  const stage = new Stage({ partitionCount: 1, logs: new Map([[0, [segment]]]) });
  const listed = stage.coordinator.listGroups({ states: new Set(), types: new Set() });
  assert.deepEqual(
    listed.map(({ groupId, groupState, protocolType }) => [groupId, groupState, protocolType].join(' ')).sort(),
    [
      'expiring Empty ',
      'left Empty connect',
      'modern Stable consumer',
      'simple Empty ',
      'stable Stable consumer',
      'transactional Empty ',
    ],
  );
  assert.deepEqual(stage.offsets('simple'), { 't-0': 2, 't-1': 3 });
  assert.deepEqual(stage.offsets('expiring'), { 't-0': 4 });
  assert.deepEqual(stage.offsets('stable'), { 't-0': 11 });
  assert.deepEqual(stage.offsets('modern'), { 't-0': 77 });
  // One transaction committed 100; one that aborted and one that is open wrote to the other partition.
  assert.deepEqual(stage.offsets('transactional'), { 't-0': 100 });
  const { members, protocolData } = stage.describe('stable');
  assert.equal(protocolData, 'range');
  assert.equal(members[0]?.groupInstanceId, 'one');
  assert.equal(members[0]?.memberAssignment.toString(), 'assignment');
  assert.equal(members[0]?.clientHost, '/127.0.0.1');
});
