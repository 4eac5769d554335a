/**
 * The way from a door (producer, consumer, admin) to the client. In: requests, and topics that are of interest. Out: answers, where leaders
 * are, errors of kafkajs, and an event for each request. A cluster is connected, disconnected, and connected again at will.
 */
import {
  Cluster as ClientCluster,
  type RequestOptions,
  readOptions,
  clientKeys,
  type Target,
  type TopicMetadata,
} from '@millrace/client';
import { type ApiName, apis, type ExactRequestInput, type ExactResponse, errors, zeroUuid } from '@millrace/protocol';

import { apiNameOf } from './api-names.ts';
import { brokerOf } from './broker.ts';
import { check, kafkaJSError } from './broker-errors.ts';
import { type OpenOptions, openOptions } from './cluster-options.ts';
import { KafkaJSBrokerNotFound, KafkaJSError, KafkaJSRequestTimeoutError } from './errors.ts';
import type { Instrumentation, NetworkEvents } from './events.ts';
import type { Logger } from './logger.ts';
import { numberOf } from './loose.ts';
import { RequestGate } from './request-gate.ts';
import { retrier, type Retrier, type RetryOptions } from './retry.ts';
import type {
  Broker,
  BrokerMetadata,
  Cluster,
  CoordinatorMetadata,
  OffsetsWanted,
  PartitionMetadata,
  TopicOffsets,
} from './types/cluster.ts';
import type { KafkaConfig } from './types/kafka.ts';

type Observed = NonNullable<ConstructorParameters<typeof ClientCluster>[0]['observe']>;

export interface DoorClusterOptions {
  readonly config: KafkaConfig;
  readonly logger: Logger;
  readonly instrumentation: Instrumentation;
  readonly events: NetworkEvents;
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly isReadCommitted?: boolean;
  readonly maxInFlightRequests?: number | undefined;
  /** Makes the client's cluster, where it is not one of our own. */
  readonly open?: (options: OpenOptions, observe: Observed) => ClientCluster;
}

type Metadata = ExactResponse<'metadata'>;
/** Special times of ListOffsets. */
const earliest = -2;
const latest = -1;
/** Topics that are of interest are named to the metadata again after this time, lest they be forgotten. */
const namedEveryMs = 60_000;

export class DoorCluster implements Cluster {
  readonly targetTopics = new Set<string>();
  readonly #options: DoorClusterOptions;
  readonly #retrier: Retrier;
  readonly #gate: RequestGate | undefined;
  readonly #clientId: string;
  /** Topics as they are shown, made once for each time they change. */
  readonly #shown = new WeakMap<TopicMetadata, PartitionMetadata[]>();
  #opening: Promise<ClientCluster> | undefined;
  #cluster: ClientCluster | undefined;
  #connecting: Promise<void> | undefined;
  #namedAtMs = 0;

  constructor(options: DoorClusterOptions) {
    const { config, maxInFlightRequests, instrumentation, events } = options;
    this.#options = options;
    this.#clientId = config.clientId ?? 'kafkajs';
    this.#retrier = retrier(config.retry);
    if (maxInFlightRequests !== undefined && maxInFlightRequests !== null)
      this.#gate = new RequestGate(maxInFlightRequests, (broker, queueSize) =>
        instrumentation.emit(events.REQUEST_QUEUE_SIZE, { broker, clientId: this.#clientId, queueSize }),
      );
  }

  get retry(): RetryOptions | undefined {
    return this.#options.config.retry;
  }

  isConnected(): boolean {
    return this.#cluster !== undefined;
  }

  /** Throws `KafkaJSNumberOfRetriesExceeded` when no broker can be reached. */
  async connect(): Promise<void> {
    if (this.#cluster !== undefined) return;
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    await this.#connecting;
  }

  async disconnect(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#cluster = undefined;
    const cluster = await opening?.catch(() => undefined);
    await cluster?.close();
  }

  /** One request, one try. Throws errors of kafkajs; what the answer says is the caller's business. */
  async request<K extends ApiName>(
    target: Target,
    api: K,
    request: ExactRequestInput<K> | ((version: number) => ExactRequestInput<K>),
    options: RequestOptions = {},
  ): Promise<ExactResponse<K>> {
    const { requestTimeout = 30_000 } = this.#options.config;
    await this.connect();
    const cluster = await this.#opened();
    try {
      const connection = await cluster.connect(target, options.purpose);
      const { timeoutMs, versionMax } = options;
      const settings = {
        ...(timeoutMs !== undefined && { timeoutMs: Math.max(timeoutMs, requestTimeout) }),
        ...(versionMax !== undefined && { versionMax }),
      };
      const sentAt = Date.now();
      const send = async (): Promise<ExactResponse<K>> => {
        try {
          return await connection.send(api, request, settings);
        } catch (error) {
          throw this.#late(error, api, connection.broker, sentAt) ?? error;
        }
      };
      return await (this.#gate === undefined ? send() : this.#gate.through(connection.broker, send));
    } catch (error) {
      // It may have moved.
      if (typeof target === 'object') cluster.coordinators.forget(target.type, target.key);
      throw kafkaJSError(error, api);
    }
  }

  /** The next request for it looks the coordinator up anew. */
  forgetCoordinator(type: 'group' | 'transaction', key: string): void {
    this.#cluster?.coordinators.forget(type, key);
  }

  get nodeIds(): number[] {
    return [...(this.#cluster?.metadata.nodes.keys() ?? [])];
  }

  /** Texts at run time, as they are the keys of an object in kafkajs. */
  getNodeIds(): number[] {
    return this.nodeIds.map(String) as never[];
  }

  async addTargetTopic(topic: string): Promise<void> {
    await this.addMultipleTargetTopics([topic]);
  }

  /** Throws what the brokers say of a topic; topics that cannot be are not kept. */
  async addMultipleTargetTopics(topics: string[]): Promise<void> {
    const added = topics.filter((topic) => !this.targetTopics.has(topic));
    for (const topic of added) this.targetTopics.add(topic);
    if (added.length === 0 && this.#cluster !== undefined && this.#cluster.metadata.nodes.size > 0) return;
    try {
      await this.refreshMetadata();
    } catch (error) {
      const { type } = error as { type?: string };
      if (
        type === 'INVALID_TOPIC_EXCEPTION' ||
        type === 'UNKNOWN_TOPIC_OR_PARTITION' ||
        type === 'TOPIC_AUTHORIZATION_FAILED'
      )
        for (const topic of added) this.targetTopics.delete(topic);
      throw error;
    }
  }

  async refreshMetadata(): Promise<void> {
    await this.connect();
    await this.#retrier(async (bail) => {
      const { metadata } = await this.#opened();
      try {
        metadata.want(this.targetTopics);
        this.#namedAtMs = Date.now();
        await metadata.refresh();
      } catch (error) {
        bail(kafkaJSError(error, 'metadata'));
      }
      for (const topic of this.targetTopics) {
        const fault = metadata.fault(topic);
        if (fault === undefined) continue;
        const failure = kafkaJSError(fault, 'metadata');
        if (fault.code === 'LEADER_NOT_AVAILABLE') throw failure;
        bail(failure);
      }
    });
  }

  async refreshMetadataIfNecessary(): Promise<void> {
    const known = this.#cluster?.metadata;
    if (known === undefined || known.nodes.size === 0) return await this.refreshMetadata();
    for (const topic of this.targetTopics) if (known.topic(topic) === undefined) return await this.refreshMetadata();
    if (Date.now() - this.#namedAtMs < namedEveryMs) return;
    this.#namedAtMs = Date.now();
    known.want(this.targetTopics);
  }

  findTopicPartitionMetadata(topic: string): PartitionMetadata[] {
    const known = this.#cluster?.metadata.topic(topic);
    if (known === undefined) return [];
    let shown = this.#shown.get(known);
    if (shown === undefined) {
      shown = known.partitions.map(({ index, leaderId, replicas, isr, offlineReplicas }) => ({
        partitionErrorCode: leaderId < 0 ? errors.LEADER_NOT_AVAILABLE : errors.NONE,
        partitionId: index,
        leader: leaderId,
        replicas: [...replicas],
        isr: [...isr],
        offlineReplicas: [...offlineReplicas],
      }));
      this.#shown.set(known, shown);
    }
    return shown;
  }

  /** How many there are, as far as is known. */
  partitionCount(topic: string): number {
    return this.#cluster?.metadata.topic(topic)?.partitions.length ?? 0;
  }

  leaderOf(topic: string, partition: number): number | undefined {
    return this.#cluster?.metadata.partition(topic, partition)?.leaderId;
  }

  findLeaderForPartitions(topic: string, partitions: number[]): { [leader: string]: number[] } {
    const leaders: { [leader: string]: number[] } = {};
    for (const given of partitions) {
      const partition = numberOf(given);
      const leader = this.leaderOf(topic, partition);
      if (leader === undefined) continue;
      (leaders[leader] ??= []).push(partition);
    }
    return leaders;
  }

  defaultOffset({ fromBeginning }: { fromBeginning?: boolean } = {}): number {
    return fromBeginning === true ? earliest : latest;
  }

  /** First or last offsets, or those at a time; -1 where there is none so late. */
  async fetchTopicsOffset(wanted: OffsetsWanted[]): Promise<TopicOffsets[]> {
    const byLeader = new Map<number, { name: string; partitions: { partitionIndex: number; timestamp: number }[] }[]>();
    for (const { topic, partitions, fromBeginning, fromTimestamp } of wanted) {
      const timestamp = fromTimestamp ?? this.defaultOffset({ fromBeginning });
      const leaders = this.findLeaderForPartitions(
        topic,
        partitions.map(({ partition }) => partition),
      );
      for (const [leader, indexes] of Object.entries(leaders)) {
        const topics = byLeader.get(Number(leader)) ?? [];
        topics.push({ name: topic, partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp })) });
        byLeader.set(Number(leader), topics);
      }
    }
    const isolationLevel = this.#options.isReadCommitted === true ? 1 : 0;
    const found = new Map<string, TopicOffsets>();
    await Promise.all(
      [...byLeader].map(async ([leader, topics]) => {
        const answer = await this.request(leader, 'listOffsets', { replicaId: -1, isolationLevel, topics });
        for (const { name, partitions } of answer.topics) {
          const entry = found.get(name) ?? { topic: name, partitions: [] };
          found.set(name, entry);
          for (const { errorCode, partitionIndex, offset } of partitions) {
            check(errorCode);
            entry.partitions.push({ partition: partitionIndex, offset: String(offset) });
          }
        }
      }),
    );
    return [...found.values()];
  }

  /** What the brokers say of some topics, or of all. Throws what they say of one that is not there. */
  async describeTopics(topics: readonly string[] | null): Promise<Metadata> {
    return await this.#retrier(async (bail) => {
      try {
        const answer = await this.request('any', 'metadata', {
          topics: topics?.map((name) => ({ topicId: zeroUuid, name })) ?? null,
          allowAutoTopicCreation: this.#options.allowAutoTopicCreation,
        });
        for (const { errorCode } of answer.topics) check(errorCode);
        return answer;
      } catch (error) {
        if ((error as { type?: string }).type === 'LEADER_NOT_AVAILABLE') throw error;
        return bail(error);
      }
    });
  }

  async metadata(): Promise<BrokerMetadata> {
    return metadataOf(await this.describeTopics(null));
  }

  /** Of some topics, or of all when there are none. Throws what the broker says of one of them. */
  async askMetadata(target: Target, topics: readonly string[] = []): Promise<BrokerMetadata> {
    const answer = await this.request(target, 'metadata', {
      topics: topics.length === 0 ? null : topics.map((name) => ({ topicId: zeroUuid, name })),
      allowAutoTopicCreation: this.#options.allowAutoTopicCreation,
    });
    for (const { errorCode } of answer.topics) check(errorCode);
    return metadataOf(answer);
  }

  /** Throws `KafkaJSBrokerNotFound`, after looking up which there are. */
  async findBroker({ nodeId }: { nodeId: string }): Promise<Broker> {
    const node = numberOf(nodeId);
    if (!this.nodeIds.includes(node)) {
      await this.refreshMetadata();
      throw new KafkaJSBrokerNotFound(`The cluster has no broker ${nodeId}.`);
    }
    return brokerOf(this, node);
  }

  async findControllerBroker(): Promise<Broker> {
    await this.refreshMetadata();
    return brokerOf(this, 'controller');
  }

  async findGroupCoordinator({ groupId }: { groupId: string }): Promise<Broker> {
    this.forgetCoordinator('group', groupId);
    return brokerOf(this, { type: 'group', key: groupId });
  }

  async findGroupCoordinatorMetadata({ groupId }: { groupId: string }): Promise<CoordinatorMetadata> {
    this.forgetCoordinator('group', groupId);
    return await this.#retrier(async (bail) => {
      try {
        const { coordinators } = await this.#opened();
        const { id, host, port } = await coordinators.find('group', groupId);
        return { errorCode: errors.NONE, coordinator: { nodeId: id, host, port } };
      } catch (thrown) {
        const error = kafkaJSError(thrown, 'findCoordinator');
        if ((error as { type?: string }).type === 'GROUP_COORDINATOR_NOT_AVAILABLE') throw error;
        return bail(error);
      }
    });
  }

  /** Brokers that do not answer are left alone by themselves. */
  removeBroker(): void {}

  async #connect(): Promise<void> {
    const { logger } = this.#options;
    // What the brokers are is asked once, and not asked again when it fails.
    await this.#opened().catch((error: unknown) => this.#unopened(error));
    await this.#retrier(async (bail, retryCount, retryTime) => {
      try {
        const cluster = await this.#opened();
        await cluster.connect('any');
        this.#cluster = cluster;
      } catch (thrown) {
        // Learning the versions is what every connection begins with.
        const late = this.#late(thrown, 'apiVersions', '', Date.now());
        const error = (late ?? kafkaJSError(thrown, 'apiVersions')) as KafkaJSError;
        await this.disconnect();
        logger
          .namespace('BrokerPool')
          .error(`No broker could be connected to: ${error.message}`, { retryCount, retryTime });
        if (error.retriable) throw error;
        bail(error);
      }
    });
  }

  #unopened(error: unknown): never {
    this.#opening = undefined;
    throw kafkaJSError(error);
  }

  #opened(): Promise<ClientCluster> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<ClientCluster> {
    const { config, metadataMaxAge, logger, allowAutoTopicCreation, open } = this.#options;
    const options = await openOptions(config, metadataMaxAge, logger);
    const observe: Observed = (request) => this.#observe(request);
    if (open !== undefined) return open(options, observe);
    const { keys, host, security } = options;
    return new ClientCluster({
      host,
      security,
      config: readOptions(clientKeys, keys),
      allowAutoCreateTopics: allowAutoTopicCreation,
      observe,
    });
  }

  #observe({ broker, api, version, correlationId, tookMs, receivedBytes }: Parameters<Observed>[0]): void {
    const { instrumentation, events } = this.#options;
    if (!instrumentation.isHeard(events.REQUEST)) return;
    const sentAt = Math.round(Date.now() - tookMs);
    instrumentation.emit(events.REQUEST, {
      apiKey: apis[api].key,
      apiName: apiNameOf(api),
      apiVersion: version,
      broker,
      clientId: this.#clientId,
      correlationId,
      createdAt: sentAt,
      duration: Math.round(tookMs),
      pendingDuration: 0,
      sentAt,
      size: receivedBytes,
    });
  }

  /** The error, and the event, of a request without an answer; undefined when it is another failure. */
  #late(error: unknown, api: ApiName, broker: string, sentAt: number): KafkaJSError | undefined {
    const { code, message, broker: by = broker } = error as { code?: string; message: string; broker?: string };
    if (code !== 'TIMEOUT' && !(code === 'UNREACHABLE' && isTimeout(error))) return undefined;
    const { instrumentation, events } = this.#options;
    const times = {
      broker: by,
      clientId: this.#clientId,
      correlationId: 0,
      createdAt: sentAt,
      sentAt,
      pendingDuration: 0,
    };
    instrumentation.emit(events.REQUEST_TIMEOUT, {
      ...times,
      apiKey: apis[api].key,
      apiName: apiNameOf(api),
      apiVersion: 0,
    });
    return new KafkaJSRequestTimeoutError(message, times);
  }
}

/** Whether somewhere below it a request had no answer. */
function isTimeout(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if ((at as { code?: string }).code === 'TIMEOUT') return true;
  return false;
}

/** In the words of kafkajs. */
function metadataOf({ brokers, topics }: Metadata): BrokerMetadata {
  return {
    brokers: brokers.map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, ...(rack !== null && { rack }) })),
    topicMetadata: topics.map((topic) => ({
      topicErrorCode: topic.errorCode,
      topic: topic.name ?? '',
      partitionMetadata: partitionsOf(topic),
    })),
  };
}

type TopicAnswer = Metadata['topics'][number];

export function partitionsOf({ partitions }: TopicAnswer): PartitionMetadata[] {
  return partitions.map(({ errorCode, partitionIndex, leaderId, replicaNodes, isrNodes, offlineReplicas }) => ({
    partitionErrorCode: errorCode,
    partitionId: partitionIndex,
    leader: leaderId,
    replicas: [...replicaNodes],
    isr: [...isrNodes],
    offlineReplicas: [...offlineReplicas],
  }));
}
