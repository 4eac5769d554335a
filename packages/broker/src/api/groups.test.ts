/** The group APIs through their wire forms: what a client sends and reads, at every version that is served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, type Api, errors, type RequestInputOf, type ResponseOf, zeroUuid } from '@millrace/protocol';

import type { GroupDoors } from '../coordinator/group-doors.ts';
import { Stage } from '../coordinator/stage.ts';
import type { Exchange } from '../exchange.ts';
import { MetadataImage } from '../metadata/image.ts';
import { deleteGroups } from './delete-groups.ts';
import { describeGroups } from './describe-groups.ts';
import { findCoordinator } from './find-coordinator.ts';
import { heartbeat } from './heartbeat.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listGroups } from './list-groups.ts';
import { offsetCommit } from './offset-commit.ts';
import { offsetDelete } from './offset-delete.ts';
import { offsetFetch } from './offset-fetch.ts';
import { syncGroup } from './sync-group.ts';
import { throughBytes } from './through-bytes.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const otherId = 'AAAAAAAAAAAAAAAAAAAAAg';

type Handle = (doors: GroupDoors, request: never, exchange: Exchange) => unknown;

/** A client of one coordinator; each call goes through bytes in both directions. */
class Client {
  readonly stage: Stage;
  readonly #image = new MetadataImage();

  constructor(stage = new Stage({ settings: { initialRebalanceDelayMs: 0 } })) {
    this.stage = stage;
    this.#image.replay({ type: 'TopicRecord', name: 't', topicId });
    for (const partitionId of [0, 1])
      this.#image.replay({ type: 'PartitionRecord', topicId, partitionId, leaderEpoch: 0, partitionEpoch: 0 });
  }

  async call<A extends Api>(
    api: A,
    handle: Handle,
    version: number,
    request: RequestInputOf<A>,
  ): Promise<ResponseOf<A>> {
    const exchange = { apiVersion: version, clientId: 'client', clientHost: '127.0.0.1', listenerName: 'PLAINTEXT' };
    return await throughBytes(api, version, request, (decoded, resolve) => {
      const doors: GroupDoors = {
        coordinator: this.stage.coordinator,
        transactions: { ensure: async () => true },
        image: this.#image,
        nodeId: 4,
        advertised: () => ({ host: 'broker.example', port: 9092 }),
        answer: (_, response) => resolve(response),
      };
      const answered = handle(doors, decoded, exchange as unknown as Exchange);
      this.stage.time.pass(0);
      return answered;
    });
  }
}

const versions = ({ versions: { since, until } }: Api): number[] =>
  Array.from({ length: until - since + 1 }, (_, index) => since + index);
const join = (groupId: string, memberId = '', more: Partial<RequestInputOf<typeof apis.joinGroup>> = {}) => ({
  groupId,
  memberId,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('m') }],
  ...more,
});

test('a client joins, syncs, heartbeats and leaves with every version', async () => {
  for (const version of versions(apis.joinGroup)) {
    const client = new Client();
    const groupId = `g${version}`;
    let joined = await client.call(apis.joinGroup, joinGroup, version, join(groupId));
    assert.equal(joined.errorCode, version >= 4 ? errors.MEMBER_ID_REQUIRED : errors.NONE);
    if (version >= 4) joined = await client.call(apis.joinGroup, joinGroup, version, join(groupId, joined.memberId));
    const { memberId, generationId, protocolName, leader, protocolType } = joined;
    assert.deepEqual(
      [generationId, protocolName, leader, protocolType],
      [1, 'range', memberId, version >= 7 ? 'consumer' : null],
    );
    const assignments = [{ memberId, assignment: Buffer.from('A') }];
    const syncVersion = Math.min(version, 5);
    const names = syncVersion >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {};
    const synced = await client.call(apis.syncGroup, syncGroup, syncVersion, {
      groupId,
      generationId,
      memberId,
      ...names,
      assignments,
    });
    assert.deepEqual([synced.errorCode, synced.assignment.toString()], [errors.NONE, 'A']);
    const beat = await client.call(apis.heartbeat, heartbeat, Math.min(version, 4), {
      groupId,
      generationId,
      memberId,
    });
    assert.equal(beat.errorCode, errors.NONE);
    const leaveVersion = Math.min(version, 5);
    const leaving = leaveVersion >= 3 ? { groupId, members: [{ memberId }, { memberId: 'x' }] } : { groupId, memberId };
    const left = await client.call(apis.leaveGroup, leaveGroup, leaveVersion, leaving);
    assert.equal(left.errorCode, errors.NONE);
    assert.deepEqual(
      left.members.map(({ errorCode }) => errorCode),
      leaveVersion >= 3 ? [errors.NONE, errors.UNKNOWN_MEMBER_ID] : [],
    );
  }
});

test('a refused join has a form in every version', async () => {
  for (const version of versions(apis.joinGroup)) {
    const refused = await new Client().call(apis.joinGroup, joinGroup, version, join('g', 'stranger'));
    assert.deepEqual(
      [refused.errorCode, refused.protocolName, refused.generationId],
      [errors.UNKNOWN_MEMBER_ID, version >= 7 ? null : '', -1],
    );
  }
});

test('before version 1 of JoinGroup the session timeout is the rebalance timeout too', async () => {
  const client = new Client();
  const first = await client.call(apis.joinGroup, joinGroup, 0, join('g', '', { sessionTimeoutMs: 7000 }));
  await client.call(apis.syncGroup, syncGroup, 0, {
    groupId: 'g',
    generationId: 1,
    memberId: first.memberId,
    assignments: [],
  });
  const { joined } = client.stage.joinTwice({ rebalanceTimeoutMs: 0 });
  client.stage.time.pass(6999);
  assert.equal(joined.isDone, false);
  client.stage.time.pass(1);
  assert.equal(joined.isDone, true);
});

test('a protocol that is named twice counts once', async () => {
  const client = new Client();
  const protocols = ['range', 'range'].map((name, index) => ({ name, metadata: Buffer.from([index]) }));
  const joined = await client.call(apis.joinGroup, joinGroup, 3, join('g', '', { protocols }));
  assert.equal(joined.members[0]?.metadata[0], 0);
});

test('since version 5 a sync must name its protocol', async () => {
  const request = { groupId: 'g', generationId: 1, memberId: 'm', assignments: [] };
  const client = new Client();
  assert.equal(
    (await client.call(apis.syncGroup, syncGroup, 5, request)).errorCode,
    errors.INCONSISTENT_GROUP_PROTOCOL,
  );
  assert.equal((await client.call(apis.syncGroup, syncGroup, 4, request)).errorCode, errors.UNKNOWN_MEMBER_ID);
});

test('leaving a group that is not there is said in the form of each version', async () => {
  const client = new Client();
  const old = await client.call(apis.leaveGroup, leaveGroup, 2, { groupId: 'g', memberId: 'm' });
  assert.equal(old.errorCode, errors.UNKNOWN_MEMBER_ID);
  const batch = await client.call(apis.leaveGroup, leaveGroup, 3, { groupId: 'g', members: [{ memberId: 'm' }] });
  assert.deepEqual([batch.errorCode, batch.members[0]?.errorCode], [errors.NONE, errors.UNKNOWN_MEMBER_ID]);
  const unnamed = await client.call(apis.leaveGroup, leaveGroup, 5, { groupId: '', members: [{ memberId: 'm' }] });
  assert.deepEqual([unnamed.errorCode, unnamed.members], [errors.INVALID_GROUP_ID, []]);
});

test('the coordinator of groups and transactions is this broker, and its topic is made for the first group', async () => {
  const stage = new Stage({ partitionCount: 0 });
  const client = new Client(stage);
  assert.equal(
    (await client.call(apis.heartbeat, heartbeat, 4, { groupId: 'g', generationId: 1, memberId: 'm' })).errorCode,
    errors.NOT_COORDINATOR,
  );
  for (const version of versions(apis.findCoordinator)) {
    const keys = version >= 4 ? { coordinatorKeys: ['g', 'h'] } : { key: 'g' };
    const found = await client.call(apis.findCoordinator, findCoordinator, version, keys);
    const each = version >= 4 ? found.coordinators : [found];
    assert.equal(each.length, version >= 4 ? 2 : 1);
    for (const { errorCode, nodeId, host, port } of each)
      assert.deepEqual([errorCode, nodeId, host, port], [errors.NONE, 4, 'broker.example', 9092]);
  }
  assert.equal(stage.partitionCount, 4);
  assert.equal(
    (await client.call(apis.findCoordinator, findCoordinator, 2, { key: 'tx', keyType: 1 })).errorCode,
    errors.NONE,
  );
  assert.equal(
    (await client.call(apis.findCoordinator, findCoordinator, 2, { key: 'g', keyType: 9 })).errorCode,
    errors.INVALID_REQUEST,
  );
});

test('share groups have no coordinator yet; their keys are checked', async () => {
  const client = new Client();
  const code = async (version: number, key: string): Promise<number | undefined> =>
    (await client.call(apis.findCoordinator, findCoordinator, version, { coordinatorKeys: [key], keyType: 2 }))
      .coordinators[0]?.errorCode;
  assert.equal(await code(5, `g:${topicId}:0`), errors.INVALID_REQUEST);
  assert.equal(await code(6, `g:${topicId}:0`), errors.COORDINATOR_NOT_AVAILABLE);
  assert.equal(await code(6, 'nonsense'), errors.INVALID_REQUEST);
});

const offset = (partitionIndex: number, committedOffset: number) => ({
  partitionIndex,
  committedOffset: BigInt(committedOffset),
  committedMetadata: 'note',
});

test('offsets are committed and fetched with every version', async () => {
  for (const version of versions(apis.offsetCommit)) {
    const client = new Client();
    const topic = version >= 10 ? { topicId } : { name: 't' };
    const committed = await client.call(apis.offsetCommit, offsetCommit, version, {
      groupId: 'g',
      memberId: '',
      topics: [{ ...topic, partitions: [offset(0, 5), offset(7, 5), offset(1, 6)] }],
    });
    const codes = committed.topics[0]?.partitions.map(({ errorCode }) => errorCode);
    assert.deepEqual(codes, [errors.NONE, errors.UNKNOWN_TOPIC_OR_PARTITION, errors.NONE]);
  }
  const client = new Client();
  await client.call(apis.offsetCommit, offsetCommit, 9, {
    groupId: 'g',
    memberId: '',
    topics: [{ name: 't', partitions: [offset(0, 5)] }],
  });
  for (const version of versions(apis.offsetFetch)) {
    const name = version >= 10 ? { topicId } : { name: 't' };
    const topics = [{ ...name, partitionIndexes: [0, 1] }];
    const request =
      version >= 8
        ? {
            groups: [
              { groupId: 'g', topics },
              { groupId: 'h', topics },
            ],
          }
        : { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0, 1] }] };
    const found = await client.call(apis.offsetFetch, offsetFetch, version, request);
    const [first, second] = version >= 8 ? found.groups : [found];
    const offsets = first?.topics[0]?.partitions.map(({ committedOffset, metadata }) => [committedOffset, metadata]);
    assert.deepEqual(offsets, [
      [5n, 'note'],
      [-1n, ''],
    ]);
    if (version >= 8)
      assert.deepEqual(
        second?.topics[0]?.partitions.map(({ committedOffset }) => committedOffset),
        [-1n, -1n],
      );
  }
});

test('all offsets of a group are fetched by name, and since version 10 by id', async () => {
  const client = new Client();
  client.stage.commit({
    topics: ['t', 'gone'].map((name) => ({
      name,
      topicId: zeroUuid,
      partitions: [{ ...offset(0, 5), committedLeaderEpoch: -1 }],
    })),
  });
  const old = await client.call(apis.offsetFetch, offsetFetch, 7, { groupId: 'g', topics: null });
  assert.deepEqual(
    old.topics.map(({ name }) => name),
    ['t', 'gone'],
  );
  const now = await client.call(apis.offsetFetch, offsetFetch, 10, { groups: [{ groupId: 'g', topics: null }] });
  assert.deepEqual(
    now.groups[0]?.topics.map(({ topicId }) => topicId),
    [topicId],
  );
});

test('topics that are not there are refused by name or id', async () => {
  const client = new Client();
  const commit = async (version: number, topic: object): Promise<number | undefined> => {
    const topics = [{ ...topic, partitions: [offset(0, 5)] }];
    return (await client.call(apis.offsetCommit, offsetCommit, version, { groupId: 'g', memberId: '', topics }))
      .topics[0]?.partitions[0]?.errorCode;
  };
  assert.equal(await commit(9, { name: 'nope' }), errors.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await commit(10, { topicId: otherId }), errors.UNKNOWN_TOPIC_ID);
  assert.equal(await commit(10, { topicId: zeroUuid }), errors.UNKNOWN_TOPIC_ID);
  const topics = [otherId, topicId].map((topicId) => ({ topicId, partitionIndexes: [0] }));
  const found = await client.call(apis.offsetFetch, offsetFetch, 10, { groups: [{ groupId: 'g', topics }] });
  const codes = new Map(found.groups[0]?.topics.map(({ topicId, partitions }) => [topicId, partitions[0]?.errorCode]));
  assert.deepEqual([codes.get(topicId), codes.get(otherId)], [errors.NONE, errors.UNKNOWN_TOPIC_ID]);
});

test('what fails for a group fails for each of its partitions, or is said once where the version can', async () => {
  const client = new Client(new Stage({ partitionCount: 0 }));
  const partitions = [offset(0, 5), offset(1, 5)];
  const committed = await client.call(apis.offsetCommit, offsetCommit, 9, {
    groupId: 'g',
    memberId: '',
    topics: [{ name: 't', partitions }],
  });
  assert.deepEqual(
    committed.topics[0]?.partitions.map(({ errorCode }) => errorCode),
    [errors.NOT_COORDINATOR, errors.NOT_COORDINATOR],
  );
  const request = { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0, 1] }] };
  const first = await client.call(apis.offsetFetch, offsetFetch, 1, request);
  assert.deepEqual(
    first.topics[0]?.partitions.map(({ errorCode }) => errorCode),
    [errors.NOT_COORDINATOR, errors.NOT_COORDINATOR],
  );
  assert.equal((await client.call(apis.offsetFetch, offsetFetch, 2, request)).errorCode, errors.NOT_COORDINATOR);
  const many = await client.call(apis.offsetFetch, offsetFetch, 8, { groups: [{ groupId: 'g', topics: [] }] });
  assert.equal(many.groups[0]?.errorCode, errors.NOT_COORDINATOR);
  const deleted = await client.call(apis.deleteGroups, deleteGroups, 2, { groupsNames: ['g'] });
  assert.equal(deleted.results[0]?.errorCode, errors.NOT_COORDINATOR);
  const described = await client.call(apis.describeGroups, describeGroups, 5, { groups: ['g'] });
  assert.equal(described.groups[0]?.errorCode, errors.NOT_COORDINATOR);
});

test('offsets are deleted for partitions that exist', async () => {
  const client = new Client();
  const topics = [
    { name: 't', partitions: [{ partitionIndex: 9 }, { partitionIndex: 0 }] },
    { name: 'nope', partitions: [{ partitionIndex: 0 }] },
  ];
  assert.equal(
    (await client.call(apis.offsetDelete, offsetDelete, 0, { groupId: 'g', topics })).errorCode,
    errors.GROUP_ID_NOT_FOUND,
  );
  client.stage.commit({});
  const deleted = await client.call(apis.offsetDelete, offsetDelete, 0, { groupId: 'g', topics });
  const unknown = errors.UNKNOWN_TOPIC_OR_PARTITION;
  assert.deepEqual(
    deleted.topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
    [[unknown, errors.NONE], [unknown]],
  );
  assert.deepEqual(client.stage.offsets(), {});
});

test('groups are described, listed and deleted with every version', async () => {
  const client = new Client();
  const [memberId = ''] = client.stage.form(1);
  client.stage.commit({ groupId: 'simple' });
  for (const version of versions(apis.describeGroups)) {
    const asks = version >= 3 ? { includeAuthorizedOperations: true } : {};
    const { groups } = await client.call(apis.describeGroups, describeGroups, version, {
      groups: ['g', 'nope'],
      ...asks,
    });
    const [group, unknown] = groups;
    assert.deepEqual(
      [group?.groupState, group?.protocolType, group?.protocolData, group?.errorCode],
      ['Stable', 'consumer', 'range', 0],
    );
    const [member] = group?.members ?? [];
    assert.deepEqual([member?.memberId, member?.clientId, member?.clientHost], [memberId, 'client', '/127.0.0.1']);
    assert.deepEqual([member?.memberMetadata.toString(), member?.memberAssignment.toString()], ['metadata', 'part 0']);
    assert.equal(group?.authorizedOperations, version >= 3 ? 3400 : -0x8000_0000);
    assert.deepEqual(
      [unknown?.groupState, unknown?.errorCode],
      ['Dead', version >= 6 ? errors.GROUP_ID_NOT_FOUND : errors.NONE],
    );
    assert.equal(unknown?.errorMessage, version >= 6 ? 'Group nope not found.' : null);
  }
  for (const version of versions(apis.listGroups)) {
    const { groups } = await client.call(apis.listGroups, listGroups, version, {});
    assert.deepEqual(groups.map(({ groupId }) => groupId).sort(), ['g', 'simple']);
    assert.equal(groups.find(({ groupId }) => groupId === 'g')?.groupState, version >= 4 ? 'Stable' : '');
    assert.equal(groups[0]?.groupType, version >= 5 ? 'classic' : '');
  }
  for (const version of versions(apis.deleteGroups)) {
    const { results } = await client.call(apis.deleteGroups, deleteGroups, version, { groupsNames: ['g', 'nope'] });
    assert.deepEqual(
      results.map(({ errorCode }) => errorCode),
      [errors.NON_EMPTY_GROUP, errors.GROUP_ID_NOT_FOUND],
    );
  }
  const { results } = await client.call(apis.deleteGroups, deleteGroups, 2, { groupsNames: ['simple'] });
  assert.equal(results[0]?.errorCode, errors.NONE);
});

test('lists are filtered by state and type, whatever the case', async () => {
  const client = new Client();
  client.stage.form(1);
  client.stage.commit({ groupId: 'simple' });
  const list = async (statesFilter: string[], typesFilter: string[] = []): Promise<string[]> =>
    (await client.call(apis.listGroups, listGroups, 5, { statesFilter, typesFilter })).groups
      .map(({ groupId }) => groupId)
      .sort();
  assert.deepEqual(await list(['stable']), ['g']);
  assert.deepEqual(await list(['EMPTY', 'Stable']), ['g', 'simple']);
  assert.deepEqual(await list(['Dead']), []);
  assert.deepEqual(await list([], ['Classic']), ['g', 'simple']);
  assert.deepEqual(await list([], ['consumer']), []);
});

test('a request for no group at all is answered', async () => {
  const client = new Client();
  assert.deepEqual((await client.call(apis.describeGroups, describeGroups, 5, { groups: [] })).groups, []);
  assert.deepEqual((await client.call(apis.deleteGroups, deleteGroups, 2, { groupsNames: [] })).results, []);
  assert.deepEqual((await client.call(apis.offsetFetch, offsetFetch, 8, { groups: [] })).groups, []);
});
