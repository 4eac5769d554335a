/**
 * SyncGroup, Heartbeat and LeaveGroup of members that speak the classic protocol in a consumer group. In: their requests. Out: what they
 * got, whether they have to join again, and a code for everyone who leaves.
 */
import { errors, type HeartbeatRequest, type SyncGroupRequest } from '@millrace/protocol';

import { noRecords, type Decision } from '../decision.ts';
import type { Leaving, LeftMember } from '../leave.ts';
import type { SyncAnswer } from '../member.ts';
import type { Shard } from '../shard.ts';
import { refusedSync } from '../sync.ts';
import type { Waiter } from '../waiter.ts';
import { removeMembers } from './consumer-leave.ts';
import { assignmentBytes } from './consumer-protocol.ts';
import type { ConsumerGroup } from './group.ts';
import type { ClassicTerms, ConsumerMember } from './member.ts';

type ClassicMember = ConsumerMember & { readonly classic: ClassicTerms };

export function decideClassicSync(
  group: ConsumerGroup,
  request: SyncGroupRequest,
  waiter: Waiter<SyncAnswer>,
): Decision {
  const refuse = (errorCode: number): Decision => {
    waiter.answer(refusedSync(errorCode));
    return noRecords;
  };
  const member = memberAsking(group, request);
  if (typeof member === 'number') return refuse(member);
  const { protocolType, protocolName } = request;
  if (protocolType !== null && protocolType !== group.protocolType) return refuse(errors.INCONSISTENT_GROUP_PROTOCOL);
  if (protocolName !== null && protocolName !== member.classic.protocols[0]?.name)
    return refuse(errors.INCONSISTENT_GROUP_PROTOCOL);
  // Who still has to give up partitions has joined already; it gives them up first, and joins for the rest.
  if (group.epoch > member.epoch && member.state !== 'UNREVOKED_PARTITIONS') {
    expectJoin(group, member);
    return refuse(errors.REBALANCE_IN_PROGRESS);
  }
  group.timers.cancel(member.id, 'sync');
  group.timers.set(member.id, 'session', member.classic.sessionTimeoutMs);
  const assignment = assignmentBytes(member.assigned, member.classic, group.environment.topics);
  waiter.answer({ errorCode: errors.NONE, protocolType, protocolName, assignment });
  return noRecords;
}

export function classicHeartbeatOf(group: ConsumerGroup, request: HeartbeatRequest): number {
  const member = memberAsking(group, request);
  if (typeof member === 'number') return member;
  group.timers.set(member.id, 'session', member.classic.sessionTimeoutMs);
  if (!mustJoinAgain(group, member)) return errors.NONE;
  expectJoin(group, member);
  return errors.REBALANCE_IN_PROGRESS;
}

export function decideClassicLeave(
  shard: Shard,
  group: ConsumerGroup,
  leaving: readonly Leaving[],
  waiter: Waiter<readonly LeftMember[]>,
): Decision {
  const gone = new Set<ConsumerMember>();
  const left = leaving.map(({ memberId, groupInstanceId }): LeftMember => {
    const member = groupInstanceId === null ? group.members.get(memberId) : group.memberOfInstance(groupInstanceId);
    if (member === undefined) return { memberId, groupInstanceId, errorCode: errors.UNKNOWN_MEMBER_ID };
    if (groupInstanceId !== null && memberId !== '' && memberId !== member.id)
      return { memberId, groupInstanceId, errorCode: errors.FENCED_INSTANCE_ID };
    gone.add(member);
    return { memberId, groupInstanceId, errorCode: errors.NONE };
  });
  return removeMembers(
    shard,
    group,
    [...gone],
    () => waiter.answer(left),
    (errorCode) => waiter.fail(errorCode),
  );
}

/** The member, when it speaks the classic protocol and is in the generation that it says. */
function memberAsking(
  group: ConsumerGroup,
  {
    memberId,
    groupInstanceId,
    generationId,
  }: { readonly memberId: string; readonly groupInstanceId: string | null; readonly generationId: number },
): ClassicMember | number {
  const member = groupInstanceId === null ? group.members.get(memberId) : group.memberOfInstance(groupInstanceId);
  if (member === undefined) return errors.UNKNOWN_MEMBER_ID;
  if (member.id !== memberId) return errors.FENCED_INSTANCE_ID;
  const { classic } = member;
  if (classic === null) return errors.UNKNOWN_MEMBER_ID;
  return member.epoch === generationId ? { ...member, classic } : errors.ILLEGAL_GENERATION;
}

function mustJoinAgain(group: ConsumerGroup, member: ConsumerMember): boolean {
  if (member.epoch < group.assignmentEpoch || member.state === 'UNREVOKED_PARTITIONS') return true;
  // Otherwise the next heartbeat of a consumer shares out anew; where there is none, a join must.
  if (member.epoch < group.epoch && group.classicCount === group.members.size) return true;
  return member.state === 'UNRELEASED_PARTITIONS' && !waitsForOthers(group, member);
}

/** Of what it is to have, somebody holds a part still. */
function waitsForOthers(group: ConsumerGroup, member: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.targetOf(member)) {
    const own = member.assigned.get(topicId);
    for (const partition of partitions)
      if (own?.has(partition) !== true && group.isHeld(topicId, partition)) return true;
  }
  return false;
}

function expectJoin(group: ConsumerGroup, { id, rebalanceTimeoutMs }: ConsumerMember): void {
  if (!group.timers.isSet(id, 'join')) group.timers.set(id, 'join', rebalanceTimeoutMs);
}
