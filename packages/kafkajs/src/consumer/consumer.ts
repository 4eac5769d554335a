/** The consumer's surface: what may be called when, and what happens after a crash. The work is done by `runner.ts` and `group.ts`. */
import { check, kafkaJSError } from '../broker-errors.ts';
import type { DoorCluster } from '../cluster.ts';
import { KafkaJSNonRetriableError } from '../errors.ts';
import { consumerEvents as events, type Instrumentation } from '../events.ts';
import type { Logger } from '../logger.ts';
import { textOf } from '../loose.ts';
import { retrier, retryDefaults, type RetryOptions } from '../retry.ts';
import type {
  Assigner,
  Consumer,
  ConsumerConfig,
  ConsumerRunConfig,
  ConsumerSubscribeTopic,
  ConsumerSubscribeTopics,
  GroupDescription,
  TopicPartitionOffset,
  TopicPartitionOffsetAndMetadata,
} from '../types/consumer.ts';
import { checkCommit, checkPartition, checkTopic, checkTopicPartitions, offsetOf, topicsOf } from './checks.ts';
import { Fetching } from './fetching.ts';
import { ConsumerGroup } from './group.ts';
import { Runner } from './runner.ts';

export interface ConsumerParts {
  readonly config: ConsumerConfig;
  readonly cluster: DoorCluster;
  readonly logger: Logger;
  readonly instrumentation: Instrumentation;
  readonly retry: RetryOptions;
}

/** Throws `KafkaJSNonRetriableError` for options that cannot be. */
export function createConsumer(parts: ConsumerParts): Consumer {
  const { groupId, sessionTimeout = 30_000, heartbeatInterval = 3000 } = parts.config;
  if (!groupId) throw new KafkaJSNonRetriableError('A consumer needs a groupId.');
  if (heartbeatInterval >= sessionTimeout)
    throw new KafkaJSNonRetriableError(
      `heartbeatInterval (${heartbeatInterval}) must be below sessionTimeout (${sessionTimeout}); a third of it is good.`,
    );
  const consumer = new GroupConsumer(parts);
  const { cluster, instrumentation } = parts;
  const logger = parts.logger.namespace('Consumer');
  return {
    connect: async () => {
      await cluster.connect();
      instrumentation.emit(events.CONNECT);
    },
    disconnect: () => consumer.disconnect(),
    subscribe: (subscription) => consumer.subscribe(subscription),
    stop: () => consumer.stop(),
    run: (config) => consumer.run(config),
    commitOffsets: (topicPartitions) => consumer.commitOffsets(topicPartitions),
    seek: (place) => consumer.seek(place),
    describeGroup: () => describeGroup(cluster, groupId, parts.retry),
    pause: (topics) => consumer.pause(topics),
    paused: () => consumer.paused(),
    resume: (topics) => consumer.resume(topics),
    on: ((name: string, listener: () => void) => instrumentation.on(name, listener)) as Consumer['on'],
    events,
    logger: () => logger,
  };
}

/** Throws what the coordinator answers. */
export async function describeGroup(
  cluster: DoorCluster,
  groupId: string,
  retry: RetryOptions,
): Promise<GroupDescription & { errorCode: number }> {
  return await retrier(retry)(async () => {
    cluster.forgetCoordinator('group', groupId);
    // Newer versions answer that a group is not there; older ones, that it is dead.
    const answer = await cluster.request(
      { type: 'group', key: groupId },
      'describeGroups',
      { groups: [groupId] },
      { versionMax: 5 },
    );
    const { errorCode, groupState, protocolType, protocolData, members } = answer.groups[0]!;
    check(errorCode);
    return {
      errorCode,
      groupId,
      members: members.map(({ memberId, clientId, clientHost, memberMetadata, memberAssignment }) => ({
        memberId,
        clientId,
        clientHost,
        memberMetadata: Buffer.from(memberMetadata),
        memberAssignment: Buffer.from(memberAssignment),
      })),
      protocol: protocolData,
      protocolType,
      state: groupState as GroupDescription['state'],
    };
  });
}

class GroupConsumer {
  readonly #parts: ConsumerParts;
  readonly #logger: Logger;
  readonly #assigners: readonly Assigner[];
  readonly #topics = new Map<string, { readonly fromBeginning: boolean }>();
  #group: ConsumerGroup | undefined;
  #fetching: Fetching | undefined;
  #runner: Runner | undefined;
  #stopping: Promise<void> | undefined;
  #restart: NodeJS.Timeout | undefined;

  constructor(parts: ConsumerParts) {
    const { config, cluster, logger } = parts;
    this.#parts = parts;
    this.#logger = logger.namespace('Consumer');
    const { partitionAssigners = [], groupId } = config;
    this.#assigners = partitionAssigners.map((create) => create({ groupId, logger: this.#logger, cluster }));
  }

  async subscribe(subscription: ConsumerSubscribeTopics | ConsumerSubscribeTopic): Promise<void> {
    if (this.#group !== undefined)
      throw new KafkaJSNonRetriableError('A running consumer cannot subscribe to more topics.');
    const given = topicsOf(subscription);
    const { fromBeginning = false } = subscription;
    const { cluster } = this.#parts;
    const names: string[] = [];
    let all: string[] | undefined;
    for (const topic of given) {
      if (typeof topic === 'string') names.push(topic);
      else {
        all ??= (await cluster.metadata()).topicMetadata.map((one) => one.topic);
        names.push(...all.filter((name) => topic.test(name)));
      }
    }
    for (const name of names) this.#topics.set(name, { fromBeginning });
    await cluster.addMultipleTargetTopics(names);
  }

  async run(config: ConsumerRunConfig = {}): Promise<void> {
    if (this.#group !== undefined) {
      this.#logger.warn('The consumer is running already', { groupId: this.#parts.config.groupId });
      return;
    }
    await this.#start(config);
  }

  /** Calls of the same time share one stop. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => (this.#stopping = undefined));
    await this.#stopping;
  }

  async disconnect(): Promise<void> {
    const { cluster, instrumentation, config } = this.#parts;
    try {
      await this.stop();
      await cluster.disconnect();
      instrumentation.emit(events.DISCONNECT);
    } catch (error) {
      const { message, stack } = error as Error;
      this.#logger.error(`Disconnecting the consumer failed: ${message}`, { stack, groupId: config.groupId });
      throw error;
    }
  }

  async commitOffsets(topicPartitions: readonly TopicPartitionOffsetAndMetadata[] = []): Promise<void> {
    const topics = new Map<string, { partition: number; offset: string; metadata: string | null }[]>();
    for (const given of topicPartitions) {
      checkCommit(given);
      const { topic, partition, offset, metadata = null } = given;
      const partitions = topics.get(topic) ?? [];
      topics.set(topic, partitions);
      partitions.push({ partition, offset: textOf(offset), metadata });
    }
    this.#running();
    await this.#runner?.commitOffsets({ topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) });
  }

  seek({ topic, partition, offset }: TopicPartitionOffset): void {
    checkTopic(topic);
    checkPartition(partition);
    const target = offsetOf(offset, { isSpecialAllowed: true });
    this.#running().seek(topic, partition, target);
    this.#fetching?.wake();
  }

  pause(topics: Array<{ topic: string; partitions?: number[] }> = []): void {
    checkTopicPartitions(topics);
    this.#running().subscriptions.pause(topics);
  }

  paused(): ReturnType<Consumer['paused']> {
    return this.#group?.subscriptions.paused() ?? [];
  }

  resume(topics: Array<{ topic: string; partitions?: number[] }> = []): void {
    checkTopicPartitions(topics);
    this.#running().subscriptions.resume(topics);
    this.#fetching?.wake();
  }

  #running(): ConsumerGroup {
    if (this.#group === undefined) throw new KafkaJSNonRetriableError('The consumer is not running; call run first.');
    return this.#group;
  }

  async #start(run: ConsumerRunConfig): Promise<void> {
    const { cluster, instrumentation, logger, retry, config } = this.#parts;
    const { groupId, sessionTimeout = 30_000, rebalanceTimeout = 60_000, heartbeatInterval = 3000 } = config;
    const { minBytes = 1, maxBytes = 10_485_760, maxBytesPerPartition = 1_048_576, maxWaitTimeInMs = 5000 } = config;
    const { readUncommitted = false, rackId = '', metadataMaxAge = 300_000 } = config;
    const { autoCommit = true, autoCommitInterval = null, autoCommitThreshold = null } = run;
    this.#logger.info('Starting', { groupId });
    const group = new ConsumerGroup({
      cluster,
      groupId,
      assigners: this.#assigners,
      topics: new Map(this.#topics),
      instrumentation,
      logger,
      retry,
      sessionTimeout,
      rebalanceTimeout,
      heartbeatInterval,
      autoCommit,
      autoCommitInterval,
      autoCommitThreshold,
    });
    const limits = { minBytes, maxBytes, maxBytesPerPartition, maxWaitTimeInMs };
    const fetching = new Fetching({
      cluster,
      group,
      logger,
      ...limits,
      isReadCommitted: !readUncommitted,
      rackId,
      metadataMaxAge,
    });
    this.#group = group;
    this.#fetching = fetching;
    this.#runner = new Runner({
      cluster,
      group,
      fetching,
      instrumentation,
      logger,
      retry,
      autoCommit,
      eachBatchAutoResolve: run.eachBatchAutoResolve ?? true,
      eachBatch: run.eachBatch ?? null,
      eachMessage: run.eachMessage ?? null,
      concurrency: run.partitionsConsumedConcurrently ?? 1,
      crashed: (error) => this.#crashed(error, run),
    });
    await this.#runner.start();
  }

  async #stop(): Promise<void> {
    const { config, instrumentation } = this.#parts;
    const { groupId } = config;
    const runner = this.#runner;
    if (runner !== undefined) {
      await runner.stop();
      this.#group?.silence();
      this.#runner = undefined;
      this.#group = undefined;
      this.#fetching = undefined;
      instrumentation.emit(events.STOP);
    }
    clearTimeout(this.#restart);
    this.#logger.info('Stopped', { groupId });
  }

  /** Disconnects, and begins anew where that may help and `restartOnFailure` does not forbid it. */
  async #crashed(thrown: Error, run: ConsumerRunConfig): Promise<void> {
    const { config, instrumentation, retry } = this.#parts;
    const { groupId } = config;
    const error = kafkaJSError(thrown) as Error & { retryCount?: number; retryTime?: number };
    const { name, message, stack, retryCount } = error;
    this.#logger.error(`Crash: ${name}: ${message}`, { groupId, retryCount, stack });
    await this.disconnect();
    const mayHelp = name === 'KafkaJSNumberOfRetriesExceeded' || rootOf(error).retriable === true;
    const restart = mayHelp && (await this.#isRestartWanted(error));
    instrumentation.emit(events.CRASH, { error, groupId, restart });
    if (!restart) return;
    const retryTime = error.retryTime ?? retry.initialRetryTime ?? retryDefaults.initialRetryTime;
    this.#logger.error(`Restarting the consumer in ${retryTime} ms`, { retryCount, retryTime, groupId });
    this.#restart = setTimeout(() => void this.#start(run), retryTime);
  }

  async #isRestartWanted(error: Error): Promise<boolean> {
    const { restartOnFailure } = this.#parts.retry;
    if (restartOnFailure === undefined) return true;
    try {
      return await restartOnFailure(error);
    } catch (failure) {
      const { groupId } = this.#parts.config;
      this.#logger.error('"restartOnFailure" threw, restarting', {
        error: (failure as Error).message,
        cause: error.message,
        groupId,
      });
      return true;
    }
  }
}

function rootOf(error: Error): Error & { retriable?: boolean } {
  let root = error;
  while (root.cause instanceof Error) root = root.cause;
  return root;
}
