/**
 * Topics as clients make and remove them: the controller decides, the metadata log keeps, the partitions follow.
 */
import { errors } from '@millrace/protocol';

import { isFault, type Controller, type Fault, type NewTopic } from './metadata/controller.ts';
import type { MetadataImage, TopicImage } from './metadata/image.ts';
import type { MetadataLog } from './metadata/metadata-log.ts';
import type { Metrics } from './metrics.ts';
import type { Partitions } from './partitions.ts';

export interface TopicsOptions {
  readonly image: MetadataImage;
  readonly controller: Controller;
  readonly metadata: MetadataLog;
  readonly partitions: Partitions;
  readonly metrics: Metrics;
  /** Settings and partition count of the topics that coordinators keep their state in. */
  readonly internal: (
    name: string,
  ) => { readonly partitionCount: number; readonly settings: ReadonlyMap<string, string> } | undefined;
  /** Offsets of the topic are forgotten. */
  readonly removed: (name: string) => void;
}

export class Topics {
  readonly #options: TopicsOptions;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  /** What creation would give, without doing it. */
  validate(topic: NewTopic): TopicImage | Fault {
    return this.#options.controller.createTopic(topic).response;
  }

  /** The topic is served when the promise settles, and on disk. */
  async create(topic: NewTopic): Promise<TopicImage | Fault> {
    const { controller, metadata, image, partitions } = this.#options;
    const { records, response } = controller.createTopic(topic);
    if (isFault(response)) return response;
    const committed = metadata.commit(records);
    const created = image.topic(topic.name);
    if (created === undefined) {
      await committed;
      return { errorCode: errors.UNKNOWN_SERVER_ERROR, errorMessage: 'The topic was not created.' };
    }
    heardLater(committed);
    await partitions.openInTurns(created);
    await committed;
    return created;
  }

  /** By the broker's own defaults: for a client that names a topic which is not there, and for coordinators. */
  async createAutomatically(name: string): Promise<TopicImage | Fault> {
    const existing = this.#options.image.topic(name);
    if (existing !== undefined) return existing;
    const internal = this.#options.internal(name);
    return await this.create({
      name,
      partitionCount: internal?.partitionCount ?? -1,
      replicationFactor: internal === undefined ? -1 : 1,
      assignments: [],
      settings: internal?.settings ?? new Map(),
    });
  }

  async grow(
    name: string,
    count: number,
    assignments: readonly { readonly brokerIds: readonly number[] }[] | null,
  ): Promise<Fault | undefined> {
    const { controller, metadata, image, partitions } = this.#options;
    const { records, response } = controller.createPartitions(name, count, assignments);
    if (response !== undefined) return response;
    const committed = metadata.commit(records);
    const topic = image.topic(name);
    heardLater(committed);
    if (topic !== undefined) await partitions.openInTurns(topic);
    await committed;
    return undefined;
  }

  async remove(topic: TopicImage): Promise<void> {
    const { controller, metadata, image, partitions, metrics, removed } = this.#options;
    const committed = metadata.commit(controller.deleteTopic(topic));
    // Not even written, because the disk is full: then the topic is there as before.
    if (image.topicById(topic.id) !== undefined) return await committed;
    heardLater(committed);
    // At once: from now on a topic of this name is another one, and may be made before the record is on disk.
    partitions.remove(topic.id);
    metrics.forget(topic.name);
    removed(topic.name);
    await committed;
  }
}

/** Something else is waited for first: a failure meanwhile must not look as if nobody cared. */
function heardLater(committed: Promise<void>): void {
  committed.catch(() => undefined);
}
