import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors, type ErrorName } from '@millrace/protocol';
import { TestHost } from '@millrace/testkit';

import { ClientError } from '../../error.ts';
import { partitionKey } from '../../record.ts';
import { GroupOffsets, type GroupOffsetsOptions } from './group-offsets.ts';
import { type Asked, GroupStage, topicIdOf } from './group-stage.ts';
import type { GroupMetadata, Membership } from './membership.ts';

class StillMember implements Membership {
  metadata: GroupMetadata = { groupId: 'g', generationId: 3, memberId: 'me', groupInstanceId: 'i' };
  isRebalancing = false;
  readonly doubts: string[] = [];
  subscribe(): void {}
  polled(): void {}
  rejoin(): void {}
  async leave(): Promise<void> {}
  doubt(error: ClientError, as: GroupMetadata): void {
    this.doubts.push(`${error.code} as ${as.memberId} ${as.generationId}`);
  }
}

interface Scene {
  readonly stage: GroupStage;
  readonly offsets: GroupOffsets;
  readonly member: StillMember;
}

async function scene(options: Partial<GroupOffsetsOptions> & { isMember?: boolean } = {}): Promise<Scene> {
  const host = Object.assign(new TestHost(), { dial: () => Promise.reject(new Error('nobody is called here')) });
  const stage = new GroupStage(host, { t: 2, u: 1 });
  stage.cluster.metadata.want(['t', 'u']);
  await stage.cluster.metadata.refresh();
  const member = new StillMember();
  const { isMember = true, ...rest } = options;
  const offsets = new GroupOffsets({
    cluster: stage.cluster,
    groupId: 'g',
    requireStable: false,
    protocol: 'classic',
    membership: () => (isMember ? member : undefined),
    ...rest,
  });
  return { stage, offsets, member };
}

const one = [{ topic: 't', partition: 1, offset: 2n ** 60n, leaderEpoch: 4, metadata: 'note' }];

function answerCommit(asked: Asked<'offsetCommit'>, error: ErrorName = 'NONE'): void {
  const topics = asked.request.topics.map(({ name, topicId, partitions }) => ({
    name: topicId === undefined ? name! : '',
    topicId: topicId!,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errors[error] })),
  }));
  asked.answer({ topics });
}

suite('committing', () => {
  test('says who commits, by topic id, with all 64 bits of the offset', async () => {
    const { stage, offsets } = await scene();
    const done = offsets.commit([...one, { topic: 'u', partition: 0, offset: 1n }]);
    const asked = await stage.next('offsetCommit');
    assert.deepEqual(asked.request, {
      groupId: 'g',
      generationIdOrMemberEpoch: 3,
      memberId: 'me',
      groupInstanceId: 'i',
      topics: [
        {
          name: 't',
          topicId: topicIdOf('t'),
          partitions: [
            { partitionIndex: 1, committedOffset: 2n ** 60n, committedLeaderEpoch: 4, committedMetadata: 'note' },
          ],
        },
        {
          name: 'u',
          topicId: topicIdOf('u'),
          partitions: [{ partitionIndex: 0, committedOffset: 1n, committedLeaderEpoch: -1, committedMetadata: '' }],
        },
      ],
    });
    answerCommit(asked);
    await done;
  });

  test('of a topic whose id is not known, and to an older broker, goes by name', async () => {
    const { stage, offsets } = await scene();
    const strange = offsets.commit([{ topic: 'strange', partition: 0, offset: 1n }]);
    const first = await stage.next('offsetCommit');
    assert.equal(first.options.versionMax, 9);
    first.answer();
    await strange;
    stage.limit('offsetCommit', 2);
    const old = offsets.commit(one);
    const second = await stage.next('offsetCommit');
    assert.equal(second.request.groupInstanceId, null);
    second.answer();
    await old;
  });

  test('works from outside of the group, for consumers that choose their partitions', async () => {
    const { stage, offsets } = await scene({ isMember: false });
    const done = offsets.commit(one);
    const asked = await stage.next('offsetCommit');
    assert.equal(asked.request.generationIdOrMemberEpoch, -1);
    assert.equal(asked.request.memberId, '');
    asked.answer();
    await done;
  });

  test('of nothing asks nobody', async () => {
    const { stage, offsets } = await scene();
    await offsets.commit([]);
    assert.deepEqual(await stage.waiting(), []);
  });

  for (const error of [
    'UNKNOWN_MEMBER_ID',
    'ILLEGAL_GENERATION',
    'FENCED_INSTANCE_ID',
    'REBALANCE_IN_PROGRESS',
  ] as const) {
    test(`that is answered ${error} is not repeated, and puts the membership in doubt`, async () => {
      const { stage, offsets, member } = await scene();
      const done = offsets.commitUntil(one, stage.host.clock.monotonic() + 60_000);
      const refused = assert.rejects(done, { code: error, retriable: false });
      answerCommit(await stage.next('offsetCommit'), error);
      await refused;
      assert.deepEqual(member.doubts, [`${error} as me 3`]);
      assert.deepEqual(await stage.waiting(), []);
    });
  }

  for (const error of [
    'NOT_COORDINATOR',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'STALE_MEMBER_EPOCH',
    'UNKNOWN_TOPIC_ID',
  ] as const) {
    test(`that is answered ${error} is repeated until the time is over, or not at all`, async () => {
      const { stage, offsets } = await scene();
      const once = assert.rejects(offsets.commit(one), { code: error, retriable: true });
      answerCommit(await stage.next('offsetCommit'), error);
      await once;
      const done = offsets.commitUntil(one, stage.host.clock.monotonic() + 60_000);
      answerCommit(await stage.next('offsetCommit'), error);
      answerCommit(await stage.next('offsetCommit'));
      await done;
      assert.deepEqual(stage.forgotten, error === 'NOT_COORDINATOR' ? ['g', 'g'] : []);
    });
  }

  test('that a rebalance has overtaken says so: the member may well still have the partitions', async () => {
    const { stage, offsets, member } = await scene();
    const done = assert.rejects(offsets.commit(one), { code: 'REBALANCE_IN_PROGRESS' });
    const asked = await stage.next('offsetCommit');
    member.metadata = { ...member.metadata, generationId: 4 };
    answerCommit(asked, 'ILLEGAL_GENERATION');
    await done;
    assert.deepEqual(member.doubts, ['ILLEGAL_GENERATION as me 3']);
  });

  test('fails with what will not pass, where partitions were answered differently', async () => {
    const { stage, offsets } = await scene();
    const done = offsets.commit([0, 1].map((partition) => ({ topic: 't', partition, offset: 1n })));
    const refused = assert.rejects(done, { code: 'OFFSET_METADATA_TOO_LARGE', message: /the offset of t-1/ });
    const partitions = [errors.COORDINATOR_LOAD_IN_PROGRESS, errors.OFFSET_METADATA_TOO_LARGE].map(
      (errorCode, partitionIndex) => ({ partitionIndex, errorCode }),
    );
    (await stage.next('offsetCommit')).answer({ topics: [{ name: '', topicId: topicIdOf('t'), partitions }] });
    await refused;
  });

  test('of a member that is in no generation never goes out as if it came from outside', async () => {
    const { stage, offsets, member } = await scene();
    member.metadata = { ...member.metadata, generationId: -1 };
    await assert.rejects(offsets.commit(one), { code: 'UNKNOWN_MEMBER_ID' });
    member.isRebalancing = true;
    await assert.rejects(offsets.commit(one), { code: 'REBALANCE_IN_PROGRESS' });
    assert.deepEqual(await stage.waiting(), []);
  });
});

suite('asking for committed offsets', () => {
  const answered = (committedOffset: bigint, errorCode = 0) => ({
    partitionIndex: 0,
    committedOffset,
    committedLeaderEpoch: 7,
    metadata: 'note',
    errorCode,
  });
  const grouped = (partitions: ReturnType<typeof answered>[], errorCode = 0) => ({
    groups: [{ groupId: 'g', errorCode, topics: [{ name: '', topicId: topicIdOf('t'), partitions }] }],
  });
  const zero = [{ topic: 't', partition: 0 }];

  test('gives those that there are', async () => {
    const { stage, offsets } = await scene();
    const found = offsets.committed([...zero, { topic: 't', partition: 1 }], 0);
    const asked = await stage.next('offsetFetch');
    const { memberId, memberEpoch, topics } = asked.request.groups![0]!;
    assert.deepEqual({ memberId, memberEpoch }, { memberId: null, memberEpoch: -1 });
    assert.deepEqual(topics, [{ name: 't', topicId: topicIdOf('t'), partitionIndexes: [0, 1] }]);
    asked.answer(grouped([answered(2n ** 61n), { ...answered(-1n), partitionIndex: 1 }]));
    const expected = { topic: 't', partition: 0, offset: 2n ** 61n, leaderEpoch: 7, metadata: 'note' };
    assert.deepEqual([...(await found)], [[partitionKey('t', 0), expected]]);
  });

  test('in the old form asks and is answered by name', async () => {
    const { stage, offsets } = await scene({ requireStable: true });
    stage.limit('offsetFetch', 5);
    const found = offsets.committed(zero, 0);
    const asked = await stage.next('offsetFetch');
    assert.equal(asked.request.groupId, 'g');
    assert.equal(asked.request.requireStable, false);
    asked.answer({ topics: [{ name: 't', partitions: [answered(5n)] }] });
    assert.equal((await found).get(partitionKey('t', 0))?.offset, 5n);
  });

  test('waits for transactions to end where only committed records are read', async () => {
    const { stage, offsets } = await scene({ requireStable: true });
    const found = offsets.committed(zero, stage.host.clock.monotonic() + 60_000);
    const asked = await stage.next('offsetFetch');
    assert.equal(asked.request.requireStable, true);
    asked.answer(grouped([answered(-1n, errors.UNSTABLE_OFFSET_COMMIT)]));
    (await stage.next('offsetFetch')).answer(grouped([answered(9n)]));
    assert.equal((await found).get(partitionKey('t', 0))?.offset, 9n);
  });

  test('as a member of a consumer group says so, and asks again with the new epoch', async () => {
    const { stage, offsets, member } = await scene({ protocol: 'consumer' });
    const found = offsets.committed(zero, stage.host.clock.monotonic() + 60_000);
    const first = await stage.next('offsetFetch');
    assert.equal(first.request.groups![0]!.memberEpoch, 3);
    member.metadata = { ...member.metadata, generationId: 4 };
    first.answer(grouped([], errors.STALE_MEMBER_EPOCH));
    const second = await stage.next('offsetFetch');
    assert.equal(second.request.groups![0]!.memberEpoch, 4);
    assert.deepEqual(member.doubts, ['STALE_MEMBER_EPOCH as me 3']);
    second.answer(grouped([answered(1n)]));
    await found;
  });

  test('fails with what the coordinator says', async () => {
    const { stage, offsets } = await scene();
    const whole = assert.rejects(offsets.committed(zero, 0), { code: 'GROUP_AUTHORIZATION_FAILED' });
    (await stage.next('offsetFetch')).answer(grouped([], errors.GROUP_AUTHORIZATION_FAILED));
    await whole;
    const part = assert.rejects(offsets.committed(zero, 0), { code: 'TOPIC_AUTHORIZATION_FAILED', message: /t-0/ });
    (await stage.next('offsetFetch')).answer(grouped([answered(-1n, errors.TOPIC_AUTHORIZATION_FAILED)]));
    await part;
  });
});
