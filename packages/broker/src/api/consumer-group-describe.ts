/** ConsumerGroupDescribe (69), versions 0 and 1. In: ids of consumer groups. Out: epochs, members, what each has and is to have. */
import { apis, errors, errorText, type ConsumerGroupDescribeRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { groupOperations, operationsNotAsked } from '../authorized-operations.ts';
import { whenAllAnswered } from '../coordinator/all-answers.ts';
import { isRefusal, refusal, type Refusal } from '../coordinator/consumer/heartbeat-request.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

export function consumerGroupDescribe(
  doors: GroupDoors,
  request: ConsumerGroupDescribeRequest,
  exchange: Exchange,
): Answer<typeof apis.consumerGroupDescribe> {
  const { groupIds, includeAuthorizedOperations } = request;
  if (!doors.coordinator.servesConsumerGroups)
    return {
      throttleTimeMs: 0,
      groups: groupIds.map((groupId) => refused(groupId, refusal(errors.UNSUPPORTED_VERSION))),
    };
  const answered = whenAllAnswered<object>(groupIds.length, (groups) => doors.answer(exchange, { groups }));
  const authorizedOperations = includeAuthorizedOperations ? groupOperations : operationsNotAsked;
  for (const [index, groupId] of groupIds.entries()) {
    doors.coordinator.describeConsumerGroup(groupId, {
      answer: (group) =>
        answered(index, isRefusal(group) ? refused(groupId, group) : { ...group, authorizedOperations }),
      fail: (errorCode) => answered(index, refused(groupId, refusal(errorCode, errorText(errorCode)))),
    });
  }
  return later;
}

function refused(groupId: string, { errorCode, errorMessage }: Refusal) {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
    authorizedOperations: operationsNotAsked,
  };
}
