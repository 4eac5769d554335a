/**
 * LeaveGroup. In: members to remove, by id or, from an administrator, by instance id alone. Out: an error code for each, and a
 * rebalance for those who stay.
 */
import { errors } from '@millrace/protocol';

import { noRecords, type Decision } from './decision.ts';
import type { ClassicGroup } from './group.ts';
import { completeJoinIfReady, rebalance } from './rebalance.ts';
import type { Waiter } from './waiter.ts';

export interface Leaving {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly reason?: string | null;
}

export interface LeftMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly errorCode: number;
}

export function decideLeave(
  group: ClassicGroup,
  leaving: readonly Leaving[],
  waiter: Waiter<readonly LeftMember[]>,
): Decision {
  const left = leaving.map((one) => ({
    memberId: one.memberId,
    groupInstanceId: one.groupInstanceId,
    errorCode: leave(group, one),
  }));
  waiter.answer(left);
  const gone = left.filter(({ errorCode }) => errorCode === errors.NONE);
  if (gone.length === 0) return noRecords;
  const names = gone.map(({ memberId, groupInstanceId }) => (memberId === '' ? groupInstanceId : memberId));
  if (group.state === 'Stable' || group.state === 'CompletingRebalance')
    return rebalance(group, `left: ${names.join(', ')}`);
  return completeJoinIfReady(group);
}

function leave(group: ClassicGroup, { memberId, groupInstanceId, reason }: Leaving): number {
  if (memberId !== '' && group.dropPendingJoin(memberId)) return errors.NONE;
  const member =
    memberId === ''
      ? ((groupInstanceId === null ? undefined : group.memberOfInstance(groupInstanceId)) ?? errors.UNKNOWN_MEMBER_ID)
      : group.memberAsking(memberId, groupInstanceId);
  if (typeof member === 'number') return member;
  group.environment.log.info(
    { group: group.id, member: member.id, instance: member.instanceId, reason: reason ?? 'not provided' },
    'member leaves',
  );
  group.remove(member, errors.UNKNOWN_MEMBER_ID);
  return errors.NONE;
}
