/** The state of one partition of `__transaction_state`. In: records. Out: what decisions look at. */
import type { Clock, Logger } from '@millrace/base';

import { noRecords, type Decision } from '../coordinator/decision.ts';
import type { ReplayedShard } from '../coordinator/runtime.ts';
import type { TransactionRecord, TransactionSink } from './transaction-record.ts';
import { isEnding, type Transaction } from './transaction.ts';

export interface TransactionEnvironment {
  readonly clock: Clock;
  readonly log: Logger;
  /** The end of a transaction was decided before a restart, and perhaps not told to all partitions. */
  resume(transaction: Transaction): void;
}

export class TransactionShard implements ReplayedShard<TransactionRecord>, TransactionSink {
  readonly transactions = new Map<string, Transaction>();
  readonly #environment: TransactionEnvironment;

  constructor(environment: TransactionEnvironment) {
    this.#environment = environment;
  }

  record(record: TransactionRecord): void {
    this.replay(record);
  }

  replay({ id, value }: TransactionRecord): void {
    if (value === null) this.transactions.delete(id);
    else this.transactions.set(id, value);
  }

  unreadable(reason: string): void {
    this.#environment.log.warn(
      { reason },
      'a stored record of the transactions was passed over: a newer broker wrote it, or it is damaged',
    );
  }

  loaded(): Decision<TransactionRecord> {
    for (const transaction of this.transactions.values()) {
      if (isEnding(transaction)) this.#environment.resume(transaction);
    }
    return noRecords;
  }

  end(): void {
    this.transactions.clear();
  }
}
