/**
 * The door for reading. In: topics to subscribe to, or partitions. Out: records, one by one, in batches, or to handlers.
 *
 * A membership (`group/`) or the user says which partitions are ours (`assignment.ts`); each is a cursor (`fetch/cursor.ts`), which
 * `offsets/position-finder.ts` finds a place for and `fetch/fetcher.ts` keeps filled (`intake.ts`). Readers (`reading/`) take slices of it, one reader at a
 * time. `committer.ts` keeps what was processed.
 */
import type { Timer } from '@millrace/base';

import { atMost, nodeClientHost } from '../client-host.ts';
import { Cluster } from '../cluster/cluster.ts';
import { ClientError } from '../error.ts';
import { type OffsetAndMetadata, partitionKey, type TopicPartition, type TopicPartitionOffset } from '../record.ts';
import type { TopicSerdesMap } from '../serdes/serde.ts';
import { clientLabels } from '../telemetry/client-labels.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { type CommitCallback, Committer, positionsOf, processedOf } from './committer.ts';
import type { ConsumerMetrics } from './consumer-metrics.ts';
import { type ConsumerOptions, type ConsumerSettings, consumerSettings } from './consumer-options.ts';
import type { Cursor, SliceLimits } from './fetch/cursor.ts';
import { GroupOffsets } from './group/group-offsets.ts';
import { memberOf } from './group-member.ts';
import type { GroupMetadata, Membership, Subscription } from './group/membership.ts';
import {
  type ListedOffset,
  listOffsets,
  earliestTimestamp,
  latestTimestamp,
  type OffsetQuery,
} from './offsets/listed-offsets.ts';
import type { ConsumedRecord } from './reading/consumer-record.ts';
import { type PartitionStream, PartitionStreams } from './reading/partition-streams.ts';
import type { RecordBatch } from './reading/record-batch.ts';
import { Intake } from './intake.ts';
import { type HandlerContext, Runner } from './reading/runner.ts';
import { BatchIterator, RecordIterator } from './reading/slice-iterator.ts';
import { Turns } from './reading/turns.ts';
import { allTopics, type PartitionDescription, partitionsOf } from './partition-descriptions.ts';

/** Names, or a pattern that this client (RegExp) or the broker (RE2, group.protocol=consumer) looks at. */
export type SubscribeTo =
  | readonly string[]
  | { readonly topics: readonly string[] }
  | { readonly pattern: RegExp | { readonly re2: string } };

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** In place of `default.api.timeout.ms`. */
  readonly timeoutMs?: number | undefined;
}

export interface ReadOptions {
  /** Ends reading with ABORTED; it can begin again where it was. */
  readonly signal?: AbortSignal | undefined;
}

export interface BatchOptions extends ReadOptions {
  /** Left out: all that one answer brought of a partition, up to `max.partition.fetch.bytes`. */
  readonly recordsMax?: number | undefined;
}

export interface RunOptions<R> extends BatchOptions {
  /** One of the two. A promise is waited for before the next call for the partition. */
  readonly eachRecord?: ((record: R, context: HandlerContext) => unknown) | undefined;
  readonly eachBatch?: ((batch: RecordBatch<R>, context: HandlerContext) => unknown) | undefined;
  /**
   * How many partitions are worked on at a time; all of them when it is left out. Order within a partition is kept. `key`, for `eachRecord`:
   * of each partition several records at a time, those of one key in order; what is committed is up to the first that is not done.
   */
  readonly concurrency?: 'partition' | 'key' | number | undefined;
  /** With `concurrency: 'key'`, how many keys of a partition are worked on at a time; 32 when it is left out. */
  readonly keysMax?: number | undefined;
}

export interface CloseOptions {
  /** How long handlers and the group are waited for. */
  readonly timeoutMs?: number | undefined;
  /** Whether the group is told; left out: not by a static member. */
  readonly leave?: boolean | undefined;
}

export interface OffsetAtTime extends TopicPartition {
  /** Undefined where no record is that young. */
  readonly offset: bigint | undefined;
  readonly timestamp: number | undefined;
  readonly leaderEpoch: number | undefined;
}

const tickMsMax = 30_000;
const closeMs = 30_000;

export class Consumer<const Topics extends TopicSerdesMap = TopicSerdesMap>
  implements AsyncDisposable, AsyncIterable<ConsumedRecord<Topics>, undefined, undefined>
{
  readonly cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #telemetry: Telemetry;
  readonly #turns: Turns;
  readonly #intake: Intake;
  readonly #groupOffsets: GroupOffsets | undefined;
  readonly #committer: Committer | undefined;
  #membership: Membership | undefined;
  /** Before the group was left; the last metrics are pushed behind that. */
  #lastMemberId: string | undefined;
  #subscription: Subscription | undefined;
  #isChosen = false;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #timer: Timer | undefined;

  /** Connects when something is subscribed to or assigned. Throws `ClientError` CONFIG. */
  constructor(options: ConsumerOptions<Topics>) {
    const settings = consumerSettings(options as Readonly<Record<string, unknown>>);
    const { config } = settings;
    const { host = nodeClientHost(), observe, topics = {} } = options;
    this.#settings = settings;
    const cluster = new Cluster({
      host,
      config,
      kind: 'consumer',
      allowAutoCreateTopics: config['allow.auto.create.topics'],
      security: options,
      observe: (request) => {
        this.#intake.meter.group.answered(request);
        observe?.(request);
      },
    });
    this.cluster = cluster;
    this.#telemetry = new Telemetry(cluster, () => {
      const { 'group.id': group_id, 'group.instance.id': group_instance_id } = config;
      const group_member_id = this.#membership?.metadata.memberId ?? this.#lastMemberId;
      return clientLabels({ group_id, group_instance_id, group_member_id });
    });
    this.#turns = new Turns(host.clock);
    const offsets = this.#openGroupOffsets();
    this.#groupOffsets = offsets;
    this.#intake = new Intake({
      cluster,
      settings,
      callbacks: options,
      serdes: topics,
      committed: offsets && ((partitions) => offsets.committed(partitions, 0)),
      commit: (cursors) => this.#commitAtLast(cursors),
      polled: (atMs) => this.#membership?.polled(atMs),
      ended: () => (this.#membership = undefined),
    });
    this.#committer =
      offsets && new Committer(offsets, (partition) => this.#intake.assignment.find(partition), host.log);
  }

  /** Joins the group for these topics; what was subscribed to before is over. Throws `ClientError` CLOSED, STATE, CONFIG. */
  subscribe(to: SubscribeTo): void {
    this.#mustStayOpen();
    if (this.#isChosen)
      throw new ClientError('STATE', 'Partitions were assigned by hand: unsubscribe before you subscribe to topics.');
    if (this.#settings.config['group.id'] === null)
      throw new ClientError('CONFIG', 'Subscribing needs a group.id; without one, assign partitions.');
    const subscription = subscriptionOf(to);
    if (this.#membership === undefined) this.#intake.queue.clearFault();
    this.#membership ??= memberOf(this.#settings, this.cluster, this.#intake.assignment, {
      meter: this.#intake.meter.group,
      lookAtUser: () => this.#intake.lookAtUser(),
    });
    this.#intake.isLeaving = false;
    this.#membership.subscribe(subscription);
    this.#subscription = subscription;
    this.#watch();
  }

  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  /** Reads these partitions, and no others, without sharing them with a group. Throws `ClientError` CLOSED, STATE. */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    this.#mustStayOpen();
    if (this.#subscription !== undefined)
      throw new ClientError('STATE', 'Topics are subscribed to: unsubscribe before you assign partitions by hand.');
    this.#isChosen = partitions.length > 0;
    this.#watch();
    await this.#intake.assignment.choose(partitions);
  }

  /** The partitions that are read at present. */
  assignment(): readonly TopicPartition[] {
    return this.#intake.assignment.owned;
  }

  /** Leaves the group, or lets go of what was assigned. */
  async unsubscribe(): Promise<void> {
    this.#mustStayOpen();
    await this.#letGo();
    this.#isChosen = false;
    this.#intake.queue.clearFault();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumedRecord<Topics>, undefined, undefined> {
    return this.records();
  }

  /** One record after the other. Throws `ClientError` STATE when somebody reads already, or there is nothing to read. */
  records({ signal }: ReadOptions = {}): AsyncIterableIterator<ConsumedRecord<Topics>, undefined, undefined> {
    this.#mustHaveToRead();
    const limits = this.#limits(this.#settings.config['max.poll.records']);
    return new RecordIterator<ConsumedRecord<Topics>>({
      queue: this.#intake.queue,
      limits,
      turns: this.#turns,
      signal,
    });
  }

  /** Records of one partition at a time. Throws `ClientError` STATE when somebody reads already, or there is nothing to read. */
  batches({ signal, recordsMax }: BatchOptions = {}): AsyncIterableIterator<
    RecordBatch<ConsumedRecord<Topics>>,
    undefined,
    undefined
  > {
    this.#mustHaveToRead();
    return new BatchIterator<ConsumedRecord<Topics>>({
      queue: this.#intake.queue,
      limits: this.#limits(recordsMax),
      turns: this.#turns,
      signal,
    });
  }

  /**
   * The partitions that are ours, each a stream to read at its own pace, as they come; a stream ends when its partition is given up, and all
   * do when this loop is left. The group waits for the record, or batch, that a stream has in hand, so `close()` is not to be waited for
   * inside of a loop. Throws `ClientError` STATE when somebody reads already.
   */
  partitionStreams({ signal, recordsMax }: BatchOptions = {}): AsyncIterableIterator<
    PartitionStream<ConsumedRecord<Topics>>,
    undefined,
    undefined
  > {
    this.#mustHaveToRead();
    return new PartitionStreams<ConsumedRecord<Topics>>({
      queue: this.#intake.queue,
      recordLimits: this.#limits(this.#settings.config['max.poll.records']),
      batchLimits: this.#limits(recordsMax),
      turns: this.#turns,
      cursors: this.#intake.cursors,
      signal,
    });
  }

  /**
   * Calls a handler for what comes, until the consumer is closed or the signal aborts, which is no failure here. Throws `ClientError`:
   * HANDLER with what the handler has thrown, at whose record the next `run` goes on, or what stands in the way of reading.
   */
  async run(options: RunOptions<ConsumedRecord<Topics>>): Promise<void> {
    this.#mustHaveToRead();
    const { eachRecord, eachBatch, concurrency = 'partition', keysMax = 32, recordsMax, signal } = options;
    if ((eachRecord === undefined) === (eachBatch === undefined))
      throw new ClientError('CONFIG', 'run takes eachRecord or eachBatch, and not both.');
    if (!(concurrency === 'partition' || concurrency === 'key' || concurrency >= 1)) {
      const text = `concurrency is ${concurrency}; it takes "partition", "key" or a number from 1 on.`;
      throw new ClientError('CONFIG', text);
    }
    if (concurrency === 'key' && eachRecord === undefined)
      throw new ClientError('CONFIG', 'concurrency "key" is for eachRecord: batches come one after the other.');
    if (!(keysMax >= 1)) throw new ClientError('CONFIG', `keysMax is ${keysMax}; it takes a number from 1 on.`);
    const limits = this.#limits(
      recordsMax ?? (eachRecord === undefined ? undefined : this.#settings.config['max.poll.records']),
    );
    const runner = new Runner<ConsumedRecord<Topics>>({
      queue: this.#intake.queue,
      limits,
      turns: this.#turns,
      eachRecord,
      eachBatch,
      concurrency: typeof concurrency === 'number' ? concurrency : Number.POSITIVE_INFINITY,
      keysMax: concurrency === 'key' ? keysMax : undefined,
      signal,
    });
    await runner.ended;
  }

  pause(partitions?: readonly TopicPartition[]): void {
    this.#mustBeOpen();
    this.#intake.pause(this.#intake.assignment.some(partitions));
  }

  resume(partitions?: readonly TopicPartition[]): void {
    this.#mustBeOpen();
    this.#intake.resume(this.#intake.assignment.some(partitions));
  }

  paused(): readonly TopicPartition[] {
    return [...this.#intake.assignment.cursors]
      .filter(({ isPaused }) => isPaused)
      .map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Goes on there. Throws `ClientError` STATE when it is not assigned. */
  seek(partition: TopicPartition, to: bigint | OffsetAndMetadata): void {
    this.#mustBeOpen();
    const { offset, leaderEpoch = -1 } = typeof to === 'bigint' ? { offset: to } : to;
    if (offset < 0n) throw new ClientError('CONFIG', `There is no offset ${offset} to seek to.`);
    this.#intake.assignment.get(partition).jump(offset, leaderEpoch);
  }

  seekToBeginning(partitions?: readonly TopicPartition[]): void {
    this.#mustBeOpen();
    for (const cursor of this.#intake.assignment.some(partitions)) cursor.reset(earliestTimestamp);
  }

  seekToEnd(partitions?: readonly TopicPartition[]): void {
    this.#mustBeOpen();
    for (const cursor of this.#intake.assignment.some(partitions)) cursor.reset(latestTimestamp);
  }

  /** The offset of the next record that will be given, found out if need be. Throws `ClientError`. */
  async position(partition: TopicPartition, options: CallOptions = {}): Promise<bigint> {
    this.#mustBeOpen();
    return await this.#intake.position(partition, this.#deadline(options), options.signal);
  }

  /** Offsets between the position and what can be read; undefined while either is not known. */
  currentLag(partition: TopicPartition): bigint | undefined {
    const { position, readableEnd } = this.#intake.assignment.get(partition);
    if (position === undefined || readableEnd < 0n) return undefined;
    return readableEnd > position ? readableEnd - position : 0n;
  }

  /** What the group has committed, in the order asked for; undefined where it has not. Throws `ClientError`. */
  async committed(
    partitions: readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<(TopicPartitionOffset | undefined)[]> {
    this.#mustBeOpen();
    const found = await this.#group().committed(partitions, this.#deadline(options), options.signal);
    return partitions.map(({ topic, partition }) => found.get(partitionKey(topic, partition)));
  }

  /** Commits these, or how far reading is; tries until it is done. Throws `ClientError`. */
  async commitSync(offsets?: readonly TopicPartitionOffset[], options: CallOptions = {}): Promise<void> {
    this.#mustBeOpen();
    this.#group();
    await this.#committer!.untilDone(offsets ?? this.#reached(), this.#deadline(options), options.signal);
  }

  /** The same in the background, with one try. */
  commitAsync(offsets?: readonly TopicPartitionOffset[], callback?: CommitCallback): void {
    this.#mustBeOpen();
    this.#group();
    const chosen = offsets ?? this.#reached();
    this.#committer!.once(chosen).then(
      () => callback?.(undefined, chosen),
      (error: ClientError) => {
        if (callback === undefined) this.cluster.host.log.warn({ error: error.message }, 'offsets were not committed');
        else callback(error, chosen);
      },
    );
  }

  /** The first record of each at or after a time; `offset` is undefined where there is none. Throws `ClientError`. */
  async offsetsForTimes(queries: readonly OffsetQuery[], options: CallOptions = {}): Promise<OffsetAtTime[]> {
    const wrong = queries.find(({ timestamp }) => !(timestamp >= 0));
    if (wrong !== undefined)
      throw new ClientError('CONFIG', `${wrong.timestamp} is no time: it takes milliseconds since 1970.`);
    const found = await this.#list(queries, options);
    return queries.map(({ topic, partition }, index) => {
      const { offset, timestamp, leaderEpoch } = found[index]!;
      if (offset < 0n) return { topic, partition, offset: undefined, timestamp: undefined, leaderEpoch: undefined };
      return { topic, partition, offset, timestamp, leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch };
    });
  }

  /** Throws `ClientError`. */
  beginningOffsets(partitions: readonly TopicPartition[], options: CallOptions = {}): Promise<TopicPartitionOffset[]> {
    return this.#listAt(partitions, earliestTimestamp, options);
  }

  /** Of what can be read: with read_committed, the first offset of a transaction that has not ended. Throws `ClientError`. */
  endOffsets(partitions: readonly TopicPartition[], options: CallOptions = {}): Promise<TopicPartitionOffset[]> {
    return this.#listAt(partitions, latestTimestamp, options);
  }

  /** Throws `ClientError` when the topic is not there. */
  async partitionsFor(topic: string, options: CallOptions = {}): Promise<PartitionDescription[]> {
    this.#mustBeOpen();
    const { metadata } = this.cluster;
    return partitionsOf(await metadata.topicReady(topic, this.#deadline(options)), metadata.nodes);
  }

  /** Every topic that this client may see. Throws `ClientError`. */
  async listTopics(options: CallOptions = {}): Promise<Map<string, PartitionDescription[]>> {
    this.#mustBeOpen();
    return await this.cluster.retry(this.#deadline(options), () => allTopics(this.cluster), options.signal);
  }

  /** For `sendOffsets` of a transaction. Throws `ClientError` CONFIG without a group. */
  groupMetadata(): GroupMetadata {
    this.#group();
    const { 'group.id': groupId, 'group.instance.id': groupInstanceId } = this.#settings.config;
    return this.#membership?.metadata ?? { groupId: groupId!, generationId: -1, memberId: '', groupInstanceId };
  }

  /** Asks the group for a new assignment. Throws `ClientError` STATE without a subscription. */
  enforceRebalance(reason = 'the user asked for it'): void {
    if (this.#membership === undefined) throw new ClientError('STATE', 'There is no subscription to rebalance.');
    this.#membership.rejoin(reason);
  }

  /** Those of the consumer as a whole; `cluster.metrics` has those of its brokers, topics and partitions too. */
  metrics(): ConsumerMetrics {
    return this.#intake.meter.read();
  }

  /** The id under which brokers know this consumer's metrics (KIP-714). Throws `ClientError` UNSUPPORTED, TIMEOUT; STATE without `enable.metrics.push`. */
  clientInstanceId(options: CallOptions = {}): Promise<string> {
    return this.#telemetry.clientInstanceId(options);
  }

  /** Not to be waited for by a handler of `run`, for which it waits itself. Handlers come to their end, what was processed is committed where that is automatic, and the group is left. */
  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= this.#close(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ timeoutMs = closeMs, leave }: CloseOptions): Promise<void> {
    this.#timer?.cancel();
    this.#intake.queue.end();
    const how = leave === undefined ? undefined : leave ? 'leave' : 'stay';
    try {
      await atMost(this.cluster.host, timeoutMs, this.#letGo(how));
    } finally {
      this.#isClosed = true;
      this.#intake.close();
      await this.#telemetry.close(timeoutMs);
      await this.cluster.close();
    }
  }

  async #letGo(how?: 'leave' | 'stay'): Promise<void> {
    const membership = this.#membership;
    this.#intake.isLeaving = true;
    this.#subscription = undefined;
    if (membership === undefined) {
      if (this.#closing !== undefined) await this.#intake.quiet();
      return await this.#intake.assignment.choose([]);
    }
    this.#lastMemberId = membership.metadata.memberId;
    // The last commits are made as a member.
    await membership.leave(how);
    if (this.#membership === membership) this.#membership = undefined;
  }

  #openGroupOffsets(): GroupOffsets | undefined {
    const { config, isolationLevel } = this.#settings;
    const groupId = config['group.id'];
    if (groupId === null) return undefined;
    return new GroupOffsets({
      cluster: this.cluster,
      groupId,
      requireStable: isolationLevel === 1,
      membership: () => this.#membership,
      protocol: config['group.protocol'].toLowerCase() === 'consumer' ? 'consumer' : 'classic',
    });
  }

  /** Throws `ClientError` CONFIG. */
  #group(): GroupOffsets {
    if (this.#groupOffsets === undefined)
      throw new ClientError('CONFIG', 'Committed offsets belong to a group: set group.id.');
    return this.#groupOffsets;
  }

  /** Throws `ClientError` CONFIG. */
  #limits(recordsMax = Number.POSITIVE_INFINITY): SliceLimits {
    if (!(recordsMax >= 1))
      throw new ClientError('CONFIG', `recordsMax is ${recordsMax}; it takes a number from 1 on.`);
    const { readRules, config } = this.#settings;
    return { ...readRules, recordsMax, bytesMax: Math.max(1, config['max.partition.fetch.bytes']) };
  }

  /** What a commit without offsets means: what was given out; of several handlers at work, what they are done with. */
  #reached(): TopicPartitionOffset[] {
    const { cursors } = this.#intake.assignment;
    return this.#intake.queue.reader?.isParallel === true ? processedOf(cursors) : positionsOf(cursors);
  }

  async #commitAtLast(cursors: readonly Cursor[]): Promise<void> {
    if (this.#settings.isAutoCommit) await this.#committer!.atLast(cursors, this.#deadline({}));
  }

  async #listAt(
    partitions: readonly TopicPartition[],
    timestamp: number,
    options: CallOptions,
  ): Promise<TopicPartitionOffset[]> {
    const queries = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }));
    const found = await this.#list(queries, options);
    return queries.map(({ topic, partition }, index) => ({ topic, partition, offset: found[index]!.offset }));
  }

  async #list(queries: readonly OffsetQuery[], options: CallOptions): Promise<ListedOffset[]> {
    this.#mustBeOpen();
    const { isolationLevel } = this.#settings;
    const deadlineMs = this.#deadline(options);
    return await listOffsets(this.cluster, queries, { isolationLevel, deadlineMs, signal: options.signal });
  }

  /** One timer while something is subscribed to or assigned: for automatic commits, and to see whether the user gets on. */
  #watch(): void {
    const { config, isAutoCommit } = this.#settings;
    if (this.#timer !== undefined || this.#closing !== undefined) return;
    const everyMs = Math.min(
      isAutoCommit ? Math.max(1, config['auto.commit.interval.ms']) : tickMsMax,
      Math.ceil(config['max.poll.interval.ms'] / 3),
      tickMsMax,
    );
    this.#timer = this.cluster.host.timers.after(everyMs, () => {
      this.#timer = undefined;
      if (isAutoCommit) this.#committer!.inPassing(this.#intake.assignment.cursors);
      this.#intake.lookAtUser();
      this.#intake.want();
      this.#watch();
    });
  }

  #deadline({ timeoutMs }: CallOptions): number {
    return this.cluster.deadline(timeoutMs);
  }

  /** Nothing begins any more while the consumer closes. */
  #mustStayOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  #mustHaveToRead(): void {
    this.#mustStayOpen();
    if (this.#subscription === undefined && !this.#isChosen)
      throw new ClientError('STATE', 'There is nothing to read: subscribe to topics, or assign partitions, before.');
  }

  /** Callbacks may still commit and seek while the consumer closes. */
  #mustBeOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

const closedError = (): ClientError => new ClientError('CLOSED', 'This consumer was closed.');

function subscriptionOf(to: SubscribeTo): Subscription {
  if (typeof to !== 'object' || to === null || to instanceof RegExp)
    throw new ClientError('CONFIG', "Subscribing takes a list like ['orders'], or { pattern: /^orders-/ }.");
  if ('pattern' in to) return { topics: [], pattern: to.pattern };
  return { topics: [...new Set('topics' in to ? to.topics : to)] };
}
