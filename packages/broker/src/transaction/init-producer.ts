/**
 * InitProducerId of a transactional id. In: who wants to write under it. Out: the id and a higher epoch, which fences whoever had it
 * before; an open transaction of theirs is aborted first, and the client comes again.
 */
import { errors } from '@millrace/protocol';

import { decideFence } from './end-transaction.ts';
import { isEpochExhausted, noPartitions, type ProducerIdentity, type Transaction } from './transaction.ts';
import type { Step } from './step.ts';

export interface InitRequest {
  readonly id: string;
  readonly timeoutMs: number;
  /** Of a producer that goes on after an error. */
  readonly expected: ProducerIdentity | undefined;
}

/** `freshProducerId` is given when an earlier answer asked for one. */
export function decideInit(
  present: Transaction | undefined,
  request: InitRequest,
  now: { readonly nowMs: number; readonly featureLevel: number; readonly freshProducerId: number | undefined },
): Step {
  const { expected, timeoutMs } = request;
  const { nowMs, freshProducerId } = now;
  if (present === undefined) {
    if (freshProducerId === undefined) return { needs: 'producerId' };
    return { next: begin(request, freshProducerId, nowMs) };
  }
  if (expected !== undefined && !mayGoOn(present, expected)) return { errorCode: errors.PRODUCER_FENCED };
  switch (present.state) {
    case 'PrepareCommit':
    case 'PrepareAbort':
      return { errorCode: errors.CONCURRENT_TRANSACTIONS };
    case 'Ongoing':
      return decideFence(present, now);
    default:
  }
  const idle = { state: 'Empty', timeoutMs, partitions: noPartitions, startedAtMs: -1, updatedAtMs: nowMs } as const;
  const { producerId, producerEpoch, lastProducerEpoch } = present;
  const renewed = { ...present, ...idle, previousProducerId: producerId };
  if (isEpochExhausted(producerEpoch) && (expected === undefined || expected.producerEpoch === producerEpoch)) {
    if (freshProducerId === undefined) return { needs: 'producerId' };
    const last = expected === undefined ? -1 : producerEpoch;
    return { next: { ...renewed, producerId: freshProducerId, producerEpoch: 0, lastProducerEpoch: last } };
  }
  if (expected === undefined) return { next: { ...renewed, producerEpoch: producerEpoch + 1, lastProducerEpoch: -1 } };
  if (expected.producerEpoch === producerEpoch)
    return { next: { ...renewed, producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch } };
  // The answer to the first try was lost; nobody else has been here, or the last epoch would be forgotten.
  if (expected.producerEpoch === lastProducerEpoch) return { next: renewed };
  return { errorCode: errors.PRODUCER_FENCED };
}

function begin({ id, timeoutMs }: InitRequest, producerId: number, nowMs: number): Transaction {
  return {
    id,
    state: 'Empty',
    producerId,
    producerEpoch: 0,
    previousProducerId: producerId,
    nextProducerId: -1,
    lastProducerEpoch: -1,
    timeoutMs,
    partitions: noPartitions,
    startedAtMs: -1,
    updatedAtMs: nowMs,
    clientVersion: 0,
  };
}

function mayGoOn(present: Transaction, { producerId, producerEpoch }: ProducerIdentity): boolean {
  if (producerId === present.producerId) return true;
  return producerId === present.previousProducerId && isEpochExhausted(producerEpoch);
}
