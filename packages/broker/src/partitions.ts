/**
 * Every partition this broker serves, by topic name and by topic id. In: the metadata image's topics. Out: open partitions; their
 * logs are opened at start, made with their topic, and marked deleted with it.
 */
import { type Host, isMillraceError, type Logger, MillraceError } from '@millrace/base';
import type { LogConfig, LogDirectory } from '@millrace/log';
import { errors, zeroUuid } from '@millrace/protocol';

import type { FetchTarget } from './fetch-session.ts';
import type { MetadataImage, PartitionImage, TopicImage } from './metadata/image.ts';
import type { MetadataRecord } from './metadata/record.ts';
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
  /** `cordoned.log.dirs`: gets no new partitions. */
  readonly isCordoned: (directory: LogDirectory) => boolean;
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
    for (const partition of image.partitions) {
      if (topic.partitions[partition.index] === undefined) {
        topic.partitions[partition.index] = this.#openOne(topic, partition, log);
      }
    }
  }

  /** The same after creation and growth, while others are answered: folders of many partitions take their time. */
  async openInTurns(image: TopicImage): Promise<void> {
    const { settingsOf, host } = this.#options;
    const topic = this.#served(image);
    let turnEndsAtMs = host.clock.monotonic() + turnMs;
    for (const partition of image.partitions) {
      // Removed meanwhile.
      if (this.#byId.get(topic.id) !== topic) return;
      if (topic.partitions[partition.index] !== undefined) continue;
      topic.partitions[partition.index] = this.#openOne(topic, partition, settingsOf(topic.name).log);
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

  /** What serves it no longer knows what is on the disk: the next start looks. */
  takeOffline(partition: Partition): void {
    const topic = this.#byId.get(partition.topicId);
    if (topic?.partitions[partition.index] !== partition) return;
    partition.close();
    topic.partitions[partition.index] = undefined;
  }

  /** Where `count` new partitions are to lie, as Kafka fills directories: each time the one with the fewest. None: none may be used. */
  place(count: number): readonly LogDirectory[] {
    const { directories, image, isCordoned } = this.#options;
    const open = directories.filter((directory) => directory.failure === undefined && !isCordoned(directory));
    const [only] = open;
    if (only === undefined) return [];
    if (open.length === 1) return Array.from({ length: count }, () => only);
    const counts = new Map(open.map((directory) => [directory.directoryId, directory.futureCount]));
    for (const { partitions } of image.topics()) {
      for (const { directory = '' } of partitions) counts.set(directory, (counts.get(directory) ?? 0) + 1);
    }
    const countOf = (directory: LogDirectory): number => counts.get(directory.directoryId) ?? 0;
    return Array.from({ length: count }, () => {
      const least = open.reduce((least, next) => (countOf(next) < countOf(least) ? next : least), only);
      counts.set(least.directoryId, countOf(least) + 1);
      return least;
    });
  }

  /** Records for partitions that lie elsewhere than the metadata say: moved, or made before directories were noted. */
  *corrections(): Generator<MetadataRecord> {
    const { image } = this.#options;
    for (const partition of this.all()) {
      const known = image.topicById(partition.topicId)?.partitions[partition.index];
      if (known !== undefined && known.directory !== partition.directory.directoryId)
        yield assignment(partition, known);
    }
  }

  #openOne(topic: ServedTopic, image: PartitionImage, config: LogConfig): Partition | undefined {
    const { index, leaderEpoch } = image;
    try {
      const directory = this.#directoryOf(topic.name, image);
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

  /** Where the folder is already; else where the metadata say. A partition of a directory that is not there waits for it. */
  #directoryOf(topic: string, { index, directory: assigned }: PartitionImage): LogDirectory {
    const { directories } = this.#options;
    const holders = directories.filter((directory) => directory.holds(topic, index));
    const [holder] = holders;
    if (holder !== undefined) return holders.length === 1 ? holder : this.#settle(topic, index, holders, assigned);
    const home = directories.find(({ directoryId }) => directoryId === assigned);
    if (home !== undefined) return home;
    if (assigned === undefined) {
      const [free = directories[0]] = this.place(1);
      if (free !== undefined) return free;
    }
    throw new MillraceError(
      'STORAGE',
      `The log directory ${assigned} that holds it is not in use: bring it back, or name it in log.dirs.`,
    );
  }

  /** A crash at the end of a move leaves two folders: the one with the note of the move is the newer one. */
  #settle(topic: string, index: number, holders: readonly LogDirectory[], assigned: string | undefined): LogDirectory {
    for (const directory of holders) {
      const from = directory.movedFrom(topic, index);
      const old = holders.find(({ directoryId }) => directoryId === from);
      if (old === undefined || old === directory) continue;
      old.deletePartition(topic, index, 0);
      this.#options.host.disk.syncFolder(old.path);
      directory.forgetMove(topic, index);
      this.#log.info({ topic, partition: index, path: directory.path }, 'ended a move that a crash had interrupted');
      return directory;
    }
    const chosen = holders.find(({ directoryId }) => directoryId === assigned) ?? holders[0]!;
    this.#log.warn(
      { topic, partition: index, paths: holders.map(({ path }) => path), chosen: chosen.path },
      'a partition has a folder in several log directories; the others are left alone',
    );
    return chosen;
  }
}

/** Says where the partition lies. */
export function assignment(
  { topicId, index, directory }: Partition,
  { leaderEpoch, partitionEpoch }: PartitionImage,
): MetadataRecord {
  return {
    type: 'PartitionRecord',
    topicId,
    partitionId: index,
    leaderEpoch,
    partitionEpoch: partitionEpoch + 1,
    directory: directory.directoryId,
  };
}
