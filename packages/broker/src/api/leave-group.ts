/**
 * LeaveGroup (13), versions 0 to 5. In: one member (until 2) or many; an administrator names static members by instance id alone.
 * Out: a code for each.
 */
import { apis, errors, type LeaveGroupRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

const manyMembersSince = 3;

export function leaveGroup(
  doors: GroupDoors,
  request: LeaveGroupRequest,
  exchange: Exchange,
): Answer<typeof apis.leaveGroup> {
  const isBatch = exchange.apiVersion >= manyMembersSince;
  const leaving = isBatch ? request.members : [{ memberId: request.memberId, groupInstanceId: null }];
  doors.coordinator.leaveGroup(request.groupId, leaving, {
    answer: (members) =>
      doors.answer(
        exchange,
        isBatch ? { errorCode: errors.NONE, members } : { errorCode: members[0]?.errorCode ?? errors.NONE },
      ),
    fail: (errorCode) => doors.answer(exchange, isBatch ? { errorCode, members: [] } : { errorCode }),
  });
  return later;
}
