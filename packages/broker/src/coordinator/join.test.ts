import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@millrace/protocol';

import { selectProtocol } from './group.ts';
import { joinRequest, Stage } from './stage.ts';

const protocols = (...names: readonly string[]): { readonly name: string; readonly metadata: Buffer }[] =>
  names.map((name) => ({ name, metadata: Buffer.from('metadata') }));

test('a new member is issued an id, comes back with it, and leads its group after the initial delay', () => {
  const stage = new Stage();
  const first = stage.join({}).get();
  assert.equal(first.errorCode, errors.MEMBER_ID_REQUIRED);
  assert.match(first.memberId, /^client-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const joined = stage.join({ memberId: first.memberId });
  stage.time.pass(2999);
  assert.equal(joined.isDone, false);
  stage.time.pass(1);
  assert.deepEqual(joined.get(), {
    errorCode: errors.NONE,
    generationId: 1,
    protocolType: 'consumer',
    protocolName: 'range',
    leader: first.memberId,
    skipAssignment: false,
    memberId: first.memberId,
    members: [{ memberId: first.memberId, groupInstanceId: null, metadata: Buffer.from('metadata') }],
  });
});

test('the whole round: join, sync, heartbeat, and the same after a restart', () => {
  const stage = new Stage();
  const { id, joined } = stage.joinTwice({});
  stage.time.pass(3000);
  assert.equal(joined.get().generationId, 1);
  const synced = stage.syncGroup({ memberId: id, assignments: [{ memberId: id, assignment: Buffer.from('mine') }] });
  assert.equal(synced.get().assignment.toString(), 'mine');
  assert.equal(stage.heartbeat(id, 1), errors.NONE);
  const after = stage.restart();
  assert.equal(after.heartbeat(id, 1), errors.NONE);
  assert.equal(after.syncGroup({ memberId: id }).get().assignment.toString(), 'mine');
});

test('before version 4 a member enters at once, and learns its id with its first answer', () => {
  const stage = new Stage();
  const joined = stage.join({}, { apiVersion: 3 });
  stage.time.pass(3000);
  assert.equal(joined.get().errorCode, errors.NONE);
  assert.equal(joined.get().leader, joined.get().memberId);
});

test('a group id is needed, and a session timeout within its bounds', () => {
  const stage = new Stage();
  assert.equal(stage.join({ groupId: '' }).get().errorCode, errors.INVALID_GROUP_ID);
  assert.equal(stage.join({ sessionTimeoutMs: 5999 }).get().errorCode, errors.INVALID_SESSION_TIMEOUT);
  assert.equal(stage.join({ sessionTimeoutMs: 1_800_001 }).get().errorCode, errors.INVALID_SESSION_TIMEOUT);
  assert.equal(stage.join({ sessionTimeoutMs: 1_800_000 }).get().errorCode, errors.MEMBER_ID_REQUIRED);
});

test('a member with an id that nobody issued is unknown, whether the group exists or not', () => {
  const stage = new Stage();
  const unknown = stage.join({ memberId: 'stranger' }).get();
  assert.equal(unknown.errorCode, errors.UNKNOWN_MEMBER_ID);
  assert.equal(unknown.memberId, 'stranger');
  stage.form(1);
  assert.equal(stage.join({ memberId: 'stranger' }).get().errorCode, errors.UNKNOWN_MEMBER_ID);
});

test('a join without protocols or type makes no group', () => {
  const stage = new Stage();
  assert.equal(stage.join({ protocols: [] }).get().errorCode, errors.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(stage.join({ protocolType: '' }).get().errorCode, errors.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(stage.describe().isFound, false);
});

test('who speaks of something else than the group, or shares no protocol with all, stays out', () => {
  const stage = new Stage();
  stage.form(2, { protocols: protocols('range', 'sticky') });
  assert.equal(stage.join({ protocolType: 'connect' }).get().errorCode, errors.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(stage.join({ protocols: protocols('other') }).get().errorCode, errors.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(stage.join({ protocols: protocols('other', 'sticky') }).get().errorCode, errors.MEMBER_ID_REQUIRED);
});

test('any protocol type may be used, and metadata goes through untouched', () => {
  const stage = new Stage();
  const metadata = Buffer.from([0, 255, 1, 2, 3]);
  const { joined } = stage.joinTwice({ protocolType: 'connect', protocols: [{ name: 'sessioned', metadata }] });
  stage.time.pass(3000);
  assert.deepEqual(joined.get().members[0]?.metadata, metadata);
  assert.equal(joined.get().protocolType, 'connect');
});

test('hundreds that join at the same time are all let in', () => {
  const stage = new Stage();
  const issued = Array.from({ length: 300 }, () => stage.join({}).get().memberId);
  const joined = issued.map((memberId) => stage.join({ memberId }));
  stage.time.pass(60_000);
  assert.deepEqual(new Set(joined.map((one) => one.get().errorCode)), new Set([errors.NONE]));
  assert.equal(new Set(joined.map((one) => one.get().leader)).size, 1);
  assert.equal(joined.filter((one) => one.get().members.length === 300).length, 1);
});

test('an issued id that is not used ends with its session, and holds up a rebalance no longer', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  stage.join({ sessionTimeoutMs: 6000 }).get();
  const again = stage.join({ memberId: id });
  assert.equal(again.isDone, false, 'the issued id may come back');
  stage.time.pass(5999);
  assert.equal(again.isDone, false);
  stage.time.pass(1);
  assert.equal(again.get().generationId, 2);
});

test('an issued id cannot be claimed by an instance', () => {
  const stage = new Stage();
  const { memberId } = stage.join({}).get();
  assert.equal(stage.join({ memberId, groupInstanceId: 'one' }).get().errorCode, errors.UNKNOWN_MEMBER_ID);
});

test('a follower that joins again without news is told what it knew; with news everyone joins again', () => {
  const stage = new Stage();
  const [leader = '', follower = ''] = stage.form(2);
  const same = stage.join({ memberId: follower }).get();
  assert.deepEqual([same.errorCode, same.generationId, same.members.length], [errors.NONE, 1, 0]);
  assert.equal(stage.describe().groupState, 'Stable');
  const news = stage.join({ memberId: follower, protocols: [{ name: 'range', metadata: Buffer.from('news') }] });
  assert.equal(news.isDone, false);
  assert.equal(stage.heartbeat(leader, 1), errors.REBALANCE_IN_PROGRESS);
  stage.join({ memberId: leader });
  assert.equal(news.get().generationId, 2);
});

test('a leader that joins again makes everyone join again', () => {
  const stage = new Stage();
  const [leader = '', follower = ''] = stage.form(2);
  const again = stage.join({ memberId: leader });
  assert.equal(again.isDone, false);
  assert.equal(stage.heartbeat(follower, 1), errors.REBALANCE_IN_PROGRESS);
});

test('a member that lost the answer to its join gets it again, the leader with all members', () => {
  const stage = new Stage();
  const [one, two] = [stage.joinTwice({}), stage.joinTwice({})];
  stage.time.pass(6000);
  assert.equal(one.joined.get().generationId, 1);
  const [leader, follower] = [stage.join({ memberId: one.id }).get(), stage.join({ memberId: two.id }).get()];
  assert.deepEqual([leader.generationId, leader.members.length], [1, 2]);
  assert.deepEqual([follower.generationId, follower.members.length], [1, 0]);
  assert.equal(stage.describe().groupState, 'CompletingRebalance');
});

test('a member that joins on a second connection frees the first', () => {
  const stage = new Stage();
  const { id, joined } = stage.joinTwice({});
  const second = stage.join({ memberId: id });
  assert.equal(joined.errorCode, errors.REBALANCE_IN_PROGRESS);
  stage.time.pass(3000);
  assert.equal(second.get().generationId, 1);
});

test('a new member that waits too long in its first join is told so, and the others go on', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1, { rebalanceTimeoutMs: 1_000_000, sessionTimeoutMs: 1_800_000 });
  const newcomer = stage.joinTwice({ rebalanceTimeoutMs: 1_000_000, sessionTimeoutMs: 1_800_000 });
  stage.time.pass(299_999);
  assert.equal(newcomer.joined.isDone, false);
  stage.time.pass(1);
  assert.equal(newcomer.joined.errorCode, errors.UNKNOWN_MEMBER_ID);
  assert.equal(stage.join({ memberId: id }).get().generationId, 2);
});

test('a full group lets nobody else in', () => {
  const stage = new Stage({ settings: { membersMax: 2 } });
  const [leader = ''] = stage.form(2);
  const refused = stage.join({}).get();
  assert.equal(refused.errorCode, errors.GROUP_MAX_SIZE_REACHED);
  assert.equal(refused.memberId, '');
  assert.equal(stage.heartbeat(leader, 1), errors.NONE);
});

test('when the limit sinks, who rejoins last is out', () => {
  const stage = new Stage({ settings: { membersMax: 3 } });
  const [one = '', two = '', three = ''] = stage.form(3);
  stage.settings.membersMax = 2;
  const joins = [one, two].map((memberId) =>
    stage.join({ memberId, protocols: [{ name: 'range', metadata: Buffer.from('n') }] }),
  );
  assert.equal(stage.join({ memberId: three }).get().errorCode, errors.GROUP_MAX_SIZE_REACHED);
  assert.deepEqual(
    joins.map((join) => join.get().errorCode),
    [errors.NONE, errors.NONE],
  );
  assert.equal(stage.heartbeat(three, 2), errors.UNKNOWN_MEMBER_ID);
});

test('a group that is loaded with more members than allowed rebalances', () => {
  const stage = new Stage();
  stage.form(3);
  stage.settings.membersMax = 2;
  assert.equal(stage.restart().describe().groupState, 'PreparingRebalance');
});

test('a static member that comes back before anything is stable takes its place', () => {
  const stage = new Stage();
  const first = stage.join({ groupInstanceId: 'one' });
  const second = stage.join({ groupInstanceId: 'one' });
  assert.equal(first.errorCode, errors.FENCED_INSTANCE_ID);
  stage.time.pass(3000);
  assert.equal(second.get().generationId, 1);
  assert.equal(second.get().members.length, 1);
});

test('a static member that comes back while the leader assigns makes everyone join again', () => {
  const stage = new Stage();
  const [one, two] = [stage.join({ groupInstanceId: 'one' }), stage.join({ groupInstanceId: 'two' })];
  stage.time.pass(6000);
  const { memberId } = two.get();
  const waits = stage.syncGroup({ memberId, groupInstanceId: 'two' });
  const back = stage.join({ groupInstanceId: 'one' });
  assert.equal(waits.get().errorCode, errors.REBALANCE_IN_PROGRESS);
  assert.notEqual(one.get().memberId, memberId);
  stage.join({ memberId, groupInstanceId: 'two' });
  assert.equal(back.get().generationId, 2);
});

test('a static member that cannot be stored under its new id keeps the old one', () => {
  const stage = new Stage();
  const first = stage.join({ groupInstanceId: 'one' });
  stage.time.pass(3000);
  const { memberId } = first.get();
  stage.assign([memberId], 1, memberId);
  stage.appendError = errors.KAFKA_STORAGE_ERROR;
  const back = stage.join({ groupInstanceId: 'one' }).get();
  assert.deepEqual([back.errorCode, back.memberId, back.members.length], [errors.NOT_COORDINATOR, '', 0]);
  assert.equal(stage.heartbeat(memberId, 1, 'one'), errors.NONE);
});

test('a member id that another one took over is fenced', () => {
  const stage = new Stage();
  const first = stage.join({ groupInstanceId: 'one' });
  stage.time.pass(3000);
  const { memberId } = first.get();
  stage.assign([memberId], 1, memberId);
  stage.join({ groupInstanceId: 'one' }).get();
  assert.equal(stage.join({ memberId, groupInstanceId: 'one' }).get().errorCode, errors.FENCED_INSTANCE_ID);
  assert.equal(stage.join({ memberId, groupInstanceId: 'two' }).get().errorCode, errors.UNKNOWN_MEMBER_ID);
});

test('the rebalance timeout of the slowest member counts', () => {
  const stage = new Stage();
  const [leader = ''] = stage.form(1, { rebalanceTimeoutMs: 20_000, sessionTimeoutMs: 60_000 });
  stage.form(1, { groupId: 'other' });
  const { joined } = stage.joinTwice({ rebalanceTimeoutMs: 30_000, sessionTimeoutMs: 60_000 });
  stage.time.pass(29_999);
  assert.equal(joined.isDone, false);
  stage.time.pass(1);
  assert.equal(joined.get().generationId, 2);
  assert.equal(stage.heartbeat(leader, 2), errors.UNKNOWN_MEMBER_ID);
});

test('the initial delay ends with the rebalance timeout, however many come', () => {
  const stage = new Stage();
  const joined = [stage.joinTwice({ rebalanceTimeoutMs: 7000 }).joined];
  for (let n = 0; n < 6; n++) {
    stage.time.pass(1000);
    joined.push(stage.joinTwice({ rebalanceTimeoutMs: 7000 }).joined);
  }
  assert.equal(
    joined.some(({ isDone }) => isDone),
    false,
  );
  stage.time.pass(1000);
  assert.deepEqual(new Set(joined.map((one) => one.get().generationId)), new Set([1]));
});

test('without an initial delay the first member does not wait', () => {
  const stage = new Stage({ settings: { initialRebalanceDelayMs: 0 } });
  const { joined } = stage.joinTwice({});
  stage.time.pass(0);
  assert.equal(joined.get().generationId, 1);
});

test('a protocol is chosen by most votes, on a tie the one voted for first', () => {
  assert.equal(selectProtocol([protocols('a', 'b'), protocols('b', 'a'), protocols('b', 'a')]), 'b');
  assert.equal(selectProtocol([protocols('a', 'b'), protocols('b', 'a')]), 'a');
  assert.equal(selectProtocol([protocols('c', 'a', 'b'), protocols('b', 'a')]), 'a');
  assert.throws(() => selectProtocol([protocols('a'), protocols('b')]), /share a protocol/);
});

test('names from users are no keys of objects', () => {
  const stage = new Stage();
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const { joined } = stage.joinTwice({ groupId: name, protocols: protocols(name), protocolType: name });
    stage.time.pass(3000);
    assert.equal(joined.get().protocolName, name);
    assert.equal(stage.describe(name).groupState, 'CompletingRebalance');
  }
  assert.equal(joinRequest.groupId, 'g');
});
