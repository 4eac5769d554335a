/**
 * SyncGroup. In: members of a generation, its leader with everyone's assignment. Out: each member's own assignment, after the whole
 * was stored.
 */
import { errors, type SyncGroupRequest } from '@millrace/protocol';

import { noRecords, type Decision } from './decision.ts';
import type { ClassicGroup } from './group.ts';
import { noBytes, type SyncAnswer } from './member.ts';
import { propagate, rebalance } from './rebalance.ts';
import type { Waiter } from './waiter.ts';

export function refusedSync(errorCode: number): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: noBytes };
}

export function decideSync(group: ClassicGroup, request: SyncGroupRequest, waiter: Waiter<SyncAnswer>): Decision {
  const refuse = (errorCode: number): Decision => {
    waiter.answer(refusedSync(errorCode));
    return noRecords;
  };
  if (group.state === 'Empty') return refuse(errors.UNKNOWN_MEMBER_ID);
  const member = group.memberAsking(request.memberId, request.groupInstanceId);
  if (typeof member === 'number') return refuse(member);
  if (request.generationId !== group.generationId) return refuse(errors.ILLEGAL_GENERATION);
  if (differs(request.protocolType, group.protocolType) || differs(request.protocolName, group.protocolName)) {
    return refuse(errors.INCONSISTENT_GROUP_PROTOCOL);
  }
  if (group.state === 'PreparingRebalance') return refuse(errors.REBALANCE_IN_PROGRESS);
  group.pendingSyncs.delete(member.id);
  if (group.pendingSyncs.size === 0) group.syncDeadline.cancel();
  if (group.state === 'Stable') {
    const { protocolType = null, protocolName = null } = group;
    waiter.answer({ errorCode: errors.NONE, protocolType, protocolName, assignment: member.assignment });
    return noRecords;
  }
  member.syncing?.fail(errors.REBALANCE_IN_PROGRESS);
  member.syncing = waiter;
  return group.isLeader(member.id) ? storeAssignments(group, request) : noRecords;
}

function storeAssignments(group: ClassicGroup, request: SyncGroupRequest): Decision {
  const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]));
  const value = group.metadata(assignments);
  return {
    records: [{ type: 'GroupMetadata', group: group.id, value }],
    written: () => {
      propagate(group, errors.NONE, assignments);
      group.environment.log.info(
        { group: group.id, generation: group.generationId, members: group.members.size },
        'group is stable',
      );
    },
    failed: (errorCode) => {
      propagate(group, errorCode, new Map());
      rebalance(group, 'the assignments could not be stored');
    },
  };
}

function differs(asked: string | null, present: string | undefined): boolean {
  return asked !== null && present !== undefined && asked !== present;
}
