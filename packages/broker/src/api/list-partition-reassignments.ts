/** ListPartitionReassignments (46), version 0. In: partitions, or null for all. Out: none, known or not: there is nowhere to move one to. */
import { apis, errors } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';

export function listPartitionReassignments(): Answer<typeof apis.listPartitionReassignments> {
  return { throttleTimeMs: 0, errorCode: errors.NONE, errorMessage: null, topics: [] };
}
