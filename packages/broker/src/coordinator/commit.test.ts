import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors, zeroUuid } from '@millrace/protocol';

import type { FoundTopic } from './offset-query.ts';
import type { OffsetQuery } from './offset-query.ts';
import { Outcome, Stage } from './stage.ts';

function query(stage: Stage, request: Partial<OffsetQuery>): readonly FoundTopic[] {
  const outcome = new Outcome<readonly FoundTopic[]>();
  stage.coordinator.queryOffsets({ groupId: 'g', topics: null, requireStable: false, ...request }, outcome);
  return outcome.get();
}

const topic = (committedMetadata: string | null, topicId: string = zeroUuid) => [
  {
    name: 't',
    topicId,
    partitions: [{ partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: 3, committedMetadata }],
  },
];

test('who belongs to no group may keep offsets under any name', () => {
  const stage = new Stage();
  assert.deepEqual(stage.commit({ groupId: '' }).get(), [[errors.NONE]]);
  assert.deepEqual(stage.commit({}).get(), [[errors.NONE]]);
  const group = stage.describe();
  assert.deepEqual([group.isFound, group.groupState, group.protocolType], [true, 'Empty', '']);
  assert.deepEqual(stage.restart().offsets(), { 't-0': 5 });
});

test('metadata and leader epoch come back as they went in; null comes back empty, as from Kafka', () => {
  const stage = new Stage();
  stage.commit({ topics: topic('note ü \u0000') });
  const found = query(stage.restart(), {});
  assert.deepEqual(found, [
    {
      name: 't',
      topicId: zeroUuid,
      partitions: [
        { partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: 3, metadata: 'note ü \u0000', errorCode: 0 },
      ],
    },
  ]);
  stage.commit({ topics: topic(null) });
  assert.equal(query(stage, {})[0]?.partitions[0]?.metadata, '');
  stage.commit({ topics: topic('') });
  assert.equal(query(stage, {})[0]?.partitions[0]?.metadata, '');
});

test('an offset that is not there is -1, without an error', () => {
  const stage = new Stage();
  stage.commit({});
  const topics = [{ name: 't', topicId: zeroUuid, partitionIndexes: [0, 1] }];
  assert.deepEqual(query(stage, { topics })[0]?.partitions[1], {
    partitionIndex: 1,
    committedOffset: -1n,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode: 0,
  });
  assert.equal(query(stage, { groupId: 'unknown', topics })[0]?.partitions[0]?.committedOffset, -1n);
  assert.deepEqual(query(stage, { groupId: 'unknown' }), []);
});

test('an offset of a topic that had the name before is not found', () => {
  const stage = new Stage();
  const [one, other] = ['AAAAAAAAAAAAAAAAAAAAAQ', 'AAAAAAAAAAAAAAAAAAAAAg'];
  stage.commit({ topics: topic(null, one) });
  const found = (topicId: string): bigint | undefined =>
    query(stage.restart(), { topics: [{ name: 't', topicId, partitionIndexes: [0] }] })[0]?.partitions[0]
      ?.committedOffset;
  assert.deepEqual(
    [one, other, zeroUuid].map((id) => found(id ?? '')),
    [5n, -1n, 5n],
  );
});

test('too long metadata is refused for its partition only', () => {
  const stage = new Stage({ settings: { offsetMetadataLengthMax: 3 } });
  const partitions = ['abc', 'abcd', 'ü€ß'].map((committedMetadata, partitionIndex) => ({
    partitionIndex,
    committedOffset: 1n,
    committedLeaderEpoch: -1,
    committedMetadata,
  }));
  const committed = stage.commit({ topics: [{ name: 't', topicId: zeroUuid, partitions }] });
  assert.deepEqual(committed.get(), [[errors.NONE, errors.OFFSET_METADATA_TOO_LARGE, errors.NONE]]);
  assert.deepEqual(stage.offsets(), { 't-0': 1, 't-2': 1 });
});

test('a member commits for its generation only', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  const code = (commit: Parameters<Stage['commit']>[0], version?: number): number =>
    stage.commit(commit, version).errorCode ?? errors.NONE;
  assert.equal(code({ memberId: id, generationId: 1 }), errors.NONE);
  assert.equal(code({ memberId: id, generationId: 2 }), errors.ILLEGAL_GENERATION);
  assert.equal(code({ memberId: 'stranger', generationId: 1 }), errors.UNKNOWN_MEMBER_ID);
  assert.equal(code({ memberId: id, generationId: 1, groupInstanceId: 'x' }), errors.UNKNOWN_MEMBER_ID);
  assert.equal(code({}), errors.UNKNOWN_MEMBER_ID, 'a group with members is not for strangers');
});

test('a generation of a group that is not there is illegal, or since version 9 the group is not found', () => {
  const stage = new Stage();
  assert.equal(stage.commit({ memberId: 'm', generationId: 1 }, 8).errorCode, errors.ILLEGAL_GENERATION);
  assert.equal(stage.commit({ memberId: 'm', generationId: 1 }, 9).errorCode, errors.GROUP_ID_NOT_FOUND);
});

test('a fenced instance commits nothing', () => {
  const stage = new Stage();
  const joined = stage.join({ groupInstanceId: 'one' });
  stage.time.pass(3000);
  const { memberId } = joined.get();
  stage.assign([memberId], 1, memberId);
  assert.deepEqual(stage.commit({ memberId, generationId: 1, groupInstanceId: 'one' }).get(), [[errors.NONE]]);
  stage.join({ groupInstanceId: 'one' }).get();
  assert.equal(
    stage.commit({ memberId, generationId: 1, groupInstanceId: 'one' }).errorCode,
    errors.FENCED_INSTANCE_ID,
  );
});

test('a member may commit while others join, and not between its join and its sync', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  const { joined } = stage.joinTwice({});
  assert.deepEqual(stage.commit({ memberId: id, generationId: 1 }).get(), [[errors.NONE]]);
  stage.join({ memberId: id });
  joined.get();
  assert.equal(stage.commit({ memberId: id, generationId: 2 }).errorCode, errors.REBALANCE_IN_PROGRESS);
});

test('who commits is alive', () => {
  const stage = new Stage();
  const [id = ''] = stage.form(1);
  for (let n = 0; n < 4; n++) {
    stage.time.pass(6000);
    stage.commit({ memberId: id, generationId: 1 });
  }
  assert.equal(stage.heartbeat(id, 1), errors.NONE);
});

test('the last of several commits of a partition counts', () => {
  const stage = new Stage();
  for (const committedOffset of [7n, 9n, 8n]) {
    stage.commit({
      topics: [
        {
          name: 't',
          topicId: zeroUuid,
          partitions: [{ partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: null }],
        },
      ],
    });
  }
  assert.deepEqual(stage.offsets(), { 't-0': 8 });
  assert.deepEqual(stage.restart().offsets(), { 't-0': 8 });
});

test('an offset is kept in all its 64 bits, before and after a restart', () => {
  for (const committedOffset of [2n ** 63n - 1n, 2n ** 53n + 1n, -(2n ** 63n)]) {
    const stage = new Stage();
    const partitions = [{ partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: null }];
    stage.commit({ topics: [{ name: 't', topicId: zeroUuid, partitions }] });
    for (const now of [stage, stage.restart()])
      assert.equal(query(now, {})[0]?.partitions[0]?.committedOffset, committedOffset);
  }
});

test('a commit without topics is fine and stores nothing', () => {
  const stage = new Stage();
  assert.deepEqual(stage.commit({ topics: [] }).get(), []);
  assert.equal(stage.describe().isFound, false);
});
