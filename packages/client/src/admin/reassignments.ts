import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toController } from './routes.ts';

export interface PartitionReassignment extends TopicPartition {
  /** The brokers that are to have it, the preferred leader first; null ends a reassignment that is at work. */
  readonly replicas: readonly number[] | null;
}

export interface AlterReassignmentsOptions extends CallOptions {
  /** False: refused where the number of replicas would change (KIP-860). True when left out. */
  readonly allowReplicationFactorChange?: boolean | undefined;
}

export interface ListReassignmentsOptions extends CallOptions {
  /** All when left out. */
  readonly partitions?: readonly TopicPartition[] | undefined;
}

export interface OngoingReassignment extends TopicPartition {
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
}

/** Resolves when the controller has begun. */
export async function alterPartitionReassignments(
  cluster: Cluster,
  reassignments: readonly PartitionReassignment[],
  options: AlterReassignmentsOptions,
): Promise<void> {
  await Call.run(cluster, 'Altering reassignments', options, (call) =>
    runErrand<PartitionReassignment, true>(call, reassignments, {
      nameOf: nameOfPartition,
      what: (item) =>
        item.replicas === null
          ? `Ending the reassignment of ${nameOfPartition(item)}`
          : `Reassigning ${nameOfPartition(item)} to brokers ${item.replicas.join(', ')}`,
      route: toController,
      async ask(target, share, fates) {
        const { errorCode, errorMessage, responses } = await call.request(target, 'alterPartitionReassignments', {
          timeoutMs: call.brokerTimeoutMs,
          allowReplicationFactorChange: options.allowReplicationFactorChange ?? true,
          topics: byTopic(share).map(([name, items]) => ({
            name,
            partitions: items.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
          })),
        });
        checkAnswer(errorCode, 'Altering reassignments', errorMessage);
        for (const { name: topic, partitions } of responses)
          for (const { partitionIndex: partition, errorCode: code, errorMessage: said } of partitions)
            fates.take(nameOfPartition({ topic, partition }), code, said, () => true);
      },
    }),
  );
}

export function listPartitionReassignments(
  cluster: Cluster,
  { partitions, ...options }: ListReassignmentsOptions,
): Promise<OngoingReassignment[]> {
  return Call.run(cluster, 'Listing reassignments', options, (call) =>
    call.retry(async () => {
      const { errorCode, errorMessage, topics } = await call.request('controller', 'listPartitionReassignments', {
        timeoutMs: call.brokerTimeoutMs,
        topics:
          partitions === undefined
            ? null
            : byTopic(partitions).map(([name, items]) => ({
                name,
                partitionIndexes: items.map(({ partition }) => partition),
              })),
      });
      checkAnswer(errorCode, 'Listing reassignments', errorMessage);
      return topics.flatMap(({ name: topic, partitions: ongoing }) =>
        ongoing.map(({ partitionIndex: partition, replicas, addingReplicas, removingReplicas }) => ({
          topic,
          partition,
          replicas,
          addingReplicas,
          removingReplicas,
        })),
      );
    }),
  );
}
