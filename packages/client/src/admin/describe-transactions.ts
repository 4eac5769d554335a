import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import { everyBroker, isCoordinators, toCoordinators } from './routes.ts';

/** As the broker says it. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'PrepareEpochFence'
  | 'Dead';

export interface TransactionDescription {
  readonly transactionalId: string;
  readonly state: TransactionState;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly transactionTimeoutMs: number;
  /** Undefined: none is open. */
  readonly transactionStartTimeMs: number | undefined;
  /** What belongs to the open transaction. */
  readonly topicPartitions: readonly TopicPartition[];
}

export function describeTransactions(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: CallOptions,
): Promise<TransactionDescription[]> {
  return Call.run(cluster, 'Describing transactions', options, (call) =>
    runErrand<string, TransactionDescription>(call, transactionalIds, {
      nameOf: (id) => id,
      what: (id) => `Describing transactional id "${id}"`,
      route: toCoordinators('transaction', (id) => id),
      async ask(target, share, fates) {
        const { transactionStates } = await call.request(target, 'describeTransactions', { transactionalIds: share });
        for (const state of transactionStates)
          fates.take(state.transactionalId, state.errorCode, null, () => ({
            transactionalId: state.transactionalId,
            state: state.transactionState as TransactionState,
            producerId: state.producerId,
            producerEpoch: state.producerEpoch,
            transactionTimeoutMs: state.transactionTimeoutMs,
            transactionStartTimeMs: state.transactionStartTimeMs < 0 ? undefined : state.transactionStartTimeMs,
            topicPartitions: state.topics.flatMap(({ topic, partitions }) =>
              partitions.map((partition) => ({ topic, partition })),
            ),
          }));
      },
    }),
  );
}

export interface ListTransactionsOptions extends CallOptions {
  readonly states?: readonly TransactionState[] | undefined;
  readonly producerIds?: readonly number[] | undefined;
  /** Only those that are open for longer than this (brokers since 3.8). */
  readonly runningLongerThanMs?: number | undefined;
  /** Only transactional ids that match this RE2 expression as a whole (brokers since 4.1). */
  readonly transactionalIdPattern?: string | undefined;
}

export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: TransactionState;
  /** The broker that coordinates it. */
  readonly coordinatorId: number;
}

/** Every broker lists those that it coordinates. */
export async function listTransactions(
  cluster: Cluster,
  options: ListTransactionsOptions,
): Promise<TransactionListing[]> {
  const { states = [], producerIds = [], runningLongerThanMs = -1, transactionalIdPattern = null } = options;
  const lists = await Call.run(cluster, 'Listing transactions', options, (call) =>
    everyBroker(
      call,
      async (coordinatorId) => {
        const { errorCode, transactionStates } = await call.request(coordinatorId, 'listTransactions', {
          stateFilters: states,
          producerIdFilters: producerIds,
          durationFilter: runningLongerThanMs,
          transactionalIdPattern,
        });
        checkAnswer(errorCode, `Listing the transactions of broker ${coordinatorId}`);
        return transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
          transactionalId,
          producerId,
          state: transactionState as TransactionState,
          coordinatorId,
        }));
      },
      isCoordinators,
    ),
  );
  return lists.flat();
}
