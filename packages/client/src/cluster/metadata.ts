/**
 * Where everything is: brokers, topics, leaders. In: answers to Metadata, and hints in other answers. Out: the latest that is known, which
 * is looked up anew when it is old, when somebody says that it is wrong, and when a topic is asked for that is not in it.
 *
 * Lookups that are wanted at the same time are one request. One that fails is tried again after a growing pause as long as somebody
 * waits.
 */
import type { Timer } from '@millrace/base';
import { errors, isRetriable, type MetadataResponse, type ExactRequestInput, zeroUuid } from '@millrace/protocol';

import { pause, type ClientHost } from '../client-host.ts';
import { answerError, ClientError, isClientError, wireCode } from '../error.ts';
import { backoffMs } from './backoff.ts';
import { type BrokerNode, type PartitionMetadata, type TopicMetadata, topicMetadataOf } from './topic-metadata.ts';

export interface MetadataOptions {
  readonly host: ClientHost;
  readonly config: MetadataConfig;
  /** Asks any broker. */
  readonly ask: (request: ExactRequestInput<'metadata'>) => Promise<MetadataResponse>;
}

export interface MetadataConfig {
  readonly 'metadata.max.age.ms': number;
  readonly 'retry.backoff.ms': number;
  readonly 'retry.backoff.max.ms': number;
  /** Whether a topic that is asked for and not there is made, where the broker allows it. */
  readonly 'allow.auto.create.topics': boolean;
  /** A topic that nobody asked for in this time is not asked after any more. Only producers have a key for it. */
  readonly 'metadata.max.idle.ms'?: number;
}

const idleMsDefault = 300_000;

export class Metadata {
  readonly #options: MetadataOptions;
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #namesById = new Map<string, string>();
  /** Why the last lookup did not find a topic. */
  readonly #faults = new Map<string, ClientError>();
  /** When each topic was last asked for. */
  readonly #wanted = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  /** Every topic of the cluster is of interest, for patterns. */
  #wantsAll = false;
  #nodes: ReadonlyMap<number, BrokerNode> = new Map();
  #clusterId: string | null = null;
  #controllerId = -1;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** Whether `#timer` is there because something is wrong, not because of age. */
  #isDueSoon = false;
  /** Lookups in a row that were wanted because something was wrong, and brought nothing new. */
  #failures = 0;
  #begunAtMs = 0;
  #foundAtMs: number;
  /** Since when no lookup has succeeded. */
  #failingSinceMs: number | undefined;

  constructor(options: MetadataOptions) {
    this.#options = options;
    this.#foundAtMs = options.host.clock.monotonic();
  }

  get nodes(): ReadonlyMap<number, BrokerNode> {
    return this.#nodes;
  }

  get clusterId(): string | null {
    return this.#clusterId;
  }

  /** -1 while it is not known. */
  get controllerId(): number {
    return this.#controllerId;
  }

  /** Those that are known now. */
  get topics(): ReadonlyMap<string, TopicMetadata> {
    return this.#topics;
  }

  /** How long lookups have failed, 0 while they do not. */
  get failingForMs(): number {
    return this.#failingSinceMs === undefined ? 0 : this.#options.host.clock.monotonic() - this.#failingSinceMs;
  }

  /** Since the last lookup that succeeded, or the beginning. */
  get ageMs(): number {
    return this.#options.host.clock.monotonic() - this.#foundAtMs;
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  topicOfId(topicId: string): TopicMetadata | undefined {
    const name = this.#namesById.get(topicId);
    return name === undefined ? undefined : this.#topics.get(name);
  }

  partition(name: string, index: number): PartitionMetadata | undefined {
    return this.#topics.get(name)?.partitions[index];
  }

  /** Why the last lookup did not find it. */
  fault(name: string): ClientError | undefined {
    return this.#faults.get(name);
  }

  /** From now on lookups ask for every topic, or no more. */
  set wantsAll(isWanted: boolean) {
    this.#wantsAll = isWanted;
  }

  /** Topics that lookups ask for from now on. */
  want(names: Iterable<string>): void {
    const nowMs = this.#options.host.clock.monotonic();
    for (const name of names) this.#wanted.set(name, nowMs);
  }

  /** Told after each lookup and hint. Gives the way to stop it. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * The topic as it is known, looked up until it is there. Throws `ClientError`: what the last answer said when it will not pass or the
   * time is over; CLOSED.
   */
  async topicReady(name: string, deadlineMs: number): Promise<TopicMetadata> {
    const { host, config } = this.#options;
    this.want([name]);
    let failure: ClientError | undefined;
    for (let tries = 1; ; tries++) {
      const topic = this.#topics.get(name);
      if (topic !== undefined) return topic;
      try {
        await this.#before(deadlineMs, this.refresh());
        failure = this.#faults.get(name);
        if (this.#topics.has(name)) continue;
        if (failure?.retriable === false) throw failure;
      } catch (error) {
        if (!isClientError(error) || !error.retriable) throw error;
        // That the last lookup was cut short says less than how the one before it ended.
        if (failure === undefined || error.code !== 'TIMEOUT') failure = error;
      }
      const waitMs = backoffMs(tries, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
      if (host.clock.monotonic() + waitMs >= deadlineMs)
        throw new ClientError(
          failure === undefined || !isWire(failure) ? 'TIMEOUT' : failure.code,
          `Topic "${name}" could not be looked up in time. ${failure?.message ?? 'No broker has answered.'}${failure?.code === 'UNKNOWN_TOPIC_OR_PARTITION' ? missing : ''}`,
          { cause: failure, retriable: true },
        );
      await pause(host, waitMs, this.#closing.signal);
    }
  }

  /** One lookup that begins after this call. Throws `ClientError` as asking a broker does. */
  refresh(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    if (this.#current === undefined) return this.#begin();
    return (this.#next ??= this.#current.then(
      () => this.#begin(),
      () => this.#begin(),
    ));
  }

  /** Something was wrong or missing: a lookup soon, in the background, not more often than the backoff says. */
  invalidate(): void {
    const { host, config } = this.#options;
    // Whoever says so again does not put it off.
    if (this.#closing.signal.aborted || this.#isDueSoon) return;
    const maxMs = config['retry.backoff.max.ms'];
    if (host.clock.monotonic() - this.#begunAtMs > 2 * maxMs) this.#failures = 0;
    this.#failures++;
    this.#refreshIn(backoffMs(this.#failures, config['retry.backoff.ms'], maxMs, host.random));
    this.#isDueSoon = true;
  }

  /** A newer leader that an answer named (KIP-951). */
  hintLeader(name: string, index: number, leaderId: number, leaderEpoch: number): void {
    const topic = this.#topics.get(name);
    const partition = topic?.partitions[index];
    if (topic === undefined || partition === undefined || leaderEpoch <= partition.leaderEpoch || leaderId < 0) return;
    const partitions = topic.partitions.with(index, { ...partition, leaderId, leaderEpoch });
    this.#topics.set(name, { ...topic, partitions });
    this.#tell();
  }

  hintNodes(nodes: readonly { nodeId: number; host: string; port: number; rack: string | null }[]): void {
    if (nodes.length === 0) return;
    const known = new Map(this.#nodes);
    for (const { nodeId: id, host, port, rack } of nodes) known.set(id, { id, host, port, rack });
    this.#nodes = known;
  }

  close(): void {
    this.#closing.abort();
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDueSoon = false;
    this.#begunAtMs = this.#options.host.clock.monotonic();
    const lookup = this.#lookUp().finally(() => {
      if (this.#current === lookup) this.#current = undefined;
      if (this.#timer === undefined && !this.#closing.signal.aborted)
        this.#refreshIn(this.#options.config['metadata.max.age.ms']);
    });
    // Whoever waits hears of a failure; when nobody does, the next lookup is due anyway.
    lookup.catch(() => {});
    this.#current = lookup;
    return lookup;
  }

  async #lookUp(): Promise<void> {
    const { ask, config } = this.#options;
    this.#forget();
    const names = this.#wantsAll ? null : [...this.#wanted.keys()];
    try {
      const answer = await ask({
        topics: names === null ? null : names.map((name) => ({ topicId: zeroUuid, name })),
        allowAutoTopicCreation: config['allow.auto.create.topics'],
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      });
      this.#take(answer, names === null);
      this.#failingSinceMs = undefined;
      this.#foundAtMs = this.#options.host.clock.monotonic();
    } catch (error) {
      this.#failingSinceMs ??= this.#options.host.clock.monotonic();
      throw error;
    }
  }

  #take({ brokers, clusterId, controllerId, topics, errorCode }: MetadataResponse, isWhole: boolean): void {
    if (errorCode !== errors.NONE) {
      // KIP-1102: what is known leads nowhere any more.
      if (errorCode === errors.REBOOTSTRAP_REQUIRED) this.#nodes = new Map();
      throw answerError(errorCode, 'Looking up brokers', null, { retriable: true });
    }
    if (brokers.length === 0) throw new ClientError('UNREACHABLE', 'The cluster names no brokers at present.');
    if (this.#clusterId !== null && this.#clusterId !== clusterId)
      this.#options.host.log.warn({ was: this.#clusterId, is: clusterId }, 'this is another cluster than before');
    this.#nodes = new Map(brokers.map(({ nodeId: id, host, port, rack }) => [id, { id, host, port, rack }]));
    this.#clusterId = clusterId;
    this.#controllerId = controllerId;
    let isNew = false;
    const isLeaderless = topics.some(({ partitions }) => partitions.some(({ leaderId }) => leaderId < 0));
    if (isWhole) this.#dropAllBut(new Set(topics.map(({ name }) => name ?? '')));
    for (const topic of topics) {
      const name = topic.name ?? this.#namesById.get(topic.topicId);
      if (name === undefined) continue;
      if (topic.errorCode === errors.NONE)
        isNew = this.#put(topicMetadataOf(topic, name, this.#topics.get(name))) || isNew;
      else this.#miss(name, topic.errorCode);
    }
    if (isNew) this.#failures = 0;
    if (isLeaderless) this.invalidate();
    this.#tell();
  }

  /** Whether it is other than what was known. */
  #put(topic: TopicMetadata): boolean {
    const { name, topicId } = topic;
    const known = this.#topics.get(name);
    if (known !== undefined && known.topicId !== topicId) this.#namesById.delete(known.topicId);
    this.#topics.set(name, topic);
    if (topicId !== zeroUuid) this.#namesById.set(topicId, name);
    this.#faults.delete(name);
    return known === undefined || !isSame(topic, known);
  }

  #miss(name: string, errorCode: number): void {
    this.#faults.set(name, answerError(errorCode, `Looking up topic "${name}"`));
    // One that is being made or whose leader is being chosen keeps what is known of it.
    if (errorCode === errors.UNKNOWN_TOPIC_OR_PARTITION || !isRetriable(errorCode)) this.#drop(name);
  }

  #drop(name: string): void {
    const known = this.#topics.get(name);
    if (known === undefined) return;
    this.#topics.delete(name);
    this.#namesById.delete(known.topicId);
  }

  #dropAllBut(names: ReadonlySet<string>): void {
    for (const name of this.#topics.keys()) if (!names.has(name)) this.#drop(name);
  }

  #forget(): void {
    const nowMs = this.#options.host.clock.monotonic();
    const idleMsMax = this.#options.config['metadata.max.idle.ms'] ?? idleMsDefault;
    for (const [name, askedAtMs] of this.#wanted) {
      if (nowMs - askedAtMs <= idleMsMax) continue;
      this.#wanted.delete(name);
      if (!this.#wantsAll) this.#drop(name);
    }
  }

  #refreshIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.host.timers.after(delayMs, () => {
      this.#timer = undefined;
      this.#isDueSoon = false;
      this.refresh().catch(() => this.invalidate());
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #before(deadlineMs: number, lookup: Promise<void>): Promise<void> {
    const { clock, timers } = this.#options.host;
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = timers.after(Math.max(0, deadlineMs - clock.monotonic()), () =>
        reject(new ClientError('TIMEOUT', 'No broker has answered in time where topics are.')),
      );
    });
    try {
      await Promise.race([lookup, late]);
    } finally {
      timer?.cancel();
    }
  }
}

function isSame(topic: TopicMetadata, known: TopicMetadata): boolean {
  return (
    topic.topicId === known.topicId &&
    topic.partitions.length === known.partitions.length &&
    topic.partitions.every(({ index, leaderId, leaderEpoch }) => {
      const before = known.partitions[index];
      return before?.leaderId === leaderId && before.leaderEpoch === leaderEpoch;
    })
  );
}

/** Whether a broker said it. */
const isWire = ({ code }: ClientError): boolean => wireCode(code) !== undefined;

const missing = ' Topics are made by Admin.createTopics, or by brokers with auto.create.topics.enable.';
const closed = (): ClientError => new ClientError('CLOSED', 'The client was closed.');
