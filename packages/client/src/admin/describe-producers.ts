import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toBrokers, toLeaders } from './routes.ts';

export interface DescribeProducersOptions extends CallOptions {
  /** Asks this replica in place of the leaders. */
  readonly brokerId?: number | undefined;
}

export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  /** Undefined: it never was in a transaction. */
  readonly coordinatorEpoch: number | undefined;
  /** Undefined: no transaction is open. */
  readonly currentTransactionStartOffset: bigint | undefined;
}

export interface PartitionProducers extends TopicPartition {
  readonly activeProducers: readonly ProducerState[];
}

export function describeProducers(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  { brokerId, ...options }: DescribeProducersOptions,
): Promise<PartitionProducers[]> {
  return Call.run(cluster, 'Describing producers', options, (call) =>
    runErrand<TopicPartition, PartitionProducers>(call, partitions, {
      nameOf: nameOfPartition,
      what: (item) => `Describing the producers of ${nameOfPartition(item)}`,
      route: brokerId === undefined ? toLeaders : toBrokers(() => brokerId),
      async ask(target, share, fates) {
        const { topics } = await call.request(target, 'describeProducers', {
          topics: byTopic(share).map(([name, items]) => ({
            name,
            partitionIndexes: items.map(({ partition }) => partition),
          })),
        });
        for (const { name: topic, partitions: answered } of topics)
          for (const { partitionIndex: partition, errorCode, errorMessage, activeProducers } of answered)
            fates.take(nameOfPartition({ topic, partition }), errorCode, errorMessage, () => ({
              topic,
              partition,
              activeProducers: activeProducers.map((producer) => ({
                producerId: producer.producerId,
                producerEpoch: producer.producerEpoch,
                lastSequence: producer.lastSequence,
                lastTimestamp: producer.lastTimestamp,
                coordinatorEpoch: producer.coordinatorEpoch < 0 ? undefined : producer.coordinatorEpoch,
                currentTransactionStartOffset:
                  producer.currentTxnStartOffset < 0n ? undefined : producer.currentTxnStartOffset,
              })),
            }));
      },
    }),
  );
}
