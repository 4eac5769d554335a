/** Offsets of consumer groups: who may commit and see them, and when they go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@millrace/protocol';

import type { DeleteAnswer } from '../forget.ts';
import type { FoundTopic } from '../offset-query.ts';
import { anyCaller, anyCommit, Outcome, Stage } from '../stage.ts';
import { settle, StageMember } from './stage-member.ts';

function readers(): { readonly stage: Stage; readonly member: StageMember; readonly topicId: string } {
  const stage = new Stage({ settings: { offsetsRetentionMs: 3_600_000 } });
  const topicId = stage.topic('t', 2);
  const member = new StageMember(stage, 'm', { subscribedTopicNames: ['t'] });
  settle([member]);
  return { stage, member, topicId };
}

function commit(
  stage: Stage,
  topicId: string,
  memberId: string,
  generationId: number,
  version = 9,
  partitionIndex = 0,
): number {
  const partitions = [{ partitionIndex, committedOffset: 5n, committedLeaderEpoch: -1, committedMetadata: null }];
  const topics = [{ name: 't', topicId, partitions }];
  const outcome = stage.commit({ ...anyCommit, memberId, generationId, topics }, version);
  return outcome.errorCode ?? errors.NONE;
}

test('a member commits in its epoch, since version 9', () => {
  const { stage, topicId } = readers();
  assert.equal(commit(stage, topicId, 'm', 2), errors.NONE);
  assert.equal(commit(stage, topicId, 'm', 2, 8), errors.UNSUPPORTED_VERSION);
  assert.equal(commit(stage, topicId, 'm', 3), errors.STALE_MEMBER_EPOCH);
  assert.equal(commit(stage, topicId, 'm', 1), errors.STALE_MEMBER_EPOCH);
  assert.equal(commit(stage, topicId, 'stranger', 2), errors.UNKNOWN_MEMBER_ID);
  assert.equal(commit(stage, topicId, '', -1), errors.UNKNOWN_MEMBER_ID);
});

test('in an epoch before, a member commits for what it has held since', () => {
  const { stage, member, topicId } = readers();
  stage.topic('t', 3);
  settle([member]);
  assert.equal(member.epoch, 3);
  assert.equal(commit(stage, topicId, 'm', 2), errors.NONE);
  assert.equal(commit(stage, topicId, 'm', 2, 9, 2), errors.STALE_MEMBER_EPOCH);
});

test('in a transaction, another epoch is a generation that is not legal, which producers know', () => {
  const { stage, topicId } = readers();
  const codes = [1, 2, 3].map((generationId) => {
    const outcome = new Outcome<readonly (readonly number[])[]>();
    const partitions = [{ partitionIndex: 1, committedOffset: 5n, committedLeaderEpoch: -1, committedMetadata: null }];
    const asked = { ...anyCommit, memberId: 'm', generationId, topics: [{ name: 't', topicId, partitions }] };
    stage.coordinator.commitOffsetsInTransaction(asked, { producerId: 1, producerEpoch: 0 }, anyCaller, outcome);
    return outcome.errorCode ?? errors.NONE;
  });
  assert.deepEqual(codes, [errors.ILLEGAL_GENERATION, errors.NONE, errors.ILLEGAL_GENERATION]);
});

test('anyone commits to a group without members', () => {
  const { stage, member, topicId } = readers();
  member.leave();
  assert.equal(commit(stage, topicId, '', -1, 8), errors.NONE);
});

test('who says that it is a member sees offsets in its epoch only; who says nothing sees them', () => {
  const { stage } = readers();
  const query = (member?: { id: string | null; epoch: number }): number => {
    const outcome = new Outcome<readonly FoundTopic[]>();
    const asked = { groupId: 'g', topics: null, requireStable: false, ...(member === undefined ? {} : { member }) };
    stage.coordinator.queryOffsets(asked, outcome);
    return outcome.errorCode ?? errors.NONE;
  };
  assert.equal(query(), errors.NONE);
  assert.equal(query({ id: null, epoch: -1 }), errors.NONE);
  assert.equal(query({ id: 'm', epoch: 2 }), errors.NONE);
  assert.equal(query({ id: 'm', epoch: 1 }), errors.STALE_MEMBER_EPOCH);
  assert.equal(query({ id: 'stranger', epoch: 2 }), errors.UNKNOWN_MEMBER_ID);
});

test('offsets of topics that members read are not deleted, those of others are', () => {
  const { stage, topicId } = readers();
  commit(stage, topicId, 'm', 2);
  const remove = (name: string): number | undefined => {
    const outcome = new Outcome<DeleteAnswer>();
    stage.coordinator.deleteOffsets({ groupId: 'g', topics: [{ name, partitions: [0] }] }, outcome);
    return outcome.get()[0]?.[0];
  };
  assert.equal(remove('t'), errors.GROUP_SUBSCRIBED_TO_TOPIC);
  assert.equal(remove('u'), errors.NONE);
});

test('what is read does not expire; when nobody is left everything does, and the group with it', () => {
  const { stage, member, topicId } = readers();
  commit(stage, topicId, 'm', 2);
  for (let step = 0; step < 300; step++) {
    stage.time.pass(30_000);
    member.beat();
  }
  assert.deepEqual(stage.offsets(), { 't-0': 5 });
  member.leave();
  stage.time.pass(1_200_000);
  assert.deepEqual(stage.offsets(), {});
  assert.throws(() => stage.describeConsumer(), /not found/);
  assert.throws(() => stage.restart().describeConsumer(), /not found/);
});

test('a group is deleted when nobody is left, not before', () => {
  const { stage, member } = readers();
  const remove = (): number => {
    const outcome = new Outcome<number>();
    stage.coordinator.deleteGroup('g', outcome);
    return outcome.get();
  };
  assert.equal(remove(), errors.NON_EMPTY_GROUP);
  member.leave();
  assert.equal(remove(), errors.NONE);
  assert.equal(remove(), errors.GROUP_ID_NOT_FOUND);
  assert.throws(() => stage.restart().describeConsumer(), /not found/);
});

test('groups are listed with their type and state', () => {
  const { stage } = readers();
  const list = (states: string[], types: string[]): object[] =>
    stage.coordinator.listGroups({ states: new Set(states), types: new Set(types) });
  const listed = { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' };
  assert.deepEqual(list([], []), [listed]);
  assert.deepEqual(list(['stable'], ['consumer']), [listed]);
  assert.deepEqual(list([], ['classic']), []);
});
