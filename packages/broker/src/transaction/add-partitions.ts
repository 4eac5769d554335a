/** AddPartitionsToTxn and AddOffsetsToTxn. In: partitions that a producer is about to write to. Out: they are part of its transaction. */
import { errors } from '@millrace/protocol';

import type { Step } from './step.ts';
import {
  holds,
  isEnding,
  isNext,
  type PartitionName,
  type ProducerIdentity,
  type Transaction,
  withPartitions,
} from './transaction.ts';

export interface Addition extends ProducerIdentity {
  readonly id: string;
  readonly partitions: readonly PartitionName[];
  readonly clientVersion: number;
}

export function decideAddition(present: Transaction | undefined, addition: Addition, nowMs: number): Step {
  const { partitions, clientVersion } = addition;
  const errorCode = identityError(present, addition);
  if (present === undefined || errorCode !== errors.NONE) return { errorCode };
  if (isEnding(present)) return { errorCode: errors.CONCURRENT_TRANSACTIONS };
  const isOngoing = present.state === 'Ongoing';
  if (isOngoing && partitions.every((name) => holds(present.partitions, name))) return { errorCode: errors.NONE };
  return {
    next: {
      ...present,
      state: 'Ongoing',
      previousProducerId: present.producerId,
      partitions: withPartitions(present.partitions, partitions),
      startedAtMs: isOngoing ? present.startedAtMs : nowMs,
      updatedAtMs: nowMs,
      clientVersion,
    },
  };
}

/** Whether the partitions are in the transaction, an error code for each. */
export function verify(present: Transaction | undefined, addition: Addition): readonly number[] {
  const { partitions } = addition;
  let errorCode = identityError(present, addition);
  if (present !== undefined && errorCode === errors.NONE && isEnding(present))
    errorCode = errors.CONCURRENT_TRANSACTIONS;
  if (present === undefined || errorCode !== errors.NONE) return partitions.map(() => errorCode);
  return partitions.map((name) => (holds(present.partitions, name) ? errors.NONE : errors.TRANSACTION_ABORTABLE));
}

function identityError(present: Transaction | undefined, asking: ProducerIdentity): number {
  if (present !== undefined && isNext(present, asking)) return errors.CONCURRENT_TRANSACTIONS;
  if (present === undefined || present.producerId !== asking.producerId) return errors.INVALID_PRODUCER_ID_MAPPING;
  return present.producerEpoch === asking.producerEpoch ? errors.NONE : errors.PRODUCER_FENCED;
}
