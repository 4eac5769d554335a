/** Every way through a classic membership, against a coordinator that says what the test wants. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { consumerProtocolSubscription, decodeVersioned } from '@millrace/protocol';
import { TestHost } from '@millrace/testkit';

import { ClientError } from '../../error.ts';
import type { Assignor } from './assignors/assignor.ts';
import { assignorsOf } from './assignors/strategy.ts';
import { ClassicMember } from './classic-member.ts';
import {
  assignedIn,
  assignmentBytes,
  type Asked,
  GroupStage,
  RecordedOwner,
  type StageHost,
  subscriptionBytes,
} from './group-stage.ts';

interface Scene {
  readonly stage: GroupStage;
  readonly owner: RecordedOwner;
  readonly member: ClassicMember;
}

interface SceneOptions {
  readonly assignors?: string[];
  readonly instance?: string;
  readonly topics?: Record<string, number>;
  readonly rack?: string;
  readonly heartbeatMs?: number;
  readonly own?: Assignor[];
}

const stageHost = (): StageHost =>
  Object.assign(new TestHost(), { dial: () => Promise.reject(new Error('nobody is called here')) });

function scene({
  own = [],
  assignors = own.length > 0 ? [] : ['range'],
  instance,
  topics = { t: 2 },
  rack = '',
  heartbeatMs = 3000,
}: SceneOptions = {}): Scene {
  const stage = new GroupStage(stageHost(), topics, { 'client.rack': rack });
  const owner = new RecordedOwner();
  const member = new ClassicMember({
    cluster: stage.cluster,
    owner,
    assignors: assignorsOf(assignors, own),
    config: {
      'group.id': 'g',
      'group.instance.id': instance ?? null,
      'session.timeout.ms': 45_000,
      'heartbeat.interval.ms': heartbeatMs,
      'max.poll.interval.ms': 300_000,
      'exclude.internal.topics': true,
    },
  });
  return { stage, owner, member };
}

const subscriptionOf = (join: Asked<'joinGroup'>, index = 0): ReturnType<typeof decodeSubscription> =>
  decodeSubscription(join.request.protocols[index]!.metadata);
const decodeSubscription = (bytes: Uint8Array) => decodeVersioned(consumerProtocolSubscription, bytes);

/** Answers a join for a follower, and gives what it is assigned. */
async function follow(stage: GroupStage, assigned: string, generationId = 1, protocolName = 'range'): Promise<void> {
  const join = await stage.next('joinGroup');
  join.answer({ generationId, memberId: 'me', protocolName, leader: 'other' });
  const sync = await stage.next('syncGroup');
  sync.answer({ assignment: assignmentBytes(assigned) });
  await stage.settle();
}

async function joined(options: SceneOptions = {}, assigned = 't-0'): Promise<Scene> {
  const made = scene(options);
  made.member.subscribe({ topics: ['t'] });
  await follow(made.stage, assigned, 1, options.assignors?.[0] ?? 'range');
  made.owner.heard();
  return made;
}

async function leaveQuietly({ member, stage }: Scene): Promise<void> {
  const left = member.leave('stay');
  await stage.settle();
  await left;
}

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
    (await made.stage.next('joinGroup')).answer({
      generationId: 4,
      memberId: 'me',
      leader: 'x',
      protocolName: 'range',
    });
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
    (await made.stage.next('joinGroup')).answer({
      generationId: 1,
      memberId: 'me',
      leader: 'x',
      protocolName: 'range',
    });
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
    (await made.stage.next('joinGroup')).answer({
      generationId: 1,
      memberId: 'me',
      leader: 'x',
      protocolName: 'range',
    });
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
