/**
 * What every key is worth now: a topic's own settings over the broker's dynamic ones over the file's over the defaults. In: the
 * configuration the process was started with, and the metadata image. Out: typed values for the parts, and descriptions and verdicts
 * for the settings APIs.
 */
import { resolve } from 'node:path';

import { configure, valueFault, type KeyTable, type Values } from '@millrace/base';
import type { LogConfig } from '@millrace/log';
import { errors } from '@millrace/protocol';

import type { BrokerConfig } from './config/broker-config.ts';
import { brokerKeys } from './config/broker-keys.ts';
import { clientMetricsFault, clientMetricsKeys } from './config/client-metrics-keys.ts';
import { brokerChangeFault, brokerKeyOf } from './config/dynamic-rules.ts';
import { groupKeys } from './config/group-keys.ts';
import { topicKeys } from './config/topic-keys.ts';
import type { CoordinatorSettings } from './coordinator/environment.ts';
import {
  decidingText,
  decidingTexts,
  described,
  sources,
  speaking,
  type DescribedKey,
  type Layer,
} from './described-key.ts';
import { groupFault, groupSettings } from './group-settings.ts';
import type { Fault } from './metadata/controller.ts';
import { resourceTypes, type MetadataImage } from './metadata/image.ts';
import type { MetadataRecord } from './metadata/record.ts';
import type { TopicSettings } from './partitions.ts';
import { transactionsTopic } from './transaction/transaction-coordinator.ts';
import { transactionSettings, transactionsTopicSettings } from './transaction-settings.ts';

type BrokerValues = Values<typeof brokerKeys>;
type TopicValues = Values<typeof topicKeys>;

export class Settings {
  readonly #config: BrokerConfig;
  readonly #image: MetadataImage;
  #values!: BrokerValues;
  /** Texts of the topic keys for a topic that sets nothing. */
  #topicDefaults: ReadonlyMap<string, string> = new Map();
  /** Topics without settings of their own share one object. */
  #plainTopic: TopicSettings | undefined;
  #topicChanged: (topic?: string) => void = () => {};
  readonly groups: CoordinatorSettings;
  readonly transactions = transactionSettings(() => this.#values);

  constructor(config: BrokerConfig, image: MetadataImage) {
    this.#config = config;
    this.#image = image;
    this.#refresh();
    this.groups = groupSettings({
      values: () => this.#values,
      own: (group) => this.#image.settings(resourceTypes.group, group),
    });
  }

  /** The broker's own keys, as they are now. */
  get values(): BrokerValues {
    return this.#values;
  }

  get autoCreateTopics(): boolean {
    return this.#values['auto.create.topics.enable'];
  }

  get deleteTopicEnable(): boolean {
    return this.#values['delete.topic.enable'];
  }

  get partitionCountDefault(): number {
    return this.#values['num.partitions'];
  }

  get replicationFactorDefault(): number {
    return this.#values['default.replication.factor'];
  }

  /** `cordoned.log.dirs`, where `*` stands for all. */
  isCordoned(directory: string): boolean {
    const cordoned = this.#values['cordoned.log.dirs'];
    return cordoned.some((path) => path === '*' || resolve(path) === directory);
  }

  get moveBytesPerSecondMax(): number {
    return this.#values['replica.alter.log.dirs.io.max.bytes.per.second'];
  }

  get partitionsPerAnswerMax(): number {
    return this.#values['max.request.partition.size.limit'];
  }

  get fetchBytesMax(): number {
    return this.#values['fetch.max.bytes'];
  }

  /** `undefined`: of all topics. */
  onTopicChange(callback: (topic?: string) => void): void {
    this.#topicChanged = callback;
  }

  /** After the replay of a record that was committed. */
  changed(record: MetadataRecord): void {
    if (record.type !== 'ConfigRecord') return;
    if (record.resourceType === resourceTypes.topic) this.#topicChanged(record.resourceName);
    if (record.resourceType !== resourceTypes.broker) return;
    this.#refresh();
    this.#topicChanged();
  }

  /** At start, when all records were replayed. */
  loaded(): void {
    this.#refresh();
  }

  ofTopic(name: string): TopicSettings {
    const own = this.#image.settings(resourceTypes.topic, name);
    return own.size === 0 ? (this.#plainTopic ??= this.#topicSettings(own)) : this.#topicSettings(own);
  }

  internalTopic(
    name: string,
  ): { readonly partitionCount: number; readonly settings: ReadonlyMap<string, string> } | undefined {
    const values = this.#values;
    if (name === transactionsTopic) {
      const partitionCount = values['transaction.state.log.num.partitions'];
      return { partitionCount, settings: transactionsTopicSettings(values) };
    }
    if (name !== '__consumer_offsets') return undefined;
    return {
      partitionCount: values['offsets.topic.num.partitions'],
      settings: new Map([
        ['cleanup.policy', 'compact'],
        ['compression.type', 'producer'],
        ['segment.bytes', String(values['offsets.topic.segment.bytes'])],
      ]),
    };
  }

  /** Kafka's sentence for what is wrong with the settings of a topic. */
  topicFault(own: ReadonlyMap<string, string>): string | undefined {
    return tableFault(topicKeys, own, 'Unknown topic config name') ?? this.#topicConflict(own);
  }

  /** `after` is what the resource would have of its own, `changes` what led there. */
  resourceFault(
    type: number,
    after: ReadonlyMap<string, string>,
    changes: ReadonlyMap<string, string | null>,
    name: string,
  ): Fault | undefined {
    switch (type) {
      case resourceTypes.topic:
        return invalidConfig(this.topicFault(after));
      case resourceTypes.group:
        return invalidConfig(
          tableFault(groupKeys, after, 'Unknown group config name') ?? groupFault(after, this.#values),
        );
      case resourceTypes.clientMetrics:
        return clientMetricsFault(after);
      default:
        return brokerChangeFault({ broker: name, changes, values: this.#values, logDirs: this.#config.logDirs });
    }
  }

  isList(type: number, name: string): boolean {
    return tableOf(type)[name]?.type === 'list';
  }

  /** The text that counts for a key which the resource has not set itself. */
  valueOf(type: number, name: string): string | null {
    if (type === resourceTypes.topic) return this.#brokerTextOf(name);
    return decidingText(tableOf(type), brokerKeys, name, type === resourceTypes.broker ? this.#layers() : []);
  }

  brokerNameFault(name: string): string | undefined {
    const { nodeId } = this.#config;
    if (name === '' || name === String(nodeId)) return undefined;
    if (!/^-?\d+$/.test(name)) return `Broker id must be an integer, but it is: ${name}`;
    return `Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`;
  }

  /** `own` stands in for the topic's settings where the topic does not exist yet. */
  describeTopic(
    topic: string,
    own: ReadonlyMap<string, string> = this.#image.settings(resourceTypes.topic, topic),
  ): DescribedKey[] {
    const layers = this.#layers();
    return Object.entries(topicKeys).map(([name, key]) => {
      const brokerKey = key.synonyms[0]?.name;
      const behind = brokerKey === undefined ? [] : speaking(brokerKeys, brokerKey, layers);
      const text = own.get(name);
      const synonyms = text === undefined ? behind : [{ name, value: text, source: sources.dynamicTopic }, ...behind];
      return described(name, key, { value: text ?? this.#brokerTextOf(name), synonyms, isReadOnly: false });
    });
  }

  describeBroker(): DescribedKey[] {
    const layers = this.#layers();
    const found: DescribedKey[] = [];
    for (const [name, key] of Object.entries(brokerKeys)) {
      const synonyms = speaking(brokerKeys, name, layers);
      const isSet = synonyms.some(({ source }) => source !== sources.default);
      if (shownWhenSet.has(name) && !isSet) continue;
      const value = synonyms[0]?.value ?? key.default;
      found.push(described(name, key, { value, synonyms, isReadOnly: key.dynamic === 'read-only' }));
    }
    return [...found, ...this.#ofListeners(layers), ...unknownKeys(layers[0]?.texts, sources.dynamicBroker)];
  }

  /** Keys that one listener has a value of its own for. */
  #ofListeners(layers: readonly Layer[]): DescribedKey[] {
    return layers
      .filter(({ source }) => source === sources.dynamicBroker || source === sources.dynamicDefaultBroker)
      .flatMap(({ texts, source }) =>
        [...texts].flatMap(([name, value]) => {
          const found = brokerKeyOf(name);
          if (found === undefined || found.plainName === name) return [];
          const behind = speaking(brokerKeys, found.plainName, layers);
          const synonyms = [{ name, value, source }, ...behind];
          return [described(name, found.key, { value, synonyms, isReadOnly: true })];
        }),
      );
  }

  /** What is set for all brokers at once, and nothing else. */
  describeBrokerDefaults(): DescribedKey[] {
    const found: DescribedKey[] = [];
    const texts = this.#image.settings(resourceTypes.broker, '');
    for (const [name, value] of texts) {
      const key = (brokerKeys as KeyTable)[name];
      if (key === undefined) continue;
      found.push(
        described(name, key, {
          value,
          synonyms: [{ name, value, source: sources.dynamicDefaultBroker }],
          isReadOnly: false,
        }),
      );
    }
    return [...found, ...unknownKeys(texts, sources.dynamicDefaultBroker)];
  }

  describeGroup(name: string): DescribedKey[] {
    return this.#describeOwn(groupKeys, this.#image.settings(resourceTypes.group, name), sources.group);
  }

  describeClientMetrics(name: string): DescribedKey[] {
    return this.#describeOwn(
      clientMetricsKeys,
      this.#image.settings(resourceTypes.clientMetrics, name),
      sources.clientMetrics,
    );
  }

  #describeOwn(table: KeyTable, own: ReadonlyMap<string, string>, source: number): DescribedKey[] {
    const layers = this.#layers();
    return Object.entries(table).map(([name, key]) => {
      const brokerKey = key.synonyms[0]?.name;
      const behind =
        brokerKey === undefined
          ? key.default === null || source === sources.clientMetrics
            ? []
            : [{ name, value: key.default, source: sources.default }]
          : speaking(brokerKeys, brokerKey, layers);
      const text = own.get(name);
      const value =
        text ?? (brokerKey === undefined ? key.default : decidingText(brokerKeys, brokerKeys, brokerKey, layers));
      return described(name, key, {
        value,
        synonyms: text === undefined ? behind : [{ name, value: text, source }, ...behind],
        isReadOnly: false,
      });
    });
  }

  /** A topic key's text where the topic says nothing: the broker's, or the key's own default. */
  #brokerTextOf(name: string): string | null {
    return this.#topicDefaults.get(name) ?? null;
  }

  #topicTexts(own: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    return new Map([...this.#topicDefaults, ...own]);
  }

  #topicSettings(own: ReadonlyMap<string, string>): TopicSettings {
    const values = configure(topicKeys, this.#topicTexts(own));
    return { log: logConfig(values, this.#values), minInSync: values['min.insync.replicas'] };
  }

  #topicConflict(own: ReadonlyMap<string, string>): string | undefined {
    const values = configure(topicKeys, this.#topicTexts(own));
    const min = values['min.compaction.lag.ms'];
    const max = values['max.compaction.lag.ms'];
    if (min <= max) return undefined;
    return `conflict topic config setting min.compaction.lag.ms (${min}) > max.compaction.lag.ms (${max})`;
  }

  #refresh(): void {
    const layers = this.#layers();
    this.#values = configure(brokerKeys, decidingTexts(brokerKeys, brokerKeys, layers));
    this.#topicDefaults = decidingTexts(topicKeys, brokerKeys, layers);
    this.#plainTopic = undefined;
  }

  #layers(): Layer[] {
    return [
      { texts: this.#image.settings(resourceTypes.broker, String(this.#config.nodeId)), source: sources.dynamicBroker },
      { texts: this.#image.settings(resourceTypes.broker, ''), source: sources.dynamicDefaultBroker },
      { texts: this.#config.properties, source: sources.staticBroker },
    ];
  }
}

/** Limits that exist at run time only, and what Kafka calls internal: listed when they are set. */
const shownWhenSet: ReadonlySet<string> = new Set([
  'group.consumer.regex.refresh.interval.ms',
  'follower.replication.throttled.rate',
  'leader.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
]);

function tableOf(type: number): KeyTable {
  switch (type) {
    case resourceTypes.topic:
      return topicKeys;
    case resourceTypes.group:
      return groupKeys;
    case resourceTypes.clientMetrics:
      return clientMetricsKeys;
    default:
      return brokerKeys;
  }
}

function invalidConfig(errorMessage: string | undefined): Fault | undefined {
  return errorMessage === undefined ? undefined : { errorCode: errors.INVALID_CONFIG, errorMessage };
}

function tableFault(table: KeyTable, own: ReadonlyMap<string, string>, unknown: string): string | undefined {
  for (const [name, text] of own) {
    const key = Object.hasOwn(table, name) ? table[name] : undefined;
    const fault = key === undefined ? `${unknown}: ${name}` : valueFault(name, key, text);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Kafka takes keys that it does not know, for plug-ins, and treats them as secrets. */
function unknownKeys(texts: ReadonlyMap<string, string> | undefined, source: number): DescribedKey[] {
  return [...(texts?.keys() ?? [])]
    .filter((name) => brokerKeyOf(name) === undefined)
    .map((name) => ({
      name,
      value: null,
      isReadOnly: false,
      isSensitive: true,
      source,
      type: 0,
      documentation: '',
      synonyms: [{ name, value: null, source }],
    }));
}

function logConfig(topic: TopicValues, broker: BrokerValues): LogConfig {
  const policies = topic['cleanup.policy'];
  const isCompacted = policies.includes('compact');
  const compression = topic['compression.type'];
  return {
    segmentBytes: topic['segment.bytes'],
    // A log that must be compacted in time must not wait for its segment to end.
    segmentMs: isCompacted ? Math.min(topic['segment.ms'], topic['max.compaction.lag.ms']) : topic['segment.ms'],
    segmentJitterMs: topic['segment.jitter.ms'],
    segmentIndexBytes: topic['segment.index.bytes'],
    indexIntervalBytes: topic['index.interval.bytes'],
    retentionBytes: topic['retention.bytes'],
    retentionMs: topic['retention.ms'],
    fileDeleteDelayMs: topic['file.delete.delay.ms'],
    messageBytesMax: topic['max.message.bytes'],
    timestampType: topic['message.timestamp.type'],
    timestampBeforeMaxMs: topic['message.timestamp.before.max.ms'],
    timestampAfterMaxMs: topic['message.timestamp.after.max.ms'],
    compression,
    compressionLevel: compressionLevel(topic, compression),
    isCompacted,
    isDeleted: policies.includes('delete'),
    compactionLagMinMs: topic['min.compaction.lag.ms'],
    compactionLagMaxMs: topic['max.compaction.lag.ms'],
    dirtyRatioMin: topic['min.cleanable.dirty.ratio'],
    deleteRetentionMs: topic['delete.retention.ms'],
    producerIdExpirationMs: broker['producer.id.expiration.ms'],
    flushMessages: topic['flush.messages'],
    flushMs: topic['flush.ms'],
  };
}

function compressionLevel(topic: TopicValues, compression: LogConfig['compression']): number | undefined {
  switch (compression) {
    case 'gzip':
      return topic['compression.gzip.level'];
    case 'lz4':
      return topic['compression.lz4.level'];
    case 'zstd':
      return topic['compression.zstd.level'];
    case 'producer':
    case 'uncompressed':
    case 'snappy':
      return undefined;
  }
}
