/** Partitions that move to other brokers. */
import type { Target } from '@millrace/client';
import { errors } from '@millrace/protocol';

import { check, faultOf } from '../broker-errors.ts';
import type { DoorCluster } from '../cluster.ts';
import { KafkaJSAggregateError, KafkaJSAlterPartitionReassignmentsError } from '../errors.ts';
import type { Admin, ListPartitionReassignmentsResponse } from '../types/admin.ts';
import type { AdminParts } from './admin.ts';
import { checkList, checkTopicList, wrong } from './checks.ts';
import { onController } from './on-controller.ts';

const timeoutMsDefault = 5000;

export function reassignmentCalls(
  parts: AdminParts,
): Pick<Admin, 'alterPartitionReassignments' | 'listPartitionReassignments'> {
  const { cluster } = parts;
  return {
    alterPartitionReassignments: async ({ topics, timeout = timeoutMsDefault }) => {
      checkTopicList('"topics"', topics);
      for (const { topic, partitionAssignment } of topics) {
        checkList(`"partitionAssignment" of "${topic}"`, partitionAssignment);
        for (const { partition, replicas } of partitionAssignment) {
          checkIndex(`partition of "${topic}"`, partition);
          checkList(`"replicas" of "${topic}"`, replicas);
          for (const replica of replicas) checkIndex(`replica of "${topic}"`, replica);
        }
      }
      await onController(parts, async () => {
        await alterReassignments(cluster, 'controller', { topics, timeout });
      });
    },
    listPartitionReassignments: async ({ topics, timeout = timeoutMsDefault }) => {
      if (topics !== undefined && topics !== null) {
        checkTopicList('"topics"', topics);
        for (const { topic, partitions } of topics) {
          checkList(`"partitions" of "${topic}"`, partitions);
          for (const partition of partitions) checkIndex(`partition of "${topic}"`, partition);
        }
      }
      return await onController(parts, async () => {
        return await listReassignments(cluster, 'controller', { ...(topics && { topics }), timeout });
      });
    },
  };
}

/** Throws `KafkaJSAggregateError` with an error for each partition that cannot be moved. */
export async function alterReassignments(
  cluster: DoorCluster,
  target: Target,
  { topics, timeout = timeoutMsDefault }: Parameters<Admin['alterPartitionReassignments']>[0],
): Promise<void> {
  const answer = await cluster.request(target, 'alterPartitionReassignments', {
    timeoutMs: timeout,
    topics: topics.map(({ topic, partitionAssignment }) => ({
      name: topic,
      partitions: partitionAssignment.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
    })),
  });
  check(answer.errorCode, answer.errorMessage);
  const failures = answer.responses.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partitionIndex, errorCode, errorMessage }) =>
      errorCode === errors.NONE
        ? []
        : [new KafkaJSAlterPartitionReassignmentsError(faultOf(errorCode, errorMessage), name, partitionIndex)],
    ),
  );
  if (failures.length > 0) throw new KafkaJSAggregateError('Some partitions cannot be moved so.', failures);
}

/** Of all partitions that move, or of some. */
export async function listReassignments(
  cluster: DoorCluster,
  target: Target,
  { topics, timeout = timeoutMsDefault }: Parameters<Admin['listPartitionReassignments']>[0],
): Promise<ListPartitionReassignmentsResponse> {
  const answer = await cluster.request(target, 'listPartitionReassignments', {
    timeoutMs: timeout,
    topics: topics?.map(({ topic, partitions }) => ({ name: topic, partitionIndexes: partitions })) ?? null,
  });
  check(answer.errorCode, answer.errorMessage);
  return {
    topics: answer.topics.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
        partitionIndex,
        replicas: [...replicas],
        addingReplicas: [...addingReplicas],
        removingReplicas: [...removingReplicas],
      })),
    })),
  };
}

function checkIndex(noun: string, given: unknown): void {
  if (typeof given !== 'number' || given < 0) wrong(`${String(given)} is no ${noun}.`);
}
