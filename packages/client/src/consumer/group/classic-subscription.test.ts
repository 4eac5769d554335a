/** What a member of a classic group subscribes to, and what follows when that changes. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { joined, leaveQuietly, scene, subscriptionOf } from './classic-stage.ts';
import { assignedIn, assignmentBytes, subscriptionBytes } from './group-stage.ts';

suite('a subscription to a classic group', () => {
  test('that changes leads to a rebalance with the new topics', async () => {
    const made = await joined({ assignors: ['cooperative-sticky'], topics: { t: 2, u: 1 } }, 't-0');
    made.member.subscribe({ topics: ['u'] });
    const join = await made.stage.next('joinGroup');
    assert.deepEqual(made.owner.heard(), ['revoke t-0']);
    assert.deepEqual(subscriptionOf(join).topics, ['u']);
    await leaveQuietly(made);
  });

  test('that changes while the group forms is not lost, and what is not wanted any more is not taken', async () => {
    const made = scene({ topics: { t: 1, u: 1 } });
    made.member.subscribe({ topics: ['t'] });
    const join = await made.stage.next('joinGroup');
    made.member.subscribe({ topics: ['u'] });
    join.answer({ generationId: 1, memberId: 'me', leader: 'x', protocolName: 'range' });
    (await made.stage.next('syncGroup')).answer({ assignment: assignmentBytes('t-0') });
    const again = await made.stage.next('joinGroup');
    assert.deepEqual(subscriptionOf(again).topics, ['u']);
    assert.deepEqual(made.owner.heard(), []);
    await leaveQuietly(made);
  });

  test('by a pattern takes what matches, leaves internal topics out, and follows new topics', async () => {
    const made = scene({ topics: { 'a-1': 1, 'b-1': 1, __a: 1 } });
    const { stage, member } = made;
    member.subscribe({ topics: [], pattern: /a/g });
    const join = await stage.next('joinGroup');
    assert.deepEqual(subscriptionOf(join).topics, ['a-1']);
    join.answer({ generationId: 1, memberId: 'me', leader: 'x', protocolName: 'range' });
    (await stage.next('syncGroup')).answer({ assignment: assignmentBytes('a-1-0') });
    await stage.settle();
    await stage.setTopic('b-2', 1);
    assert.deepEqual(await stage.waiting(), []);
    await stage.setTopic('a-2', 1);
    assert.deepEqual(subscriptionOf(await stage.next('joinGroup')).topics, ['a-1', 'a-2']);
    await leaveQuietly(made);
  });

  test('by a pattern in RE2 is refused: only brokers of the new protocol read it', () => {
    const { member } = scene();
    assert.throws(() => member.subscribe({ topics: [], pattern: { re2: 'a.*' } }), { code: 'UNSUPPORTED' });
  });

  test('the leader, and nobody else, joins again when a topic of the group gets partitions', async () => {
    const follower = await joined();
    await follower.stage.setTopic('t', 3);
    assert.deepEqual(await follower.stage.waiting(), []);
    await leaveQuietly(follower);

    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    const members = [{ memberId: 'me', groupInstanceId: null, metadata: subscriptionBytes(['t']) }];
    const answer = { memberId: 'me', leader: 'me', protocolName: 'range', members };
    (await made.stage.next('joinGroup')).answer({ ...answer, generationId: 1 });
    (await made.stage.next('syncGroup')).answer({ assignment: assignmentBytes('t-0 t-1') });
    await made.stage.settle();
    await made.stage.setTopic('t', 3);
    (await made.stage.next('joinGroup')).answer({ ...answer, generationId: 2 });
    const { assignments } = (await made.stage.next('syncGroup')).request;
    assert.equal(assignedIn(assignments[0]!.assignment), 't-0 t-1 t-2');
    await leaveQuietly(made);
  });

  test('to a topic that does not exist yet is shared out soon after it does', async () => {
    const made = scene({ topics: {} });
    made.member.subscribe({ topics: ['t'] });
    const members = [{ memberId: 'me', groupInstanceId: null, metadata: subscriptionBytes(['t']) }];
    (await made.stage.next('joinGroup')).answer({
      generationId: 1,
      memberId: 'me',
      leader: 'me',
      protocolName: 'range',
      members,
    });
    (await made.stage.next('syncGroup')).answer({ assignment: assignmentBytes('') });
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['assign']);
    await made.stage.setTopic('t', 1);
    assert.deepEqual(await made.stage.waiting(), ['joinGroup']);
    await leaveQuietly(made);
  });
});
