/**
 * JoinGroup. In: someone who wants to be a member, new, issued an id, or known. Out: an answer at once (refused, id issued, nothing
 * changed), or a parked join that is answered when the generation has formed.
 */
import { assert } from '@millrace/base';
import { errors, type JoinGroupRequest } from '@millrace/protocol';

import type { Caller } from './caller.ts';
import type { ConsumerGroup } from './consumer/group.ts';
import { groupGone } from './consumer/tombstones.ts';
import { noRecords, type Decision } from './decision.ts';
import { selectProtocol, type ClassicGroup } from './group.ts';
import type { JoinAnswer, Member } from './member.ts';
import { completeJoinIfReady, joinedAnswer, rebalance } from './rebalance.ts';
import { emptyMetadata } from './records.ts';
import type { Shard } from './shard.ts';
import type { Waiter } from './waiter.ts';

/** From this version on a dynamic member is first issued an id, so that a client that gives up leaves no member behind. */
export const idRequiredSince = 4;
/** From this version on a leader that came back can be told that its assignment stands. */
const skipAssignmentSince = 9;
/** A new member does not know its id and cannot heartbeat while it waits; after this it is taken for gone. */
const newMemberTimeoutMs = 300_000;

export interface Join {
  readonly request: JoinGroupRequest;
  readonly caller: Caller;
  readonly waiter: Waiter<JoinAnswer>;
}

export function refusedJoin(memberId: string, errorCode: number): JoinAnswer {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

/** A group begins with a record that it is there, and empty; then its first member joins it. An empty consumer group makes room for it. */
export function decideFirstJoin(shard: Shard, join: Join, before?: ConsumerGroup): Decision {
  const { request, waiter } = join;
  const { groupId, memberId, protocolType, protocols } = request;
  if (memberId !== '') return refuse(waiter, memberId, errors.UNKNOWN_MEMBER_ID);
  if (protocolType === '' || protocols.length === 0)
    return refuse(waiter, memberId, errors.INCONSISTENT_GROUP_PROTOCOL);
  const value = emptyMetadata('', 0, shard.environment.clock.now());
  return {
    records: [...(before === undefined ? [] : groupGone(before)), { type: 'GroupMetadata', group: groupId, value }],
    written: () => {
      const group = shard.groups.get(groupId);
      assert(group?.kind === 'classic', 'replay brings in the group');
      assert(decideJoin(group, join).records.length === 0, 'a join to an empty group stores nothing');
    },
    failed: (errorCode) => waiter.answer(refusedJoin('', errorCode)),
  };
}

export function decideJoin(group: ClassicGroup, join: Join): Decision {
  const { request, waiter } = join;
  const { memberId, groupInstanceId } = request;
  if (!hasRoom(group, memberId)) return refuseForSize(group, join);
  if (!group.supports(request.protocolType, request.protocols))
    return refuse(waiter, memberId, errors.INCONSISTENT_GROUP_PROTOCOL);
  if (memberId === '')
    return groupInstanceId === null ? joinAsNewcomer(group, join) : joinAsInstance(group, join, groupInstanceId);
  if (group.pendingJoins.has(memberId)) {
    if (groupInstanceId !== null) return refuse(waiter, memberId, errors.UNKNOWN_MEMBER_ID);
    return enter(group, memberId, join);
  }
  const member = group.memberAsking(memberId, groupInstanceId);
  return typeof member === 'number' ? refuse(waiter, memberId, member) : rejoin(group, member, join);
}

function refuse(waiter: Waiter<JoinAnswer>, memberId: string, errorCode: number): Decision {
  waiter.answer(refusedJoin(memberId, errorCode));
  return noRecords;
}

/** While members rejoin, those who came first keep their places: the limit may be lower than it was when they all came. */
function hasRoom(group: ClassicGroup, memberId: string): boolean {
  const { membersMax } = group.environment.settings;
  const known = group.members.get(memberId);
  if (group.state === 'Empty') return true;
  if (group.state === 'PreparingRebalance') return known?.joining !== undefined || group.joiningCount < membersMax;
  return known !== undefined || group.members.size < membersMax;
}

function refuseForSize(group: ClassicGroup, { request, waiter }: Join): Decision {
  const member = group.members.get(request.memberId);
  if (member !== undefined) group.remove(member, errors.GROUP_MAX_SIZE_REACHED);
  group.dropPendingJoin(request.memberId);
  waiter.answer(refusedJoin('', errors.GROUP_MAX_SIZE_REACHED));
  return completeJoinIfReady(group);
}

function joinAsNewcomer(group: ClassicGroup, join: Join): Decision {
  const { request, caller, waiter } = join;
  const id = `${caller.clientId}-${group.environment.newId()}`;
  if (caller.apiVersion < idRequiredSince) return enter(group, id, join);
  group.addPendingJoin(id, request.sessionTimeoutMs);
  waiter.answer(refusedJoin(id, errors.MEMBER_ID_REQUIRED));
  return noRecords;
}

function joinAsInstance(group: ClassicGroup, join: Join, instanceId: string): Decision {
  const id = `${instanceId}-${group.environment.newId()}`;
  const present = group.memberOfInstance(instanceId);
  return present === undefined ? enter(group, id, join) : comeBack(group, present, id, join);
}

function enter(group: ClassicGroup, id: string, { request, caller, waiter }: Join): Decision {
  if (group.initialDelay !== undefined) group.initialDelay.isExtended = true;
  const { clientId, clientHost } = caller;
  const member = group.add({ id, instanceId: request.groupInstanceId, clientId, clientHost }, request, waiter);
  member.session.set(newMemberTimeoutMs);
  return rebalance(group, `member ${id} joins: ${reasonOf(request)}`);
}

function rejoin(group: ClassicGroup, member: Member, { request, waiter }: Join): Decision {
  switch (group.state) {
    case 'PreparingRebalance':
      break;
    case 'CompletingRebalance':
      // The answer to its first join may have been lost.
      if (!member.offers(request.protocols)) break;
      waiter.answer(joinedAnswer(group, member));
      return noRecords;
    case 'Stable':
      // A leader joins again when it wants other assignments, a follower only when it has news.
      if (group.isLeader(member.id) || !member.offers(request.protocols)) break;
      waiter.answer(joinedAnswer(group, member));
      return noRecords;
    case 'Empty':
    case 'Dead':
      return refuse(waiter, member.id, errors.UNKNOWN_MEMBER_ID);
  }
  group.update(member, request, waiter);
  return rebalance(group, `member ${member.id} joins again: ${reasonOf(request)}`);
}

/** A static member restarted: it lost its member id and says its instance id. */
function comeBack(group: ClassicGroup, member: Member, newId: string, join: Join): Decision {
  const { request, waiter } = join;
  assert(group.state !== 'Empty' && group.state !== 'Dead', 'a group with static members is not empty');
  if (group.state === 'Stable') {
    const offers = [...group.members.values()].map((other) => (other === member ? request.protocols : other.protocols));
    if (selectProtocol(offers) === group.protocolName) return comeBackQuietly(group, member, newId, join);
  }
  const wasCompleting = group.state === 'CompletingRebalance';
  const successor = group.replace(member, newId);
  group.update(successor, request, waiter);
  successor.keepAlive();
  // While a leader works out assignments it knows the old id, so everyone has to join again.
  if (wasCompleting || group.state === 'Stable') {
    return rebalance(group, `static member ${member.instanceId} comes back as ${newId}: ${reasonOf(request)}`);
  }
  return completeJoinIfReady(group);
}

/** The generation goes on with the new member id in the place of the old one; only that is stored. */
function comeBackQuietly(
  group: ClassicGroup,
  member: Member,
  newId: string,
  { request, caller, waiter }: Join,
): Decision {
  const leaderBefore = group.leaderId ?? '';
  const value = group.metadataAfterReturn(member, newId, request);
  return {
    records: [{ type: 'GroupMetadata', group: group.id, value }],
    written: () => {
      const successor = group.members.get(newId);
      assert(successor, 'replay brings in the new member id');
      group.update(successor, request, undefined);
      successor.keepAlive();
      const answer = joinedAnswer(group, successor);
      if (caller.apiVersion >= skipAssignmentSince) waiter.answer({ ...answer, skipAssignment: group.isLeader(newId) });
      // Without the flag, a returned leader must not learn that it leads, or it would assign anew.
      else waiter.answer({ ...answer, leader: leaderBefore, members: [] });
    },
    failed: (errorCode) => waiter.answer({ ...joinedAnswer(group, member), memberId: '', errorCode, members: [] }),
  };
}

function reasonOf(request: JoinGroupRequest): string {
  return request.reason === null || request.reason === '' ? 'not provided' : request.reason;
}
