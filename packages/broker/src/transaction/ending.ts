/**
 * The end of one transaction on its way to the partitions. In: a transaction whose end is durable. Out: a marker in every partition,
 * tried again where the disk did not take it, and `done` when all are durable.
 */
import type { Timer, Timers } from '@millrace/base';
import { errors, type EndMarker } from '@millrace/protocol';

import type { Waiter } from '../coordinator/waiter.ts';
import { type PartitionName, partitionNames, type Transaction } from './transaction.ts';

export type Marker = Omit<EndMarker, 'timestamp'> & {
  /** Since 2 the epoch of a marker is higher than that of the records before it. */
  readonly transactionVersion: number;
};

export interface MarkerDoor {
  /** Answers when the marker is durable. UNKNOWN_TOPIC_OR_PARTITION: there is nothing to end. */
  write(name: PartitionName, marker: Marker, waiter: Waiter<void>): void;
}

export interface EndingDoors {
  readonly timers: Timers;
  readonly markers: MarkerDoor;
  readonly coordinatorEpoch: number;
  readonly retryMs: number;
  done(transaction: Transaction): void;
  /** For a log line: this partition did not take its marker. */
  refused(transaction: Transaction, name: PartitionName, errorCode: number): void;
}

export class Ending {
  readonly #transaction: Transaction;
  readonly #doors: EndingDoors;
  #missing: readonly PartitionName[];
  #timer: Timer | undefined = undefined;
  #isCancelled = false;

  constructor(transaction: Transaction, doors: EndingDoors) {
    this.#transaction = transaction;
    this.#doors = doors;
    this.#missing = [...partitionNames(transaction.partitions)];
  }

  begin(): void {
    const { producerId, producerEpoch, state, clientVersion } = this.#transaction;
    const marker: Marker = {
      kind: state === 'PrepareCommit' ? 'commit' : 'abort',
      producerId,
      producerEpoch,
      coordinatorEpoch: this.#doors.coordinatorEpoch,
      transactionVersion: clientVersion,
    };
    const asked = this.#missing;
    const failed: PartitionName[] = [];
    let left = asked.length;
    const end = (): void => {
      if (this.#isCancelled) return;
      this.#missing = failed;
      if (failed.length === 0) this.#doors.done(this.#transaction);
      else this.#timer = this.#doors.timers.after(this.#doors.retryMs, () => this.begin());
    };
    if (left === 0) end();
    for (const name of asked) {
      this.#doors.markers.write(name, marker, {
        answer: () => {
          if (--left === 0) end();
        },
        fail: (errorCode) => {
          if (this.#mustTryAgain(name, errorCode)) failed.push(name);
          if (--left === 0) end();
        },
      });
    }
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#timer?.cancel();
  }

  #mustTryAgain(name: PartitionName, errorCode: number): boolean {
    // Deleted: nobody will ever read there.
    if (errorCode === errors.UNKNOWN_TOPIC_OR_PARTITION) return false;
    this.#doors.refused(this.#transaction, name, errorCode);
    // Somebody with a higher epoch has ended it there already.
    return errorCode !== errors.INVALID_PRODUCER_EPOCH && errorCode !== errors.TRANSACTION_COORDINATOR_FENCED;
  }
}
