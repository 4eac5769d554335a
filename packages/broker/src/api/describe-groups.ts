/**
 * DescribeGroups (15), versions 0 to 6. In: group ids. Out: state and members of each. A group that is not there is Dead, and since 6 an error.
 */
import { apis, errors, type DescribeGroupsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { groupOperations, operationsNotAsked } from '../authorized-operations.ts';
import { whenAllAnswered } from '../coordinator/all-answers.ts';
import type { DescribedGroup } from '../coordinator/description.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

const notFoundSince = 6;

export function describeGroups(
  doors: GroupDoors,
  request: DescribeGroupsRequest,
  exchange: Exchange,
): Answer<typeof apis.describeGroups> {
  const { groups: groupIds, includeAuthorizedOperations } = request;
  const answered = whenAllAnswered<object>(groupIds.length, (groups) => doors.answer(exchange, { groups }));
  for (const [index, groupId] of groupIds.entries()) {
    doors.coordinator.describeGroup(groupId, {
      answer: (group) => answered(index, describe(groupId, group, exchange.apiVersion, includeAuthorizedOperations)),
      fail: (errorCode) => answered(index, { ...nothing, errorCode, groupId }),
    });
  }
  return later;
}

const nothing = {
  groupState: '',
  protocolType: '',
  protocolData: '',
  members: [],
  authorizedOperations: operationsNotAsked,
};

function describe(
  groupId: string,
  { isFound, isOfOtherKind, ...group }: DescribedGroup,
  apiVersion: number,
  withOperations: boolean,
): object {
  const isError = !isFound && apiVersion >= notFoundSince;
  return {
    ...group,
    groupId,
    errorCode: isError ? errors.GROUP_ID_NOT_FOUND : errors.NONE,
    errorMessage: isError ? `Group ${groupId} ${isOfOtherKind ? 'is not a classic group' : 'not found'}.` : null,
    authorizedOperations: withOperations && !isError ? groupOperations : operationsNotAsked,
  };
}
