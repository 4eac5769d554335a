/**
 * EndTxn, and the ends that the coordinator decides by itself. In: a producer that commits or aborts. Out: the state Prepare…, with
 * which the end is certain; when all partitions have their markers, Complete….
 *
 * Since `transaction.version` 2 each end raises the epoch, so that nothing late of one transaction can get into the next. A request
 * that comes again is known by the epoch before.
 */
import { assert } from '@millrace/base';
import { errors } from '@millrace/protocol';

import type { Step } from './step.ts';
import { isEpochExhausted, isNext, noPartitions, type ProducerIdentity, type Transaction } from './transaction.ts';

export interface EndRequest extends ProducerIdentity {
  readonly id: string;
  readonly isCommit: boolean;
  /** 2: raises the epoch. */
  readonly clientVersion: number;
}

interface Now {
  readonly nowMs: number;
  readonly freshProducerId: number | undefined;
}

export function decideEnd(present: Transaction | undefined, request: EndRequest, now: Now): Step {
  if (present === undefined) return { errorCode: errors.INVALID_PRODUCER_ID_MAPPING };
  return request.clientVersion >= 2 ? decideRaisingEnd(present, request, now) : decidePlainEnd(present, request, now);
}

/** The coordinator aborts by itself: its owner is replaced, or was silent for too long. `featureLevel` is `transaction.version`. */
export function decideFence(present: Transaction, now: Now & { readonly featureLevel: number }): Step {
  if (now.featureLevel >= 2) return prepare(present, false, 2, now);
  const fenced = { ...present, producerEpoch: Math.min(present.producerEpoch + 1, 0x7fff), lastProducerEpoch: -1 };
  return prepare(fenced, false, 0, now);
}

/** All partitions have their markers. */
export function completed(present: Transaction, nowMs: number): Transaction {
  assert(present.state === 'PrepareCommit' || present.state === 'PrepareAbort', 'only what is prepared is completed');
  const isRotated = present.clientVersion >= 2 && present.nextProducerId >= 0;
  return {
    ...present,
    state: present.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    producerId: isRotated ? present.nextProducerId : present.producerId,
    producerEpoch: isRotated ? 0 : present.producerEpoch,
    previousProducerId: present.producerId,
    nextProducerId: -1,
    partitions: noPartitions,
    updatedAtMs: nowMs,
  };
}

/** Clients before KIP-890: the epoch stays, so an end that comes again looks like the first one. */
function decidePlainEnd(present: Transaction, request: EndRequest, now: Now): Step {
  const { isCommit } = request;
  if (present.producerId !== request.producerId) return { errorCode: errors.INVALID_PRODUCER_ID_MAPPING };
  if (present.producerEpoch !== request.producerEpoch) return { errorCode: errors.PRODUCER_FENCED };
  switch (present.state) {
    case 'Ongoing':
      return prepare(present, isCommit, 0, now);
    case 'CompleteCommit':
      return { errorCode: isCommit ? errors.NONE : errors.INVALID_TXN_STATE };
    case 'CompleteAbort':
      return { errorCode: isCommit ? errors.INVALID_TXN_STATE : errors.NONE };
    case 'PrepareCommit':
      return { errorCode: isCommit ? errors.CONCURRENT_TRANSACTIONS : errors.INVALID_TXN_STATE };
    case 'PrepareAbort':
      return { errorCode: isCommit ? errors.INVALID_TXN_STATE : errors.CONCURRENT_TRANSACTIONS };
    default:
      return { errorCode: errors.INVALID_TXN_STATE };
  }
}

function decideRaisingEnd(present: Transaction, request: EndRequest, now: Now): Step {
  const { isCommit, producerId, producerEpoch } = request;
  // It ends what comes next, and this is not over (KAFKA-18464).
  if (isNext(present, request)) return { errorCode: errors.CONCURRENT_TRANSACTIONS };
  const isAfterRotation =
    present.previousProducerId === producerId && isEpochExhausted(producerEpoch) && present.producerEpoch === 0;
  const isRepeated = present.producerEpoch === producerEpoch + 1 || isAfterRotation;
  if (present.producerId !== producerId && !isAfterRotation) return { errorCode: errors.INVALID_PRODUCER_ID_MAPPING };
  const isCurrent = present.producerEpoch === producerEpoch && present.producerId === producerId;
  switch (present.state) {
    case 'Ongoing':
      return isCurrent ? prepare(present, isCommit, 2, now) : { errorCode: errors.PRODUCER_FENCED };
    case 'Empty':
      if (!isCurrent) return { errorCode: errors.PRODUCER_FENCED };
      return isCommit ? { errorCode: errors.INVALID_TXN_STATE } : prepareWithout(present, now);
    case 'PrepareCommit':
      // The next transaction, aborted before anything of it arrived: the one before is not quite over.
      if (isCurrent) return { errorCode: errors.CONCURRENT_TRANSACTIONS };
      if (!isRepeated) return { errorCode: errors.PRODUCER_FENCED };
      return { errorCode: isCommit ? errors.CONCURRENT_TRANSACTIONS : errors.INVALID_TXN_STATE };
    case 'PrepareAbort':
      if (isCurrent) return { errorCode: errors.CONCURRENT_TRANSACTIONS };
      if (!isRepeated) return { errorCode: errors.PRODUCER_FENCED };
      // The coordinator's own abort was first (KAFKA-20785): nothing that the producer could have done wrong.
      return { errorCode: isCommit ? errors.PRODUCER_FENCED : errors.CONCURRENT_TRANSACTIONS };
    case 'CompleteCommit':
      if (isRepeated) return { errorCode: isCommit ? errors.NONE : errors.INVALID_TXN_STATE };
      if (!isCurrent) return { errorCode: errors.PRODUCER_FENCED };
      return isCommit ? { errorCode: errors.INVALID_TXN_STATE } : prepareWithout(present, now);
    case 'CompleteAbort':
      if (isRepeated) return { errorCode: isCommit ? errors.PRODUCER_FENCED : errors.NONE };
      if (!isCurrent) return { errorCode: errors.PRODUCER_FENCED };
      return isCommit ? { errorCode: errors.INVALID_TXN_STATE } : prepareWithout(present, now);
    default:
      return { errorCode: errors.INVALID_TXN_STATE };
  }
}

/** An abort without partitions: only the epoch is raised, because the producer cannot know what arrived of what it sent. */
function prepareWithout(present: Transaction, now: Now): Step {
  return prepare({ ...present, startedAtMs: now.nowMs }, false, 2, now);
}

function prepare(
  present: Transaction,
  isCommit: boolean,
  clientVersion: number,
  { nowMs, freshProducerId }: Now,
): Step {
  const raises = clientVersion >= 2;
  const isExhausted = raises && isEpochExhausted(present.producerEpoch);
  if (isExhausted && freshProducerId === undefined) return { needs: 'producerId' };
  return {
    next: {
      ...present,
      state: isCommit ? 'PrepareCommit' : 'PrepareAbort',
      previousProducerId: present.producerId,
      nextProducerId: isExhausted ? (freshProducerId ?? -1) : -1,
      producerEpoch: raises ? Math.min(present.producerEpoch + 1, 0x7fff) : present.producerEpoch,
      lastProducerEpoch: raises ? present.producerEpoch : present.lastProducerEpoch,
      updatedAtMs: nowMs,
      clientVersion,
    },
  };
}
