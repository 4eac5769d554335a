/**
 * Before a transactional write is appended. In: the partitions it is for. Out: an error code for each, at once or when it is durable
 * that the coordinator will end the transaction there too: without that a record could stay undecided for ever (KIP-890).
 *
 * Old clients have told the coordinator before, so it is only asked; since transactions of version 2 the write itself is the word.
 */
import { errors } from '@millrace/protocol';

import type { TransactionCoordinator } from './transaction-coordinator.ts';
import type { PartitionName, ProducerIdentity } from './transaction.ts';

/** What the version of a request tells about its client. */
export type WriteKind =
  /** Knows no abortable errors. */
  | 'old'
  /** Knows them, and adds its partitions by itself. */
  | 'verifying'
  /** Leaves the adding to the broker. */
  | 'adding';

export interface TransactionalWrite extends ProducerIdentity {
  readonly id: string;
  readonly kind: WriteKind;
  readonly partitions: readonly PartitionName[];
}

/** Error codes in the order of the partitions. */
export function checkWrite(
  coordinator: TransactionCoordinator,
  write: TransactionalWrite,
  answer: (errorCodes: readonly number[]) => void,
): void {
  const { kind, partitions } = write;
  const all = (errorCode: number): void => answer(partitions.map(() => clientError(kind, errorCode)));
  const addition = { ...write, clientVersion: 2 };
  if (kind === 'adding') {
    coordinator.addPartitionsOfWrite(addition, { answer: all, fail: all });
  } else if (!coordinator.isVerified) {
    all(errors.NONE);
  } else {
    coordinator.verifyPartitions(addition, {
      answer: (errorCodes) => answer(errorCodes.map((errorCode) => clientError(kind, errorCode))),
      fail: all,
    });
  }
}

/** Producers know these words; those of the coordinator they would take for others. */
function clientError(kind: WriteKind, errorCode: number): number {
  if (errorCode === errors.PRODUCER_FENCED) return errors.INVALID_PRODUCER_EPOCH;
  if (errorCode === errors.TRANSACTION_ABORTABLE && kind === 'old') return errors.INVALID_TXN_STATE;
  return errorCode;
}
