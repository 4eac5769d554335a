/**
 * Every partition this broker serves, by topic name and by topic id. In: the metadata image's topics. Out: open partitions; their
 * logs are opened at start, made with their topic, and marked deleted with it.
 */
import { type Host, isMillraceError, type Logger } from '@millrace/base';
import type { LogConfig, LogDirectory } from '@millrace/log';
import { errors, zeroUuid } from '@millrace/protocol';

import type { FetchTarget } from './fetch-session.ts';
import type { MetadataImage, TopicImage } from './metadata/image.ts';
import { Partition } from './partition.ts';

export interface ServedTopic {
  readonly name: string;
  readonly id: string;
  /** By index; undefined where the log could not be opened. */
  readonly partitions: (Partition | undefined)[];
  minInSync: number;
}

export interface TopicSettings {
  readonly log: LogConfig;
  readonly minInSync: number;
}

export interface PartitionsOptions {
  readonly host: Host;
  readonly directories: readonly LogDirectory[];
  readonly image: MetadataImage;
  /** Effective settings of a topic: its own over the broker's. */
  readonly settingsOf: (topic: string) => TopicSettings;
}

/** Topics that only coordinators write to. */
const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

/** How long opening may keep everybody waiting. */
const turnMs = 10;

export class Partitions {
  readonly #options: PartitionsOptions;
  readonly #log: Logger;
  readonly #byName = new Map<string, ServedTopic>();
  readonly #byId = new Map<string, ServedTopic>();

  constructor(options: PartitionsOptions) {
    this.#options = options;
    this.#log = options.host.log.child({ part: 'partitions' });
  }

  byName(topic: string, index: number): Partition | undefined {
    return this.#byName.get(topic)?.partitions[index];
  }

  byId(topicId: string, index: number): Partition | undefined {
    return this.#byId.get(topicId)?.partitions[index];
  }

  hasId(topicId: string): boolean {
    return this.#byId.has(topicId);
  }

  topic(name: string): ServedTopic | undefined {
    return this.#byName.get(name);
  }

  topics(): IterableIterator<ServedTopic> {
    return this.#byName.values();
  }

  *all(): Generator<Partition> {
    for (const { partitions } of this.#byName.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition;
    }
  }

  isInternal(topic: string): boolean {
    return internalTopics.has(topic);
  }

  minInSync(partition: Partition): number {
    return this.#byName.get(partition.topic)?.minInSync ?? 1;
  }

  ofTarget(target: FetchTarget): Partition | undefined {
    return target.topicId === zeroUuid
      ? this.byName(target.topic, target.partition)
      : this.byId(target.topicId, target.partition);
  }

  /** Why `ofTarget` found nothing. */
  missingCode(target: FetchTarget): number {
    const byId = target.topicId !== zeroUuid;
    const image = byId ? this.#options.image.topicById(target.topicId) : this.#options.image.topic(target.topic);
    if (image === undefined) return byId ? errors.UNKNOWN_TOPIC_ID : errors.UNKNOWN_TOPIC_OR_PARTITION;
    return image.partitions[target.partition] === undefined
      ? errors.UNKNOWN_TOPIC_OR_PARTITION
      : errors.KAFKA_STORAGE_ERROR;
  }

  /** Opens the partitions of a topic that are not open yet, at start. */
  open(image: TopicImage): void {
    const topic = this.#served(image);
    const { log } = this.#options.settingsOf(image.name);
    for (const { index, leaderEpoch } of image.partitions) {
      if (topic.partitions[index] === undefined) {
        topic.partitions[index] = this.#openOne(topic, index, leaderEpoch, log);
      }
    }
  }

  /** The same after creation and growth, while others are answered: folders of many partitions take their time. */
  async openInTurns(image: TopicImage): Promise<void> {
    const { settingsOf, host } = this.#options;
    const topic = this.#served(image);
    let turnEndsAtMs = host.clock.monotonic() + turnMs;
    for (const { index, leaderEpoch } of image.partitions) {
      // Removed meanwhile.
      if (this.#byId.get(topic.id) !== topic) return;
      if (topic.partitions[index] !== undefined) continue;
      topic.partitions[index] = this.#openOne(topic, index, leaderEpoch, settingsOf(topic.name).log);
      if (host.clock.monotonic() < turnEndsAtMs) continue;
      await new Promise<void>((resolve) => host.timers.after(0, resolve));
      turnEndsAtMs = host.clock.monotonic() + turnMs;
    }
  }

  /** New settings of one topic, or of all when none is named. */
  configure(topicName?: string): void {
    for (const topic of this.#byName.values()) {
      if (topicName !== undefined && topic.name !== topicName) continue;
      const settings = this.#options.settingsOf(topic.name);
      topic.minInSync = settings.minInSync;
      for (const partition of topic.partitions) partition?.log.configure(settings.log);
    }
  }

  /** The topic is gone from the metadata: its folders are renamed, and removed later. */
  remove(topicId: string): void {
    const topic = this.#byId.get(topicId);
    if (topic === undefined) return;
    this.#byId.delete(topicId);
    this.#byName.delete(topic.name);
    for (const partition of topic.partitions) {
      partition?.close();
      partition?.log.markDeleted();
    }
  }

  #served(image: TopicImage): ServedTopic {
    let topic = this.#byName.get(image.name);
    if (topic === undefined) {
      const { minInSync } = this.#options.settingsOf(image.name);
      topic = { name: image.name, id: image.id, partitions: [], minInSync };
      this.#byName.set(topic.name, topic);
      this.#byId.set(topic.id, topic);
    }
    return topic;
  }

  #openOne(topic: ServedTopic, index: number, leaderEpoch: number, config: LogConfig): Partition | undefined {
    const directory = this.#directoryOf(topic.name, index);
    try {
      const log = directory.openLog(topic.name, index, topic.id, config);
      return new Partition(topic, index, log, leaderEpoch, directory);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#log.error(
        { topic: topic.name, partition: index, reason: error.message },
        'partition is offline: its log could not be opened',
      );
      return undefined;
    }
  }

  /** Where the folder is already; else the directory with the fewest partitions. */
  #directoryOf(topic: string, index: number): LogDirectory {
    const { directories } = this.#options;
    const working = directories.filter(({ failure }) => failure === undefined);
    const holder = directories.find((directory) => directory.holds(topic, index));
    if (holder !== undefined) return holder;
    return (working.length > 0 ? working : directories).reduce((least, next) =>
      next.logCount < least.logCount ? next : least,
    );
  }
}
