/**
 * ConsumerGroupHeartbeat (68), versions 0 and 1. In: a member of a consumer group that joins, is alive, or leaves; since 1 it makes its own
 * id and may name topics by pattern. Out: its epoch, when to come again, and its partitions when they changed.
 */
import { apis, errors, errorText, type ConsumerGroupHeartbeatRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { callerOf } from '../coordinator/caller.ts';
import { refusal, refusedHeartbeat } from '../coordinator/consumer/heartbeat-request.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

export function consumerGroupHeartbeat(
  doors: GroupDoors,
  request: ConsumerGroupHeartbeatRequest,
  exchange: Exchange,
): Answer<typeof apis.consumerGroupHeartbeat> {
  if (!doors.coordinator.servesConsumerGroups)
    return { throttleTimeMs: 0, ...refusedHeartbeat(refusal(errors.UNSUPPORTED_VERSION)) };
  doors.coordinator.consumerHeartbeat(request, callerOf(exchange), {
    answer: (answer) => doors.answer(exchange, answer),
    fail: (errorCode) => doors.answer(exchange, refusedHeartbeat(refusal(errorCode, errorText(errorCode)))),
  });
  return later;
}
