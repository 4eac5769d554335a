/** Heartbeat. In: a member that is alive. Out: whether its generation still stands; its session begins anew. */
import { errors, type HeartbeatRequest } from '@millrace/protocol';

import type { ClassicGroup } from './group.ts';

export function heartbeatOf(group: ClassicGroup, request: HeartbeatRequest): number {
  const member = group.memberAsking(request.memberId, request.groupInstanceId);
  if (typeof member === 'number') return member;
  if (request.generationId !== group.generationId) return errors.ILLEGAL_GENERATION;
  member.keepAlive();
  return group.state === 'PreparingRebalance' ? errors.REBALANCE_IN_PROGRESS : errors.NONE;
}
