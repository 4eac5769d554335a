/**
 * SyncGroup (14), versions 0 to 5. In: a member of a new generation; its leader brings everyone's assignment. Out: the member's own
 * assignment, once the leader's request is stored.
 */
import { apis, errors, type SyncGroupRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { SyncAnswer } from '../coordinator/member.ts';
import { refusedSync } from '../coordinator/sync.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

/** From this version on a member must say which protocol it believes in. */
const protocolNamedSince = 5;

export function syncGroup(
  doors: GroupDoors,
  request: SyncGroupRequest,
  exchange: Exchange,
): Answer<typeof apis.syncGroup> {
  if (exchange.apiVersion >= protocolNamedSince && (request.protocolType === null || request.protocolName === null)) {
    return refusedSync(errors.INCONSISTENT_GROUP_PROTOCOL);
  }
  const answer = (synced: SyncAnswer): void => doors.answer(exchange, synced);
  doors.coordinator.syncGroup(request, { answer, fail: (errorCode) => answer(refusedSync(errorCode)) });
  return later;
}
