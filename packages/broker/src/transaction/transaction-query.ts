/** DescribeTransactions and ListTransactions: what is known, as Kafka tells it. */
import { errors } from '@millrace/protocol';

import { type Transaction, type TransactionState, transactionStates } from './transaction.ts';

export interface TransactionFilter {
  /** Empty: all. */
  readonly states: ReadonlySet<string>;
  /** Only unknown states were asked for. */
  readonly isNone: boolean;
  readonly producerIds: ReadonlySet<number>;
  /** Open for longer than this; -1 for all. */
  readonly durationMs: number;
  readonly matches: ((id: string) => boolean) | undefined;
}

export function isState(name: string): name is TransactionState {
  return (transactionStates as readonly string[]).includes(name);
}

export function isListed(transaction: Transaction, filter: TransactionFilter, nowMs: number): boolean {
  const { state, producerId, startedAtMs, id } = transaction;
  if (filter.isNone) return false;
  if (filter.producerIds.size > 0 && !filter.producerIds.has(producerId)) return false;
  if (filter.states.size > 0 && !filter.states.has(state)) return false;
  if (filter.durationMs >= 0 && (startedAtMs < 0 || nowMs - startedAtMs <= filter.durationMs)) return false;
  return filter.matches === undefined || filter.matches(id);
}

export function described(id: string, transaction: Transaction | undefined): DescribedTransaction {
  if (transaction === undefined) return undescribed(id, errors.TRANSACTIONAL_ID_NOT_FOUND);
  return {
    errorCode: errors.NONE,
    transactionalId: id,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startedAtMs,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: [...transaction.partitions].map(([topic, indexes]) => ({ topic, partitions: [...indexes] })),
  };
}

export interface DescribedTransaction {
  readonly errorCode: number;
  readonly transactionalId: string;
  readonly transactionState: string;
  readonly transactionTimeoutMs: number;
  readonly transactionStartTimeMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

export function undescribed(id: string, errorCode: number): DescribedTransaction {
  return {
    errorCode,
    transactionalId: id,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}
