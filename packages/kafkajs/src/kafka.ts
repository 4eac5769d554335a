/** The way in: a client's options, and the doors made with them. */
import { PartitionAssigners } from './assigners.ts';
import { createAdmin } from './admin/admin.ts';
import { DoorCluster, type DoorClusterOptions } from './cluster.ts';
import { createConsumer } from './consumer/consumer.ts';
import { logLevel } from './enums.ts';
import { adminEvents, consumerEvents, Instrumentation, producerEvents } from './events.ts';
import { consoleLogCreator, createLogger, type Logger } from './logger.ts';
import { createProducer } from './producer/producer.ts';
import type { Admin, AdminConfig } from './types/admin.ts';
import type { Consumer, ConsumerConfig } from './types/consumer.ts';
import type { KafkaConfig } from './types/kafka.ts';
import type { Producer, ProducerConfig } from './types/producer.ts';

const metadataMaxAgeDefault = 300_000;
let isPartitionerWarned = false;

export interface Kafka {
  producer(config?: ProducerConfig): Producer;
  consumer(config: ConsumerConfig): Consumer;
  admin(config?: AdminConfig): Admin;
  logger(): Logger;
}

class Client implements Kafka {
  readonly #config: KafkaConfig;
  readonly #logger: Logger;

  constructor(config: KafkaConfig) {
    const { logLevel: level = logLevel.INFO, logCreator = consoleLogCreator } = config;
    this.#config = config;
    this.#logger = createLogger(level, logCreator);
  }

  producer(config: ProducerConfig = {}): Producer {
    const logger = this.#logger.namespace('Producer');
    const instrumentation = new Instrumentation(producerEvents, () => logger);
    if (config.createPartitioner === undefined || config.createPartitioner === null) this.#warnOfPartitioner();
    const retry = { ...this.#config.retry, ...config.retry };
    return createProducer({ config, client: this.#config, logger: this.#logger, instrumentation, retry });
  }

  consumer(config: ConsumerConfig = {} as ConsumerConfig): Consumer {
    const { partitionAssigners = [PartitionAssigners.roundRobin], retry = { retries: 5 }, readUncommitted } = config;
    const logger = this.#logger.namespace('Consumer');
    const instrumentation = new Instrumentation(consumerEvents, () => logger);
    const cluster = this.#cluster(instrumentation, {
      events: consumerEvents,
      metadataMaxAge: config.metadataMaxAge ?? metadataMaxAgeDefault,
      allowAutoTopicCreation: config.allowAutoTopicCreation ?? true,
      isReadCommitted: readUncommitted !== true,
      maxInFlightRequests: config.maxInFlightRequests,
    });
    return createConsumer({
      config: { ...config, partitionAssigners },
      cluster,
      logger: this.#logger,
      instrumentation,
      retry: { ...this.#config.retry, ...retry },
    });
  }

  admin({ retry }: AdminConfig = {}): Admin {
    const logger = this.#logger.namespace('Admin');
    const instrumentation = new Instrumentation(adminEvents, () => logger);
    const cluster = this.#cluster(instrumentation, {
      events: adminEvents,
      metadataMaxAge: metadataMaxAgeDefault,
      allowAutoTopicCreation: false,
    });
    return createAdmin({ cluster, logger, instrumentation, retry: { ...this.#config.retry, ...retry } });
  }

  logger(): Logger {
    return this.#logger;
  }

  #cluster(
    instrumentation: Instrumentation,
    options: Omit<DoorClusterOptions, 'config' | 'logger' | 'instrumentation'>,
  ): DoorCluster {
    return new DoorCluster({ config: this.#config, logger: this.#logger, instrumentation, ...options });
  }

  #warnOfPartitioner(): void {
    if (isPartitionerWarned) return;
    isPartitionerWarned = true;
    if (process.env['KAFKAJS_NO_PARTITIONER_WARNING'] !== undefined) return;
    this.#logger.warn(
      'No "createPartitioner" was given: keys are spread as Java does it, which is kafkajs 2. Topics that were written to with kafkajs 1 need "createPartitioner: Partitioners.LegacyPartitioner". KAFKAJS_NO_PARTITIONER_WARNING=1 silences this.',
    );
  }
}

/** Declared by its surface alone, so that a client of kafkajs may stand where one of ours is expected. */
export const Kafka: new (config: KafkaConfig) => Kafka = Client;
