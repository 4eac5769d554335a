/**
 * What the metadata log says, replayed: topics, partitions, settings, producer ids. Only `replay` changes it; handlers read it
 * without an `await` in between, so each sees one state.
 */
import { QuotaTable } from '../quota/quota-table.ts';
import type { MetadataRecord } from './record.ts';

export interface PartitionImage {
  readonly index: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  /** The id of the log directory that the partition lives in; undefined in records of before. */
  readonly directory?: string | undefined;
}

export interface TopicImage {
  readonly name: string;
  readonly id: string;
  readonly partitions: PartitionImage[];
}

/** Kafka's ConfigResource types. */
export const resourceTypes = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;

export class MetadataImage {
  readonly #topicsByName = new Map<string, TopicImage>();
  readonly #topicsById = new Map<string, TopicImage>();
  readonly #settings = new Map<string, Map<string, string>>();
  readonly #features = new Map<string, number>();
  readonly quotas = new QuotaTable();
  /** The first producer id that was not handed out yet. */
  nextProducerId = 0;
  /** Counts up whenever a topic comes, grows or goes. */
  topicsVersion = 0;
  /** The version in which a topic came last. */
  newTopicsVersion = 0;

  topic(name: string): TopicImage | undefined {
    return this.#topicsByName.get(name);
  }

  topicById(id: string): TopicImage | undefined {
    return this.#topicsById.get(id);
  }

  topics(): IterableIterator<TopicImage> {
    return this.#topicsByName.values();
  }

  get topicCount(): number {
    return this.#topicsByName.size;
  }

  /** What was set by name for one resource, without defaults. */
  settings(type: number, name: string): ReadonlyMap<string, string> {
    return this.#settings.get(keyOf(type, name)) ?? noSettings;
  }

  /** Names of the resources of a type for which something is set. */
  settingNames(type: number): string[] {
    const prefix = `${type} `;
    return [...this.#settings.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  /** 0: as if there were no such feature. */
  featureLevel(name: string): number {
    return this.#features.get(name) ?? 0;
  }

  features(): ReadonlyMap<string, number> {
    return this.#features;
  }

  replay(record: MetadataRecord): void {
    switch (record.type) {
      case 'TopicRecord': {
        this.newTopicsVersion = ++this.topicsVersion;
        const topic = { name: record.name, id: record.topicId, partitions: [] };
        this.#topicsByName.set(topic.name, topic);
        this.#topicsById.set(topic.id, topic);
        return;
      }
      case 'PartitionRecord': {
        this.topicsVersion++;
        const topic = this.#topicsById.get(record.topicId);
        if (topic === undefined) return;
        topic.partitions[record.partitionId] = {
          index: record.partitionId,
          leaderEpoch: record.leaderEpoch,
          partitionEpoch: record.partitionEpoch,
          directory: record.directory,
        };
        return;
      }
      case 'RemoveTopicRecord': {
        this.topicsVersion++;
        const topic = this.#topicsById.get(record.topicId);
        if (topic === undefined) return;
        this.#topicsById.delete(topic.id);
        this.#topicsByName.delete(topic.name);
        this.#settings.delete(keyOf(resourceTypes.topic, topic.name));
        return;
      }
      case 'ConfigRecord':
        this.#set(keyOf(record.resourceType, record.resourceName), record.name, record.value);
        return;
      case 'ClientQuotaRecord':
        this.quotas.replay(record);
        return;
      case 'ProducerIdsRecord':
        this.nextProducerId = record.nextProducerId;
        return;
      case 'FeatureLevelRecord':
        if (record.featureLevel > 0) this.#features.set(record.name, record.featureLevel);
        else this.#features.delete(record.name);
        return;
    }
  }

  /** The shortest list of records that leads to this state. */
  *records(): Generator<MetadataRecord> {
    for (const [name, featureLevel] of this.#features) yield { type: 'FeatureLevelRecord', name, featureLevel };
    for (const { name, id, partitions } of this.#topicsByName.values()) {
      yield { type: 'TopicRecord', name, topicId: id };
      for (const { index, leaderEpoch, partitionEpoch, directory } of partitions) {
        yield { type: 'PartitionRecord', topicId: id, partitionId: index, leaderEpoch, partitionEpoch, directory };
      }
    }
    for (const [key, settings] of this.#settings) {
      const at = key.indexOf(' ');
      for (const [name, value] of settings) {
        yield {
          type: 'ConfigRecord',
          resourceType: Number(key.slice(0, at)),
          resourceName: key.slice(at + 1),
          name,
          value,
        };
      }
    }
    yield* this.quotas.records();
    if (this.nextProducerId > 0) yield { type: 'ProducerIdsRecord', nextProducerId: this.nextProducerId };
  }

  #set(key: string, name: string, value: string | null): void {
    const settings = this.#settings.get(key) ?? new Map<string, string>();
    if (value === null) settings.delete(name);
    else settings.set(name, value);
    if (settings.size === 0) this.#settings.delete(key);
    else this.#settings.set(key, settings);
  }
}

const noSettings: ReadonlyMap<string, string> = new Map();

function keyOf(type: number, name: string): string {
  return `${type} ${name}`;
}
