/** The steps of the comparison, by subject. */
import { consumerProtocolAssignment, encodeVersioned, errorName, errors } from '@millrace/protocol';

import { assigned, pause, subscription, type Script } from './script.ts';

const first = { memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] };

export const steps: readonly (readonly [string, (script: Script) => Promise<void>])[] = [
  ['refusals', refusals],
  ['one member', oneMember],
  ['two members', twoMembers],
  ['range', range],
  ['static members', staticMembers],
  ['patterns', patterns],
  ['offsets', offsets],
  ['upgrade and downgrade', migration],
  ['an instance changes its protocol', instanceChanges],
  ['empty groups change sides', emptyGroups],
  ['settings', settings],
];

async function refusals(script: Script): Promise<void> {
  await script.topic('r', 1);
  const joining = { ...first, groupId: 'refusals', memberId: 'm', subscribedTopicNames: ['r'] };
  await script.beat('joins', joining);
  const asks: readonly (readonly [string, object])[] = [
    ['no member id', { memberId: '' }],
    ['no group id', { groupId: '' }],
    ['an empty instance id', { instanceId: '' }],
    ['an empty rack', { rackId: '' }],
    ['no rebalance timeout', { rebalanceTimeoutMs: -1 }],
    ['null partitions', { topicPartitions: null }],
    ['partitions', { topicPartitions: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions: [1] }] }],
    ['no topics', { subscribedTopicNames: null }],
    ['away without instance', { memberEpoch: -2 }],
    ['epoch -3', { memberEpoch: -3 }],
    ['another assignor', { serverAssignor: 'best' }],
    ['a bad pattern', { memberId: 'p', subscribedTopicNames: null, subscribedTopicRegex: 'a(' }],
    ['another bad pattern', { memberId: 'p', subscribedTopicNames: null, subscribedTopicRegex: '[z-a]' }],
    ['a greater epoch', { memberEpoch: 9 }],
    ['a smaller epoch', { memberEpoch: 1 }],
    ['a stranger', { memberId: 'stranger', memberEpoch: 2 }],
    ['an unknown instance', { instanceId: 'i', memberEpoch: 2 }],
    ['an unknown group', { groupId: 'absent', memberEpoch: 2 }],
    ['leaves an unknown group', { groupId: 'absent', memberEpoch: -1 }],
    ['a stranger leaves', { memberId: 'stranger', memberEpoch: -1 }],
    ['an unknown instance leaves', { instanceId: 'i', memberEpoch: -1 }],
  ];
  for (const [what, changes] of asks) await script.beat(what, { ...joining, ...changes });
  await script.beat('no member id in version 0', { ...joining, memberId: '', memberEpoch: 3 }, { version: 0 });
  await script.describe('describe an unknown group', 'absent');
  await script.describe('describe', 'refusals');
  await script.records('refusals');
}

async function oneMember(script: Script): Promise<void> {
  const groupId = 'one';
  const topicId = await script.topic('o', 2);
  const member = { groupId, memberId: 'm' };
  await script.beat('joins', { ...member, ...first, subscribedTopicNames: ['o', 'later', 'o'] });
  await script.beat('is alive', { ...member, memberEpoch: 2 });
  await script.beat('tells what it holds', {
    ...member,
    memberEpoch: 2,
    topicPartitions: [{ topicId, partitions: [0, 1] }],
  });
  await script.beat('tells everything', {
    ...member,
    memberEpoch: 2,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: ['o', 'later'],
    topicPartitions: [{ topicId, partitions: [0, 1] }],
  });
  await script.describe('describe', groupId);
  await script.describe('describe, version 0', groupId, { version: 0 });
  await script.grow('o', 3);
  await script.beat('after the topic grew', { ...member, memberEpoch: 2 });
  await script.beat('with the epoch before', {
    ...member,
    memberEpoch: 2,
    topicPartitions: [{ topicId, partitions: [0, 1] }],
  });
  await script.beat('with the epoch before, not saying what it holds', { ...member, memberEpoch: 2 });
  await script.topic('later', 1);
  await script.beat('after another topic came', { ...member, memberEpoch: 3 });
  await script.beat('reads one topic only', { ...member, memberEpoch: 4, subscribedTopicNames: ['later'] });
  await script.describe('describe while it gives up', groupId);
  const later = await script.send('metadata', 12, { topics: [{ name: 'later' }], allowAutoTopicCreation: false });
  const laterId = later.topics[0]?.topicId ?? '';
  await script.beat('has given up', {
    ...member,
    memberEpoch: 4,
    topicPartitions: [{ topicId: laterId, partitions: [0] }],
  });
  await script.beat('changes its rack and assignor', {
    ...member,
    memberEpoch: 5,
    rackId: 'r',
    serverAssignor: 'range',
  });
  await script.describe('describe', groupId);
  await script.send('deleteTopics', 5, { topicNames: ['later'], timeoutMs: 5000 });
  await pause(300);
  await script.beat('after its topic was deleted', { ...member, memberEpoch: 5, topicPartitions: [] });
  await script.beat('leaves', { ...member, memberEpoch: -1 });
  await script.describe('describe', groupId);
  await script.answer('describe as classic', 'describeGroups', 6, { groups: [groupId] });
  await script.answer('describe as classic, version 5', 'describeGroups', 5, { groups: [groupId] });
  const { groups } = await script.send('listGroups', 5, { statesFilter: ['Empty'], typesFilter: ['Consumer'] });
  script.say(`listed: ${script.json(groups.filter((group) => group.groupId === groupId))}`);
  await script.records(groupId);
  await script.answer('delete', 'deleteGroups', 2, { groupsNames: [groupId] });
  await script.describe('describe', groupId);
}

async function twoMembers(script: Script): Promise<void> {
  const groupId = 'two';
  const topicId = await script.topic('w', 4);
  const [a, b] = [
    { groupId, memberId: 'a' },
    { groupId, memberId: 'b' },
  ];
  const subscribed = { ...first, subscribedTopicNames: ['w'] };
  await script.beat('a joins', { ...a, ...subscribed });
  await script.beat('b joins', { ...b, ...subscribed });
  await script.describe('b waits', groupId, { shows: false });
  const told = await script.beat('a is to give up', { ...a, memberEpoch: 2 }, { shows: false });
  await script.beat('b still waits', { ...b, memberEpoch: 3, topicPartitions: [] });
  const kept = told.assignment?.topicPartitions[0]?.partitions ?? [];
  await script.beat('a holds all still', {
    ...a,
    memberEpoch: 2,
    topicPartitions: [{ topicId, partitions: [0, 1, 2, 3] }],
  });
  await script.beat(
    'a has given up',
    { ...a, memberEpoch: 2, topicPartitions: [{ topicId, partitions: kept }] },
    { shows: false },
  );
  await script.beat('b gets the rest', { ...b, memberEpoch: 3 }, { shows: false });
  await script.describe('settled', groupId, { shows: false });
  const { groups } = await script.send('listGroups', 5, { statesFilter: ['STABLE'], typesFilter: ['CONSUMER'] });
  script.say(`listed: ${script.json(groups.filter((group) => group.groupId === groupId))}`);
  await script.answer('delete', 'deleteGroups', 2, { groupsNames: [groupId] });
  await script.beat('a leaves', { ...a, memberEpoch: -1 });
  await script.beat('b gets all', { ...b, memberEpoch: 3 });
  await script.describe('settled', groupId);
  await script.beat('b joins again', { ...b, ...subscribed });
}

async function range(script: Script): Promise<void> {
  const groupId = 'range';
  await script.topic('x', 5);
  await script.topic('y', 5);
  const subscribed = { ...first, groupId, subscribedTopicNames: ['x', 'y'], serverAssignor: 'range' };
  for (const memberId of ['c', 'a', 'b']) await script.beat(`${memberId} joins`, { ...subscribed, memberId });
  await script.beat('z joins with an instance', { ...subscribed, memberId: 'z', instanceId: 'i' });
  await script.beat('y reads one of them', { ...subscribed, memberId: 'y', subscribedTopicNames: ['x'] });
  await script.beat('c', { groupId, memberId: 'c', memberEpoch: 2 });
  await script.describe('describe', groupId);
}

async function staticMembers(script: Script): Promise<void> {
  const groupId = 'static';
  const topicId = await script.topic('s', 2);
  const instance = { groupId, instanceId: 'i' };
  const subscribed = { ...instance, ...first, subscribedTopicNames: ['s'] };
  await script.beat('a joins', { ...subscribed, memberId: 'a' });
  await script.beat('b takes the instance', { ...subscribed, memberId: 'b' });
  await script.beat('b says the instance', { ...instance, memberId: 'b', memberEpoch: 2 });
  await script.beat('a goes for a while', { ...instance, memberId: 'a', memberEpoch: -2 });
  await script.describe('away', groupId);
  await script.beat('b comes in its place', { ...subscribed, memberId: 'b' });
  await script.beat('a is fenced', { ...instance, memberId: 'a', memberEpoch: 2 });
  await script.beat('a is fenced when it leaves', { ...instance, memberId: 'a', memberEpoch: -1 });
  await script.beat('b goes for a while', { ...instance, memberId: 'b', memberEpoch: -2 });
  await script.beat('b comes back under its id, reading more', {
    ...subscribed,
    memberId: 'b',
    subscribedTopicNames: ['s', 'o'],
  });
  await script.describe('back', groupId, { shows: false });
  await script.beat(
    'b holds',
    { ...instance, memberId: 'b', memberEpoch: 3, topicPartitions: [{ topicId, partitions: [0, 1] }] },
    { shows: false },
  );
  await script.beat('b leaves', { ...instance, memberId: 'b', memberEpoch: -1 });
  await script.records(groupId);
}

async function patterns(script: Script): Promise<void> {
  const groupId = 'patterns';
  await script.topic('q1', 2);
  const member = { groupId, memberId: 'm' };
  const pattern = { ...first, subscribedTopicNames: null, subscribedTopicRegex: 'q[0-9]' };
  await script.beat('joins', { ...member, ...pattern });
  await pause(500);
  await script.beat('topics were found', { ...member, memberEpoch: 1 });
  await script.beat('is alive', { ...member, memberEpoch: 2 });
  await script.describe('describe', groupId);
  const other = { groupId, memberId: 'n' };
  await script.beat('another with the same', { ...other, ...pattern });
  await script.beat('leaves', { ...other, memberEpoch: -1 });
  const names = { subscribedTopicRegex: '', subscribedTopicNames: ['q1'] };
  await script.beat('names a topic', { ...member, memberEpoch: 2, ...names });
  await script.beat('another pattern', { ...member, memberEpoch: 5, subscribedTopicRegex: 'o.*' });
  await pause(500);
  await script.describe('describe', groupId, { shows: false });
  await script.beat('leaves', { ...member, memberEpoch: -1 });
  await script.records(groupId);
  // Whatever other steps have made, and what is internal.
  const all = { groupId: 'everything', memberId: 'm' };
  await script.beat('reads everything', { ...all, ...pattern, subscribedTopicRegex: '.*' });
  await pause(500);
  const { assignment } = await script.send('consumerGroupHeartbeat', 1, { ...all, memberEpoch: 1 });
  script.say(`it has ${assignment?.topicPartitions.length} topics`);
}

async function offsets(script: Script): Promise<void> {
  const groupId = 'offsets';
  const topicId = await script.topic('c', 2);
  const member = { groupId, memberId: 'm' };
  await script.beat('joins', { ...member, ...first, subscribedTopicNames: ['c'] });
  const commit = async (
    what: string,
    version: number,
    memberId: string,
    epoch: number,
    partitionIndex = 0,
  ): Promise<void> => {
    const partitions = [{ partitionIndex, committedOffset: 5n, committedMetadata: '' }];
    const topics = [version >= 10 ? { topicId, partitions } : { name: 'c', partitions }];
    await script.answer(what, 'offsetCommit', version, { groupId, memberId, generationIdOrMemberEpoch: epoch, topics });
  };
  const fetch = async (what: string, memberId: string | null, memberEpoch: number): Promise<void> => {
    const topics = [{ name: 'c', partitionIndexes: [0] }];
    await script.answer(what, 'offsetFetch', 9, { groups: [{ groupId, memberId, memberEpoch, topics }] });
  };
  await commit('commit', 9, 'm', 2);
  await commit('commit by id', 10, 'm', 2);
  await commit('commit in version 8', 8, 'm', 2);
  await commit('a newer epoch', 9, 'm', 3);
  await commit('an older epoch', 9, 'm', 1);
  await commit('a stranger', 9, 'stranger', 2);
  await commit('nobody', 9, '', -1);
  await script.grow('c', 3);
  await script.beat('after the topic grew', { ...member, memberEpoch: 2 });
  await commit('the epoch before, a partition held since', 9, 'm', 2);
  await commit('the epoch before, a new partition', 9, 'm', 2, 2);
  await fetch('fetch', 'm', 3);
  await fetch('fetch in another epoch', 'm', 2);
  await fetch('a stranger fetches', 'stranger', 3);
  await fetch('nobody fetches', null, -1);
  const topics = [{ name: 'c', partitions: [{ partitionIndex: 0 }] }];
  await script.answer('delete offsets', 'offsetDelete', 0, { groupId, topics });
  await script.beat('leaves', { ...member, memberEpoch: -1 });
  await script.answer('delete offsets', 'offsetDelete', 0, { groupId, topics });
  await commit('nobody commits to the empty group', 9, '', -1);
  await script.answer('delete', 'deleteGroups', 2, { groupsNames: [groupId] });
  await fetch('nobody fetches of no group', null, -1);
  await fetch('a member fetches of no group', 'm', 3);
}

async function migration(script: Script): Promise<void> {
  const groupId = 'migration';
  const topicId = await script.topic('g', 4);
  const protocols = [{ name: 'range', metadata: subscription(['g']) }];
  const joining = { groupId, sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 60_000, protocolType: 'consumer' };
  const join = async (what: string, memberId: string, version = 9, metadata = protocols): Promise<number> => {
    const joined = await script.send('joinGroup', version, { ...joining, memberId, protocols: metadata });
    if (joined.errorCode === errors.MEMBER_ID_REQUIRED) {
      script.call(joined.memberId, 'classic');
      script.say(`${what}: an id is given`);
      return await join(what, joined.memberId, version, metadata);
    }
    const { errorCode, generationId, protocolType, protocolName, leader, skipAssignment, members } = joined;
    script.say(
      `${what}: ${errorName(errorCode)} ${script.json({ generationId, protocolType, protocolName, leader, skipAssignment, members: members.length, memberId: joined.memberId })}`,
    );
    id = joined.memberId;
    return generationId;
  };
  let id = '';
  const sync = async (what: string, generationId: number, assignment?: Buffer): Promise<void> => {
    const assignments = assignment === undefined ? [] : [{ memberId: id, assignment }];
    const synced = await script.send('syncGroup', 5, {
      groupId,
      memberId: id,
      generationId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments,
    });
    script.say(
      `${what}: ${errorName(synced.errorCode)} ${synced.protocolType} ${synced.protocolName} ${assigned(synced.assignment)}`,
    );
  };
  const beat = async (what: string, generationId: number): Promise<void> => {
    const { errorCode } = await script.send('heartbeat', 4, { groupId, memberId: id, generationId });
    script.say(`${what}: ${errorName(errorCode)}`);
  };
  const generation = await join('a classic member joins', '');
  const all = encodeVersioned(consumerProtocolAssignment, 1, {
    assignedPartitions: [{ topic: 'g', partitions: [0, 1, 2, 3] }],
    userData: null,
  });
  await sync('and gets everything', generation, Buffer.from(all));
  await script.beat('a consumer comes into the classic group without joining', {
    groupId,
    memberId: 'k',
    memberEpoch: 3,
  });
  await script.describe('the group is classic', groupId);
  await script.beat('a consumer joins', { groupId, memberId: 'k', ...first, subscribedTopicNames: ['g'] });
  await script.describe('the group is a consumer group', groupId, { shows: false });
  await beat('the classic member is to join again', generation);
  await sync('it may not sync', generation);
  const owned = [{ name: 'range', metadata: subscription(['g'], [{ topic: 'g', partitions: [0, 1, 2, 3] }]) }];
  const again = await join('it joins again, holding everything', id, 9, owned);
  const synced = await script.send('syncGroup', 5, {
    groupId,
    memberId: id,
    generationId: again,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
  });
  script.say(`it syncs: ${errorName(synced.errorCode)}`);
  await beat('it is to join again', again);
  const keeps = keptBy(synced.assignment);
  const third = await join('it joins a third time, holding its part', id, 9, [
    { name: 'range', metadata: subscription(['g'], [{ topic: 'g', partitions: keeps }]) },
  ]);
  await script.send('syncGroup', 5, {
    groupId,
    memberId: id,
    generationId: third,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [],
  });
  await beat('now it is settled', third);
  await script.beat(
    'and the consumer gets the rest',
    { groupId, memberId: 'k', memberEpoch: 3, topicPartitions: [] },
    { shows: false },
  );
  await script.describe('both', groupId, { shows: false });
  await join('one with other protocols is not let in', '', 3, [{ name: 'other', metadata: subscription(['g']) }]);
  id = 'classic';
  for (const [known, name] of script.names) if (name === 'classic') id = known;
  await beat('another generation', 1);
  await script.beat('the consumer leaves', { groupId, memberId: 'k', memberEpoch: -1 });
  await script.describe('the group is classic again', groupId);
  await beat('the classic member is to join again', third);
  const last = await join('it joins', id);
  await sync('and syncs as leader', last, Buffer.from(all));
  const { groups } = await script.send('describeGroups', 6, { groups: [groupId] });
  script.say(`described: ${groups[0]?.groupState} ${groups[0]?.protocolData} ${groups[0]?.members.length}`);
  const left = await script.send('leaveGroup', 5, { groupId, members: [{ memberId: id }] });
  script.say(`left: ${errorName(left.members[0]?.errorCode ?? -1)}`);
  script.say(`the topic is ${script.name(topicId)}`);
  await script.records(groupId);
}

function keptBy(assignment: Buffer): number[] {
  return assigned(assignment)
    .replace(/.*:/, '')
    .split('+')
    .filter((text) => /^\d+$/.test(text))
    .map(Number);
}

async function instanceChanges(script: Script): Promise<void> {
  const groupId = 'instances';
  const topicId = await script.topic('v', 2);
  const instance = { groupId, instanceId: 'i' };
  await script.beat('a consumer joins as an instance', {
    ...instance,
    memberId: 'k',
    ...first,
    subscribedTopicNames: ['v'],
  });
  await script.beat('another without', { groupId, memberId: 'l', ...first, subscribedTopicNames: ['v'] });
  await script.beat('the other leaves', { groupId, memberId: 'l', memberEpoch: -1 });
  await script.beat('the instance holds all', {
    ...instance,
    memberId: 'k',
    memberEpoch: 2,
    topicPartitions: [{ topicId, partitions: [0, 1] }],
  });
  const joining = {
    groupId,
    memberId: '',
    groupInstanceId: 'i',
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
  };
  const protocols = (topics: readonly string[]) => [{ name: 'range', metadata: subscription(topics) }];
  const join = async (what: string, topics: readonly string[]): Promise<string> => {
    const joined = await script.send('joinGroup', 9, { ...joining, protocols: protocols(topics) });
    script.call(joined.memberId, what);
    const { errorCode, generationId, protocolName, leader, members, memberId } = joined;
    script.say(
      `${what}: ${errorName(errorCode)} ${script.json({ generationId, protocolName, leader, members: members.length, memberId })}`,
    );
    return memberId;
  };
  const classic = await join('the instance joins in the classic way', ['v']);
  await script.describe('it is a classic group now', groupId);
  const { groups } = await script.send('describeGroups', 6, { groups: [groupId] });
  script.say(`described: ${groups[0]?.groupState} ${groups[0]?.protocolData}`);
  for (const member of groups[0]?.members ?? [])
    script.say(`  ${script.name(member.memberId)} ${assigned(member.memberAssignment)}`);
  await script.beat('the consumer is alive', { ...instance, memberId: 'k', memberEpoch: 3 });
  await script.beat('the consumer comes back', { ...instance, memberId: 'k2', ...first, subscribedTopicNames: ['v'] });
  await script.describe('a consumer group again', groupId);
  const { errorCode } = await script.send('heartbeat', 4, {
    groupId,
    memberId: classic,
    groupInstanceId: 'i',
    generationId: 3,
  });
  script.say(`the classic one heartbeats: ${errorName(errorCode)}`);
}

async function emptyGroups(script: Script): Promise<void> {
  const groupId = 'sides';
  await script.topic('e', 1);
  const partitions = [{ partitionIndex: 0, committedOffset: 5n, committedMetadata: '' }];
  await script.answer('offsets make a classic group', 'offsetCommit', 8, {
    groupId,
    memberId: '',
    generationIdOrMemberEpoch: -1,
    topics: [{ name: 'e', partitions }],
  });
  await script.beat('a consumer joins', { groupId, memberId: 'm', ...first, subscribedTopicNames: ['e'] });
  await script.beat('and leaves', { groupId, memberId: 'm', memberEpoch: -1 });
  const joined = await script.send('joinGroup', 3, {
    groupId,
    memberId: '',
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(['e']) }],
  });
  script.call(joined.memberId, 'classic');
  script.say(`a classic member joins: ${errorName(joined.errorCode)} generation ${joined.generationId}`);
  await script.answer('it leaves', 'leaveGroup', 3, {
    groupId,
    members: [{ memberId: joined.memberId, groupInstanceId: null }],
  });
  await script.records(groupId);
}

async function settings(script: Script): Promise<void> {
  const alter = async (name: string, value: string): Promise<void> => {
    const configs = [{ name, configOperation: 0, value }];
    await script.answer(`${name}=${value}`, 'incrementalAlterConfigs', 1, {
      resources: [{ resourceType: 32, resourceName: 'refusals', configs }],
      validateOnly: false,
    });
  };
  await alter('consumer.heartbeat.interval.ms', '4000');
  await alter('consumer.heartbeat.interval.ms', '16000');
  await alter('consumer.session.timeout.ms', '1000');
  await alter('consumer.session.timeout.ms', '61000');
  await alter('consumer.no.such.thing', '1');
  await alter('consumer.heartbeat.interval.ms', 'often');
  await alter('consumer.heartbeat.interval.ms', '6000');
  await pause(300);
  await script.beat('is told the new interval', { groupId: 'refusals', memberId: 'm', memberEpoch: 2 });
  const { results } = await script.send('describeConfigs', 4, {
    resources: [{ resourceType: 32, resourceName: 'refusals', configurationKeys: ['consumer.heartbeat.interval.ms'] }],
    includeSynonyms: true,
  });
  script.say(`described: ${script.json(results)}`);
  const { configResources } = await script.send('listConfigResources', 1, { resourceTypes: [32] });
  script.say(`listed: ${script.json(configResources)}`);
}
