/** Every way through a membership of a consumer group (KIP-848), against a coordinator that says what the test wants. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { TestHost } from '@millrace/testkit';

import { ClientError } from '../../error.ts';
import { ConsumerMember } from './consumer-member.ts';
import { type Asked, GroupStage, partitionsOf, RecordedOwner, topicIdOf } from './group-stage.ts';

interface Scene {
  readonly stage: GroupStage;
  readonly owner: RecordedOwner;
  readonly member: ConsumerMember;
}

interface SceneOptions {
  readonly instance?: string;
  readonly topics?: Record<string, number>;
  readonly assignor?: string;
  readonly rack?: string;
}

function scene({ instance, topics = { t: 3 }, assignor, rack = '' }: SceneOptions = {}): Scene {
  const host = Object.assign(new TestHost(), { dial: () => Promise.reject(new Error('nobody is called here')) });
  const stage = new GroupStage(host, topics, { 'client.rack': rack });
  const owner = new RecordedOwner();
  const member = new ConsumerMember({
    cluster: stage.cluster,
    owner,
    config: {
      'group.id': 'g',
      'group.instance.id': instance ?? null,
      'group.remote.assignor': assignor ?? null,
      'max.poll.interval.ms': 300_000,
      'exclude.internal.topics': true,
    },
  });
  return { stage, owner, member };
}

type Beat = Asked<'consumerGroupHeartbeat'>;

const beat = async (stage: GroupStage): Promise<Beat> => await stage.next('consumerGroupHeartbeat');

/** Answers with an epoch, and with what the member is to have. */
function grant(asked: Beat, memberEpoch: number, target?: string): void {
  const byTopic = Map.groupBy(partitionsOf(target ?? ''), ({ topic }) => topic);
  const topicPartitions = [...byTopic].map(([topic, of]) => ({
    topicId: topicIdOf(topic),
    partitions: of.map(({ partition }) => partition),
  }));
  const assignment = target === undefined ? null : { topicPartitions };
  asked.answer({ memberId: asked.request.memberId, memberEpoch, heartbeatIntervalMs: 5000, assignment });
}

const heldIn = ({ request }: Beat): string[] | undefined =>
  request.topicPartitions?.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => `${Buffer.from(topicId, 'base64url').toString().replaceAll('.', '')}-${partition}`),
  );

async function joined(options: SceneOptions = {}, target = 't-0 t-1'): Promise<Scene> {
  const made = scene(options);
  made.member.subscribe({ topics: ['t'] });
  await made.stage.advance(0);
  const first = await beat(made.stage);
  grant(first, 1, '');
  await made.stage.advance(0);
  grant(await beat(made.stage), 1, target);
  await made.stage.advance(0);
  grant(await beat(made.stage), 2);
  await made.stage.settle();
  made.owner.heard();
  return made;
}

async function leaveQuietly({ member, stage }: Scene): Promise<void> {
  const left = member.leave();
  await stage.settle();
  while ((await stage.waiting()).length > 0) grant(await beat(stage), -1);
  await left;
  await stage.advance(400_000);
  assert.deepEqual(await stage.waiting(), []);
}

suite('a member of a consumer group', () => {
  test('joins with an id of its own, takes what comes, and says so at once', async () => {
    const made = scene({ assignor: 'range', rack: 'r' });
    const { stage, owner, member } = made;
    member.subscribe({ topics: ['t'] });
    assert.equal(member.isRebalancing, true);
    await stage.advance(0);
    const first = await beat(stage);
    const { memberId } = first.request;
    assert.match(memberId, /^[\w-]{22}$/);
    assert.deepEqual(first.request, {
      groupId: 'g',
      instanceId: null,
      memberId,
      memberEpoch: 0,
      rackId: 'r',
      rebalanceTimeoutMs: 300_000,
      serverAssignor: 'range',
      subscribedTopicNames: ['t'],
      topicPartitions: [],
    });
    assert.equal(member.metadata.generationId, -1);
    grant(first, 4, 't-2 t-0');
    await stage.settle();
    assert.deepEqual(owner.heard(), ['assign t-2 t-0']);
    await stage.advance(0);
    const second = await beat(stage);
    assert.deepEqual(Object.keys(second.request), [
      'groupId',
      'instanceId',
      'memberId',
      'memberEpoch',
      'topicPartitions',
    ]);
    assert.deepEqual(heldIn(second), ['t-0', 't-2']);
    grant(second, 4);
    await stage.settle();
    assert.deepEqual(member.metadata, { groupId: 'g', generationId: 4, memberId, groupInstanceId: null });
    assert.equal(member.isRebalancing, false);
    await leaveQuietly(made);
  });

  test('beats as often as the coordinator says, with nothing but its epoch', async () => {
    const made = await joined();
    await made.stage.advance(4999);
    assert.deepEqual(await made.stage.waiting(), []);
    await made.stage.advance(1);
    const asked = await beat(made.stage);
    assert.deepEqual(Object.keys(asked.request), ['groupId', 'instanceId', 'memberId', 'memberEpoch']);
    assert.equal(asked.request.memberEpoch, 2);
    grant(asked, 2);
    await leaveQuietly(made);
  });

  test('gives up what goes, says so, and beats while the user takes time', async () => {
    const made = await joined();
    const { stage, owner } = made;
    const release = owner.hold();
    await stage.advance(5000);
    grant(await beat(stage), 2, 't-1');
    await stage.advance(5000);
    const during = await beat(stage);
    assert.equal(heldIn(during), undefined);
    grant(during, 2);
    assert.deepEqual(owner.heard(), ['revoke t-0']);
    release();
    await stage.settle();
    assert.deepEqual(owner.heard(), ['assign']);
    await stage.advance(0);
    const after = await beat(stage);
    assert.deepEqual(heldIn(after), ['t-1']);
    grant(after, 3, 't-1 t-2');
    await stage.settle();
    assert.deepEqual(owner.heard(), ['assign t-2']);
    await stage.advance(0);
    const last = await beat(stage);
    assert.deepEqual(heldIn(last), ['t-1', 't-2']);
    grant(last, 3);
    await leaveQuietly(made);
  });

  for (const error of ['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID'] as const) {
    test(`loses everything after ${error}, and joins again under the same id`, async () => {
      const made = await joined();
      const before = made.member.metadata.memberId;
      await made.stage.advance(5000);
      (await beat(made.stage)).refuse(error);
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), ['lose t-0 t-1']);
      await made.stage.advance(0);
      const again = await beat(made.stage);
      assert.equal(again.request.memberEpoch, 0);
      assert.equal(again.request.memberId, before);
      assert.deepEqual(again.request.subscribedTopicNames, ['t']);
      assert.deepEqual(heldIn(again), []);
      grant(again, 5, 't-0');
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), ['assign t-0']);
      await leaveQuietly(made);
    });
  }

  test('says everything again after a beat that was not answered, and forgets the coordinator', async () => {
    const made = await joined();
    await made.stage.advance(5000);
    (await beat(made.stage)).fail(new ClientError('DISCONNECTED', 'gone'));
    await made.stage.advance(130);
    assert.deepEqual(made.stage.forgotten, ['g']);
    const again = await beat(made.stage);
    assert.equal(again.request.memberEpoch, 2);
    assert.deepEqual(again.request.subscribedTopicNames, ['t']);
    assert.equal(again.request.rebalanceTimeoutMs, 300_000);
    assert.deepEqual(heldIn(again), ['t-0', 't-1']);
    grant(again, 2);
    assert.deepEqual(made.owner.heard(), []);
    await leaveQuietly(made);
  });

  test('goes on asking while it may not join, and the user hears of it', async () => {
    for (const error of ['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED'] as const) {
      const made = scene();
      made.member.subscribe({ topics: ['t'] });
      await made.stage.advance(0);
      (await beat(made.stage)).refuse(error);
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), [`complain ${error}`]);
      await made.stage.advance(130);
      const again = await beat(made.stage);
      assert.deepEqual([again.request.memberEpoch, again.request.subscribedTopicNames], [0, ['t']]);
      grant(again, 1, 't-0');
      await made.stage.advance(0);
      assert.deepEqual(made.owner.heard(), ['assign t-0']);
      grant(await beat(made.stage), 1);
      await leaveQuietly(made);
    }
  });

  test('says what to set where brokers do not know such groups', async () => {
    const made = scene();
    made.member.subscribe({ topics: ['t'] });
    await made.stage.advance(0);
    (await beat(made.stage)).fail(new ClientError('UNSUPPORTED', 'Not here.'));
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['fail UNSUPPORTED']);
    assert.match(made.owner.failure!.message, /^Not here\. .*group\.protocol=classic/);
    await made.member.leave();
  });

  for (const error of [
    'UNRELEASED_INSTANCE_ID',
    'UNSUPPORTED_ASSIGNOR',
    'INVALID_REGULAR_EXPRESSION',
    'GROUP_MAX_SIZE_REACHED',
    'GROUP_AUTHORIZATION_FAILED',
    'FENCED_INSTANCE_ID',
  ] as const) {
    test(`ends after ${error}`, async () => {
      const made = await joined();
      await made.stage.advance(5000);
      (await beat(made.stage)).refuse(error);
      await made.stage.settle();
      assert.deepEqual(made.owner.heard(), ['lose t-0 t-1', `fail ${error}`]);
      await made.member.leave();
      await made.stage.advance(400_000);
      assert.deepEqual(await made.stage.waiting(), []);
    });
  }

  test('ends when its owner fails, and tells the coordinator', async () => {
    const made = await joined();
    const { stage, owner } = made;
    owner.revoke = () => Promise.reject(new Error('no idea'));
    await stage.advance(5000);
    grant(await beat(stage), 2, 't-1');
    const bye = await beat(stage);
    assert.equal(bye.request.memberEpoch, -1);
    grant(bye, -1);
    await stage.settle();
    assert.deepEqual(owner.heard(), ['lose t-0 t-1', 'fail HANDLER']);
    await made.member.leave();
    await stage.advance(400_000);
    assert.deepEqual(await stage.waiting(), []);
  });

  test('hears of a new epoch through a commit that was refused', async () => {
    const made = await joined();
    const as = made.member.metadata;
    made.member.doubt(new ClientError('STALE_MEMBER_EPOCH', 'old'), as);
    await made.stage.advance(0);
    grant(await beat(made.stage), 3);
    await made.stage.settle();
    assert.equal(made.member.metadata.generationId, 3);
    made.member.doubt(new ClientError('UNKNOWN_MEMBER_ID', 'gone'), made.member.metadata);
    await made.stage.settle();
    assert.deepEqual(made.owner.heard(), ['lose t-0 t-1']);
    await leaveQuietly(made);
  });

  test('looks a topic up that it has only the id of, and takes it when it has a name', async () => {
    const made = await joined({ topics: { t: 3 } }, 't-0');
    const { stage, owner } = made;
    await stage.advance(5000);
    grant(await beat(stage), 3, 't-0 u-0');
    await stage.settle();
    assert.deepEqual(owner.heard(), ['assign']);
    stage.cluster.metadata.want(['u']);
    await stage.setTopic('u', 1);
    assert.deepEqual(owner.heard(), ['assign u-0']);
    await stage.advance(0);
    const asked = await beat(stage);
    assert.deepEqual(heldIn(asked), ['t-0', 'u-0']);
    grant(asked, 3);
    await leaveQuietly(made);
  });

  test('an old coordinator makes the id', async () => {
    const made = scene();
    made.stage.limit('consumerGroupHeartbeat', 0);
    made.member.subscribe({ topics: ['t'] });
    await made.stage.advance(0);
    const first = await beat(made.stage);
    assert.equal(first.request.memberId, '');
    first.answer({ memberId: 'theirs', memberEpoch: 1, heartbeatIntervalMs: 5000 });
    await made.stage.advance(5000);
    const second = await beat(made.stage);
    assert.equal(second.request.memberId, 'theirs');
    grant(second, 1);
    await leaveQuietly(made);
  });
});

suite('a subscription to a consumer group', () => {
  test('that changes is said at once', async () => {
    const made = await joined();
    made.member.subscribe({ topics: ['t', 'u'] });
    await made.stage.advance(0);
    const asked = await beat(made.stage);
    assert.deepEqual(asked.request.subscribedTopicNames, ['t', 'u']);
    grant(asked, 2);
    await leaveQuietly(made);
  });

  test('by a pattern in RE2 is the broker’s to look at, and is taken back by an empty one', async () => {
    const made = scene();
    made.member.subscribe({ topics: [], pattern: { re2: 't.*' } });
    await made.stage.advance(0);
    const first = await beat(made.stage);
    assert.equal(first.request.subscribedTopicRegex, 't.*');
    assert.deepEqual(first.request.subscribedTopicNames, []);
    grant(first, 1, 't-0');
    await made.stage.advance(0);
    assert.deepEqual(made.owner.heard(), ['assign t-0']);
    grant(await beat(made.stage), 1);
    made.member.subscribe({ topics: ['t'] });
    await made.stage.advance(0);
    const second = await beat(made.stage);
    assert.equal(second.request.subscribedTopicRegex, '');
    assert.deepEqual(second.request.subscribedTopicNames, ['t']);
    grant(second, 1);
    await leaveQuietly(made);
  });

  test('by a RegExp is looked at here, and follows new topics', async () => {
    const made = scene({ topics: { 'a-1': 1, b: 1 } });
    made.member.subscribe({ topics: [], pattern: /^a/ });
    await made.stage.advance(0);
    const first = await beat(made.stage);
    assert.deepEqual(first.request.subscribedTopicNames, ['a-1']);
    assert.equal(first.request.subscribedTopicRegex, undefined);
    grant(first, 1);
    await made.stage.settle();
    await made.stage.setTopic('a-2', 1);
    await made.stage.advance(0);
    const second = await beat(made.stage);
    assert.deepEqual(second.request.subscribedTopicNames, ['a-1', 'a-2']);
    grant(second, 2);
    await leaveQuietly(made);
  });
});

suite('a member of a consumer group leaves', () => {
  test('for good by epoch -1, after it gave up what it had', async () => {
    const { stage, owner, member } = await joined();
    const left = member.leave();
    const asked = await beat(stage);
    assert.equal(asked.request.memberEpoch, -1);
    grant(asked, -1);
    await left;
    assert.deepEqual(owner.heard(), ['revoke t-0 t-1']);
    assert.equal(member.metadata.generationId, -1);
  });

  test('for a while by epoch -2 when it is static, for good when it is told to', async () => {
    for (const [how, epoch] of [
      [undefined, -2],
      ['stay', -2],
      ['leave', -1],
    ] as const) {
      const { stage, member } = await joined({ instance: 'i' });
      const left = member.leave(how);
      const asked = await beat(stage);
      assert.equal(asked.request.memberEpoch, epoch);
      assert.equal(asked.request.instanceId, 'i');
      grant(asked, epoch);
      await left;
    }
  });

  test('while a heartbeat is under way, and without one when it is to stay', async () => {
    const { stage, owner, member } = await joined();
    await stage.advance(5000);
    const pending = await beat(stage);
    await member.leave('stay');
    assert.deepEqual(owner.heard(), ['revoke t-0 t-1']);
    grant(pending, 9, 't-2');
    await stage.advance(400_000);
    assert.deepEqual(await stage.waiting(), []);
    assert.deepEqual(owner.heard(), []);
  });

  test('when the coordinator does not hear it, all the same', async () => {
    const { stage, member } = await joined();
    const left = member.leave();
    const asked = await beat(stage);
    assert.equal(asked.options.timeoutMs, 5000);
    asked.fail(new ClientError('TIMEOUT', 'late'));
    await left;
    assert.throws(() => member.subscribe({ topics: ['t'] }), { code: 'STATE' });
  });

  test('when the user does not come for max.poll.interval.ms, and joins again when he does', async () => {
    const made = await joined();
    const { stage, owner, member } = made;
    for (let beats = 0; beats < 59; beats++) {
      await stage.advance(5000);
      grant(await beat(stage), 2);
    }
    await stage.advance(5000);
    const bye = await beat(stage);
    assert.equal(bye.request.memberEpoch, -1);
    grant(bye, -1);
    await stage.settle();
    assert.deepEqual(owner.heard(), ['lose t-0 t-1']);
    await stage.advance(100_000);
    assert.deepEqual(await stage.waiting(), []);
    member.polled();
    await stage.advance(0);
    const again = await beat(stage);
    assert.equal(again.request.memberEpoch, 0);
    grant(again, 4, 't-0');
    await leaveQuietly(made);
  });
});
