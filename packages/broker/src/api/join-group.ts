/**
 * JoinGroup (11), versions 0 to 9. In: a client that wants to read as part of a group. Out: the new generation, once everyone who
 * belongs to it is there; the leader learns all members. Since 4 a new member is first given an id to come back with.
 */
import { apis, type JoinGroupRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { callerOf } from '../coordinator/caller.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import { refusedJoin } from '../coordinator/join.ts';
import type { JoinAnswer } from '../coordinator/member.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

const rebalanceTimeoutSince = 1;
const nullableProtocolSince = 7;

export function joinGroup(
  doors: GroupDoors,
  request: JoinGroupRequest,
  exchange: Exchange,
): Answer<typeof apis.joinGroup> {
  const { apiVersion } = exchange;
  const answer = (joined: JoinAnswer): void => {
    const protocolName = joined.protocolName ?? (apiVersion >= nullableProtocolSince ? null : '');
    doors.answer(exchange, { ...joined, protocolName });
  };
  doors.coordinator.joinGroup(
    {
      ...request,
      rebalanceTimeoutMs: apiVersion >= rebalanceTimeoutSince ? request.rebalanceTimeoutMs : request.sessionTimeoutMs,
      protocols: eachOnce(request.protocols),
    },
    callerOf(exchange),
    { answer, fail: (errorCode) => answer(refusedJoin(request.memberId, errorCode)) },
  );
  return later;
}

function eachOnce(protocols: JoinGroupRequest['protocols']): JoinGroupRequest['protocols'] {
  const names = new Set(protocols.map(({ name }) => name));
  if (names.size === protocols.length) return protocols;
  return protocols.filter(({ name }) => names.delete(name));
}
