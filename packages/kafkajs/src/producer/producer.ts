/**
 * The producer's surface. A send becomes records of the client's producer, which puts the sends of the same time together. `acks` and
 * `compression` belong to each send here, and to a producer there: there is one for each pair that is used.
 */
import {
  type Cluster as ClientCluster,
  isClientError,
  type PlainRecord,
  Producer as ClientProducer,
  type RecordMetadata as Acknowledged,
} from '@millrace/client';
import { codecNamed } from '@millrace/protocol';

import { kafkaJSError } from '../broker-errors.ts';
import { DoorCluster } from '../cluster.ts';
import type { OpenOptions } from '../cluster-options.ts';
import { CompressionTypes } from '../enums.ts';
import {
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSNotImplemented,
  KafkaJSNumberOfRetriesExceeded,
} from '../errors.ts';
import { type Instrumentation, producerEvents as events } from '../events.ts';
import type { Logger } from '../logger.ts';
import { Partitioners } from '../partitioners.ts';
import { retrier, retryDefaults, type Retrier, type RetryOptions } from '../retry.ts';
import type { KafkaConfig } from '../types/kafka.ts';
import type { Producer, ProducerBatch, ProducerConfig, RecordMetadata, Transaction } from '../types/producer.ts';
import { checkedTopics, type Partitioner, recordsOf } from './records.ts';
import { transactionOf } from './transaction.ts';

export interface ProducerParts {
  readonly config: ProducerConfig;
  readonly client: KafkaConfig;
  readonly logger: Logger;
  readonly instrumentation: Instrumentation;
  readonly retry: RetryOptions;
}

type Status = 'disconnected' | 'connected' | 'disconnecting';
type Observe = NonNullable<ConstructorParameters<typeof ClientProducer>[0]['observe']>;
type Keys = Readonly<Record<string, string | number | boolean>>;

const codecNames = new Map<number, string>([
  [CompressionTypes.None, 'none'],
  [CompressionTypes.GZIP, 'gzip'],
  [CompressionTypes.Snappy, 'snappy'],
  [CompressionTypes.LZ4, 'lz4'],
  [CompressionTypes.ZSTD, 'zstd'],
]);
const intMax = 0x7fff_ffff;
const inFlightMax = 5;
/** Of one batch: large enough that a send is rarely more than one, small enough for brokers as they are set. */
const batchBytes = 262_144;
const requestBytesMax = 64 << 20;
const memoryBytes = 256 << 20;

/** Throws `KafkaJSNonRetriableError` for options that cannot be. */
export function createProducer(parts: ProducerParts): Producer {
  const { config, instrumentation, retry } = parts;
  const logger = parts.logger.namespace('Producer');
  const { idempotent = false } = config;
  if (idempotent && retry.retries !== undefined && retry.retries < 1)
    throw new KafkaJSNonRetriableError('An idempotent producer needs retries.');
  if (idempotent && retry.retries !== undefined && retry.retries < Number.MAX_SAFE_INTEGER)
    logger.warn('An idempotent producer that gives up after some tries may have written what it reports as failed');
  const producer = new PlainProducer(parts);
  let current: Transaction | undefined;
  return {
    connect: () => producer.connect(),
    disconnect: () => producer.disconnect(),
    isIdempotent: () => idempotent,
    events,
    on: ((name: string, listener: () => void) => instrumentation.on(name, listener)) as Producer['on'],
    send: ({ acks, timeout, compression, topic, messages }) =>
      producer.sendBatch({ ...settings(acks, timeout, compression), topicMessages: [{ topic, messages }] }),
    sendBatch: (batch) => producer.sendBatch(batch),
    transaction: async () => {
      const { transactionalId } = config;
      if (!transactionalId) throw new KafkaJSNonRetriableError('Transactions need a transactionalId.');
      if (current?.isActive() === true)
        throw new KafkaJSNonRetriableError('A transaction of this producer is open; commit or abort it first.');
      current = await transactionOf(producer);
      return current;
    },
    logger: () => logger,
  };
}

function settings(acks?: number, timeout?: number, compression?: CompressionTypes): ProducerBatch {
  return {
    ...(acks !== undefined && { acks }),
    ...(timeout !== undefined && { timeout }),
    ...(compression !== undefined && { compression }),
  };
}

export class PlainProducer {
  readonly cluster: DoorCluster;
  readonly retrier: Retrier;
  readonly #parts: ProducerParts;
  readonly #partitioner: Partitioner;
  readonly #opened = new Map<string, ClientProducer>();
  #transactional: ClientProducer | undefined;
  #open: ((keys: Keys) => ClientProducer) | undefined;
  #status: Status = 'disconnected';

  constructor(parts: ProducerParts) {
    const { config, client, logger, instrumentation, retry } = parts;
    this.#parts = parts;
    this.#partitioner = (config.createPartitioner ?? Partitioners.DefaultPartitioner)();
    this.retrier = retrier(retry);
    this.cluster = new DoorCluster({
      config: client,
      logger,
      instrumentation,
      events,
      metadataMaxAge: config.metadataMaxAge ?? 300_000,
      allowAutoTopicCreation: config.allowAutoTopicCreation ?? true,
      open: (options, observe) => this.#openFirst(options, observe),
    });
  }

  async connect(): Promise<void> {
    await this.cluster.connect();
    this.#status = 'connected';
    this.#parts.instrumentation.emit(events.CONNECT);
  }

  /** What was given is sent first. */
  async disconnect(): Promise<void> {
    this.#status = 'disconnecting';
    const producers = [...this.#opened.values(), ...(this.#transactional === undefined ? [] : [this.#transactional])];
    this.#opened.clear();
    this.#transactional = undefined;
    await Promise.all(producers.map((producer) => producer.close()));
    await this.cluster.disconnect();
    this.#status = 'disconnected';
    this.#parts.instrumentation.emit(events.DISCONNECT);
  }

  async sendBatch({
    acks = -1,
    compression = CompressionTypes.None,
    topicMessages = [],
  }: ProducerBatch): Promise<RecordMetadata[]> {
    if (this.#parts.config.idempotent === true && acks !== -1)
      throw new KafkaJSNonRetriableError('An idempotent producer needs acks -1: without, its promise is void.');
    return await this.deliver(topicMessages, () => this.#producer(acks, compression), acks !== 0);
  }

  /** Throws what cannot be sent, and what brokers say of it. */
  async deliver(
    topicMessages: ProducerBatch['topicMessages'] & {},
    through: () => ClientProducer,
    isTold: boolean,
  ): Promise<RecordMetadata[]> {
    const given = checkedTopics(topicMessages);
    this.#checkConnected();
    const records = await this.retrier(async () => {
      await this.cluster.addMultipleTargetTopics(given.map(({ topic }) => topic));
      await this.cluster.refreshMetadataIfNecessary();
      return await this.#partitioned(given);
    });
    if (records instanceof Failure) throw records.reason;
    if (records.length === 0) return [];
    try {
      const acknowledged = await through().send(records);
      return isTold ? summary(records, acknowledged) : [];
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  /** The producer of transactions; made with the first. */
  transactional(): ClientProducer {
    const { transactionalId = '', transactionTimeout = 60_000 } = this.#parts.config;
    this.#checkConnected();
    this.#transactional ??= this.#open!({
      acks: 'all',
      'enable.idempotence': true,
      'transactional.id': transactionalId,
      'transaction.timeout.ms': transactionTimeout,
      retries: Math.max(1, this.#retries),
    });
    return this.#transactional;
  }

  /** What a partitioner throws is thrown as it is, and not tried again. */
  async #partitioned(given: ReturnType<typeof checkedTopics>): Promise<PlainRecord[] | Failure> {
    try {
      return recordsOf(given, this.cluster, this.#partitioner);
    } catch (error) {
      if (error instanceof KafkaJSError) throw error;
      return new Failure(error);
    }
  }

  #checkConnected(): void {
    if (this.#status === 'disconnecting')
      throw new KafkaJSNonRetriableError('The producer is disconnecting and takes no more messages.');
    if (this.#status === 'disconnected') throw new KafkaJSError('The producer is not connected.');
  }

  #producer(acks: number, compression: CompressionTypes): ClientProducer {
    const key = `${acks} ${compression}`;
    let producer = this.#opened.get(key);
    if (producer === undefined) {
      const name = codecNames.get(compression);
      if (name === undefined) throw new KafkaJSNonRetriableError(`There is no compression ${compression}.`);
      const missing = codecNamed(name)?.missing;
      if (missing !== undefined) throw new KafkaJSNotImplemented(missing);
      const isIdempotent = this.#parts.config.idempotent === true;
      producer = this.#open!({ acks: String(acks), 'enable.idempotence': isIdempotent, 'compression.type': name });
      this.#opened.set(key, producer);
    }
    return producer;
  }

  /** The producer for sends without settings; its cluster is the one for everything else. */
  #openFirst({ keys, host, security }: OpenOptions, observe: Observe): ClientCluster {
    const { config } = this.#parts;
    const inFlight = config.maxInFlightRequests ?? inFlightMax;
    const { initialRetryTime, maxRetryTime } = { ...retryDefaults, ...this.#parts.retry };
    const common = {
      ...keys,
      retries: this.#retries,
      'retry.backoff.ms': Math.ceil(initialRetryTime),
      'retry.backoff.max.ms': Math.ceil(maxRetryTime),
      'batch.size': batchBytes,
      'max.request.size': requestBytesMax,
      'buffer.memory': memoryBytes,
      'delivery.timeout.ms': this.#deliveryTimeoutMs(Number(keys['request.timeout.ms'])),
      'max.in.flight.requests.per.connection': config.idempotent === true ? Math.min(inFlight, inFlightMax) : inFlight,
    };
    const allowAutoCreateTopics = config.allowAutoTopicCreation ?? true;
    // Those of an earlier connection are closed.
    this.#opened.clear();
    this.#open = (more) =>
      new ClientProducer({ ...common, ...more, ...security, host, observe, allowAutoCreateTopics });
    return this.#producer(-1, CompressionTypes.None).cluster;
  }

  get #retries(): number {
    return Math.min({ ...retryDefaults, ...this.#parts.retry }.retries, intMax);
  }

  /** What may pass has been tried as often as `retry` says. */
  #failureOf(thrown: unknown): unknown {
    const isLate = isClientError(thrown) && thrown.code === 'TIMEOUT' && isClientError(thrown.cause);
    const error = kafkaJSError(isLate ? thrown.cause : thrown);
    if (!(error instanceof KafkaJSError) || !error.retriable) return error;
    const { retries, initialRetryTime, multiplier, maxRetryTime } = { ...retryDefaults, ...this.#parts.retry };
    const retryTime = Math.min(initialRetryTime * multiplier ** Math.min(retries, 100), maxRetryTime);
    return new KafkaJSNumberOfRetriesExceeded(error, { retryCount: retries, retryTime });
  }

  /** As long as all tries with their pauses would take. */
  #deliveryTimeoutMs(requestTimeoutMs: number): number {
    const { initialRetryTime, multiplier, retries, maxRetryTime } = { ...retryDefaults, ...this.#parts.retry };
    let totalMs = requestTimeoutMs;
    let pauseMs = initialRetryTime;
    for (let tries = 0; tries < Math.min(retries, 100); tries++) {
      totalMs += pauseMs;
      pauseMs = Math.min(pauseMs * multiplier, maxRetryTime);
    }
    return Math.min(Math.ceil(totalMs), intMax);
  }
}

class Failure {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** One entry for each partition: where its first record stands. */
function summary(records: readonly PlainRecord[], acknowledged: readonly Acknowledged[]): RecordMetadata[] {
  const topics = new Map<string, Map<number, Acknowledged>>();
  let lastTopic: string | undefined;
  let partitions = new Map<number, Acknowledged>();
  for (let index = 0; index < records.length; index++) {
    const { topic, partition = 0 } = records[index]!;
    if (topic !== lastTopic) {
      lastTopic = topic;
      partitions = topics.get(topic) ?? new Map<number, Acknowledged>();
      topics.set(topic, partitions);
    }
    if (!partitions.has(partition)) partitions.set(partition, acknowledged[index]!);
  }
  return [...topics].flatMap(([topicName, partitions]) =>
    [...partitions]
      .sort(([a], [b]) => a - b)
      .map(([partition, { offset, logAppendTimeMs, logStartOffset }]) => ({
        topicName,
        partition,
        errorCode: 0,
        baseOffset: String(offset),
        logAppendTime: String(logAppendTimeMs),
        logStartOffset: String(logStartOffset),
      })),
  );
}
