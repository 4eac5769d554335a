/**
 * The transaction coordinator's front. In: requests of the transaction APIs, without their wire versions' quirks, and the clock. Out:
 * answers through their waiters when what they tell is durable; markers to the partitions of what has ended.
 */
import type { Host, Logger, Timer } from '@millrace/base';
import { errors } from '@millrace/protocol';

import { noRecords } from '../coordinator/decision.ts';
import { partitionOf } from '../coordinator/partition-of.ts';
import { ShardRuntime, type ShardKind, type StateLog } from '../coordinator/runtime.ts';
import type { Waiter } from '../coordinator/waiter.ts';
import { type Addition, decideAddition, verify } from './add-partitions.ts';
import { completed, decideEnd, decideFence, type EndRequest } from './end-transaction.ts';
import { Ending, type MarkerDoor } from './ending.ts';
import { decideInit, type InitRequest } from './init-producer.ts';
import type { Step } from './step.ts';
import { encodeTransactions, replayTransactions, type TransactionRecord } from './transaction-record.ts';
import { described, type DescribedTransaction, isListed, type TransactionFilter } from './transaction-query.ts';
import { TransactionShard, type TransactionEnvironment } from './transaction-shard.ts';
import { isEnding, isExpired, isTimedOut, nobody, type ProducerIdentity, type Transaction } from './transaction.ts';
import { WaitingRoom } from './waiting-room.ts';

export const transactionsTopic = '__transaction_state';

/** Read whenever they are needed. */
export interface TransactionSettings {
  /** `transaction.max.timeout.ms` */
  readonly timeoutMsMax: number;
  /** `transactional.id.expiration.ms` */
  readonly expirationMs: number;
  /** `transaction.abort.timed.out.transaction.cleanup.interval.ms` */
  readonly timeoutCheckMs: number;
  /** `transaction.remove.expired.transaction.cleanup.interval.ms` */
  readonly expiryCheckMs: number;
  /** `transaction.partition.verification.enable` */
  readonly isVerified: boolean;
  /** `add.partitions.to.txn.retry.backoff.max.ms`: how long a write waits for the end of the transaction before. */
  readonly endWaitMsMax: number;
}

export interface TransactionDoors {
  readonly host: Pick<Host, 'clock' | 'timers' | 'log'>;
  readonly settings: TransactionSettings;
  /** `__transaction_state` */
  readonly log: StateLog;
  readonly markers: MarkerDoor;
  /** The cluster's `transaction.version`. */
  featureLevel(): number;
  /** Of the partition of `__transaction_state`. */
  coordinatorEpoch(partition: number): number;
  nextProducerId(): Promise<number>;
}

type Runtime = ShardRuntime<TransactionShard, TransactionRecord, TransactionEnvironment>;

/** What a decision came to, told when it is durable. */
interface Outcome {
  readonly errorCode: number;
  /** As it is now; undefined where nobody knows the id. */
  readonly transaction: Transaction | undefined;
}

type Decide = (present: Transaction | undefined, freshProducerId: number | undefined) => Step;

const markerRetryMs = 1000;

export class TransactionCoordinator {
  readonly #doors: TransactionDoors;
  readonly #environment: TransactionEnvironment;
  readonly #kind: ShardKind<TransactionShard, TransactionRecord, TransactionEnvironment>;
  readonly #log: Logger;
  readonly #runtimes: (Runtime | undefined)[] = [];
  /** By transactional id: markers are on their way. */
  readonly #endings = new Map<string, Ending>();
  readonly #waitingRoom: WaitingRoom;
  #timers: Timer[] = [];
  #isClosed = false;

  constructor(doors: TransactionDoors) {
    const { clock, timers, log } = doors.host;
    this.#doors = doors;
    this.#log = log.child({ part: 'transactions' });
    this.#waitingRoom = new WaitingRoom(timers);
    this.#environment = {
      clock,
      log: this.#log,
      resume: (transaction) => void timers.after(0, () => this.#finish(transaction)),
    };
    this.#kind = {
      what: 'transactions',
      create: (environment) => new TransactionShard(environment),
      encode: (records, nowMs) => encodeTransactions(records, nowMs, doors.featureLevel()),
      replay: replayTransactions,
    };
  }

  /** Loads what is stored: what was decided before a crash is carried out now. */
  start(): void {
    const count = this.#doors.log.partitionCount();
    for (let partition = 0; partition < count; partition++) {
      if (!this.#doors.log.isEmpty(partition)) this.#runtime(partition).load();
    }
    const { settings } = this.#doors;
    this.#every(
      () => settings.timeoutCheckMs,
      () => this.abortTimedOut(),
    );
    this.#every(
      () => settings.expiryCheckMs,
      () => this.forgetExpired(),
    );
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#unloadAll();
  }

  async ensure(): Promise<boolean> {
    return this.#doors.log.partitionCount() > 0 || (await this.#doors.log.ensure());
  }

  get isVerified(): boolean {
    return this.#doors.settings.isVerified;
  }

  initProducer(request: InitRequest, waiter: Waiter<ProducerIdentity>): void {
    if (request.id === '') {
      waiter.fail(errors.INVALID_REQUEST);
      return;
    }
    if (request.timeoutMs <= 0 || request.timeoutMs > this.#doors.settings.timeoutMsMax) {
      waiter.fail(errors.INVALID_TRANSACTION_TIMEOUT);
      return;
    }
    const answered = ({ errorCode, transaction }: Outcome): void => {
      // The transaction of whoever was here before is aborted first.
      const mustComeAgain = transaction !== undefined && errorCode === errors.NONE && isEnding(transaction);
      if (errorCode !== errors.NONE) waiter.fail(errorCode);
      else if (mustComeAgain) waiter.fail(errors.CONCURRENT_TRANSACTIONS);
      else waiter.answer(transaction ?? nobody);
    };
    this.#decide(request.id, { answer: answered, fail: (code) => waiter.fail(code) }, (present, freshProducerId) =>
      decideInit(present, request, { ...this.#now(), freshProducerId }),
    );
  }

  /** The answer is an error code. */
  addPartitions(addition: Addition, waiter: Waiter<number>): void {
    if (addition.id === '') {
      waiter.answer(errors.INVALID_REQUEST);
      return;
    }
    this.#decide(
      addition.id,
      { answer: ({ errorCode }) => waiter.answer(errorCode), fail: (code) => waiter.answer(code) },
      (present) => decideAddition(present, addition, this.#now().nowMs),
    );
  }

  /** The same for a write that is here already: it waits a little when the transaction before has not quite ended. */
  addPartitionsOfWrite(addition: Addition, waiter: Waiter<number>): void {
    const { endWaitMsMax } = this.#doors.settings;
    const answer = (errorCode: number): void => {
      const mayWait = errorCode === errors.CONCURRENT_TRANSACTIONS && this.#endings.has(addition.id);
      if (mayWait) this.#waitingRoom.wait(addition.id, endWaitMsMax, () => this.addPartitions(addition, waiter));
      else waiter.answer(errorCode);
    };
    this.addPartitions(addition, { answer, fail: answer });
  }

  /** Error codes in the order of the partitions. Nothing is added. */
  verifyPartitions(addition: Addition, waiter: Waiter<readonly number[]>): void {
    if (addition.id === '') {
      waiter.fail(errors.INVALID_REQUEST);
      return;
    }
    this.#runtimeOf(addition.id, waiter)?.ask(waiter, (shard, held) => {
      held.answer(verify(shard.transactions.get(addition.id), addition));
      return noRecords;
    });
  }

  /** Answers when the end is certain; its markers follow. The identity is what the producer goes on with (KIP-890). */
  endTransaction(request: EndRequest, waiter: Waiter<ProducerIdentity>): void {
    if (request.id === '') {
      waiter.fail(errors.INVALID_REQUEST);
      return;
    }
    const answered = ({ errorCode, transaction }: Outcome): void => {
      if (errorCode !== errors.NONE) waiter.fail(errorCode);
      else if (request.clientVersion < 2 || transaction === undefined) waiter.answer(nobody);
      else waiter.answer(isEnding(transaction) ? completed(transaction, transaction.updatedAtMs) : transaction);
    };
    this.#decide(request.id, { answer: answered, fail: (code) => waiter.fail(code) }, (present, freshProducerId) =>
      decideEnd(present, request, { ...this.#now(), freshProducerId }),
    );
  }

  describe(id: string, waiter: Waiter<DescribedTransaction>): void {
    if (id === '') {
      waiter.fail(errors.INVALID_REQUEST);
      return;
    }
    this.#runtimeOf(id, waiter)?.ask(waiter, (shard, held) => {
      held.answer(described(id, shard.transactions.get(id)));
      return noRecords;
    });
  }

  /** What is not yet durable is waited for; shards that are lost meanwhile have nothing to tell. */
  async list(filter: TransactionFilter): Promise<Transaction[]> {
    const lists = [...this.#runtimes].map(
      async (runtime) =>
        await new Promise<Transaction[]>((resolve) => {
          if (runtime?.shard === undefined) return resolve([]);
          const waiter = { answer: resolve, fail: () => resolve([]) };
          runtime.ask<Transaction[]>(waiter, (shard, held) => {
            const { nowMs } = this.#now();
            held.answer([...shard.transactions.values()].filter((one) => isListed(one, filter, nowMs)));
            return noRecords;
          });
        }),
    );
    return (await Promise.all(lists)).flat();
  }

  *transactions(): Generator<Transaction> {
    for (const runtime of this.#runtimes) yield* runtime?.shard?.transactions.values() ?? [];
  }

  topicDeleted(name: string): void {
    if (name === transactionsTopic) this.#unloadAll();
  }

  abortTimedOut(): void {
    const { nowMs } = this.#now();
    for (const { id } of [...this.transactions()].filter((transaction) => isTimedOut(transaction, nowMs))) {
      this.#decide(
        id,
        {
          answer: ({ errorCode }) => {
            if (errorCode === errors.NONE)
              this.#log.info({ transactionalId: id }, 'a transaction took too long and is aborted');
          },
          fail: (errorCode) =>
            this.#log.warn({ transactionalId: id, errorCode }, 'a transaction that took too long could not be aborted'),
        },
        (present, freshProducerId) =>
          present !== undefined && isTimedOut(present, nowMs)
            ? decideFence(present, { ...this.#now(), freshProducerId })
            : { errorCode: errors.INVALID_TXN_STATE },
      );
    }
  }

  /** Ids that nobody has used for long. */
  forgetExpired(): void {
    const { nowMs } = this.#now();
    const { expirationMs } = this.#doors.settings;
    for (const runtime of this.#runtimes) {
      runtime?.run((shard) => {
        const expired = [...shard.transactions.values()].filter((one) => isExpired(one, nowMs, expirationMs));
        const records = expired.map(({ id }) => ({ id, value: null }));
        return { ...noRecords, records };
      });
    }
  }

  /** Decides about one id, once more with a new producer id where the first try asks for one. */
  #decide(id: string, waiter: Waiter<Outcome>, decide: Decide, freshProducerId?: number): void {
    const answer = (outcome: Outcome): void => {
      waiter.answer(outcome);
      const { transaction } = outcome;
      if (transaction !== undefined && isEnding(transaction)) this.#finish(transaction);
    };
    this.#runtimeOf(id, waiter)?.ask<Outcome>({ answer, fail: (code) => waiter.fail(code) }, (shard, held) => {
      const present = shard.transactions.get(id);
      const step = decide(present, freshProducerId);
      if ('needs' in step) {
        this.#decideWithNewId(id, waiter, decide);
        return noRecords;
      }
      if ('errorCode' in step) {
        held.answer({ errorCode: step.errorCode, transaction: present });
        return noRecords;
      }
      const { next } = step;
      return {
        records: [{ id, value: next }],
        written: () => held.answer({ errorCode: errors.NONE, transaction: next }),
        failed: (errorCode) => held.fail(errorCode),
      };
    });
  }

  #decideWithNewId(id: string, waiter: Waiter<Outcome>, decide: Decide): void {
    this.#doors.nextProducerId().then(
      (producerId) => this.#decide(id, waiter, decide, producerId),
      () => waiter.fail(errors.COORDINATOR_NOT_AVAILABLE),
    );
  }

  /** The end of this transaction is durable: its partitions are told. */
  #finish(transaction: Transaction): void {
    const { id } = transaction;
    const partition = this.#partitionOf(id);
    if (this.#isClosed || partition === undefined || this.#endings.has(id)) return;
    const { host, markers } = this.#doors;
    const ending = new Ending(transaction, {
      timers: host.timers,
      markers,
      coordinatorEpoch: this.#doors.coordinatorEpoch(partition),
      retryMs: markerRetryMs,
      done: () => this.#complete(transaction, partition),
      refused: (_, name, errorCode) =>
        this.#log.warn(
          { transactionalId: id, ...name, errorCode },
          'a partition did not take the end of a transaction',
        ),
    });
    this.#endings.set(id, ending);
    ending.begin();
  }

  #complete(transaction: Transaction, partition: number): void {
    const { id } = transaction;
    this.#endings.delete(id);
    let isComplete = true;
    this.#runtimes[partition]?.run((shard) => {
      // Loaded anew since, it has another one: that has its own ending.
      const present = shard.transactions.get(id);
      if (present === undefined || !isSameEnd(present, transaction)) return noRecords;
      return {
        records: [{ id, value: completed(present, this.#now().nowMs) }],
        written: () => {},
        failed: () => (isComplete = false),
      };
    });
    if (isComplete) this.#waitingRoom.open(id);
    else this.#timers.push(this.#doors.host.timers.after(markerRetryMs, () => this.#finish(transaction)));
  }

  #now(): { readonly nowMs: number; readonly featureLevel: number } {
    return { nowMs: this.#doors.host.clock.now(), featureLevel: this.#doors.featureLevel() };
  }

  #partitionOf(id: string): number | undefined {
    const count = this.#doors.log.partitionCount();
    return count > 0 ? partitionOf(id, count) : undefined;
  }

  #runtimeOf(id: string, waiter: Waiter<never>): Runtime | undefined {
    const partition = this.#isClosed ? undefined : this.#partitionOf(id);
    if (partition !== undefined) return this.#runtime(partition);
    waiter.fail(errors.NOT_COORDINATOR);
    return undefined;
  }

  #runtime(partition: number): Runtime {
    return (this.#runtimes[partition] ??= new ShardRuntime(this.#doors.log, partition, this.#environment, this.#kind));
  }

  #unloadAll(): void {
    for (const ending of this.#endings.values()) ending.cancel();
    this.#endings.clear();
    this.#waitingRoom.openAll();
    for (const runtime of this.#runtimes) runtime?.unload(errors.NOT_COORDINATOR);
    this.#runtimes.length = 0;
  }

  #every(intervalMs: () => number, work: () => void): void {
    const index = this.#timers.length;
    const next = (): void => {
      this.#timers[index] = this.#doors.host.timers.after(intervalMs(), () => {
        work();
        next();
      });
    };
    next();
  }
}

function isSameEnd(present: Transaction, transaction: Transaction): boolean {
  return (
    present.state === transaction.state &&
    present.producerId === transaction.producerId &&
    present.producerEpoch === transaction.producerEpoch
  );
}
