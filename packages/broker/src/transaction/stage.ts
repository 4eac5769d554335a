/**
 * A stage for tests: a transaction coordinator with a clock that moves when told, logs in memory whose syncs can be held back or fail,
 * and partitions that take markers when they are let. Nothing but tests imports this.
 */
import { silentLogger } from '@millrace/base';
import { batchHeader, errors } from '@millrace/protocol';

import type { StateLog } from '../coordinator/runtime.ts';
import { FakeTime, Outcome } from '../coordinator/stage.ts';
import type { Waiter } from '../coordinator/waiter.ts';
import type { Marker } from './ending.ts';
import { TransactionCoordinator, type TransactionDoors, type TransactionSettings } from './transaction-coordinator.ts';
import { replayTransactions } from './transaction-record.ts';
import type { PartitionName, ProducerIdentity, Transaction } from './transaction.ts';

export interface WrittenMarker extends Marker {
  readonly name: PartitionName;
}

export interface TransactionStageOptions {
  readonly settings?: Partial<TransactionSettings>;
  readonly featureLevel?: number;
  readonly partitionCount?: number;
  /** Logs of a stage before: what a restart finds. */
  readonly batches?: ReadonlyMap<number, readonly Buffer[]>;
  readonly markers?: readonly WrittenMarker[];
  readonly time?: FakeTime;
  readonly nextProducerId?: number;
}

export class TransactionStage {
  readonly time: FakeTime;
  readonly coordinator: TransactionCoordinator;
  /** Batches as they were appended, by partition. */
  readonly batches = new Map<number, Buffer[]>();
  /** As the partitions have them. */
  readonly markers: WrittenMarker[];
  featureLevel: number;
  /** While true, syncs wait for `sync()`. */
  holdsSyncs = false;
  /** While true, markers wait for `writeMarkers()`. */
  holdsMarkers = false;
  /** The next appends fail with this. */
  appendError: number = errors.NONE;
  /** The next markers fail with this. */
  markerError: number = errors.NONE;
  reads = 0;
  readonly #settings: TransactionSettings;
  readonly #partitionCount: number;
  #nextProducerId: number;
  #waiting: { durable(failed: boolean): void }[] = [];
  #waitingMarkers: (() => void)[] = [];

  constructor(options: TransactionStageOptions = {}) {
    this.time = options.time ?? new FakeTime();
    this.featureLevel = options.featureLevel ?? 2;
    this.#partitionCount = options.partitionCount ?? 2;
    this.#nextProducerId = options.nextProducerId ?? 0;
    this.markers = [...(options.markers ?? [])];
    for (const [partition, batches] of options.batches ?? []) this.batches.set(partition, [...batches]);
    this.#settings = {
      timeoutMsMax: 900_000,
      expirationMs: 604_800_000,
      timeoutCheckMs: 10_000,
      expiryCheckMs: 3_600_000,
      isVerified: true,
      endWaitMsMax: 100,
      ...options.settings,
    };
    this.coordinator = new TransactionCoordinator(this.#doors());
    this.coordinator.start();
    this.time.pass(0);
  }

  /** The same logs under a new coordinator, as after a crash: what was not synced may be lost. */
  restart(keepsUnsynced = true): TransactionStage {
    const batches = new Map(
      [...this.batches].map(([partition, all]) => [
        partition,
        all.slice(0, keepsUnsynced ? all.length : this.#syncedCount(partition)),
      ]),
    );
    this.coordinator.close();
    return new TransactionStage({
      settings: this.#settings,
      featureLevel: this.featureLevel,
      partitionCount: this.#partitionCount,
      batches,
      markers: this.markers,
      time: this.time,
      nextProducerId: this.#nextProducerId,
    });
  }

  sync(failed = false): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (!failed) for (const [partition, all] of this.batches) this.#synced.set(partition, all.length);
    for (const waiter of waiting) waiter.durable(failed);
  }

  writeMarkers(): void {
    const waiting = this.#waitingMarkers;
    this.#waitingMarkers = [];
    for (const write of waiting) write();
  }

  init(id: string, expected?: ProducerIdentity, timeoutMs = 60_000): Outcome<ProducerIdentity> {
    const outcome = new Outcome<ProducerIdentity>();
    this.coordinator.initProducer({ id, timeoutMs, expected }, outcome);
    return outcome;
  }

  /** The identity of a new producer; producer ids come a microtask later. */
  async initialized(id: string, expected?: ProducerIdentity): Promise<ProducerIdentity> {
    const outcome = this.init(id, expected);
    await this.settled();
    return identityOf(outcome.get());
  }

  add(
    id: string,
    { producerId, producerEpoch }: ProducerIdentity,
    partitions: readonly number[],
    clientVersion = 2,
  ): Outcome<number> {
    const outcome = new Outcome<number>();
    const names = partitions.map((partition) => ({ topic: 't', partition }));
    this.coordinator.addPartitions({ id, producerId, producerEpoch, partitions: names, clientVersion }, outcome);
    return outcome;
  }

  verify(id: string, identity: ProducerIdentity, partitions: readonly number[]): Outcome<readonly number[]> {
    const outcome = new Outcome<readonly number[]>();
    const names = partitions.map((partition) => ({ topic: 't', partition }));
    this.coordinator.verifyPartitions({ id, ...identity, partitions: names, clientVersion: 2 }, outcome);
    return outcome;
  }

  end(id: string, identity: ProducerIdentity, isCommit: boolean, clientVersion = 2): Outcome<ProducerIdentity> {
    const outcome = new Outcome<ProducerIdentity>();
    const { producerId, producerEpoch } = identity;
    this.coordinator.endTransaction({ id, producerId, producerEpoch, isCommit, clientVersion }, outcome);
    return outcome;
  }

  get(id: string): Transaction | undefined {
    for (const transaction of this.coordinator.transactions()) if (transaction.id === id) return transaction;
    return undefined;
  }

  /** Every transactional id as the records tell it. */
  replayed(): Map<string, Transaction> {
    const found = new Map<string, Transaction>();
    const sink = {
      replay: ({ id, value }: { id: string; value: Transaction | null }): void => {
        if (value === null) found.delete(id);
        else found.set(id, value);
      },
      unreadable: (reason: string): void => {
        throw new Error(reason);
      },
    };
    for (const batches of this.batches.values()) for (const batch of batches) replayTransactions(batch, sink);
    return found;
  }

  /** Producer ids have come. */
  async settled(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  readonly #synced = new Map<number, number>();

  #syncedCount(partition: number): number {
    return this.#synced.get(partition) ?? 0;
  }

  #doors(): TransactionDoors {
    return {
      host: { clock: this.time, timers: this.time, log: silentLogger },
      settings: this.#settings,
      log: this.#stateLog(),
      markers: { write: (name, marker, waiter) => this.#write(name, marker, waiter) },
      featureLevel: () => this.featureLevel,
      coordinatorEpoch: () => 0,
      nextProducerId: async () => this.#nextProducerId++,
    };
  }

  #write(name: PartitionName, marker: Marker, waiter: Waiter<void>): void {
    const { markerError } = this;
    const write = (): void => {
      if (markerError !== errors.NONE) {
        waiter.fail(markerError);
        return;
      }
      this.markers.push({ ...marker, name });
      waiter.answer();
    };
    if (this.holdsMarkers) this.#waitingMarkers.push(write);
    else write();
  }

  #stateLog(): StateLog {
    for (const [partition, all] of this.batches) this.#synced.set(partition, all.length);
    return {
      ensure: async () => true,
      partitionCount: () => this.#partitionCount,
      isEmpty: (partition) => !this.batches.has(partition),
      read: (partition) => {
        this.reads++;
        return this.batches.get(partition) ?? [];
      },
      append: (partition, batch) => {
        if (this.appendError !== errors.NONE) return { errorCode: this.appendError };
        const all = this.batches.get(partition) ?? [];
        const last = all.at(-1);
        const baseOffset = last === undefined ? 0 : batchHeader.lastOffset(last, 0) + 1;
        batchHeader.stampOffset(batch, 0, baseOffset, 0);
        all.push(batch);
        this.batches.set(partition, all);
        return { baseOffset };
      },
      afterSync: (waiter) => {
        this.#waiting.push(waiter);
        if (!this.holdsSyncs) this.sync();
      },
    };
  }
}

export function identityOf({ producerId, producerEpoch }: ProducerIdentity): ProducerIdentity {
  return { producerId, producerEpoch };
}
