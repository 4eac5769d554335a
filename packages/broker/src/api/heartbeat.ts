/** Heartbeat (12), versions 0 to 4. In: a member that is alive. Out: whether its generation still stands. */
import { apis, type HeartbeatRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

export function heartbeat(
  doors: GroupDoors,
  request: HeartbeatRequest,
  exchange: Exchange,
): Answer<typeof apis.heartbeat> {
  const answer = (errorCode: number): void => doors.answer(exchange, { errorCode });
  doors.coordinator.heartbeat(request, { answer, fail: answer });
  return later;
}
