import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toLeaders } from './routes.ts';

export interface RecordsToDelete extends TopicPartition {
  /** The records before this one are deleted; -1n: all that are committed. */
  readonly beforeOffset: bigint;
}

export interface DeletedRecords extends TopicPartition {
  /** The first offset that can still be read. */
  readonly lowWatermark: bigint;
}

export function deleteRecords(
  cluster: Cluster,
  partitions: readonly RecordsToDelete[],
  options: CallOptions,
): Promise<DeletedRecords[]> {
  return Call.run(cluster, 'Deleting records', options, (call) =>
    runErrand<RecordsToDelete, DeletedRecords>(call, partitions, {
      nameOf: nameOfPartition,
      what: (item) => `Deleting records of ${nameOfPartition(item)} before offset ${item.beforeOffset}`,
      route: toLeaders,
      async ask(target, share, fates) {
        const { topics } = await call.request(target, 'deleteRecords', {
          topics: byTopic(share).map(([name, items]) => ({
            name,
            partitions: items.map(({ partition, beforeOffset }) => ({
              partitionIndex: partition,
              offset: beforeOffset,
            })),
          })),
          timeoutMs: call.brokerTimeoutMs,
        });
        for (const { name: topic, partitions: answered } of topics)
          for (const { partitionIndex: partition, errorCode, lowWatermark } of answered)
            fates.take(nameOfPartition({ topic, partition }), errorCode, null, () => ({
              topic,
              partition,
              lowWatermark,
            }));
      },
    }),
  );
}
