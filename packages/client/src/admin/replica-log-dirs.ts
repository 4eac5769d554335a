import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { askLogDirs, logDirOf } from './log-dirs.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toBrokers } from './routes.ts';

export interface TopicPartitionReplica extends TopicPartition {
  readonly brokerId: number;
}

export interface ReplicaMove extends TopicPartitionReplica {
  /** One of the broker's `log.dirs`. */
  readonly logDir: string;
}

export interface ReplicaLogDirs extends TopicPartitionReplica {
  /** Undefined: the broker has no such replica. */
  readonly currentLogDir: string | undefined;
  readonly currentOffsetLag: number | undefined;
  /** Undefined: it is not being moved. */
  readonly futureLogDir: string | undefined;
  readonly futureOffsetLag: number | undefined;
}

/** As Kafka prints it: `orders-3-1` is partition 3 of `orders` on broker 1. */
function nameOfReplica(replica: TopicPartitionReplica): string {
  return `${nameOfPartition(replica)}-${replica.brokerId}`;
}

const route = toBrokers<TopicPartitionReplica>(({ brokerId }) => brokerId);

/** Resolves when the brokers have begun to move them. */
export async function alterReplicaLogDirs(
  cluster: Cluster,
  moves: readonly ReplicaMove[],
  options: CallOptions,
): Promise<void> {
  await Call.run(cluster, 'Altering log directories of replicas', options, (call) =>
    runErrand<ReplicaMove, true>(call, moves, {
      nameOf: nameOfReplica,
      what: (move) => `Moving replica ${nameOfReplica(move)} to ${move.logDir}`,
      route,
      async ask(target, share, fates) {
        const { brokerId } = share[0]!;
        const { results } = await call.request(target, 'alterReplicaLogDirs', {
          dirs: [...Map.groupBy(share, ({ logDir }) => logDir)].map(([path, items]) => ({
            path,
            topics: byTopic(items).map(([name, ofTopic]) => ({
              name,
              partitions: ofTopic.map(({ partition }) => partition),
            })),
          })),
        });
        for (const { topicName: topic, partitions } of results)
          for (const { partitionIndex: partition, errorCode } of partitions)
            fates.take(nameOfReplica({ topic, partition, brokerId }), errorCode, null, () => true);
      },
    }),
  );
}

export function describeReplicaLogDirs(
  cluster: Cluster,
  replicas: readonly TopicPartitionReplica[],
  options: CallOptions,
): Promise<ReplicaLogDirs[]> {
  return Call.run(cluster, 'Describing log directories of replicas', options, (call) =>
    runErrand<TopicPartitionReplica, ReplicaLogDirs>(call, replicas, {
      nameOf: nameOfReplica,
      what: (replica) => `Describing the log directory of replica ${nameOfReplica(replica)}`,
      route,
      async ask(target, share, fates) {
        const topics = byTopic(share).map(([topic, items]) => ({
          topic,
          partitions: items.map(({ partition }) => partition),
        }));
        const { results } = await askLogDirs(call, target, topics);
        const found = results
          .map(logDirOf)
          .flatMap(({ path, replicas: held }) => held.map((held) => ({ path, ...held })));
        for (const { topic, partition, brokerId } of share) {
          const own = found.filter((held) => held.topic === topic && held.partition === partition);
          const current = own.find(({ isFuture }) => !isFuture);
          const future = own.find(({ isFuture }) => isFuture);
          fates.done(nameOfReplica({ topic, partition, brokerId }), {
            topic,
            partition,
            brokerId,
            currentLogDir: current?.path,
            currentOffsetLag: current?.offsetLag,
            futureLogDir: future?.path,
            futureOffsetLag: future?.offsetLag,
          });
        }
      },
    }),
  );
}
