/** ListGroups (16), versions 0 to 5. In: states (4) and types (5) that are wanted, or none for all. Out: the groups, in no order. */
import { apis, errors, type ListGroupsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';

export function listGroups(doors: GroupDoors, request: ListGroupsRequest): Answer<typeof apis.listGroups> {
  const groups = doors.coordinator.listGroups({
    states: lowerCase(request.statesFilter),
    types: lowerCase(request.typesFilter),
  });
  return { errorCode: errors.NONE, groups };
}

function lowerCase(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.map((word) => word.toLowerCase()));
}
