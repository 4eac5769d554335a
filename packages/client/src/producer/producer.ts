/**
 * The door for writing. In: records. Out: where each of them stands in the log.
 *
 * A record is written into the open batch of its partition while `send` runs (`accumulator.ts`), unless it has to wait in its topic's line
 * (`topic-line.ts`); `sender.ts` takes batches to the brokers, and `batch-fate.ts` decides what their answers mean.
 */
import { nodeClientHost, type ClientHost } from '../client-host.ts';
import { Cluster } from '../cluster/cluster.ts';
import type { RequestObserver } from '../cluster/connection.ts';
import type { PartitionMetadata } from '../cluster/topic-metadata.ts';
import type { GroupMetadata } from '../consumer/group/membership.ts';
import { ClientError, isClientError } from '../error.ts';
import { type SecurityOptions, securityOptionNames } from '../security/security-options.ts';
import type { TopicSerdesMap } from '../serdes/serde.ts';
import { clientLabels } from '../telemetry/client-labels.ts';
import { Telemetry, type WaitOptions as TelemetryWait } from '../telemetry/telemetry.ts';
import { Accumulator } from './accumulator.ts';
import { BatchFate } from './batch-fate.ts';
import { BufferMemory } from './buffer-memory.ts';
import { Interceptors, interceptorsOf, type ProducerInterceptor } from './interceptors.ts';
import { type Partitioner, roundRobin } from './partitioner.ts';
import { ProducerMeter, type ProducerMetrics } from './producer-metrics.ts';
import { ProduceChannel } from './produce-channel.ts';
import { ProducerIdentity } from './producer-identity.ts';
import type { PlainRecord, RecordOf } from './producer-record.ts';
import {
  type ProducerConfig,
  type ProducerKeyOptions,
  type ProducerSettings,
  producerSettings,
  readProducerConfig,
} from './producer-settings.ts';
import { wrongField, wrongRecord } from './record-checks.ts';
import { type Field, recordBytesMax } from './record-buffer.ts';
import type { RecordMetadata } from './record-metadata.ts';
import { Sender } from './sender.ts';
import type { StickyRules } from './sticky-partition.ts';
import {
  aborted,
  asClientError,
  isSoon,
  type LineDoors,
  type LineEntry,
  type SoonField,
  TopicLine,
} from './topic-line.ts';
import { TopicState } from './topic-state.ts';
import type { TransactionOffset } from './transaction-requests.ts';
import { Transactions } from './transactions.ts';
import { CallbackSend, ManySends, OneSend, type SendCallback, type Waiter } from './waiters.ts';

export interface ProducerOwnOptions<Topics extends TopicSerdesMap> extends SecurityOptions {
  /** How keys and values of topics are written; with it only records of these topics, with their types, are taken. */
  readonly topics?: Topics | undefined;
  /** Chooses the partition of records that name none. Left out: by the key as Java does, and in turns of a batch without one. */
  readonly partitioner?: Partitioner | undefined;
  /** Whether a topic that is not there is made, where brokers allow it. */
  readonly allowAutoCreateTopics?: boolean | undefined;
  /** See every record before it is serialized, in their order, and what became of it. */
  readonly interceptors?: readonly ProducerInterceptor[] | undefined;
  /** Told of every request that was answered. */
  readonly observe?: RequestObserver | undefined;
  readonly host?: ClientHost | undefined;
}

export type ProducerOptions<Topics extends TopicSerdesMap = TopicSerdesMap> = ProducerKeyOptions &
  ProducerOwnOptions<Topics>;

export interface WaitOptions {
  /** Ends the waiting. A record that stands in a batch already may be written all the same. */
  readonly signal?: AbortSignal | undefined;
}

const ownNames = [
  ...securityOptionNames,
  'topics',
  'partitioner',
  'interceptors',
  'allowAutoCreateTopics',
  'observe',
  'host',
];
/** A topic that is written to is named to the cluster's metadata this many times before it would be forgotten. */
const wantedTimes = 5;

export class Producer<const Topics extends TopicSerdesMap = TopicSerdesMap> implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #serdes: ReadonlyMap<string, TopicSerdesMap[string]>;
  readonly #memory: BufferMemory;
  readonly #meter: ProducerMeter;
  readonly #telemetry: Telemetry;
  readonly #accumulator: Accumulator;
  readonly #sender: Sender;
  readonly #fate: BatchFate;
  readonly #transactions: Transactions | undefined;
  readonly #topics = new Map<string, TopicState>();
  readonly #lines = new Set<TopicLine>();
  readonly #doors: LineDoors;
  readonly #interceptors: Interceptors | undefined;
  #lastTopic: TopicState | undefined;
  #drained: PromiseWithResolvers<void> | undefined;
  #hurries = 0;
  /** Why nothing can be sent any more. */
  #ended: ClientError | undefined;
  #closing: Promise<void> | undefined;

  /** Connects when the first record is sent. Throws `ClientError` CONFIG. */
  constructor(options: ProducerOptions<Topics>) {
    const given = options as Readonly<Record<string, unknown>>;
    const config = readProducerConfig(given, ownNames);
    const { host = nodeClientHost(), topics = {}, allowAutoCreateTopics, observe } = options;
    const settings = producerSettings(config, given);
    this.#settings = settings;
    this.#interceptors = interceptorsOf(options.interceptors, host.log);
    this.#serdes = new Map(Object.entries(topics));
    this.cluster = new Cluster({
      host,
      config,
      kind: 'producer',
      security: options,
      ...(allowAutoCreateTopics !== undefined && { allowAutoCreateTopics }),
      ...(observe !== undefined && { observe }),
    });
    this.#telemetry = new Telemetry(this.cluster, () => clientLabels({ transactional_id: settings.transactionalId }));
    this.#memory = new BufferMemory(host, settings.memoryBytes);
    this.#meter = new ProducerMeter(this.cluster, {
      memory: this.#memory,
      inFlight: () => this.#sender.inFlight,
    });
    const identity = new ProducerIdentity(this.cluster);
    this.#transactions = this.#transactionsOf(identity);
    this.#accumulator = new Accumulator({
      clock: host.clock,
      settings,
      memory: this.#memory,
      partitioner: options.partitioner ?? partitionerNamed(config['partitioner.class']),
      sticky: this.#stickyRules(config),
      grew: (queue) => {
        this.#want(queue.topic);
        this.#sender.wake(queue);
      },
    });
    this.#fate = new BatchFate({
      cluster: this.cluster,
      settings,
      identity,
      accumulator: this.#accumulator,
      observe: new ProduceChannel(this.#meter, host.clock, config['client.id']),
      requeued: (queue) => this.#sender.wake(queue),
      released: () => this.#released(),
      transactions: this.#transactions,
    });
    this.#sender = new Sender({
      cluster: this.cluster,
      settings,
      identity,
      fate: this.#fate,
      gate: this.#transactions,
      accumulator: this.#accumulator,
      isHurried: () => this.#hurries > 0 || this.#memory.waitingCount > 0,
      failed: (error) => this.#end(error),
      meter: this.#meter,
    });
    this.#doors = {
      ready: (topic, entry) => this.#ready(topic, entry),
      append: (topic, { record, waiter, ticket }, key, value) =>
        this.#accumulator.append(topic, record, key, value, waiter, ticket),
      room: ({ record, deadlineMs, signal }, key, value) =>
        this.#room(recordBytesMax(key, value, record.headers), deadlineMs, signal),
    };
    this.cluster.metadata.onChanged(() => this.#metadataChanged());
  }

  /**
   * Settles when the record is acknowledged as `acks` says. Throws `ClientError`: TIMEOUT after `delivery.timeout.ms`, BUFFER_FULL after
   * `max.block.ms`, SERIALIZATION, CLOSED, ABORTED, or what the broker said. For a list: settles when all have, throws the first failure.
   */
  send(record: RecordOf<Topics>, options?: WaitOptions): Promise<RecordMetadata>;
  send(records: readonly RecordOf<Topics>[], options?: WaitOptions): Promise<RecordMetadata[]>;
  send(
    given: RecordOf<Topics> | readonly RecordOf<Topics>[],
    options?: WaitOptions,
  ): Promise<RecordMetadata | RecordMetadata[]> {
    const signal = options?.signal;
    if (Array.isArray(given)) {
      const sends = new ManySends(given.length);
      for (let index = 0; index < given.length; index++) this.#put(given[index] as PlainRecord, sends, index, signal);
      return signal === undefined ? sends.promise : before(sends.promise, signal);
    }
    const send = new OneSend();
    this.#put(given as PlainRecord, send, 0, signal);
    return signal === undefined ? send.promise : before(send.promise, signal);
  }

  /**
   * The same without a promise: `callback` is told how it ended, or nobody. The record is taken in any case; false asks the caller to wait
   * for `drained()` before the next, because much is waiting to be sent.
   */
  produce(record: RecordOf<Topics>, callback?: SendCallback): boolean {
    const isPut = this.#put(
      record as PlainRecord,
      callback === undefined ? null : new CallbackSend(callback),
      0,
      undefined,
    );
    return isPut && this.#memory.used < this.#memory.bytesMax >>> 3;
  }

  /** Settles when `produce` may go on. */
  drained(): Promise<void> {
    if (this.#isDrained) return Promise.resolve();
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  /** Sends what waits without delay; settles when all records that were given before are acknowledged or have failed. */
  async flush(options: WaitOptions = {}): Promise<void> {
    this.#hurries++;
    this.#sender.wake();
    try {
      const all = this.#settledAll();
      await (options.signal === undefined ? all : before(all, options.signal));
    } finally {
      this.#hurries--;
    }
  }

  /**
   * Runs `work` in a transaction: commits when it has ended well, aborts and throws what it threw when it has not. Initializes
   * transactions when that was not done yet.
   */
  async transaction<T>(work: () => Promise<T>, options: WaitOptions = {}): Promise<T> {
    if (this.#transactional.isNew) await this.initTransactions(options);
    this.beginTransaction();
    try {
      const result = await work();
      await this.commitTransaction(options);
      return result;
    } catch (error) {
      // Why it failed matters more than that it could not be aborted: the coordinator does that when its time is over.
      if (this.#transactional.isOpen) await this.abortTransaction(options).catch(() => {});
      throw error;
    }
  }

  /** Once, before the first transaction: fences older producers with this `transactional.id`, and ends their transactions. */
  initTransactions({ signal }: WaitOptions = {}): Promise<void> {
    return this.#transactional.init(signal);
  }

  beginTransaction(): void {
    this.#transactional.begin();
  }

  /** Sends what was given before; throws `ClientError` with `abortable` when the transaction has to be aborted instead. */
  commitTransaction({ signal }: WaitOptions = {}): Promise<void> {
    return this.#transactional.commit(signal);
  }

  /** What was not sent yet fails with ABORTED. */
  abortTransaction({ signal }: WaitOptions = {}): Promise<void> {
    return this.#transactional.abort(signal);
  }

  /** Offsets of the next records to read, which count when the transaction is committed. `group` is the consumer's `groupMetadata()`, or the group's id. */
  sendOffsetsToTransaction(
    offsets: readonly TransactionOffset[],
    group: GroupMetadata | string,
    { signal }: WaitOptions = {},
  ): Promise<void> {
    const metadata =
      typeof group === 'string' ? { groupId: group, generationId: -1, memberId: '', groupInstanceId: null } : group;
    return this.#transactional.sendOffsets(offsets, metadata, signal);
  }

  /** Throws `ClientError` when the topic is not there. */
  async partitionsFor(topic: string): Promise<readonly PartitionMetadata[]> {
    const { metadata } = this.cluster;
    return (await metadata.topicReady(topic, this.cluster.deadline(this.#settings.blockMsMax))).partitions;
  }

  /** Those of the producer as a whole; `cluster.metrics` has those of its brokers and topics too. */
  metrics(): ProducerMetrics {
    return this.#meter.read();
  }

  /** The id under which brokers know this producer's metrics (KIP-714). Throws `ClientError` UNSUPPORTED, TIMEOUT; STATE without `enable.metrics.push`. */
  clientInstanceId(options: TelemetryWait = {}): Promise<string> {
    return this.#telemetry.clientInstanceId(options);
  }

  /** Sends what was given, for at most `timeoutMs`; what is left then fails with CLOSED. Settles when all connections are closed. */
  close({ timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whether it is in a batch now, or settled; false when it waits in a line. */
  #put(record: PlainRecord, waiter: Waiter | null, ticket: number, signal: AbortSignal | undefined): boolean {
    if (this.#interceptors !== undefined) {
      record = this.#interceptors.sending(record);
      waiter = this.#interceptors.watching(record, waiter);
    }
    try {
      const refusal = this.#ended ?? this.#transactions?.refusal;
      if (refusal !== undefined) throw refusal;
      const topic = this.#topicOf(record.topic);
      const key = serialized(topic, record.key ?? null, true);
      const value = serialized(topic, record.value ?? null, false);
      if (isReady(topic, record) && !isSoon(key) && !isSoon(value)) {
        if (signal?.aborted === true) throw aborted(signal);
        if (this.#accumulator.append(topic, record, key, value, waiter, ticket)) return true;
      }
      const deadlineMs = this.cluster.deadline(this.#settings.blockMsMax);
      heard(key);
      heard(value);
      this.#wait(topic, { record, key, value, waiter, ticket, deadlineMs, signal });
      return false;
    } catch (error) {
      const failure = wrongRecord(record) ?? asClientError(error);
      if (waiter !== null) waiter.failed(failure, ticket);
      return true;
    }
  }

  #stickyRules({ 'client.rack': rack, 'partitioner.rack.aware': isRackAware }: ProducerConfig): StickyRules {
    const { batchBytes, isAdaptive } = this.#settings;
    const isNear = (leaderId: number): boolean => this.cluster.metadata.nodes.get(leaderId)?.rack === rack;
    return {
      batchBytes,
      isAdaptive,
      random: this.cluster.host.random,
      isAvailable: (leaderId) => this.#sender.isAvailable(leaderId),
      isNear: isRackAware && rack !== '' ? isNear : undefined,
    };
  }

  get #transactional(): Transactions {
    if (this.#transactions !== undefined) return this.#transactions;
    throw new ClientError('STATE', 'This producer has no transactions: it was made without transactional.id.');
  }

  async #room(bytes: number, deadlineMs: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#memory.room(bytes, deadlineMs, signal);
    } catch (error) {
      if (isClientError(error) && error.code === 'BUFFER_FULL') this.#meter.exhausted();
      throw error;
    }
  }

  #transactionsOf(identity: ProducerIdentity): Transactions | undefined {
    if (this.#settings.transactionalId === undefined) return undefined;
    return new Transactions({
      cluster: this.cluster,
      identity,
      settings: this.#settings,
      wake: () => this.#sender.wake(),
      flush: () => this.flush(),
      drop: async (error) => {
        this.#failUnsent(error);
        await this.#sender.quiet();
      },
    });
  }

  #topicOf(name: string): TopicState {
    const last = this.#lastTopic;
    if (last !== undefined && last.name === name) return last;
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      if (typeof name !== 'string' || name === '')
        throw new ClientError('INVALID_TOPIC_EXCEPTION', 'A record names no topic.');
      const serdes = this.#serdes.get(name);
      topic = new TopicState(name, serdes?.key, serdes?.value);
      topic.metadata = this.cluster.metadata.topic(name);
      this.#topics.set(name, topic);
    }
    return (this.#lastTopic = topic);
  }

  #wait(topic: TopicState, entry: LineEntry): void {
    if (topic.isWaiting) {
      for (const line of this.#lines) if (line.topic === topic) return line.push(entry);
    }
    const line = new TopicLine(topic, entry, this.#doors);
    this.#lines.add(line);
    void line.ended.then(() => {
      this.#lines.delete(line);
      this.#released();
    });
  }

  /** Until the topic, and the partition that the record names, are known. */
  async #ready(topic: TopicState, { record, deadlineMs }: LineEntry): Promise<void> {
    const { metadata, host, config } = this.cluster;
    if (topic.metadata === undefined) {
      const nowMs = host.clock.monotonic();
      const { fault } = topic;
      if (fault !== undefined && (nowMs >= deadlineMs || nowMs - fault.atMs < config['retry.backoff.ms']))
        throw fault.error;
      try {
        topic.metadata = await metadata.topicReady(topic.name, deadlineMs);
      } catch (error) {
        topic.fault = { error: asClientError(error), atMs: host.clock.monotonic() };
        throw error;
      }
    }
    if (record.partition === undefined || record.partition < topic.metadata.partitions.length) return;
    await metadata.refresh();
  }

  /** Names the topic to the cluster's metadata from time to time. */
  #want(topic: TopicState): void {
    const nowMs = this.cluster.host.clock.monotonic();
    this.#sender.watch(nowMs + this.#settings.deliveryTimeoutMs);
    if (nowMs - topic.wantedAtMs < this.#settings.topicIdleMs / wantedTimes) return;
    topic.wantedAtMs = nowMs;
    this.cluster.metadata.want([topic.name]);
  }

  #metadataChanged(): void {
    const { metadata } = this.cluster;
    for (const topic of this.#topics.values()) topic.metadata = metadata.topic(topic.name);
    this.#sender.leadersChanged();
  }

  get #isDrained(): boolean {
    return this.#ended !== undefined || (this.#lines.size === 0 && this.#memory.used < this.#memory.bytesMax >>> 4);
  }

  #released(): void {
    if (this.#drained === undefined || !this.#isDrained) return;
    this.#drained.resolve();
    this.#drained = undefined;
  }

  async #settledAll(): Promise<void> {
    await Promise.all([...this.#lines].map((line) => line.ended));
    this.#sender.wake();
    await Promise.all([...this.#accumulator.unsettled].map((batch) => batch.done));
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    this.#ended ??= new ClientError('CLOSED', 'The producer was closed.');
    if (timeoutMs !== 0) await this.#within(timeoutMs, this.#finish());
    this.#sender.close();
    this.#failAll(
      new ClientError(
        'CLOSED',
        'The producer was closed before the record was acknowledged; it may have been written.',
      ),
    );
    await this.#telemetry.close(timeoutMs);
    await this.cluster.close();
  }

  /** A transaction that nobody has committed is aborted. */
  async #finish(): Promise<void> {
    if (this.#transactions?.isOpen !== true) return await this.flush();
    await this.#transactions.abort(undefined).catch(() => {});
  }

  async #within(timeoutMs: number | undefined, work: Promise<void>): Promise<void> {
    if (timeoutMs === undefined) return await work;
    const late = Promise.withResolvers<void>();
    const timer = this.cluster.host.timers.after(timeoutMs, late.resolve);
    await Promise.race([work, late.promise]);
    timer.cancel();
  }

  /** Nothing can be sent any more. */
  #end(error: ClientError): void {
    this.#ended ??= error;
    this.#failAll(error);
  }

  /** Those that no request holds. */
  #failUnsent(error: ClientError): void {
    for (const line of this.#lines) line.fail(error);
    for (const batch of this.#accumulator.unsettled)
      if (!batch.queue.inFlight.includes(batch)) this.#fate.giveUp(batch, error);
    this.#released();
  }

  #failAll(error: ClientError): void {
    this.#memory.close(error);
    for (const line of this.#lines) line.fail(error);
    for (const batch of this.#accumulator.unsettled) this.#fate.giveUp(batch, error);
    this.#released();
  }
}

/** Somebody will look at it, but maybe not before it has failed. */
function heard(field: SoonField): void {
  if (isSoon(field)) field.then(undefined, () => {});
}

/** Its topic, and the partition that it names, are known, and nobody waits before it. */
const isReady = ({ metadata, isWaiting }: TopicState, { partition }: PlainRecord): boolean =>
  metadata !== undefined && !isWaiting && (partition === undefined || partition < metadata.partitions.length);

function serialized(topic: TopicState, given: unknown, isKey: boolean): SoonField {
  if (given === null) return null;
  const serde = isKey ? topic.keySerde : topic.valueSerde;
  const field = serde === undefined ? given : serde.serialize(given, { topic: topic.name, isKey });
  if (typeof field === 'string' || field instanceof Uint8Array || isSoon(field as Field)) return field as SoonField;
  throw wrongField(topic.name, field, isKey ? 'key' : 'value', serde !== undefined);
}

function partitionerNamed(className: string | null): Partitioner | undefined {
  if (className === null || className === '') return undefined;
  if (className.endsWith('RoundRobinPartitioner')) return roundRobin();
  throw new ClientError(
    'CONFIG',
    `partitioner.class=${className} is a Java class; give a function as the option "partitioner", or RoundRobinPartitioner.`,
  );
}

/** Throws ABORTED when the signal is given first. */
function before<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(aborted(signal));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
