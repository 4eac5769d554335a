/** Ends what producers have left open. */
import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { nameOfPartition, toCoordinators, toLeaders } from './routes.ts';

/** As `describeProducers` tells it. */
export interface TransactionToAbort extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** 0 when left out. */
  readonly coordinatorEpoch?: number | undefined;
}

/**
 * Aborts a transaction that hangs in one partition while its coordinator knows nothing of it (KIP-664). Behind the back of a coordinator that
 * does know of it, this breaks the transaction: end its producer by `fenceProducers` instead.
 */
export async function abortTransaction(
  cluster: Cluster,
  transaction: TransactionToAbort,
  options: CallOptions,
): Promise<void> {
  const { producerId, producerEpoch, coordinatorEpoch = 0 } = transaction;
  await Call.run(cluster, 'Aborting a transaction', options, (call) =>
    runErrand<TransactionToAbort, true>(call, [transaction], {
      nameOf: nameOfPartition,
      what: (item) => `Aborting the transaction of producer ${producerId} in ${nameOfPartition(item)}`,
      route: toLeaders,
      async ask(target, share, fates) {
        const { markers } = await call.request(target, 'writeTxnMarkers', {
          markers: [
            {
              producerId,
              producerEpoch,
              coordinatorEpoch,
              transactionResult: false,
              topics: share.map(({ topic, partition }) => ({ name: topic, partitionIndexes: [partition] })),
            },
          ],
        });
        for (const { name: topic, partitions } of markers.flatMap(({ topics }) => topics))
          for (const { partitionIndex: partition, errorCode } of partitions)
            fates.take(nameOfPartition({ topic, partition }), errorCode, null, () => true);
      },
    }),
  );
}

export interface FencedProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  /** What a producer of an older epoch sends is refused from now on. */
  readonly producerEpoch: number;
}

const busy: ReadonlySet<string> = new Set(['CONCURRENT_TRANSACTIONS']);
/** Kafka marks the next one unstable. */
const versionMax = 5;

/** Ends the open transactions of these ids, and shuts their producers out. */
export function fenceProducers(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: CallOptions,
): Promise<FencedProducer[]> {
  return Call.run(cluster, 'Fencing producers', options, (call) =>
    runErrand<string, FencedProducer>(call, transactionalIds, {
      nameOf: (id) => id,
      what: (id) => `Fencing the producers of transactional id "${id}"`,
      route: toCoordinators('transaction', (id) => id),
      passing: busy,
      async ask(target, share, fates) {
        const fence = async (transactionalId: string): Promise<void> => {
          const request = { transactionalId, transactionTimeoutMs: call.brokerTimeoutMs };
          const answer = await call.request(target, 'initProducerId', request, { versionMax });
          const { errorCode, producerId, producerEpoch } = answer;
          fates.take(transactionalId, errorCode, null, () => ({ transactionalId, producerId, producerEpoch }));
        };
        await Promise.all(share.map(fence));
      },
    }),
  );
}
