/**
 * The producers of one partition. In: headers of batches that came (checked) and of batches that were appended (noted). Out:
 * duplicates, refusals, and the first offset that is not decided yet. The same notes, taken in the order of the log, always make the
 * same table: that is how it is rebuilt.
 */
import { assert } from '@millrace/base';
import { batchHeader as header } from '@millrace/protocol';

import { AppendError } from './append-error.ts';
import type { TransactionEnd } from './control-batch.ts';
import { type BatchNote, follows, noteOf, ProducerEntry, sequenceAfter } from './producer-entry.ts';
import type { AbortedTransaction } from './transaction-index.ts';

export class ProducerTable {
  readonly #entries = new Map<number, ProducerEntry>();
  /** First offsets of open transactions by producer, in order of the log: the first is the oldest. */
  readonly #open = new Map<number, number>();
  /** The entries as they were at `hold`; undefined where there was none. */
  readonly #held = new Map<number, ProducerEntry | undefined>();

  get size(): number {
    return this.#entries.size;
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values();
  }

  /** First offset of the oldest open transaction. */
  get firstUnstableOffset(): number | undefined {
    for (const offset of this.#open.values()) return offset;
    return undefined;
  }

  /**
   * Sees whether a client's batch may be appended. Gives the note of the same batch where it was appended before. `recall` is called for
   * a producer whose batches are not all remembered, before its batch is refused.
   */
  check(bytes: Buffer, at: number, recall: (entry: ProducerEntry) => void): BatchNote | undefined {
    const entry = this.#entries.get(header.producerId(bytes, at));
    const isTransactional = header.isTransactional(bytes, at);
    if (entry === undefined) return undefined;
    const epoch = header.producerEpoch(bytes, at);
    const firstSequence = header.baseSequence(bytes, at);
    const duplicate = entry.duplicateOf(
      epoch,
      firstSequence,
      sequenceAfter(firstSequence, header.lastOffsetDelta(bytes, at)),
    );
    if (duplicate !== undefined) return duplicate;
    if (epoch < entry.epoch) {
      throw new AppendError(
        'INVALID_PRODUCER_EPOCH',
        `Producer ${entry.producerId} writes with epoch ${epoch}, its epoch here is ${entry.epoch}.`,
      );
    }
    const isNext = epoch === entry.epoch && follows(firstSequence, entry.lastSequence);
    if (!isNext && epoch === entry.epoch && entry.forgottenBefore !== undefined) {
      recall(entry);
      return this.check(bytes, at, recall);
    }
    if (!isNext) checkSequence(entry, epoch, firstSequence);
    if (entry.transactionFirstOffset >= 0 && !isTransactional) {
      throw new AppendError(
        'INVALID_TXN_STATE',
        `Producer ${entry.producerId} has a transaction open and wrote outside of it.`,
      );
    }
    return undefined;
  }

  /** Sees whether a coordinator's batch may be appended: offsets that a transaction commits, or its end. */
  checkCoordinated(bytes: Buffer, at: number, end: TransactionEnd | undefined, transactionVersion: number): void {
    const entry = this.#entries.get(header.producerId(bytes, at));
    if (entry === undefined) return;
    const epoch = header.producerEpoch(bytes, at);
    // A marker that comes twice, because a coordinator could not know that the first was there, does no harm.
    const isRepeated = epoch === entry.epoch && entry.transactionFirstOffset < 0;
    const mustRaise = end !== undefined && transactionVersion >= 2 && !isRepeated;
    if (epoch < entry.epoch || (mustRaise && epoch === entry.epoch)) {
      throw new AppendError(
        'INVALID_PRODUCER_EPOCH',
        `The coordinator writes for producer ${entry.producerId} with epoch ${epoch}, its epoch here is ${entry.epoch}.`,
      );
    }
    if (end !== undefined && end.coordinatorEpoch < entry.coordinatorEpoch) {
      throw new AppendError(
        'TRANSACTION_COORDINATOR_FENCED',
        `A coordinator of epoch ${end.coordinatorEpoch} ends a transaction, one of epoch ${entry.coordinatorEpoch} was here before.`,
      );
    }
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  /** A data batch with its final offsets was appended. */
  note(bytes: Buffer, at: number): void {
    const producerId = header.producerId(bytes, at);
    const entry = this.#entryOf(producerId);
    entry.note(header.producerEpoch(bytes, at), noteOf(bytes, at));
    if (header.isTransactional(bytes, at) && entry.transactionFirstOffset < 0) {
      entry.transactionFirstOffset = header.baseOffset(bytes, at);
      this.#open.set(producerId, entry.transactionFirstOffset);
    }
  }

  /** A marker was appended that ends a transaction. Gives the transaction when it was aborted. */
  noteEnd(bytes: Buffer, at: number, end: TransactionEnd): AbortedTransaction | undefined {
    const entry = this.#entryOf(header.producerId(bytes, at));
    const lastOffset = header.lastOffset(bytes, at);
    const firstOffset = entry.transactionFirstOffset;
    entry.changeEpoch(header.producerEpoch(bytes, at));
    entry.coordinatorEpoch = end.coordinatorEpoch;
    entry.lastTimestampMs = header.maxTimestamp(bytes, at);
    entry.transactionFirstOffset = -1;
    this.#open.delete(entry.producerId);
    if (firstOffset < 0 || end.isCommit) return undefined;
    return {
      producerId: entry.producerId,
      firstOffset,
      lastOffset,
      lastStableOffset: this.firstUnstableOffset ?? lastOffset + 1,
    };
  }

  /** As read from a snapshot. */
  put(entry: ProducerEntry): void {
    this.#entries.set(entry.producerId, entry);
    if (entry.transactionFirstOffset >= 0) this.#open.set(entry.producerId, entry.transactionFirstOffset);
  }

  /** To be called when all of a snapshot was put: its entries are in no order. */
  sortOpen(): void {
    const open = [...this.#open].sort(([, a], [, b]) => a - b);
    this.#open.clear();
    for (const [producerId, offset] of open) this.#open.set(producerId, offset);
  }

  /** Forgets producers that have been silent for too long and have nothing open. */
  expire(nowMs: number, expirationMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.transactionFirstOffset < 0 && nowMs - entry.lastTimestampMs >= expirationMs)
        this.#entries.delete(entry.producerId);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#open.clear();
    this.#held.clear();
  }

  /** What comes from here on may be taken back. */
  hold(): void {
    this.#held.clear();
  }

  takeBack(): void {
    for (const [producerId, entry] of this.#held) {
      this.#open.delete(producerId);
      if (entry === undefined) this.#entries.delete(producerId);
      else this.put(entry);
    }
    this.#held.clear();
    this.sortOpen();
  }

  #entryOf(producerId: number): ProducerEntry {
    assert(producerId >= 0, 'only a batch with a producer is noted');
    let entry = this.#entries.get(producerId);
    if (!this.#held.has(producerId)) this.#held.set(producerId, entry?.copy());
    if (entry === undefined) {
      entry = new ProducerEntry(producerId);
      this.#entries.set(producerId, entry);
    }
    return entry;
  }
}

function checkSequence(entry: ProducerEntry, epoch: number, firstSequence: number): void {
  const { producerId } = entry;
  if (epoch !== entry.epoch) {
    if (firstSequence === 0 || entry.epoch < 0) return;
    throw new AppendError(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
      `Producer ${producerId} begins its epoch ${epoch} with sequence ${firstSequence}, not with 0.`,
    );
  }
  throw new AppendError(
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    `Producer ${producerId} sent sequence ${firstSequence} after ${entry.lastSequence} (epoch ${epoch}).`,
  );
}
