/**
 * Which transactional batches may go, told while a log is read from its beginning. Batches of aborted transactions go at once; the
 * marker that ends a transaction stays as long as there is any batch of it, or readers would wait for the end for ever.
 */
import { batchHeader as header } from '@millrace/protocol';

import { transactionEndOf } from '../control-batch.ts';
import type { AbortedTransaction } from '../transaction-index.ts';

interface Aborted {
  readonly transaction: AbortedTransaction;
  hasBatches: boolean;
}

export class CleanedTransactions {
  readonly #aborted: readonly AbortedTransaction[];
  readonly #retained: (aborted: AbortedTransaction) => void;
  /** Those before this one have begun. */
  #next = 0;
  readonly #openAborted = new Map<number, Aborted>();
  readonly #openCommitted = new Set<number>();

  /** `retained` is told of each aborted transaction whose marker stays because of its batches. */
  constructor(aborted: readonly AbortedTransaction[], retained: (aborted: AbortedTransaction) => void) {
    this.#aborted = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
    this.#retained = retained;
  }

  /** Whether the batch, which has records of clients, belongs to an aborted transaction. */
  isAborted(bytes: Buffer, at: number): boolean {
    this.#begin(header.lastOffset(bytes, at));
    if (!header.isTransactional(bytes, at)) return false;
    const producerId = header.producerId(bytes, at);
    const aborted = this.#openAborted.get(producerId);
    if (aborted === undefined) {
      this.#openCommitted.add(producerId);
      return false;
    }
    aborted.hasBatches = true;
    return true;
  }

  /** Whether nothing is left of the transaction that this control batch ends. */
  isEmptied(bytes: Buffer, at: number): boolean {
    this.#begin(header.lastOffset(bytes, at));
    // Its record went in an earlier cleaning.
    if (header.recordCount(bytes, at) === 0) return true;
    const producerId = header.producerId(bytes, at);
    const end = transactionEndOf(bytes, at);
    if (end === undefined) return false;
    if (end.isCommit) return !this.#openCommitted.delete(producerId);
    const aborted = this.#openAborted.get(producerId);
    this.#openAborted.delete(producerId);
    if (aborted?.hasBatches !== true) return true;
    this.#retained(aborted.transaction);
    return false;
  }

  #begin(offset: number): void {
    for (; this.#next < this.#aborted.length; this.#next++) {
      const transaction = this.#aborted[this.#next]!;
      if (transaction.firstOffset > offset) return;
      if (!this.#openAborted.has(transaction.producerId))
        this.#openAborted.set(transaction.producerId, { transaction, hasBatches: false });
    }
  }
}
