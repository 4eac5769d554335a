/** DeleteGroups (42), versions 0 to 3. In: groups without members. Out: a code for each; with them go their offsets. */
import { apis, errors, errorText, type DeleteGroupsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { whenAllAnswered } from '../coordinator/all-answers.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';
import { later } from '../request.ts';

export function deleteGroups(
  doors: GroupDoors,
  request: DeleteGroupsRequest,
  exchange: Exchange,
): Answer<typeof apis.deleteGroups> {
  const { groupsNames } = request;
  const answered = whenAllAnswered<object>(groupsNames.length, (results) =>
    doors.answer(exchange, { throttleTimeMs: 0, results }),
  );
  for (const [index, groupId] of groupsNames.entries()) {
    const answer = (errorCode: number): void =>
      answered(index, { groupId, errorCode, errorMessage: errorCode === errors.NONE ? null : errorText(errorCode) });
    doors.coordinator.deleteGroup(groupId, { answer, fail: answer });
  }
  return later;
}
