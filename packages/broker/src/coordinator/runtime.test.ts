import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncodeError, errors } from '@millrace/protocol';

import { partitionOf } from './partition-of.ts';
import { anyCaller, anyCommit, joinRequest, Stage } from './stage.ts';

test('an answer leaves when its records are durable, not before', () => {
  const stage = new Stage();
  stage.holdsSyncs = true;
  const committed = stage.commit({});
  assert.equal(committed.isDone, false);
  stage.sync();
  assert.deepEqual(committed.get(), [[errors.NONE]]);
});

test('an answer that tells of records on their way to the disk waits for them', () => {
  const stage = new Stage();
  stage.holdsSyncs = true;
  const committed = stage.commit({});
  assert.throws(() => stage.offsets(), /still waits/);
  stage.sync();
  assert.ok(committed.isDone);
  assert.deepEqual(stage.offsets(), { 't-0': 5 });
});

test('an answer of another shard does not wait', () => {
  const stage = new Stage({ partitionCount: 2 });
  const [one, other] = ['a', 'b'];
  assert.notEqual(partitionOf('a', 2), partitionOf('b', 2));
  stage.holdsSyncs = true;
  assert.equal(stage.commit({ ...anyCommit, groupId: one }).isDone, false);
  assert.deepEqual(stage.offsets(other), {});
});

test('a failed append changes nothing, and the code is one that makes clients look for the coordinator', () => {
  const stage = new Stage();
  stage.appendError = errors.KAFKA_STORAGE_ERROR;
  assert.equal(stage.commit({}).errorCode, errors.NOT_COORDINATOR);
  stage.appendError = errors.NOT_ENOUGH_REPLICAS;
  assert.equal(stage.commit({}).errorCode, errors.COORDINATOR_NOT_AVAILABLE);
  stage.appendError = errors.MESSAGE_TOO_LARGE;
  assert.equal(stage.commit({}).errorCode, errors.UNKNOWN_SERVER_ERROR);
  stage.appendError = errors.NONE;
  assert.deepEqual(stage.offsets(), {});
  assert.equal(stage.describe().isFound, false);
});

test('a group whose first record cannot be stored does not exist', () => {
  const stage = new Stage();
  stage.appendError = errors.KAFKA_STORAGE_ERROR;
  assert.equal(stage.join({}).get().errorCode, errors.NOT_COORDINATOR);
  assert.equal(stage.describe().isFound, false);
  assert.equal(stage.time.running, 1, 'only the timer that looks for old offsets');
});

test('assignments that cannot be stored are handed to nobody, and members join again', () => {
  const stage = new Stage();
  const { id, joined } = stage.joinTwice({});
  stage.time.pass(3000);
  joined.get();
  stage.appendError = errors.KAFKA_STORAGE_ERROR;
  const synced = stage.syncGroup({ memberId: id, assignments: [{ memberId: id, assignment: Buffer.from('mine') }] });
  assert.equal(synced.get().errorCode, errors.NOT_COORDINATOR);
  assert.equal(synced.get().assignment.length, 0);
  assert.equal(stage.describe().groupState, 'PreparingRebalance');
  stage.appendError = errors.NONE;
  const again = stage.join({ memberId: id });
  assert.equal(again.get().generationId, 2);
  assert.equal(stage.assign([id], 2, id)[0]?.get().errorCode, errors.NONE);
});

test('the last member goes although that cannot be stored', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  stage.appendError = errors.KAFKA_STORAGE_ERROR;
  assert.equal(stage.leave([{ memberId: id, groupInstanceId: null }])[0]?.errorCode, errors.NONE);
  assert.equal(stage.describe().groupState, 'Empty');
  stage.appendError = errors.NONE;
  assert.equal(stage.restart().describe().members.length, 1, 'a restart brings it back until its session ends');
});

test('after a failed sync everyone who waits is told, and the state is read anew', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  const newcomer = stage.joinTwice({});
  stage.holdsSyncs = true;
  const committed = stage.commit({ groupId: 'g' });
  assert.equal(committed.isDone, true, 'refused at once: the group has members');
  const stored = stage.commit({ memberId: id, generationId: 1 });
  const asked = stage.reads;
  stage.sync(true);
  assert.equal(stored.errorCode, errors.NOT_COORDINATOR);
  assert.equal(newcomer.joined.errorCode, errors.NOT_COORDINATOR);
  stage.holdsSyncs = false;
  assert.equal(stage.heartbeat(id, 1), errors.NONE);
  assert.equal(stage.reads, asked + 1);
  assert.equal(stage.describe().groupState, 'Stable');
});

test('syncs that end out of order release answers in order', () => {
  const stage = new Stage();
  stage.holdsSyncs = true;
  const first = stage.commit({});
  const second = stage.commit({});
  stage.syncNewest();
  assert.equal(second.isDone, false);
  stage.sync();
  assert.deepEqual([first.isDone, second.isDone], [true, true]);
});

test('a coordinator with nothing stored does no work for its partitions', () => {
  const stage = new Stage({ partitionCount: 50 });
  assert.equal(stage.reads, 0);
  assert.equal(stage.time.running, 1);
  stage.commit({});
  assert.equal(stage.reads, 1);
});

test('a log that does not read makes its groups unavailable, once and for all', () => {
  const stage = new Stage({ partitionCount: 1 });
  stage.commit({});
  const batch = stage.logs.get(0)?.[0];
  assert.ok(batch);
  batch.writeInt32BE(1000, 57);
  const after = stage.restart();
  assert.equal(after.commit({}).errorCode, errors.COORDINATOR_NOT_AVAILABLE);
  assert.equal(after.reads, 1);
});

test('more records than fit into a batch go into several', () => {
  const stage = new Stage({ partitionCount: 1 });
  const partitions = Array.from({ length: 4500 }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: 1n,
    committedLeaderEpoch: -1,
    committedMetadata: null,
  }));
  const committed = stage.commit({ topics: [{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions }] });
  assert.equal(committed.get()[0]?.length, 4500);
  assert.equal(stage.logs.get(0)?.length, 3);
  assert.equal(Object.keys(stage.restart().offsets()).length, 4500);
});

test('closing tells everyone who waits and leaves no timer', () => {
  const stage = new Stage();
  stage.form(2);
  const { joined } = stage.joinTwice({});
  stage.coordinator.close();
  assert.equal(joined.errorCode, errors.NOT_COORDINATOR);
  assert.equal(stage.time.running, 0);
});

test('what cannot be stored is refused, and harms nobody else', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  // Bytes that are no UTF-8 become three each when they are read as text.
  assert.equal(stage.commit({ groupId: '\ufffd'.repeat(20_000) }).errorCode, errors.UNKNOWN_SERVER_ERROR);
  assert.equal(stage.heartbeat(id, 1), errors.NONE);
});

test('an answer that has no form becomes an error, and does not keep the others back', () => {
  const stage = new Stage();
  let failedWith: number = errors.NONE;
  const { memberId } = stage.join({}).get();
  const answer = (): never => {
    throw new EncodeError('too long');
  };
  stage.coordinator.joinGroup({ ...joinRequest, memberId }, anyCaller, {
    answer,
    fail: (errorCode) => (failedWith = errorCode),
  });
  const { joined } = stage.joinTwice({});
  stage.time.pass(6000);
  assert.equal(failedWith, errors.UNKNOWN_SERVER_ERROR);
  assert.equal(joined.get().generationId, 1);
});
