/**
 * What becomes of a batch. In: an answer, silence, or the end of its time. Out: acknowledged, sent again, split, or failed; and with
 * idempotence which sequences its partition goes on with (KIP-98, KIP-360).
 */
import { errors } from '@millrace/protocol';

import { backoffMs } from '../cluster/backoff.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { answerError, ClientError, wantsMetadata } from '../error.ts';
import type { Accumulator } from './accumulator.ts';
import { addSequence, type Batch } from './batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { ProducePart } from './produce-request.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import type { ProducerSettings } from './producer-settings.ts';

export interface BatchFateOptions {
  readonly cluster: Cluster;
  readonly settings: ProducerSettings;
  readonly identity: ProducerIdentity;
  readonly accumulator: Accumulator;
  readonly observe: BatchObserver;
  /** A batch stands in its partition's queue again. */
  readonly requeued: (queue: PartitionQueue) => void;
  /** Memory has become free. */
  readonly released: () => void;
  /** Undefined without transactions. */
  readonly transactions: BatchOfTransaction | undefined;
}

export interface BatchOfTransaction {
  /** Whether a batch that was not written may be sent again. */
  readonly mayRetry: boolean;
  /** A batch was lost: the transaction has to be aborted. `hadSequence`: its partition needs a newer epoch to go on. */
  spoiled(error: ClientError, hadSequence: boolean): void;
}

/** For metrics and tracing. */
export interface BatchObserver {
  sent(batch: Batch, broker: string): void;
  failed(batch: Batch, error: ClientError): void;
  retried(batch: Batch): void;
  split(batch: Batch): void;
}

/** After these a batch may be in the log all the same. */
const doubtful: ReadonlySet<string> = new Set([
  'TIMEOUT',
  'DISCONNECTED',
  'BROKEN_ANSWER',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'UNKNOWN_SERVER_ERROR',
]);
const sequenceErrors: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
]);
const noPart = { baseOffset: -1n, logAppendTimeMs: -1, logStartOffset: -1n };

export class BatchFate {
  readonly #options: BatchFateOptions;

  constructor(options: BatchFateOptions) {
    this.#options = options;
  }

  /** Whether the partition may send its next batch; gets its sequences in order before. */
  isFree(queue: PartitionQueue): boolean {
    const { identity, settings } = this.#options;
    if (!settings.isIdempotent) return true;
    if (!identity.isKnown) return false;
    const isCurrent = queue.producerId === identity.id && queue.epoch === identity.epoch;
    const isTroubled = queue.isDoubtful || queue.mustRestart;
    if (isCurrent && !isTroubled) return queue.isKnown || queue.inFlight.length === 0;
    if (isTroubled) {
      if (queue.inFlight.length > 0) return false;
      if (!queue.mustRestart && queue.hasSealed) return true;
      if (!queue.mustRestart && queue.ackedSequence === queue.nextSequence) queue.isDoubtful = false;
      // Only the coordinator gives a transactional producer a newer epoch, when the transaction was aborted.
      else if (isCurrent && (settings.transactionalId !== undefined || !identity.bump())) return false;
      else return restarted(queue, identity);
    }
    // A newer epoch is taken up when nothing of the older one is left.
    return isCurrent || queue.inFlight.length > 0 || queue.hasSealed || restarted(queue, identity);
  }

  /** Makes the batch ready to be sent. One that is sent again stays as it was, unless its partition began anew. */
  seal(batch: Batch): void {
    const { settings } = this.#options;
    const { queue } = batch;
    if (batch.bytes !== undefined && (batch.seal !== undefined || !settings.isIdempotent)) return;
    const isFirst = batch.bytes === undefined;
    const isTransactional = settings.transactionalId !== undefined;
    const seal = settings.isIdempotent
      ? { producerId: queue.producerId, epoch: queue.epoch, sequence: queue.takeSequence(batch.count), isTransactional }
      : { producerId: -1, epoch: -1, sequence: -1, isTransactional };
    batch.sealFor(seal, { codecId: settings.codecId, level: settings.compressionLevel });
    if (isFirst && settings.codecId !== 0) queue.topic.compressed(batch.bytes!.length / batch.records.at);
  }

  /** Whether it was acknowledged. */
  answered(batch: Batch, part: ProducePart | undefined, broker: string): boolean {
    const { queue } = batch;
    queue.answered(batch);
    if (part === undefined) {
      this.#failed(
        batch,
        new ClientError('BROKEN_ANSWER', `${broker} left ${nameOf(queue)} out of its answer to Produce.`, { broker }),
        undefined,
      );
      return false;
    }
    const { errorCode } = part;
    if (errorCode === errors.NONE) this.#succeeded(batch, part, broker);
    else if (errorCode === errors.DUPLICATE_SEQUENCE_NUMBER) this.#succeeded(batch, noPart, broker);
    else {
      // A transaction that is aborted tells whether somebody else has taken over (KIP-588).
      const isAbortable =
        this.#options.transactions !== undefined && errorCode === errors.INVALID_PRODUCER_EPOCH
          ? { fatal: false, abortable: true }
          : {};
      const error = answerError(errorCode, `Sending to ${nameOf(queue)}`, part.errorMessage, {
        broker,
        ...isAbortable,
      });
      this.#failed(batch, error, part);
      return false;
    }
    return true;
  }

  /** The connection ended before the answer, or the request could not be written. */
  unanswered(batches: readonly Batch[], error: ClientError): void {
    for (const batch of batches) batch.queue.answered(batch);
    for (const batch of batches) this.#failed(batch, error, undefined);
  }

  /** Written, and nobody answers (acks 0). */
  posted(batches: readonly Batch[]): void {
    for (const batch of batches) {
      batch.queue.answered(batch);
      this.#succeeded(batch, noPart, '');
    }
  }

  /** Its time is over. One in flight keeps its place until its request is answered. */
  expire(batch: Batch): void {
    const { accumulator, cluster, settings } = this.#options;
    const { queue } = batch;
    accumulator.unsettled.delete(batch);
    const cause = batch.failure ?? cluster.metadata.fault(queue.topic.name);
    const [records, they] = batch.count === 1 ? ['1 record', 'It'] : [`${batch.count} records`, 'They'];
    const state = batch.tries > 0 ? 'may have been written' : batch.count === 1 ? 'was never sent' : 'were never sent';
    const last = cause === undefined ? '' : ` The last failure was: ${cause.message}`;
    const error = new ClientError(
      'TIMEOUT',
      `${records} for ${nameOf(queue)} not acknowledged within delivery.timeout.ms (${settings.deliveryTimeoutMs}). ${they} ${state}.${last}`,
      { cause },
    );
    if (batch.tries > 0) batch.isDoubtful = true;
    if (queue.inFlight.includes(batch)) {
      this.#options.observe.failed(batch, error);
      batch.fail(error);
      this.#options.transactions?.spoiled(error, true);
    } else this.giveUp(batch, error);
  }

  /** One that is not in flight fails for good. */
  giveUp(batch: Batch, error: ClientError, errorOf?: (index: number) => ClientError): void {
    const { accumulator, observe, settings, transactions } = this.#options;
    batch.queue.remove(batch);
    if (settings.isIdempotent && batch.seal !== undefined) this.#lost(batch);
    if (!batch.isSettled) observe.failed(batch, error);
    accumulator.release(batch);
    this.#options.released();
    transactions?.spoiled(error, batch.seal !== undefined);
    if (errorOf === undefined) batch.fail(error);
    else batch.failEach(errorOf);
  }

  #succeeded(batch: Batch, part: Pick<ProducePart, keyof typeof noPart>, broker: string): void {
    const { queue } = batch;
    if (batch.seal !== undefined && batch.seal.sequence >= 0) {
      queue.ackedSequence = addSequence(batch.seal.sequence, batch.count);
      queue.isKnown = true;
    }
    this.#options.accumulator.release(batch);
    this.#options.released();
    if (!batch.isSettled) this.#options.observe.sent(batch, broker);
    const { baseOffset, logAppendTimeMs, logStartOffset } = part;
    batch.succeed({ topic: queue.topic.name, partition: queue.index, baseOffset, logAppendTimeMs, logStartOffset });
  }

  #failed(batch: Batch, error: ClientError, part: ProducePart | undefined): void {
    const { cluster, settings, transactions } = this.#options;
    batch.failure = error;
    if (doubtful.has(error.code)) batch.isDoubtful = true;
    if (wantsMetadata(error)) cluster.metadata.invalidate();
    if (error.code === 'MESSAGE_TOO_LARGE' && batch.count > 1 && !batch.isSettled) return this.#split(batch);
    if (settings.isIdempotent && sequenceErrors.has(error.code) && this.#outOfSequence(batch)) return;
    const isLate = cluster.host.clock.monotonic() >= batch.createdAtMs + settings.deliveryTimeoutMs;
    const mayRetry = !batch.isSettled && !isLate && batch.tries <= settings.retries && transactions?.mayRetry !== false;
    if (error.retriable && mayRetry) return this.#again(batch, this.#isHinted(batch, part) ? 0 : undefined);
    if (error.retriable && isLate && !batch.isSettled) {
      // Whether the answer or the clock comes first makes no difference.
      batch.failure = error;
      return this.expire(batch);
    }
    const refused = part?.recordErrors ?? [];
    if (refused.length === 0) this.giveUp(batch, error);
    else this.giveUp(batch, error, eachOf(batch, error, refused));
  }

  /** Whether it will be sent again all the same. */
  #outOfSequence(batch: Batch): boolean {
    const { cluster, settings } = this.#options;
    const { queue } = batch;
    const isLate = cluster.host.clock.monotonic() >= batch.createdAtMs + settings.deliveryTimeoutMs;
    if (batch.isSettled || isLate) return false;
    if (queue.isOldest(batch)) {
      // Something before it is missing in the log. What a transaction has lost cannot be made up for.
      if (settings.transactionalId !== undefined) return false;
      queue.mustRestart = true;
    }
    this.#again(batch, undefined);
    return true;
  }

  #again(batch: Batch, waitMs: number | undefined): void {
    const { cluster, observe, requeued } = this.#options;
    const { config, host } = cluster;
    const pauseMs =
      waitMs ?? backoffMs(batch.tries, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
    batch.retryAtMs = host.clock.monotonic() + pauseMs;
    observe.retried(batch);
    batch.queue.putBack(batch);
    requeued(batch.queue);
  }

  /** Whether the answer named the new leader, which then need not be looked up (KIP-951). */
  #isHinted({ queue }: Batch, part: ProducePart | undefined): boolean {
    const { metadata } = this.#options.cluster;
    if (part === undefined || part.currentLeader.leaderId < 0) return false;
    const { leaderId, leaderEpoch } = part.currentLeader;
    const before = metadata.partition(queue.topic.name, queue.index)?.leaderId;
    if (metadata.nodes.has(leaderId)) metadata.hintLeader(queue.topic.name, queue.index, leaderId, leaderEpoch);
    return metadata.partition(queue.topic.name, queue.index)?.leaderId !== before;
  }

  /** The halves keep the sequences of the whole, so that nothing changes for what is behind them. */
  #split(batch: Batch): void {
    const { accumulator, observe, requeued, settings } = this.#options;
    const { queue, seal } = batch;
    const halves = batch.split();
    queue.topic.compressionRatio = 1;
    observe.split(batch);
    accumulator.replace(batch, halves);
    let sequence = seal?.sequence ?? -1;
    for (const half of halves) {
      if (seal !== undefined)
        half.sealFor({ ...seal, sequence }, { codecId: settings.codecId, level: settings.compressionLevel });
      if (sequence >= 0) sequence = addSequence(sequence, half.count);
      // As one that was sent: the second half waits for the first, as a retry does.
      half.tries = batch.tries;
      queue.putBack(half);
    }
    requeued(queue);
  }

  /** A batch that has sequences will never be acknowledged. */
  #lost(batch: Batch): void {
    const { queue } = batch;
    if (batch.isDoubtful) queue.isDoubtful = true;
    else if (!queue.hasSealed && queue.nextSequence === batch.nextSequence) queue.nextSequence = batch.seal!.sequence;
    else queue.mustRestart = true;
  }
}

function restarted(queue: PartitionQueue, { id, epoch }: ProducerIdentity): true {
  queue.restart(id, epoch);
  return true;
}

const nameOf = ({ topic, index }: PartitionQueue): string => `partition ${index} of "${topic.name}"`;

/** Those that the broker names have failed by themselves; the others only stood beside them. */
function eachOf(
  batch: Batch,
  error: ClientError,
  refused: ProducePart['recordErrors'],
): (index: number) => ClientError {
  const texts = new Map(refused.map(({ batchIndex, batchIndexErrorMessage }) => [batchIndex, batchIndexErrorMessage]));
  const name = nameOf(batch.queue);
  const beside = new ClientError(
    error.code,
    `A record for ${name} was not written, because the broker refused others of its batch (${error.code}); send it again.`,
    { retriable: true, ...(error.broker !== undefined && { broker: error.broker }) },
  );
  return (index) => {
    const text = texts.get(index);
    if (text === undefined) return beside;
    const reason = text === null || text === '' ? error.message : text;
    return new ClientError(error.code, `A record for ${name} was refused: ${reason}`, {
      retriable: false,
      ...(error.broker !== undefined && { broker: error.broker }),
    });
  };
}
