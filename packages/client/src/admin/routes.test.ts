import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';

import { ScriptedCluster } from './admin-stage.ts';

interface CoordinatorsAsked {
  readonly key: string;
  readonly coordinatorKeys: readonly string[];
}

/** Of `coordinatorOf` each group; -1 when there is none at present. */
const coordinators =
  (coordinatorOf: (group: string) => number) =>
  ({ key, coordinatorKeys }: CoordinatorsAsked) => {
    const found = (group: string) => {
      const nodeId = coordinatorOf(group);
      const errorCode = nodeId < 0 ? errors.COORDINATOR_NOT_AVAILABLE : 0;
      return { key: group, nodeId, host: `b${nodeId}`, port: Math.max(0, nodeId), errorCode, errorMessage: null };
    };
    return coordinatorKeys.length === 0 ? found(key) : { coordinators: coordinatorKeys.map(found) };
  };

const deleted =
  (codeOf: (group: string, brokerId: number) => number) =>
  ({ groupsNames }: { readonly groupsNames: readonly string[] }, brokerId: number) => ({
    results: groupsNames.map((groupId) => ({ groupId, errorCode: codeOf(groupId, brokerId) })),
  });

const homeOf = (group: string): number => (group < 'm' ? 1 : 2);
const groups = ['a', 'z', 'b', 'y'];

suite('routes', () => {
  test('the coordinators of many groups are looked up in one request, and asked once each', async () => {
    await using cluster = new ScriptedCluster({
      findCoordinator: coordinators(homeOf),
      deleteGroups: deleted(() => 0),
    });
    await cluster.settles(cluster.admin.deleteConsumerGroups(groups));
    assert.deepEqual(
      cluster.asked('findCoordinator').map(([, { coordinatorKeys }]) => coordinatorKeys),
      [groups],
    );
    assert.deepEqual(
      cluster.asked('deleteGroups').map(([id, { groupsNames }]) => [id, groupsNames]),
      [
        [1, ['a', 'b']],
        [2, ['z', 'y']],
      ],
    );
    await cluster.settles(cluster.admin.deleteConsumerGroups(groups));
    assert.equal(cluster.asked('findCoordinator').length, 1);
  });

  test('an old broker is asked for one coordinator after the other', async () => {
    const answers = { findCoordinator: coordinators(homeOf), deleteGroups: deleted(() => 0) };
    await using cluster = new ScriptedCluster(answers, { findCoordinator: 3 });
    await cluster.settles(cluster.admin.deleteConsumerGroups(groups));
    assert.deepEqual(new Set(cluster.asked('findCoordinator').map(([, { key }]) => key)), new Set(groups));
    assert.equal(cluster.asked('deleteGroups').length, 2);
  });

  test('only the group that has moved is looked up again', async () => {
    let hasMoved = false;
    await using cluster = new ScriptedCluster({
      findCoordinator: coordinators((group) => (group === 'a' && hasMoved ? 2 : homeOf(group))),
      deleteGroups: deleted((group, brokerId) => {
        if (group !== 'a' || brokerId === 2) return 0;
        hasMoved = true;
        return errors.NOT_COORDINATOR;
      }),
    });
    await cluster.settles(cluster.admin.deleteConsumerGroups(groups));
    assert.deepEqual(
      cluster.asked('findCoordinator').map(([, { coordinatorKeys }]) => coordinatorKeys),
      [groups, ['a']],
    );
    assert.deepEqual(
      cluster.asked('deleteGroups').map(([id, { groupsNames }]) => [id, groupsNames]),
      [
        [1, ['a', 'b']],
        [2, ['z', 'y']],
        [2, ['a']],
      ],
    );
  });

  test('a group whose coordinator is not there yet is waited for, and holds up no other', async () => {
    let asked = 0;
    await using cluster = new ScriptedCluster({
      findCoordinator: coordinators((group) => (group === 'z' && ++asked < 3 ? -1 : homeOf(group))),
      deleteGroups: deleted(() => 0),
    });
    await cluster.settles(cluster.admin.deleteConsumerGroups(groups));
    assert.deepEqual(
      cluster.asked('deleteGroups').map(([, { groupsNames }]) => groupsNames),
      [['a', 'b'], ['y'], ['z']],
    );
  });

  test('every broker is asked, and one that is still reading its log again', async () => {
    let isLoading = true;
    await using cluster = new ScriptedCluster({
      listGroups: (_: never, brokerId: number) => {
        const errorCode = brokerId === 2 && isLoading ? errors.COORDINATOR_LOAD_IN_PROGRESS : 0;
        if (brokerId === 2) isLoading = false;
        return { errorCode, groups: errorCode === 0 ? [{ groupId: `g${brokerId}`, protocolType: 'consumer' }] : [] };
      },
    });
    const listed = await cluster.settles(cluster.admin.listGroups());
    assert.deepEqual(
      listed.map(({ groupId, state, type }) => [groupId, state, type]),
      [
        ['g1', 'Unknown', undefined],
        ['g2', 'Unknown', undefined],
      ],
    );
    assert.deepEqual(
      cluster.asked('listGroups').map(([id]) => id),
      [1, 2, 2],
    );
  });

  test('a partition that the topic has not is named with how many there are', async () => {
    await using cluster = new ScriptedCluster({});
    cluster.leaders.set('t', [1, 2]);
    const call = cluster.admin.listOffsets([{ topic: 't', partition: 7, at: 'latest' }], { timeoutMs: 300 });
    await assert.rejects(cluster.settles(call), { message: /Topic "t" has 2 partitions; there is no partition 7\.$/ });
  });
});
