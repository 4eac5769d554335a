/** A group, its members and its offsets after a restart, clean or not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { errorName, errors } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startBrokerProcess, type BrokerProcess } from '../broker-process.ts';
import { testFolder } from './folder.ts';

const timeout = 60_000;
const groupId = 'g';
const assignment = Buffer.from('what the leader decided');

for (const how of ['clean stop', 'kill'] as const) {
  test(`a group goes on with its generation, members and offsets after a ${how}`, { timeout }, async () => {
    using folder = testFolder();
    const first = await startBrokerProcess({ folder: folder.path });
    const { memberId, generationId } = await join(first);
    await commit(first, { memberId, generationId, committedOffset: 41n });
    await commit(first, { memberId, generationId, committedOffset: 42n });
    if (how === 'kill') await first.kill();
    else assert.equal(await first.stop(), 0);

    const second = await startBrokerProcess({ folder: folder.path });
    try {
      await using client = await WireClient.connect(second.bootstrap);
      const fetched = await client.send('offsetFetch', 7, {
        groupId,
        topics: [{ name: 't', partitionIndexes: [0, 1] }],
      });
      assert.deepEqual(
        fetched.topics[0]?.partitions.map(({ committedOffset, metadata }) => [committedOffset, metadata]),
        [
          [42n, 'note 42'],
          [-1n, ''],
        ],
      );
      const heartbeat = await client.send('heartbeat', 4, { groupId, generationId, memberId });
      assert.equal(errorName(heartbeat.errorCode), 'NONE', 'a member need not join again');
      const { groups } = await client.send('describeGroups', 5, { groups: [groupId] });
      assert.deepEqual(
        [groups[0]?.groupState, groups[0]?.protocolData, groups[0]?.members[0]?.memberId],
        ['Stable', 'range', memberId],
      );
      assert.deepEqual(groups[0]?.members[0]?.memberAssignment, assignment);
      const stale = await client.send('heartbeat', 4, { groupId, generationId: generationId - 1, memberId });
      assert.equal(errorName(stale.errorCode), 'ILLEGAL_GENERATION');
    } finally {
      await second.kill();
    }
  });
}

async function join(broker: BrokerProcess): Promise<{ readonly memberId: string; readonly generationId: number }> {
  await using client = await WireClient.connect(broker.bootstrap);
  await client.send('metadata', 12, { topics: [{ name: 't' }], allowAutoTopicCreation: true });
  await client.send('findCoordinator', 3, { key: groupId, keyType: 0 });
  let memberId = '';
  for (;;) {
    const joined = await client.send('joinGroup', 7, {
      groupId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(6) }],
    });
    ({ memberId } = joined);
    if (joined.errorCode === errors.MEMBER_ID_REQUIRED) continue;
    assert.equal(errorName(joined.errorCode), 'NONE');
    const { generationId } = joined;
    const synced = await client.send('syncGroup', 5, {
      groupId,
      generationId,
      memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment }],
    });
    assert.equal(errorName(synced.errorCode), 'NONE');
    return { memberId, generationId };
  }
}

async function commit(
  broker: BrokerProcess,
  at: { readonly memberId: string; readonly generationId: number; readonly committedOffset: bigint },
): Promise<void> {
  await using client = await WireClient.connect(broker.bootstrap);
  const { topics } = await client.send('offsetCommit', 8, {
    groupId,
    generationIdOrMemberEpoch: at.generationId,
    memberId: at.memberId,
    topics: [
      {
        name: 't',
        partitions: [
          { partitionIndex: 0, committedOffset: at.committedOffset, committedMetadata: `note ${at.committedOffset}` },
        ],
      },
    ],
  });
  assert.equal(errorName(topics[0]?.partitions[0]?.errorCode ?? -1), 'NONE');
}
