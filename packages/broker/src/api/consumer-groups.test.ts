/** ConsumerGroupHeartbeat and ConsumerGroupDescribe through their wire forms, at both versions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, type Api, errors, type RequestInputOf, type ResponseOf } from '@millrace/protocol';

import type { GroupDoors } from '../coordinator/group-doors.ts';
import { consumerDefaults, Stage } from '../coordinator/stage.ts';
import type { Exchange } from '../exchange.ts';
import { consumerGroupDescribe } from './consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.ts';
import { throughBytes } from './through-bytes.ts';

type Handle = (doors: GroupDoors, request: never, exchange: Exchange) => unknown;

async function call<A extends Api>(
  stage: Stage,
  api: A,
  handle: Handle,
  version: number,
  request: RequestInputOf<A>,
): Promise<ResponseOf<A>> {
  const exchange = { apiVersion: version, clientId: 'client', clientHost: '::ffff:127.0.0.1' };
  return await throughBytes(api, version, request, (decoded, resolve) => {
    const doors = { coordinator: stage.coordinator, answer: (_: unknown, response: object) => resolve(response) };
    return handle(doors as unknown as GroupDoors, decoded, exchange as unknown as Exchange);
  });
}

const joining = { groupId: 'g', memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] };

test('a member joins, is alive, is described and leaves at both versions', async () => {
  for (const version of [0, 1]) {
    const stage = new Stage();
    const topicId = stage.topic('t', 2);
    const beat = async (request: RequestInputOf<typeof apis.consumerGroupHeartbeat>) =>
      await call(stage, apis.consumerGroupHeartbeat, consumerGroupHeartbeat, version, request);
    const given = version === 0 ? '' : 'mine';
    const joined = await beat({
      ...joining,
      memberId: given,
      instanceId: 'i',
      rackId: 'r',
      subscribedTopicNames: ['t'],
    });
    const memberId = joined.memberId ?? '';
    assert.deepEqual(joined, {
      throttleTimeMs: 0,
      errorCode: errors.NONE,
      errorMessage: null,
      memberId: version === 0 ? memberId : 'mine',
      memberEpoch: 2,
      heartbeatIntervalMs: 5000,
      assignment: { topicPartitions: [{ topicId, partitions: [0, 1] }] },
    });
    assert.equal((await beat({ groupId: 'g', memberId, memberEpoch: 2, instanceId: 'i' })).assignment, null);
    const asked = { groupIds: ['g', 'absent'], includeAuthorizedOperations: true };
    const { groups } = await call(stage, apis.consumerGroupDescribe, consumerGroupDescribe, version, asked);
    const partitions = { topicPartitions: [{ topicId, topicName: 't', partitions: [0, 1] }] };
    assert.deepEqual(groups[0], {
      errorCode: errors.NONE,
      errorMessage: null,
      groupId: 'g',
      groupState: 'Stable',
      groupEpoch: 2,
      assignmentEpoch: 2,
      assignorName: 'uniform',
      members: [
        {
          memberId,
          instanceId: 'i',
          rackId: 'r',
          memberEpoch: 2,
          clientId: 'client',
          clientHost: '/127.0.0.1',
          subscribedTopicNames: ['t'],
          subscribedTopicRegex: '',
          assignment: partitions,
          targetAssignment: partitions,
          memberType: version === 0 ? -1 : 1,
        },
      ],
      authorizedOperations: 3400,
    });
    assert.deepEqual(
      [groups[1]?.errorCode, groups[1]?.errorMessage, groups[1]?.groupId],
      [errors.GROUP_ID_NOT_FOUND, 'Group absent not found.', 'absent'],
    );
    const left = await beat({ groupId: 'g', memberId, memberEpoch: -1, instanceId: 'i' });
    assert.deepEqual([left.errorCode, left.memberId, left.memberEpoch], [errors.NONE, memberId, -1]);
  }
});

test('a refusal has a form, and a pattern comes with version 1', async () => {
  const stage = new Stage();
  const request = { ...joining, memberId: 'm', subscribedTopicRegex: 'a(' };
  const refused = await call(stage, apis.consumerGroupHeartbeat, consumerGroupHeartbeat, 1, request);
  assert.equal(refused.errorCode, errors.INVALID_REGULAR_EXPRESSION);
  assert.equal(refused.errorMessage, 'SubscribedTopicRegex `a(` is not a valid regular expression: missing closing ).');
  assert.deepEqual([refused.memberId, refused.memberEpoch, refused.assignment], [null, 0, null]);
});

test('a coordinator that is not there says so to each', async () => {
  const stage = new Stage({ partitionCount: 0 });
  const beat = await call(stage, apis.consumerGroupHeartbeat, consumerGroupHeartbeat, 1, {
    ...joining,
    memberId: 'm',
    subscribedTopicNames: [],
  });
  assert.equal(beat.errorCode, errors.NOT_COORDINATOR);
  const asked = { groupIds: ['g'], includeAuthorizedOperations: false };
  const { groups } = await call(stage, apis.consumerGroupDescribe, consumerGroupDescribe, 0, asked);
  assert.equal(groups[0]?.errorCode, errors.NOT_COORDINATOR);
});

test('where the protocol is turned off, both are unsupported', async () => {
  const stage = new Stage({ consumer: { ...consumerDefaults, isServed: false } });
  const beat = await call(stage, apis.consumerGroupHeartbeat, consumerGroupHeartbeat, 1, { ...joining, memberId: 'm' });
  assert.equal(beat.errorCode, errors.UNSUPPORTED_VERSION);
  const asked = { groupIds: ['g'], includeAuthorizedOperations: false };
  const { groups } = await call(stage, apis.consumerGroupDescribe, consumerGroupDescribe, 1, asked);
  assert.equal(groups[0]?.errorCode, errors.UNSUPPORTED_VERSION);
});
