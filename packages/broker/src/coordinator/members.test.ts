import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@millrace/protocol';

import { Outcome, Stage } from './stage.ts';

test('a member that heartbeats stays; one that does not is removed when its session ends', () => {
  const stage = new Stage();
  const [one = '', two = ''] = stage.form(2);
  for (let n = 0; n < 5; n++) {
    stage.time.pass(3000);
    stage.heartbeat(one, 1);
  }
  assert.equal(stage.heartbeat(two, 1), errors.UNKNOWN_MEMBER_ID);
  assert.equal(stage.heartbeat(one, 1), errors.REBALANCE_IN_PROGRESS);
  assert.deepEqual(
    stage.describe().members.map(({ memberId }) => memberId),
    [one],
  );
});

test('a heartbeat starts no timer', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  const before = stage.time.started;
  for (let n = 0; n < 100; n++) stage.heartbeat(id, 1);
  assert.equal(stage.time.started, before);
});

test('what is wrong with a heartbeat is said', () => {
  const stage = new Stage();
  assert.equal(stage.heartbeat('nobody', 1), errors.UNKNOWN_MEMBER_ID);
  const [id = ''] = stage.form(1);
  assert.equal(stage.heartbeat('nobody', 1), errors.UNKNOWN_MEMBER_ID);
  assert.equal(stage.heartbeat(id, 2), errors.ILLEGAL_GENERATION);
  assert.equal(stage.heartbeat(id, 1, 'instance'), errors.UNKNOWN_MEMBER_ID);
  const unnamed = new Outcome<number>();
  stage.coordinator.heartbeat({ groupId: '', generationId: 1, memberId: id, groupInstanceId: null }, unnamed);
  assert.equal(unnamed.get(), errors.INVALID_GROUP_ID);
});

test('while it waits for the others a member need not heartbeat', () => {
  const stage = new Stage();
  const [one = '', two = ''] = stage.form(2, { rebalanceTimeoutMs: 60_000 });
  const waits = stage.join({ memberId: one });
  for (let n = 0; n < 6; n++) {
    stage.time.pass(9000);
    stage.heartbeat(two, 1);
  }
  assert.equal(waits.isDone, false);
  stage.join({ memberId: two });
  assert.equal(waits.get().generationId, 2);
});

test('a sync says what is wrong with it', () => {
  const stage = new Stage();
  const code = (request: Parameters<Stage['syncGroup']>[0]): number => stage.syncGroup(request).get().errorCode;
  assert.equal(code({ groupId: '' }), errors.INVALID_GROUP_ID);
  assert.equal(code({ memberId: 'nobody' }), errors.UNKNOWN_MEMBER_ID);
  const { id, joined } = stage.joinTwice({});
  assert.equal(code({ memberId: id, generationId: 0 }), errors.REBALANCE_IN_PROGRESS);
  stage.time.pass(3000);
  joined.get();
  assert.equal(code({ memberId: 'nobody' }), errors.UNKNOWN_MEMBER_ID);
  assert.equal(code({ memberId: id, generationId: 9 }), errors.ILLEGAL_GENERATION);
  assert.equal(code({ memberId: id, protocolType: 'connect' }), errors.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(code({ memberId: id, protocolName: 'sticky' }), errors.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(code({ memberId: id, groupInstanceId: 'x' }), errors.UNKNOWN_MEMBER_ID);
});

test('followers wait for the leader; who is not in its assignment gets an empty one', () => {
  const stage = new Stage();
  const [one, two] = [stage.joinTwice({}), stage.joinTwice({})];
  stage.time.pass(6000);
  one.joined.get();
  const follower = stage.syncGroup({ memberId: two.id });
  assert.equal(follower.isDone, false);
  const leader = stage.syncGroup({
    memberId: one.id,
    assignments: [{ memberId: one.id, assignment: Buffer.from('all') }],
  });
  assert.equal(leader.get().assignment.toString(), 'all');
  assert.equal(follower.get().assignment.length, 0);
  assert.equal(follower.get().protocolName, 'range');
  assert.equal(stage.describe().groupState, 'Stable');
});

test('an assignment for a stranger is not kept', () => {
  const stage = new Stage();
  const { id, joined } = stage.joinTwice({});
  stage.time.pass(3000);
  joined.get();
  stage.syncGroup({ memberId: id, assignments: [{ memberId: 'stranger', assignment: Buffer.from('x') }] }).get();
  assert.equal(stage.restart().describe().members.length, 1);
});

test('a member that syncs on a second connection frees the first', () => {
  const stage = new Stage();
  const [one, two] = [stage.joinTwice({}), stage.joinTwice({})];
  stage.time.pass(6000);
  const first = stage.syncGroup({ memberId: two.id });
  const second = stage.syncGroup({ memberId: two.id });
  assert.equal(first.errorCode, errors.REBALANCE_IN_PROGRESS);
  stage.assign([one.id], 1, one.id);
  assert.equal(second.get().errorCode, errors.NONE);
});

test('nobody syncs: everyone is out after the rebalance timeout', () => {
  const stage = new Stage();
  const { joined } = stage.joinTwice({ rebalanceTimeoutMs: 4000, sessionTimeoutMs: 60_000 });
  stage.time.pass(3000);
  joined.get();
  stage.time.pass(3999);
  assert.equal(stage.describe().groupState, 'CompletingRebalance');
  stage.time.pass(1);
  assert.equal(stage.describe().groupState, 'Empty');
  assert.equal(stage.time.running, 1);
});

test('members leave one by one or together, by id or by instance, each with its own code', () => {
  const stage = new Stage();
  const [one = '', two = ''] = stage.form(2);
  const left = stage.leave([
    { memberId: 'stranger', groupInstanceId: null },
    { memberId: '', groupInstanceId: 'stranger' },
    { memberId: '', groupInstanceId: null },
    { memberId: one, groupInstanceId: null, reason: 'shutdown' },
  ]);
  assert.deepEqual(
    left.map(({ errorCode }) => errorCode),
    [errors.UNKNOWN_MEMBER_ID, errors.UNKNOWN_MEMBER_ID, errors.UNKNOWN_MEMBER_ID, errors.NONE],
  );
  assert.equal(stage.heartbeat(two, 1), errors.REBALANCE_IN_PROGRESS);
  assert.deepEqual(stage.leave([{ memberId: two, groupInstanceId: null }])[0]?.errorCode, errors.NONE);
  assert.equal(stage.describe().groupState, 'Empty');
  assert.equal(stage.restart().describe().groupState, 'Empty');
});

test('an administrator removes a static member by its instance; the wrong member id is fenced', () => {
  const stage = new Stage();
  const joined = stage.join({ groupInstanceId: 'one' });
  stage.time.pass(3000);
  const { memberId } = joined.get();
  stage.assign([memberId], 1, memberId);
  assert.equal(stage.leave([{ memberId: 'wrong', groupInstanceId: 'one' }])[0]?.errorCode, errors.FENCED_INSTANCE_ID);
  assert.deepEqual(stage.leave([{ memberId: '', groupInstanceId: 'one' }]), [
    { memberId: '', groupInstanceId: 'one', errorCode: errors.NONE },
  ]);
  assert.equal(stage.describe().groupState, 'Empty');
});

test('an issued id can be given back', () => {
  const stage = new Stage();
  const { memberId } = stage.join({}).get();
  assert.equal(stage.leave([{ memberId, groupInstanceId: null }])[0]?.errorCode, errors.NONE);
  assert.equal(stage.join({ memberId }).get().errorCode, errors.UNKNOWN_MEMBER_ID);
  assert.equal(stage.time.running, 1);
});

test('who leaves while others wait for it frees them', () => {
  const stage = new Stage();
  const [one = '', two = ''] = stage.form(2);
  const waits = stage.join({ memberId: one });
  stage.leave([{ memberId: two, groupInstanceId: null }]);
  assert.equal(waits.get().generationId, 2);
});

test('who leaves in its own join is told that it is unknown', () => {
  const stage = new Stage();
  const { id, joined } = stage.joinTwice({});
  stage.leave([{ memberId: id, groupInstanceId: null }]);
  assert.equal(joined.errorCode, errors.UNKNOWN_MEMBER_ID);
  stage.time.pass(3000);
  assert.equal(stage.describe().groupState, 'Empty');
});

test('leaving a group that is not there', () => {
  const stage = new Stage();
  assert.equal(stage.leave([{ memberId: 'x', groupInstanceId: null }])[0]?.errorCode, errors.UNKNOWN_MEMBER_ID);
  const unnamed = new Outcome<readonly unknown[]>();
  stage.coordinator.leaveGroup('', [], unnamed);
  assert.equal(unnamed.errorCode, errors.INVALID_GROUP_ID);
});

test('a group goes on counting generations after it was empty, and after a restart', () => {
  const stage = new Stage();
  const [one = ''] = stage.form(1);
  stage.leave([{ memberId: one, groupInstanceId: null }]);
  const after = stage.restart();
  const { joined } = after.joinTwice({});
  after.time.pass(3000);
  assert.equal(joined.get().generationId, 3);
});

test('a static member that never comes back keeps its place until its session ends', () => {
  const stage = new Stage();
  const [one, two] = ['one', 'two'].map((groupInstanceId) =>
    stage.join({ groupInstanceId, rebalanceTimeoutMs: 5000, sessionTimeoutMs: 30_000 }),
  );
  stage.time.pass(5000);
  const leader = one?.get().memberId ?? '';
  const other = two?.get().memberId ?? '';
  stage.assign([leader, other], 1, leader);
  const news = [{ name: 'range', metadata: Buffer.from('news') }];
  const again = stage.join({
    memberId: leader,
    groupInstanceId: 'one',
    rebalanceTimeoutMs: 5000,
    sessionTimeoutMs: 30_000,
    protocols: news,
  });
  stage.time.pass(5000);
  assert.equal(again.get().generationId, 2);
  assert.equal(again.get().members.length, 2, 'the static member is still counted in');
});

test('what a member said last is what a restart knows of it', () => {
  const stage = new Stage();
  const offers = (...names: readonly string[]) =>
    names.map((name) => ({ name, metadata: Buffer.from(`${name} of ${names.length}`) }));
  const [id = ''] = stage.form(1, { protocols: offers('range', 'sticky') });
  const again = stage.join({ memberId: id, protocols: offers('sticky') });
  assert.equal(again.get().protocolName, 'sticky');
  stage.syncGroup({ memberId: id, generationId: 2, protocolName: 'sticky' }).get();
  const [member] = stage.restart().describe().members;
  assert.equal(member?.memberMetadata.toString(), 'sticky of 1');
});
