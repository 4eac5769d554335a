/** How a member of a classic group joins, and shares out what there is when it leads. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ClientError } from '../../error.ts';
import type { Assignor } from './assignors/assignor.ts';
import { admit, follow, joined, leaveQuietly, scene, subscriptionOf } from './classic-stage.ts';
import { assignedIn, assignmentBytes, type GroupStage, subscriptionBytes } from './group-stage.ts';

suite('a member of a classic group joins', () => {
  test('with the id that the coordinator makes, and as leader shares out what there is', async () => {
    const made = scene();
    const { stage, owner, member } = made;
    member.subscribe({ topics: ['t'] });
    const first = await stage.next('joinGroup');
    assert.equal(first.request.memberId, '');
    assert.equal(first.request.rebalanceTimeoutMs, 300_000);
    assert.equal(first.request.sessionTimeoutMs, 45_000);
    assert.equal(first.request.protocolType, 'consumer');
    assert.equal(first.options.timeoutMs, 305_000);
    first.answer({ errorCode: 79, memberId: 'me' });
    const second = await stage.next('joinGroup');
    assert.equal(second.request.memberId, 'me');
    const metadata = subscriptionBytes(['t']);
    const members = ['me', 'other'].map((memberId) => ({ memberId, groupInstanceId: null, metadata }));
    second.answer({ generationId: 1, memberId: 'me', leader: 'me', protocolName: 'range', members });
    const sync = await stage.next('syncGroup');
    const shares = sync.request.assignments.map(({ memberId, assignment }) => [memberId, assignedIn(assignment)]);
    assert.deepEqual(shares, [
      ['me', 't-0'],
      ['other', 't-1'],
    ]);
    assert.equal(sync.request.protocolName, 'range');
    sync.answer({ assignment: assignmentBytes('t-0') });
    await stage.settle();
    assert.deepEqual(owner.heard(), ['assign t-0']);
    assert.deepEqual(member.metadata, { groupId: 'g', generationId: 1, memberId: 'me', groupInstanceId: null });
    assert.equal(member.isRebalancing, false);
    await leaveQuietly(made);
  });

  test('a follower sends no assignments, and one that gets nothing hears that too', async () => {
    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    await admit(made.stage, 4);
    const sync = await made.stage.next('syncGroup');
    assert.deepEqual(sync.request.assignments, []);
    sync.answer({ assignment: Buffer.alloc(0) });
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['assign']);
    await leaveQuietly(made);
  });

  test('a static leader that comes back leaves the assignment as it is', async () => {
    const made = scene({ instance: 'i' });
    made.member.subscribe({ topics: ['t'] });
    const join = await made.stage.next('joinGroup');
    assert.equal(join.request.groupInstanceId, 'i');
    join.answer({ generationId: 1, memberId: 'me', leader: 'me', protocolName: 'range', skipAssignment: true });
    const sync = await made.stage.next('syncGroup');
    assert.deepEqual(sync.request.assignments, []);
    assert.equal(sync.request.groupInstanceId, 'i');
    sync.answer({ assignment: assignmentBytes('t-0 t-1') });
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['assign t-0 t-1']);
    await leaveQuietly(made);
  });

  test('all assignors are offered, in order, with what each tells the leader', async () => {
    const made = scene({
      assignors: ['org.apache.kafka.clients.consumer.RangeAssignor', 'cooperative-sticky'],
      rack: 'r1',
    });
    made.member.subscribe({ topics: ['t'] });
    const join = await made.stage.next('joinGroup');
    assert.deepEqual(
      join.request.protocols.map(({ name }) => name),
      ['range', 'cooperative-sticky'],
    );
    const { rackId, topics, userData } = subscriptionOf(join);
    assert.deepEqual({ rackId, topics, userData }, { rackId: 'r1', topics: ['t'], userData: null });
    assert.deepEqual([...subscriptionOf(join, 1).userData!], [255, 255, 255, 255]);
    const left = made.member.leave();
    await made.stage.settle();
    await left;
  });

  for (const error of ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'] as const) {
    test(`again after a pause when it is answered ${error}`, async () => {
      const made = scene();
      const { stage } = made;
      made.member.subscribe({ topics: ['t'] });
      (await stage.next('joinGroup')).refuse(error);
      assert.deepEqual(await stage.waiting(), []);
      assert.deepEqual(stage.forgotten, error === 'COORDINATOR_LOAD_IN_PROGRESS' ? [] : ['g']);
      await stage.advance(130);
      await follow(stage, 't-1');
      assert.deepEqual(made.owner.heard(), ['assign t-1']);
      await leaveQuietly(made);
    });
  }

  test('again when the connection ends, and the coordinator is looked up anew', async () => {
    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    (await made.stage.next('joinGroup')).fail(new ClientError('DISCONNECTED', 'gone'));
    await made.stage.advance(130);
    assert.deepEqual(made.stage.forgotten, ['g']);
    await follow(made.stage, 't-0');
    await leaveQuietly(made);
  });

  test('at once and with the same id when the group rebalances before its assignment is there', async () => {
    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    await admit(made.stage);
    (await made.stage.next('syncGroup')).refuse('REBALANCE_IN_PROGRESS');
    const join = await made.stage.next('joinGroup');
    assert.equal(join.request.memberId, 'me');
    join.answer({ generationId: 2, memberId: 'me', leader: 'x', protocolName: 'range' });
    (await made.stage.next('syncGroup')).answer({ assignment: assignmentBytes('t-0') });
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['assign t-0']);
    await leaveQuietly(made);
  });

  for (const error of ['GROUP_AUTHORIZATION_FAILED', 'GROUP_MAX_SIZE_REACHED'] as const) {
    test(`as soon as it may after ${error}, and the user hears of it`, async () => {
      const made = scene();
      made.member.subscribe({ topics: ['t'] });
      (await made.stage.next('joinGroup')).refuse(error);
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), [`complain ${error}`]);
      await made.stage.advance(130);
      const join = await made.stage.next('joinGroup');
      join.answer({ generationId: 2, memberId: 'me', leader: 'x', protocolName: 'range' });
      (await made.stage.next('syncGroup')).answer({ assignment: assignmentBytes('t-0') });
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), ['assign t-0']);
      await leaveQuietly(made);
    });
  }

  for (const error of ['INCONSISTENT_GROUP_PROTOCOL', 'FENCED_INSTANCE_ID'] as const) {
    test(`never when it is answered ${error}: the user hears it`, async () => {
      const made = scene();
      made.member.subscribe({ topics: ['t'] });
      (await made.stage.next('joinGroup')).refuse(error);
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), [`fail ${error}`]);
      await made.member.leave();
      assert.deepEqual(await made.stage.waiting(), []);
    });
  }

  test('never when the coordinator chooses an assignor that nobody offered', async () => {
    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    (await made.stage.next('joinGroup')).answer({ generationId: 1, memberId: 'me', leader: 'x', protocolName: 'y' });
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['fail BROKEN_ANSWER']);
    assert.equal((await made.stage.next('leaveGroup')).request.members![0]!.memberId, 'me');
  });

  test('not at all with a heartbeat that would come after the end of its session', () => {
    assert.throws(() => scene({ heartbeatMs: 45_000 }), {
      code: 'CONFIG',
      message: /heartbeat\.interval\.ms \(45000\)/,
    });
  });

  test('no more after it has left', async () => {
    const made = await joined();
    await leaveQuietly(made);
    assert.throws(() => made.member.subscribe({ topics: ['t'] }), { code: 'STATE' });
  });

  test('an assignment in bytes that nobody can read ends the membership', async () => {
    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    await admit(made.stage);
    (await made.stage.next('syncGroup')).answer({ assignment: Buffer.of(0, 1, 255, 255, 255) });
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['fail BROKEN_ANSWER']);
    assert.equal((await made.stage.next('leaveGroup')).request.members![0]!.memberId, 'me');
  });
});

suite('a member of a classic group with an assignor of the user’s own', () => {
  const note = Buffer.from('note');
  const own = (assign: Assignor['assign'], given: string[] = []): Assignor => ({
    name: 'own',
    protocols: ['eager'],
    userData: (topics) => Buffer.from(topics.join()),
    assign,
    onAssignment: ({ userData }, generationId) =>
      void given.push(`${Buffer.from(userData!).toString()} in ${generationId}`),
  });
  const asLeader = async (stage: GroupStage): Promise<void> => {
    const join = await stage.next('joinGroup');
    const metadata = Buffer.from(join.request.protocols[0]!.metadata);
    const members = [{ memberId: 'me', groupInstanceId: null, metadata }];
    join.answer({ generationId: 3, memberId: 'me', leader: 'me', protocolName: 'own', members });
  };

  test('carries its user data to the leader and back', async () => {
    const given: string[] = [];
    const assignor = own(({ members, topics }) => {
      assert.equal(Buffer.from(members.get('me')!.userData!).toString(), 't');
      assert.equal(topics.get('t')!.partitionCount, 2);
      return new Map([['me', { partitions: [{ topic: 't', partition: 1 }], userData: note }]]);
    }, given);
    const made = scene({ own: [assignor] });
    made.member.subscribe({ topics: ['t'] });
    await asLeader(made.stage);
    const sync = await made.stage.next('syncGroup');
    sync.answer({ assignment: Buffer.from(sync.request.assignments[0]!.assignment) });
    await made.stage.settle();
    assert.deepEqual(given, ['note in 3']);
    assert.deepEqual(made.owner.heard(), ['assign t-1']);
    await leaveQuietly(made);
  });

  test('ends when that throws, with what it has thrown', async () => {
    const made = scene({
      own: [
        own(() => {
          throw new Error('no idea');
        }),
      ],
    });
    made.member.subscribe({ topics: ['t'] });
    await asLeader(made.stage);
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['fail HANDLER']);
    assert.match(made.owner.failure!.message, /group "g" has ended: no idea/);
    const { request } = await made.stage.next('leaveGroup');
    assert.deepEqual(request.members, [{ memberId: 'me', groupInstanceId: null, reason: 'the member has failed' }]);
    await made.member.leave();
  });
});
