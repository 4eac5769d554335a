/** The rules of ConsumerGroupHeartbeat, one by one. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { errors } from '@millrace/protocol';

import { consumerDefaults, Stage } from '../stage.ts';
import { settle, StageMember } from './stage-member.ts';

const names = (...subscribedTopicNames: string[]) => ({ subscribedTopicNames });
const joining = { rebalanceTimeoutMs: 60_000, topicPartitions: [], ...names('t') };

function held({ holds }: StageMember): Record<string, number[]> {
  return Object.fromEntries([...holds].map(([id, partitions]) => [id, [...partitions].sort((a, b) => a - b)]));
}

function writes(stage: Stage, work: () => void): number {
  const count = (): number => [...stage.logs.values()].reduce((sum, { length }) => sum + length, 0);
  const before = count();
  work();
  return count() - before;
}

suite('joining', () => {
  test('the first member gets everything, in the epoch after the first', () => {
    const stage = new Stage();
    const topicId = stage.topic('t', 3);
    const { response } = stage.consumer({ memberId: 'm', ...joining });
    assert.deepEqual(response, {
      errorCode: errors.NONE,
      errorMessage: null,
      memberId: 'm',
      memberEpoch: 2,
      heartbeatIntervalMs: 5000,
      assignment: { topicPartitions: [{ topicId, partitions: [0, 1, 2] }] },
    });
    assert.equal(stage.describeConsumer().groupState, 'Stable');
  });

  test('a heartbeat that says nothing new is answered without partitions, and stores nothing', () => {
    const stage = new Stage();
    stage.topic('t', 3);
    stage.consumer({ memberId: 'm', ...joining });
    const count = writes(stage, () => {
      for (let beat = 0; beat < 5; beat++) {
        const { assignment, memberEpoch } = stage.consumer({ memberId: 'm', memberEpoch: 2 }).get();
        assert.deepEqual([memberEpoch, assignment], [2, null]);
      }
    });
    assert.equal(count, 0);
  });

  test('who says everything of itself is told everything, and that stores nothing', () => {
    const stage = new Stage();
    const topicId = stage.topic('t', 1);
    stage.consumer({ memberId: 'm', ...joining });
    const topicPartitions = [{ topicId, partitions: [0] }];
    const count = writes(stage, () => {
      const { assignment } = stage.consumer({ memberId: 'm', memberEpoch: 2, ...joining, topicPartitions }).get();
      assert.deepEqual(assignment, { topicPartitions });
    });
    assert.equal(count, 0);
  });

  test('before version 1 the coordinator gives the id', () => {
    const stage = new Stage();
    const { memberId } = stage.consumer(joining, { apiVersion: 0 }).get();
    assert.match(memberId ?? '', /^.{20,}$/);
    assert.equal(
      stage.consumer({ memberId: memberId ?? '', memberEpoch: 2 }, { apiVersion: 0 }).get().errorCode,
      errors.NONE,
    );
  });

  test('partitions move to a new member only when their holder has given them up', () => {
    const stage = new Stage();
    const topicId = stage.topic('t', 2);
    const [a, b] = [new StageMember(stage, 'a', names('t')), new StageMember(stage, 'b', names('t'))];
    settle([a]);
    assert.deepEqual(held(a), { [topicId]: [0, 1] });
    b.beat();
    b.follow();
    assert.deepEqual([b.epoch, held(b)], [3, {}]);
    assert.equal(a.beat().memberEpoch, 2, 'its epoch waits until it has given up');
    assert.deepEqual(stage.describeConsumer().groupState, 'Reconciling');
    assert.equal(b.beat().assignment, null);
    a.follow();
    assert.deepEqual(held(a), { [topicId]: [0] });
    assert.equal(a.beat().memberEpoch, 3);
    b.beat();
    b.follow();
    assert.deepEqual(held(b), { [topicId]: [1] });
    assert.equal(stage.describeConsumer().groupState, 'Stable');
  });

  test('a full group lets in nobody but its members', () => {
    const stage = new Stage({ consumer: { membersMax: 1 } });
    stage.consumer({ memberId: 'm', ...joining });
    const { errorCode, errorMessage } = stage.consumer({ memberId: 'n', ...joining }).get();
    assert.equal(errorCode, errors.GROUP_MAX_SIZE_REACHED);
    assert.equal(errorMessage, 'The consumer group has reached its maximum capacity of 1 members.');
    assert.equal(stage.consumer({ memberId: 'm', ...joining }).get().errorCode, errors.NONE);
  });

  test('members that come within the assignment interval get their partitions together', () => {
    const of = () => ({ ...consumerDefaults.of('g'), assignmentIntervalMs: 1000 });
    const stage = new Stage({ consumer: { of } });
    const topicId = stage.topic('t', 2);
    const [a, b] = [new StageMember(stage, 'a', names('t')), new StageMember(stage, 'b', names('t'))];
    a.beat();
    a.follow();
    b.beat();
    const { groupEpoch, assignmentEpoch, groupState } = stage.describeConsumer();
    assert.deepEqual([groupEpoch, assignmentEpoch, groupState], [3, 2, 'Assigning']);
    stage.time.pass(1000);
    settle([a, b]);
    assert.deepEqual([held(a), held(b)], [{ [topicId]: [0] }, { [topicId]: [1] }]);
  });
});

suite('refusals', () => {
  const refused: readonly (readonly [string, object, number, string, number?])[] = [
    ['no member id', { memberEpoch: 0, ...joining }, errors.INVALID_REQUEST, "MemberId can't be empty."],
    ['no group id', { groupId: '', memberId: 'm', ...joining }, errors.INVALID_REQUEST, "GroupId can't be empty."],
    [
      'an empty instance id',
      { memberId: 'm', ...joining, instanceId: '' },
      errors.INVALID_REQUEST,
      "InstanceId can't be empty.",
    ],
    ['an empty rack', { memberId: 'm', ...joining, rackId: '' }, errors.INVALID_REQUEST, "RackId can't be empty."],
    [
      'a first heartbeat without rebalance timeout',
      { memberId: 'm', ...joining, rebalanceTimeoutMs: -1 },
      errors.INVALID_REQUEST,
      'RebalanceTimeoutMs must be provided in first request.',
    ],
    [
      'a first heartbeat with partitions',
      { memberId: 'm', ...joining, topicPartitions: null },
      errors.INVALID_REQUEST,
      'TopicPartitions must be empty when (re-)joining.',
    ],
    [
      'a first heartbeat without topics',
      { memberId: 'm', ...joining, subscribedTopicNames: null },
      errors.INVALID_REQUEST,
      'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.',
    ],
    [
      'a dynamic member that goes for a while',
      { memberId: 'm', memberEpoch: -2 },
      errors.INVALID_REQUEST,
      "InstanceId can't be null.",
    ],
    ['an epoch that is none', { memberId: 'm', memberEpoch: -3 }, errors.INVALID_REQUEST, 'MemberEpoch is invalid.'],
    [
      'an unknown assignor',
      { memberId: 'm', ...joining, serverAssignor: 'best' },
      errors.UNSUPPORTED_ASSIGNOR,
      'ServerAssignor best is not supported. Supported assignors: uniform, range.',
    ],
    [
      'a group that is not there',
      { groupId: 'absent', memberId: 'm', memberEpoch: 1 },
      errors.GROUP_ID_NOT_FOUND,
      'Consumer group absent not found.',
    ],
    [
      'leaving a group that is not there',
      { groupId: 'absent', memberId: 'm', memberEpoch: -1 },
      errors.GROUP_ID_NOT_FOUND,
      'Group absent not found.',
    ],
    [
      'a member that is not there',
      { memberId: 'stranger', memberEpoch: 2 },
      errors.UNKNOWN_MEMBER_ID,
      'Member stranger is not a member of group g.',
    ],
    [
      'an instance that is not there',
      { memberId: 'm', memberEpoch: 2, instanceId: 'i' },
      errors.UNKNOWN_MEMBER_ID,
      'Instance id i is unknown.',
    ],
    [
      'an epoch to come',
      { memberId: 'm', memberEpoch: 9 },
      errors.FENCED_MEMBER_EPOCH,
      'The consumer group member has a greater member epoch (9) than the one known by the group coordinator (2). The member must abandon all its partitions and rejoin.',
    ],
    [
      'an old epoch',
      { memberId: 'm', memberEpoch: 1 },
      errors.FENCED_MEMBER_EPOCH,
      'The consumer group member has a smaller member epoch (1) than the one known by the group coordinator (2). The member must abandon all its partitions and rejoin.',
    ],
  ];
  for (const [what, request, errorCode, errorMessage] of refused) {
    test(`${what} is refused in Kafka's words`, () => {
      const stage = new Stage();
      stage.topic('t', 1);
      stage.consumer({ memberId: 'm', ...joining });
      const count = writes(stage, () => {
        const answer = stage.consumer(request).get();
        assert.deepEqual([answer.errorCode, answer.errorMessage], [errorCode, errorMessage]);
      });
      assert.equal(count, 0);
    });
  }

  test('a full disk refuses the join, and nobody is a member', () => {
    const stage = new Stage();
    stage.appendError = errors.KAFKA_STORAGE_ERROR;
    assert.equal(stage.consumer({ memberId: 'm', ...joining }).errorCode, errors.NOT_COORDINATOR);
    stage.appendError = errors.NONE;
    assert.throws(() => stage.describeConsumer(), /not found/);
  });
});

suite('lost answers', () => {
  test('a member repeats its epoch with what it holds of the newer, and goes on', () => {
    const stage = new Stage();
    const topicId = stage.topic('t', 2);
    const a = new StageMember(stage, 'a', names('t'));
    settle([a]);
    stage.topic('t', 4);
    assert.equal(a.beat({ isLost: true }).memberEpoch, 3);
    assert.equal(a.epoch, 2);
    const count = writes(stage, () => assert.equal(a.beat().memberEpoch, 3));
    assert.equal(count, 0, 'the same heartbeat leads nowhere else');
    a.follow();
    assert.deepEqual(held(a), { [topicId]: [0, 1, 2, 3] });
  });

  test('two epochs behind, or with partitions that it should not have, it is fenced', () => {
    const stage = new Stage();
    const topicId = stage.topic('t', 1);
    stage.consumer({ memberId: 'm', ...joining });
    stage.topic('t', 2);
    stage.consumer({ memberId: 'm', memberEpoch: 2, topicPartitions: [{ topicId, partitions: [0] }] });
    const fenced = (memberEpoch: number, partitions: number[]): number =>
      stage.consumer({ memberId: 'm', memberEpoch, topicPartitions: [{ topicId, partitions }] }).get().errorCode;
    assert.equal(fenced(2, [0, 7]), errors.FENCED_MEMBER_EPOCH);
    assert.equal(fenced(1, [0]), errors.FENCED_MEMBER_EPOCH);
    assert.equal(stage.consumer({ memberId: 'm', memberEpoch: 2 }).get().errorCode, errors.FENCED_MEMBER_EPOCH);
    assert.equal(fenced(2, [0]), errors.NONE);
  });
});

suite('leaving', () => {
  test('who leaves is gone, and its partitions go to who stays', () => {
    const stage = new Stage();
    const topicId = stage.topic('t', 2);
    const [a, b] = [new StageMember(stage, 'a', names('t')), new StageMember(stage, 'b', names('t'))];
    settle([a, b]);
    const { errorCode, memberId, memberEpoch } = a.leave();
    assert.deepEqual([errorCode, memberId, memberEpoch], [errors.NONE, 'a', -1]);
    settle([b]);
    assert.deepEqual(held(b), { [topicId]: [0, 1] });
    b.leave();
    assert.equal(stage.describeConsumer().groupState, 'Empty');
  });

  test('who does not heartbeat for the session timeout is gone', () => {
    const stage = new Stage();
    stage.topic('t', 2);
    const [a, b] = [new StageMember(stage, 'a', names('t')), new StageMember(stage, 'b', names('t'))];
    settle([a, b]);
    for (let step = 0; step < 10; step++) {
      stage.time.pass(5000);
      a.beat();
      a.follow();
    }
    assert.deepEqual(
      stage.describeConsumer().members.map(({ memberId }) => memberId),
      ['a'],
    );
    assert.equal(b.beat().errorCode, errors.UNKNOWN_MEMBER_ID);
  });

  test('who does not give up its partitions for the rebalance timeout is gone', () => {
    const stage = new Stage();
    stage.topic('t', 2);
    const a = new StageMember(stage, 'a', { ...names('t'), rebalanceTimeoutMs: 20_000 });
    const b = new StageMember(stage, 'b', names('t'));
    settle([a]);
    b.beat();
    a.beat();
    for (let step = 0; step < 5; step++) {
      stage.time.pass(5000);
      if (a.isIn) a.beat();
      b.beat();
      b.follow();
    }
    assert.equal(a.errorCode, errors.UNKNOWN_MEMBER_ID);
    assert.deepEqual(
      [...b.holds.values()].map(({ size }) => size),
      [2],
    );
  });
});

suite('static members', () => {
  const instance = { instanceId: 'i', ...names('t') };

  test('an instance that goes for a while keeps its partitions, and comes back under another id', () => {
    const stage = new Stage();
    const topicId = stage.topic('t', 2);
    const [a, b] = [new StageMember(stage, 'a', instance), new StageMember(stage, 'b', names('t'))];
    settle([a, b]);
    const before = stage.describeConsumer();
    assert.equal(a.leave(-2).memberEpoch, -2);
    assert.equal(b.beat().assignment, null);
    const back = new StageMember(stage, 'a2', instance);
    const { memberEpoch, assignment } = back.beat();
    assert.equal(memberEpoch, before.groupEpoch, 'nobody else is disturbed');
    assert.deepEqual(assignment, { topicPartitions: [{ topicId, partitions: [0] }] });
    assert.equal(stage.describeConsumer().groupEpoch, before.groupEpoch);
  });

  test('an instance whose id is in use is not let in, and its old member is fenced after it was replaced', () => {
    const stage = new Stage();
    stage.topic('t', 1);
    const a = new StageMember(stage, 'a', instance);
    settle([a]);
    const other = new StageMember(stage, 'b', instance);
    const { errorCode, errorMessage } = other.beat();
    assert.equal(errorCode, errors.UNRELEASED_INSTANCE_ID);
    assert.equal(
      errorMessage,
      'Static member b with instance id i cannot join the group because the instance id is owned by a member.',
    );
    a.leave(-2);
    other.beat();
    const fenced = stage.consumer({ memberId: 'a', memberEpoch: 2, instanceId: 'i' }).get();
    assert.deepEqual(
      [fenced.errorCode, fenced.errorMessage],
      [errors.FENCED_INSTANCE_ID, 'Static member a with instance id i was fenced by member b.'],
    );
  });

  test('an instance that does not come back in time is gone', () => {
    const stage = new Stage();
    stage.topic('t', 1);
    const a = new StageMember(stage, 'a', instance);
    settle([a]);
    a.leave(-2);
    stage.time.pass(45_000);
    assert.equal(stage.describeConsumer().groupState, 'Empty');
  });
});

suite('topics', () => {
  test('a topic that appears, grows or goes leads to the next epoch at the next heartbeat', () => {
    const stage = new Stage();
    const a = new StageMember(stage, 'a', names('t', 'u'));
    settle([a]);
    assert.equal(a.epoch, 2);
    const t = stage.topic('t', 1);
    settle([a]);
    assert.deepEqual([a.epoch, held(a)], [3, { [t]: [0] }]);
    stage.topic('t', 2);
    stage.topic('other', 2);
    settle([a]);
    assert.deepEqual([a.epoch, held(a)], [4, { [t]: [0, 1] }]);
    stage.removeTopic('t');
    settle([a]);
    assert.deepEqual([a.epoch, held(a)], [5, {}]);
  });

  test('who reads no longer what it has gives it up at once', () => {
    const stage = new Stage();
    const [t, u] = [stage.topic('t', 2), stage.topic('u', 2)];
    const a = new StageMember(stage, 'a', names('t'));
    settle([a]);
    a.change(names('u'));
    settle([a]);
    assert.deepEqual(held(a), { [u]: [0, 1] });
    assert.ok(!a.holds.has(t));
  });

  test('the assignor that most members ask for shares out, for all of them', () => {
    const stage = new Stage();
    const [t, u] = [stage.topic('t', 3), stage.topic('u', 3)];
    const range = { ...names('t', 'u'), serverAssignor: 'range' };
    const [a, b] = [new StageMember(stage, 'a', range), new StageMember(stage, 'b', range)];
    const c = new StageMember(stage, 'c', names('t', 'u'));
    settle([c, a, b]);
    assert.deepEqual(
      [held(a), held(b), held(c)],
      [
        { [t]: [0], [u]: [0] },
        { [t]: [1], [u]: [1] },
        { [t]: [2], [u]: [2] },
      ],
    );
    assert.equal(stage.describeConsumer().assignorName, 'range');
  });
});

suite('patterns', () => {
  const pattern = (subscribedTopicRegex: string) => ({ subscribedTopicNames: null, subscribedTopicRegex });

  test('topics that match come with the heartbeat after they were looked for', () => {
    const stage = new Stage();
    const [a1, a2] = [stage.topic('a1', 1), stage.topic('a2', 1)];
    stage.topic('ba3', 1);
    const m = new StageMember(stage, 'm', pattern('a.*'));
    assert.deepEqual(m.beat().assignment, { topicPartitions: [] });
    stage.time.pass(1);
    settle([m]);
    assert.deepEqual(held(m), { [a1]: [0], [a2]: [0] });
  });

  test('a new topic is found ten seconds after the last look at the earliest', () => {
    const stage = new Stage();
    const a1 = stage.topic('a1', 1);
    const m = new StageMember(stage, 'm', pattern('a.*'));
    m.beat();
    stage.time.pass(1);
    settle([m]);
    const a2 = stage.topic('a2', 1);
    m.beat();
    stage.time.pass(1);
    settle([m]);
    assert.deepEqual(held(m), { [a1]: [0] });
    stage.time.pass(10_000);
    m.beat();
    stage.time.pass(1);
    settle([m]);
    assert.deepEqual(held(m), { [a1]: [0], [a2]: [0] });
  });

  test('a pattern that is none is refused', () => {
    const stage = new Stage();
    const { errorCode, errorMessage } = stage.consumer({ memberId: 'm', ...joining, ...pattern('a(') }).get();
    assert.equal(errorCode, errors.INVALID_REGULAR_EXPRESSION);
    assert.match(errorMessage ?? '', /^SubscribedTopicRegex `a\(` is not a valid regular expression: /);
    assert.throws(() => stage.describeConsumer(), /not found/);
  });

  test('what a member no longer reads goes to others, when its new pattern matches nothing, too', () => {
    const stage = new Stage();
    const topicId = stage.topic('a', 1);
    const m = new StageMember(stage, 'm', pattern('a.*'));
    m.beat();
    stage.time.pass(1);
    settle([m]);
    const n = new StageMember(stage, 'n', names('a'));
    settle([m, n]);
    assert.deepEqual([held(m), held(n)], [{ [topicId]: [0] }, {}]);
    m.change(pattern('b.*'));
    m.beat();
    stage.time.pass(10_001);
    settle([m, n]);
    assert.deepEqual([held(m), held(n)], [{}, { [topicId]: [0] }]);
  });

  test('with the last member that uses it, a pattern is forgotten', () => {
    const stage = new Stage();
    stage.topic('a1', 1);
    const m = new StageMember(stage, 'm', pattern('a.*'));
    m.beat();
    stage.time.pass(1);
    const group = stage.groupInMemory('g');
    assert.ok(group?.kind === 'consumer');
    assert.equal(group.patterns.size, 1);
    m.change({ subscribedTopicRegex: '', subscribedTopicNames: ['a1'] });
    settle([m]);
    assert.equal(group.patterns.size, 0);
  });
});
