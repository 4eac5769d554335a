/** The hex was made by Apache Kafka's own serdes: what is in its topics can be read here, and what we write can be read there. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { DecodeError } from '../codec-error.ts';
import { consumerProtocolSubscription } from '../consumer-protocol.ts';
import { decodeVersioned, encodeVersioned } from '../versioned.ts';
import { encodeCoordinatorKey, encodeCoordinatorValue } from './coordinator-record.ts';
import { decodeGroupRecord, groupRecords } from './group-records.ts';
import { encodeMetadataRecord } from './metadata-record.ts';
import { decodeMetadataRecord, metadataRecords } from './metadata-records.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const topicId = '6RMusntXw8M6nURTYJmFjQ';

suite('records of __consumer_offsets', () => {
  const keyBytes = hex('000100016700066f726465727300000003');
  const valueBytes = hex('0004000000000000002a00000005026d0000018bcfe56800010010e9132eb27b57c3c33a9d44536099858d');
  const key = { group: 'g', topic: 'orders', partition: 3 };
  const value = { offset: 42n, leaderEpoch: 5, metadata: 'm', commitTimestamp: 1_700_000_000_000, topicId };

  test('carry their type before the key and their version before the value', () => {
    assert.deepEqual(Buffer.from(encodeCoordinatorKey(groupRecords.offsetCommit, key)), keyBytes);
    assert.deepEqual(Buffer.from(encodeCoordinatorValue(groupRecords.offsetCommit, 4, value)), valueBytes);
    assert.deepEqual(
      Buffer.from(encodeCoordinatorValue(groupRecords.offsetCommit, 3, value)),
      hex('0003000000000000002a0000000500016d0000018bcfe56800'),
    );
  });

  test('are told apart by name, and without a value say that the thing is gone', () => {
    const record = decodeGroupRecord(keyBytes, valueBytes);
    assert.ok(record?.name === 'OffsetCommit');
    assert.equal(record.key.partition, 3);
    assert.deepEqual(record.value, { ...value, expireTimestamp: -1 });
    assert.deepEqual(decodeGroupRecord(keyBytes, null), { name: 'OffsetCommit', key, value: null });
  });

  test('have each a type of its own; 9 and 18 are retired', () => {
    const types = Object.values(groupRecords).map(({ type }) => type);
    assert.deepEqual(
      types.toSorted((left, right) => left - right),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23],
    );
  });

  test('of an unknown type are left to the caller, and of an unknown version refused', () => {
    assert.equal(decodeGroupRecord(hex('7fff00'), null), undefined);
    assert.throws(() => decodeGroupRecord(keyBytes, hex('000900')), /OffsetCommitValue has no version 9/);
    assert.throws(() => decodeGroupRecord(hex('00'), null), DecodeError);
  });
});

suite('records of __cluster_metadata', () => {
  const bytes = hex('01050200000002e9132eb27b57c3c33a9d44536099858d020009030000000100000002010400000001');

  test('carry the version of the frame, their id and their version', () => {
    const value = { partitionId: 2, topicId, leader: 1, isr: [1, 2] };
    assert.deepEqual(Buffer.from(encodeMetadataRecord(metadataRecords.partitionChangeRecord, 2, value)), bytes);
    const record = decodeMetadataRecord(bytes);
    assert.ok(record.name === 'PartitionChangeRecord');
    assert.equal(record.version, 2);
    assert.deepEqual([record.value.leader, record.value.isr, record.value.replicas], [1, [1, 2], null]);
  });

  test('must be known and whole', () => {
    assert.throws(() => decodeMetadataRecord(Buffer.concat([bytes, hex('00')])), /1 bytes follow/);
    assert.throws(() => decodeMetadataRecord(bytes.subarray(0, -1)), /PartitionChangeRecord version 2, leader/);
    assert.throws(() => decodeMetadataRecord(hex('027f00')), /unknown frame version 2/);
    assert.throws(() => decodeMetadataRecord(hex('017f00')), /unknown id 127/);
  });

  test('have ids of their own', () => {
    const ids = Object.values(metadataRecords).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });
});

suite('what consumers put into JoinGroup', () => {
  const bytes = hex('00030000000100066f7264657273ffffffff000000000000000400027231');

  test('is a version and its message', () => {
    const subscription = { topics: ['orders'], generationId: 4, rackId: 'r1' };
    assert.deepEqual(Buffer.from(encodeVersioned(consumerProtocolSubscription, 3, subscription)), bytes);
    assert.deepEqual(decodeVersioned(consumerProtocolSubscription, bytes), {
      ...subscription,
      userData: null,
      ownedPartitions: [],
    });
  });

  test('of a newer version is read as the newest we know', () => {
    const newer = Buffer.concat([hex('0009'), bytes.subarray(2), hex('0102')]);
    assert.equal(decodeVersioned(consumerProtocolSubscription, newer).rackId, 'r1');
  });

  test('of a negative version, or without one, is refused', () => {
    assert.throws(() => decodeVersioned(consumerProtocolSubscription, hex('ffff')), DecodeError);
    assert.throws(() => decodeVersioned(consumerProtocolSubscription, hex('00')), DecodeError);
  });
});
