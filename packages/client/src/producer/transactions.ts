/**
 * The state of a transactional producer. In: what the user wants, and what has become of batches. Out: which batches may leave, and what
 * the coordinators are asked (`transaction-requests.ts`).
 *
 * An error that spoils a transaction is kept: everything but an abort throws it from then on. A fatal one is kept for good.
 */
import { ClientError, isClientError } from '../error.ts';
import type { GroupMetadata } from '../consumer/group/membership.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import type { BatchOfTransaction } from './batch-fate.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import type { ProducerSettings } from './producer-settings.ts';
import type { SenderGate } from './sender.ts';
import { type Call, type TransactionOffset, TransactionRequests } from './transaction-requests.ts';

export interface TransactionsOptions {
  readonly cluster: Cluster;
  readonly identity: ProducerIdentity;
  readonly settings: ProducerSettings;
  /** There may be batches that may leave now. */
  readonly wake: () => void;
  /** Settles when all records are acknowledged or have failed. */
  readonly flush: () => Promise<void>;
  /** Fails every record that was not sent yet, and settles when nothing is on its way any more. */
  readonly drop: (error: ClientError) => Promise<void>;
}

type State = 'new' | 'ready' | 'open' | 'committing' | 'aborting';

/** The last version of Produce whose partitions were announced before. */
const produceVersionMaxV1 = 11;
/** After these no transaction of this producer succeeds any more. */
const endings: ReadonlySet<string> = new Set([
  'PRODUCER_FENCED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED',
]);

export class Transactions implements BatchOfTransaction, SenderGate {
  readonly #options: TransactionsOptions;
  readonly #requests: TransactionRequests;
  #state: State = 'new';
  #fatal: ClientError | undefined;
  /** Why the transaction has to be aborted. */
  #spoilt: ClientError | undefined;
  /** The coordinator knows of the transaction. */
  #hasBegun = false;
  /** Sequences were lost: without version 2 only a new epoch makes them good. */
  #needsEpoch = false;
  readonly #added = new Set<PartitionQueue>();
  readonly #toAdd = new Set<PartitionQueue>();
  #adding: Promise<void> | undefined;
  #stop = new AbortController();
  #isBusy = false;

  constructor(options: TransactionsOptions) {
    this.#options = options;
    const { cluster, identity, settings } = options;
    this.#requests = new TransactionRequests(
      cluster,
      identity,
      settings.transactionalId!,
      settings.transactionTimeoutMs,
    );
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isNew(): boolean {
    return this.#state === 'new';
  }

  get produceVersionMax(): number {
    return this.#requests.isV2 ? Number.POSITIVE_INFINITY : produceVersionMaxV1;
  }

  get mayRetry(): boolean {
    return this.#fatal === undefined && this.#spoilt === undefined && this.#state !== 'aborting';
  }

  /** Why no record can be taken. */
  get refusal(): ClientError | undefined {
    if (this.#fatal !== undefined) return this.#fatal;
    if (this.#state !== 'open') return this.#wrong('Sending records');
    return this.#spoilt;
  }

  mayLeave(queue: PartitionQueue): boolean {
    if (this.#fatal !== undefined || this.#spoilt !== undefined) return false;
    if (this.#state !== 'open' && this.#state !== 'committing') return false;
    if (this.#requests.isV2 || this.#added.has(queue)) return true;
    this.#toAdd.add(queue);
    this.#adding ??= this.#add();
    return false;
  }

  leaving(): void {
    // Before version 2 it has begun with the first partition that was announced.
    this.#hasBegun ||= this.#requests.isV2;
  }

  spoiled(error: ClientError, hadSequence: boolean): void {
    if (hadSequence) this.#needsEpoch = true;
    if (this.#state === 'open' || this.#state === 'committing') this.#spoil(error);
  }

  async init(signal: AbortSignal | undefined): Promise<void> {
    if (this.#fatal === undefined && this.#state !== 'new')
      throw new ClientError(
        'STATE',
        'Transactions of this producer were initialized already; call beginTransaction().',
      );
    this.#demand('new', 'Initializing transactions');
    await this.#alone(async () => {
      await this.#ask(signal, (call) => this.#requests.initialize(call));
      this.#state = 'ready';
    });
  }

  begin(): void {
    this.#demand('ready', 'Beginning a transaction');
    this.#state = 'open';
    this.#forget();
  }

  async sendOffsets(
    offsets: readonly TransactionOffset[],
    group: GroupMetadata,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#demand('open', 'Sending offsets to a transaction');
    if (this.#spoilt !== undefined) throw this.#spoilt;
    if (offsets.length === 0) return;
    await this.#ask(signal, async (call) => {
      if (!this.#requests.isV2) await this.#requests.addOffsets(call, group.groupId);
      this.#hasBegun = true;
      await this.#requests.commitOffsets(call, offsets, group);
    });
  }

  /** When its time is over, calling it again goes on. */
  async commit(signal: AbortSignal | undefined): Promise<void> {
    if (this.#state !== 'committing') this.#demand('open', 'Committing a transaction');
    await this.#alone(async () => {
      if (this.#spoilt !== undefined) throw this.#spoilt;
      this.#state = 'committing';
      await this.#options.flush();
      if (this.#spoilt !== undefined) {
        this.#state = 'open';
        throw this.#spoilt;
      }
      if (this.#hasBegun) await this.#ask(signal, (call) => this.#requests.end(call, true));
      this.#state = 'ready';
    });
  }

  async abort(signal: AbortSignal | undefined): Promise<void> {
    if (this.#state !== 'aborting') this.#demand('open', 'Aborting a transaction');
    await this.#alone(async () => {
      this.#state = 'aborting';
      await this.#options.drop(new ClientError('ABORTED', 'The record was not written: its transaction was aborted.'));
      this.#stop.abort();
      await this.#adding;
      this.#stop = new AbortController();
      const { isV2 } = this.#requests;
      if (this.#hasBegun) await this.#ask(signal, (call) => this.#requests.end(call, false));
      this.#hasBegun = false;
      if (this.#needsEpoch && !isV2) await this.#ask(signal, (call) => this.#requests.initialize(call));
      this.#state = 'ready';
      this.#forget();
    });
  }

  #forget(): void {
    this.#spoilt = undefined;
    this.#hasBegun = false;
    this.#needsEpoch = false;
    this.#added.clear();
    this.#toAdd.clear();
  }

  /** Announces partitions until none is left. */
  async #add(): Promise<void> {
    const { cluster, settings, wake } = this.#options;
    try {
      while (this.#toAdd.size > 0 && this.#spoilt === undefined) {
        const queues = [...this.#toAdd];
        const partitions = queues.map(({ topic, index }): TopicPartition => ({ topic: topic.name, partition: index }));
        const deadlineMs = cluster.deadline(settings.deliveryTimeoutMs);
        await this.#requests.addPartitions({ deadlineMs, signal: this.#stop.signal }, partitions);
        this.#hasBegun = true;
        for (const queue of queues) {
          this.#toAdd.delete(queue);
          this.#added.add(queue);
        }
        wake();
      }
    } catch (error) {
      if (!isClientError(error)) throw error;
      this.#toAdd.clear();
      this.#fail(error);
      wake();
    } finally {
      this.#adding = undefined;
    }
  }

  async #ask(signal: AbortSignal | undefined, work: (call: Call) => Promise<void>): Promise<void> {
    const { cluster, settings } = this.#options;
    try {
      await work({ deadlineMs: cluster.deadline(settings.blockMsMax), signal });
    } catch (error) {
      if (isClientError(error)) this.#fail(error);
      throw error;
    }
  }

  /** What passes is left to the caller. */
  #fail(error: ClientError): void {
    if (error.fatal) this.#end(error);
    else if (error.abortable) this.#spoil(error);
  }

  #spoil(error: ClientError): void {
    if (endings.has(error.code)) this.#end(error);
    else if (this.#spoilt === undefined) {
      const text = `The transaction must be aborted: ${error.message}`;
      const broker = error.broker === undefined ? {} : { broker: error.broker };
      const options = { abortable: true, fatal: false, retriable: false, cause: error, ...broker };
      const spoilt = (this.#spoilt = new ClientError(error.code, text, options));
      this.#drop(spoilt);
    }
  }

  #end(error: ClientError): void {
    if (this.#fatal !== undefined) return;
    this.#fatal = error;
    this.#drop(error);
  }

  /** What was not sent yet never will be. Later, as this may be said in the middle of dealing with an answer. */
  #drop(error: ClientError): void {
    queueMicrotask(() => void this.#options.drop(error));
  }

  #demand(state: State, what: string): void {
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#state !== state) throw this.#wrong(what);
  }

  #wrong(what: string): ClientError {
    const now = {
      new: 'initTransactions() has not been called',
      ready: 'there is no transaction; call beginTransaction() first',
      open: 'a transaction is open',
      committing: 'the transaction is being committed',
      aborting: 'the transaction is being aborted',
    }[this.#state];
    return new ClientError('STATE', `${what} is not possible: ${now}.`);
  }

  /** One call at a time: each changes the state that the others ask for. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (this.#isBusy) throw new ClientError('STATE', 'Another call of this producer’s transaction is not finished.');
    this.#isBusy = true;
    try {
      await work();
    } finally {
      this.#isBusy = false;
    }
  }
}
