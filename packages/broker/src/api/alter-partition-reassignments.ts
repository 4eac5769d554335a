/**
 * AlterPartitionReassignments (45), versions 0 and 1. In: replicas per partition, null to end a reassignment. Out: that it is so where
 * the replicas are this broker alone; there is no other one to move anything to, and so nothing under way that could be ended.
 */
import { apis, errors, type AlterPartitionReassignmentsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Fault } from '../metadata/controller.ts';

export function alterPartitionReassignments(
  doors: Doors,
  request: AlterPartitionReassignmentsRequest,
): Answer<typeof apis.alterPartitionReassignments> {
  return {
    throttleTimeMs: 0,
    allowReplicationFactorChange: request.allowReplicationFactorChange,
    errorCode: errors.NONE,
    errorMessage: request.topics.length === 0 ? '' : null,
    responses: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, replicas }) => {
        const fault = reassignmentFault(doors, name, partitionIndex, replicas);
        return {
          partitionIndex,
          errorCode: fault?.errorCode ?? errors.NONE,
          errorMessage: fault?.errorMessage ?? null,
        };
      }),
    })),
  };
}

function reassignmentFault(
  { image, controller }: Doors,
  topic: string,
  index: number,
  replicas: readonly number[] | null,
): Fault | { readonly errorCode: number; readonly errorMessage: null } | undefined {
  const known = image.topic(topic);
  if (known === undefined)
    return { errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `Unable to find a topic named ${topic}.` };
  if (known.partitions[index] === undefined)
    return {
      errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: `Unable to find partition ${topic}:${index}.`,
    };
  if (replicas === null) return { errorCode: errors.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null };
  return controller.replicasFault(replicas);
}
