/** How a member of a classic group stays in it, and how it leaves. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ClientError } from '../../error.ts';
import { follow, joined, leaveQuietly, scene, subscriptionOf } from './classic-stage.ts';
import { assignmentBytes } from './group-stage.ts';

suite('a member of a classic group stays', () => {
  test('by heartbeats on a timer, while nothing else happens', async () => {
    const made = await joined();
    for (let beat = 0; beat < 3; beat++) {
      await made.stage.advance(3000);
      const { request } = await made.stage.next('heartbeat').then((asked) => (asked.answer(), asked));
      assert.deepEqual([request.generationId, request.memberId], [1, 'me']);
    }
    await leaveQuietly(made);
  });

  test('eager: gives everything up before it joins again, with heartbeats while the user takes time', async () => {
    const made = await joined();
    const { stage, owner, member } = made;
    const release = owner.hold();
    await stage.advance(3000);
    (await stage.next('heartbeat')).refuse('REBALANCE_IN_PROGRESS');
    await stage.settle();
    assert.deepEqual(owner.heard(), ['revoke t-0']);
    assert.equal(member.isRebalancing, true);
    await stage.advance(3000);
    (await stage.next('heartbeat')).refuse('REBALANCE_IN_PROGRESS');
    assert.deepEqual(await stage.waiting(), []);
    release();
    const join = await stage.next('joinGroup');
    assert.deepEqual(subscriptionOf(join).ownedPartitions, []);
    join.answer({ generationId: 2, memberId: 'me', leader: 'x', protocolName: 'range' });
    (await stage.next('syncGroup')).answer({ assignment: assignmentBytes('t-1') });
    await stage.settle();
    assert.deepEqual(owner.heard(), ['assign t-1']);
    assert.equal(member.metadata.generationId, 2);
    await leaveQuietly(made);
  });

  test('cooperative: keeps what it has while it joins, gives up only what moves, and joins once more', async () => {
    const made = await joined({ assignors: ['cooperative-sticky'] }, 't-0 t-1');
    const { stage, owner } = made;
    await stage.advance(3000);
    (await stage.next('heartbeat')).refuse('REBALANCE_IN_PROGRESS');
    const join = await stage.next('joinGroup');
    const { ownedPartitions, generationId } = subscriptionOf(join);
    assert.deepEqual(ownedPartitions, [{ topic: 't', partitions: [0, 1] }]);
    assert.equal(generationId, 1);
    assert.deepEqual(owner.heard(), []);
    join.answer({ generationId: 2, memberId: 'me', leader: 'x', protocolName: 'cooperative-sticky' });
    (await stage.next('syncGroup')).answer({ assignment: assignmentBytes('t-0') });
    await stage.settle();
    assert.deepEqual(owner.heard(), ['revoke t-1', 'assign']);
    await follow(stage, 't-0', 3, 'cooperative-sticky');
    assert.deepEqual(owner.heard(), ['assign']);
    assert.deepEqual(await stage.waiting(), []);
    await leaveQuietly(made);
  });

  for (const [error, memberId] of [
    ['UNKNOWN_MEMBER_ID', ''],
    ['ILLEGAL_GENERATION', 'me'],
  ] as const) {
    test(`no more after ${error}: what it had is lost, and it joins as "${memberId}"`, async () => {
      const made = await joined({ assignors: ['cooperative-sticky'] });
      await made.stage.advance(3000);
      (await made.stage.next('heartbeat')).refuse(error);
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), ['lose t-0']);
      const join = await made.stage.next('joinGroup');
      assert.equal(join.request.memberId, memberId);
      assert.equal(subscriptionOf(join).generationId, -1);
      join.answer({ generationId: 7, memberId: 'new', leader: 'x', protocolName: 'cooperative-sticky' });
      (await made.stage.next('syncGroup')).answer({ assignment: assignmentBytes('t-0') });
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), ['assign t-0']);
      await leaveQuietly(made);
    });
  }

  test('through a coordinator that moves: heartbeats go on at the next one', async () => {
    const made = await joined();
    await made.stage.advance(3000);
    (await made.stage.next('heartbeat')).refuse('NOT_COORDINATOR');
    await made.stage.settle();
    assert.deepEqual(made.stage.forgotten, ['g']);
    await made.stage.advance(1000);
    (await made.stage.next('heartbeat')).answer();
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), []);
    await leaveQuietly(made);
  });

  test('and is out when a newer member has its instance id', async () => {
    const made = await joined({ instance: 'i' });
    await made.stage.advance(3000);
    (await made.stage.next('heartbeat')).refuse('FENCED_INSTANCE_ID');
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['lose t-0', 'fail FENCED_INSTANCE_ID']);
    await made.member.leave();
    assert.deepEqual(await made.stage.waiting(), []);
  });

  test('what a commit of an older generation was answered does not count', async () => {
    const made = await joined();
    const older = { ...made.member.metadata, generationId: 0 };
    made.member.doubt(new ClientError('ILLEGAL_GENERATION', 'old'), older);
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), []);
    made.member.doubt(new ClientError('ILLEGAL_GENERATION', 'now'), made.member.metadata);
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['lose t-0']);
    await leaveQuietly(made);
  });

  test('what commits are answered while the group forms counts for nothing: JoinGroup and SyncGroup say it themselves', async () => {
    const made = await joined({ assignors: ['cooperative-sticky'] });
    const { stage, owner, member } = made;
    member.rejoin('for the test');
    const join = await stage.next('joinGroup');
    member.doubt(new ClientError('ILLEGAL_GENERATION', 'the group was faster'), member.metadata);
    join.answer({ generationId: 2, memberId: 'me', leader: 'x', protocolName: 'cooperative-sticky' });
    const sync = await stage.next('syncGroup');
    member.doubt(new ClientError('REBALANCE_IN_PROGRESS', 'not yet'), member.metadata);
    sync.answer({ assignment: assignmentBytes('t-0') });
    await stage.settle();
    assert.deepEqual(owner.heard(), ['assign']);
    assert.deepEqual(await stage.waiting(), []);
    assert.equal(member.isRebalancing, false);
    await leaveQuietly(made);
  });

  test('joins again for the reason that the user gives', async () => {
    const made = await joined();
    made.member.rejoin('more disks');
    const join = await made.stage.next('joinGroup');
    assert.equal(join.request.reason, 'more disks');
    await leaveQuietly(made);
  });
});

suite('a member of a classic group leaves', () => {
  test('after it gave up what it had, as long as it counts', async () => {
    const { stage, owner, member } = await joined();
    const release = owner.hold();
    const left = member.leave();
    await stage.advance(3000);
    (await stage.next('heartbeat')).answer();
    release();
    const asked = await stage.next('leaveGroup');
    assert.deepEqual(asked.request.members, [
      { memberId: 'me', groupInstanceId: null, reason: 'the consumer is being closed' },
    ]);
    asked.answer();
    await left;
    assert.deepEqual(owner.heard(), ['revoke t-0']);
    await stage.advance(100_000);
    assert.deepEqual(await stage.waiting(), []);
  });

  test('without a word when it is static, unless it is told to', async () => {
    const quiet = await joined({ instance: 'i' });
    await quiet.member.leave();
    assert.deepEqual(await quiet.stage.waiting(), []);
    assert.deepEqual(quiet.owner.heard(), ['revoke t-0']);

    const loud = await joined({ instance: 'i' });
    const left = loud.member.leave('leave');
    const asked = await loud.stage.next('leaveGroup');
    assert.equal(asked.request.members![0]!.groupInstanceId, 'i');
    asked.answer();
    await left;
  });

  test('in the middle of a rebalance, without waiting for the group to form', async () => {
    const { stage, owner, member } = await joined({ assignors: ['cooperative-sticky'] });
    member.rejoin('for the test');
    const join = await stage.next('joinGroup');
    const left = member.leave();
    (await stage.next('leaveGroup')).answer();
    await left;
    assert.deepEqual(owner.heard(), ['revoke t-0']);
    join.fail(new ClientError('CLOSED', 'nobody waits for this'));
    await stage.advance(100_000);
    assert.deepEqual(await stage.waiting(), []);
  });

  test('when a coordinator does not answer, all the same', async () => {
    const { stage, member } = await joined();
    const left = member.leave();
    const asked = await stage.next('leaveGroup');
    assert.equal(asked.options.timeoutMs, 5000);
    asked.fail(new ClientError('TIMEOUT', 'late'));
    await left;
    assert.equal(member.metadata.generationId, -1);
  });

  test('when the user does not come for max.poll.interval.ms: it loses all, and joins again when he does', async () => {
    const made = await joined();
    const { stage, owner, member } = made;
    for (let beats = 0; beats < 99; beats++) {
      await stage.advance(3000);
      (await stage.next('heartbeat')).answer();
    }
    await stage.advance(3000);
    const asked = await stage.next('leaveGroup');
    assert.match(asked.request.members![0]!.reason!, /max\.poll\.interval\.ms \(300000 ms\)/);
    asked.answer();
    await stage.settle();
    assert.deepEqual(owner.heard(), ['lose t-0']);
    await stage.advance(100_000);
    assert.deepEqual(await stage.waiting(), []);
    member.polled();
    assert.equal((await stage.next('joinGroup')).request.memberId, '');
    await leaveQuietly(made);
  });

  test('when the user went away while the group formed', async () => {
    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    const join = await made.stage.next('joinGroup');
    await made.stage.advance(300_000);
    join.answer({ generationId: 1, memberId: 'me', leader: 'x', protocolName: 'range' });
    assert.equal((await made.stage.next('leaveGroup')).request.members![0]!.memberId, 'me');
    assert.deepEqual(made.owner.heard(), []);
    await leaveQuietly(made);
  });
});
