import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeVersioned, consumerProtocolSubscription, errors, zeroUuid } from '@millrace/protocol';

import type { DeleteAnswer } from './forget.ts';
import { Outcome, Stage } from './stage.ts';

const day = 24 * 60 * 60_000;
const subscription = (...topics: readonly string[]): { readonly name: string; readonly metadata: Buffer }[] => [
  {
    name: 'range',
    metadata: Buffer.from(
      encodeVersioned(consumerProtocolSubscription, 1, { topics, userData: null, ownedPartitions: [] }),
    ),
  },
];

function commit(
  stage: Stage,
  member: { readonly memberId?: string; readonly generationId?: number; readonly groupId?: string },
  ...names: readonly string[]
): void {
  const topics = names.map((name) => ({
    name,
    topicId: zeroUuid,
    partitions: [{ partitionIndex: 0, committedOffset: 1n, committedLeaderEpoch: -1, committedMetadata: null }],
  }));
  stage.commit({ ...member, topics }).get();
}

function deleteOffsets(stage: Stage, groupId: string, ...names: readonly string[]): Outcome<DeleteAnswer> {
  const outcome = new Outcome<DeleteAnswer>();
  stage.coordinator.deleteOffsets({ groupId, topics: names.map((name) => ({ name, partitions: [0] })) }, outcome);
  return outcome;
}

function deleteGroup(stage: Stage, groupId: string): number {
  const outcome = new Outcome<number>();
  stage.coordinator.deleteGroup(groupId, outcome);
  return outcome.get();
}

test('offsets of topics that a group reads are not deleted, the others are', () => {
  const stage = new Stage();
  const [memberId = ''] = stage.form(1, { protocols: subscription('t', 'u') });
  commit(stage, { memberId, generationId: 1 }, 't', 'old');
  assert.deepEqual(deleteOffsets(stage, 'g', 't', 'old', 'never').get(), [
    [errors.GROUP_SUBSCRIBED_TO_TOPIC],
    [errors.NONE],
    [errors.NONE],
  ]);
  assert.deepEqual(stage.offsets(), { 't-0': 1 });
  assert.deepEqual(stage.restart().offsets(), { 't-0': 1 });
});

test('a consumer group whose metadata cannot be read may read everything', () => {
  const stage = new Stage();
  stage.form(1);
  assert.deepEqual(deleteOffsets(stage, 'g', 't').get(), [[errors.GROUP_SUBSCRIBED_TO_TOPIC]]);
});

test('deleting offsets of a group that is not there, has no name, or has members that are no consumers', () => {
  const stage = new Stage();
  assert.equal(deleteOffsets(stage, 'g', 't').errorCode, errors.GROUP_ID_NOT_FOUND);
  assert.equal(deleteOffsets(stage, '', 't').errorCode, errors.INVALID_GROUP_ID);
  stage.form(1, { protocolType: 'connect' });
  assert.equal(deleteOffsets(stage, 'g', 't').errorCode, errors.NON_EMPTY_GROUP);
});

test('a group is deleted with its offsets when it has no members', () => {
  const stage = new Stage();
  assert.equal(deleteGroup(stage, 'g'), errors.GROUP_ID_NOT_FOUND);
  const [memberId = ''] = stage.form(1);
  commit(stage, { memberId, generationId: 1 }, 't', 'u');
  assert.equal(deleteGroup(stage, 'g'), errors.NON_EMPTY_GROUP);
  stage.leave([{ memberId, groupInstanceId: null }]);
  assert.equal(deleteGroup(stage, 'g'), errors.NONE);
  for (const after of [stage, stage.restart()]) {
    assert.equal(after.describe().isFound, false);
    assert.deepEqual(after.offsets(), {});
  }
});

test('an id that was issued ends with its group', () => {
  const stage = new Stage();
  const { memberId } = stage.join({}).get();
  assert.equal(deleteGroup(stage, 'g'), errors.NONE);
  assert.equal(stage.time.running, 1);
  assert.equal(stage.join({ memberId }).get().errorCode, errors.UNKNOWN_MEMBER_ID);
});

test('with a topic go its offsets in all groups', () => {
  const stage = new Stage();
  commit(stage, { groupId: 'a' }, 't', 'u');
  commit(stage, { groupId: 'b' }, 't');
  stage.coordinator.topicDeleted('t');
  const after = stage.restart();
  assert.deepEqual([after.offsets('a'), after.offsets('b')], [{ 'u-0': 1 }, {}]);
});

test('when the topic of the coordinator itself goes, everything is forgotten', () => {
  const stage = new Stage();
  const { joined } = stage.joinTwice({});
  stage.logs.clear();
  stage.coordinator.topicDeleted('__consumer_offsets');
  assert.equal(joined.errorCode, errors.NOT_COORDINATOR);
  assert.equal(stage.describe().isFound, false);
});

test('offsets of nobody expire a week after their commit, and their group with the last', () => {
  const stage = new Stage();
  commit(stage, {}, 't');
  stage.time.pass(4 * day);
  commit(stage, {}, 'u');
  stage.time.pass(3 * day + 600_000);
  assert.deepEqual(stage.offsets(), { 'u-0': 1 });
  stage.time.pass(4 * day);
  assert.deepEqual(stage.offsets(), {});
  assert.equal(stage.describe().isFound, false);
  assert.equal(stage.restart().describe().isFound, false);
});

test('offsets of an empty group expire a week after its last member left, however old they are', () => {
  const stage = new Stage();
  const [memberId = ''] = stage.form(1, { protocols: subscription('t'), sessionTimeoutMs: 1_800_000 });
  commit(stage, { memberId, generationId: 1 }, 't');
  for (let hours = 0; hours < 240; hours += 0.5) {
    stage.time.pass(1_800_000 - 1);
    stage.heartbeat(memberId, 1);
  }
  assert.deepEqual(stage.offsets(), { 't-0': 1 });
  stage.leave([{ memberId, groupInstanceId: null }]);
  stage.time.pass(7 * day - 600_000);
  assert.deepEqual(stage.offsets(), { 't-0': 1 });
  stage.time.pass(1_200_000);
  assert.deepEqual(stage.offsets(), {});
  assert.equal(stage.describe().isFound, false);
});

test('a stable consumer group drops only what it reads no longer; another kind of group drops nothing', () => {
  const stage = new Stage({ settings: { offsetsRetentionMs: 20 * 60_000 } });
  const keepAlive = (ids: readonly string[]): void => {
    for (let n = 0; n < 40; n++) {
      stage.time.pass(60_000);
      for (const id of ids) stage.heartbeat(id, 1);
    }
  };
  const [consumer = ''] = stage.form(1, { protocols: subscription('t'), sessionTimeoutMs: 90_000 });
  commit(stage, { memberId: consumer, generationId: 1 }, 't', 'old');
  keepAlive([consumer]);
  assert.deepEqual(stage.offsets(), { 't-0': 1 });
  const other = new Stage({ settings: { offsetsRetentionMs: 20 * 60_000 } });
  const [worker = ''] = other.form(1, { protocolType: 'connect', sessionTimeoutMs: 1_800_000 });
  commit(other, { memberId: worker, generationId: 1 }, 'old');
  other.time.pass(1_700_000);
  assert.deepEqual(other.offsets(), { 'old-0': 1 });
});

test('a client may say itself how long an offset is kept', () => {
  const stage = new Stage();
  stage.commit({ retentionTimeMs: 3_600_000 }, 2).get();
  const after = stage.restart();
  after.time.pass(3_500_000);
  assert.deepEqual(after.offsets(), { 't-0': 5 });
  after.time.pass(1_000_000);
  assert.deepEqual(after.offsets(), {});
});

test('an empty group that someone is about to enter is not removed', () => {
  const stage = new Stage({ settings: { offsetsRetentionCheckMs: 1000 } });
  const { memberId } = stage.join({}).get();
  stage.time.pass(5000);
  assert.equal(stage.join({ memberId }).isDone, false);
});
