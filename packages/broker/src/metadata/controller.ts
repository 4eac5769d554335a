/**
 * Decides changes of the cluster's metadata. In: what a client asks for. Out: records for the metadata log and what is to be
 * answered; nothing changes until the records are replayed.
 */
import { errors } from '@millrace/protocol';

import type { MetadataImage, TopicImage } from './image.ts';
import type { MetadataRecord } from './record.ts';
import { resourceTypes } from './image.ts';
import { collisionKey, topicNameFault } from './topic-name.ts';

export interface Fault {
  readonly errorCode: number;
  readonly errorMessage: string;
}

export interface Decision<T> {
  readonly records: readonly MetadataRecord[];
  readonly response: T;
}

export interface NewTopic {
  readonly name: string;
  /** -1 for the broker's default. */
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly settings: ReadonlyMap<string, string>;
}

export interface ControllerOptions {
  readonly image: MetadataImage;
  readonly nodeId: number;
  readonly newTopicId: () => string;
  /** Ids of the log directories for so many new partitions; none when no directory takes any. */
  readonly place: (count: number) => readonly string[];
  readonly settings: {
    readonly partitionCountDefault: number;
    readonly replicationFactorDefault: number;
    /** Says what is wrong with the settings of a topic. */
    topicFault(settings: ReadonlyMap<string, string>): string | undefined;
  };
}

/** More partitions than a laptop's file system likes in one request. */
const partitionsPerTopicMax = 10_000;
const producerIdBlock = 1000;

export class Controller {
  readonly #options: ControllerOptions;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  createTopic(topic: NewTopic): Decision<TopicImage | Fault> {
    const fault = this.#nameFault(topic.name) ?? this.#assignmentFault(topic);
    if (fault !== undefined) return { records: [], response: fault };
    const settingsFault = this.#options.settings.topicFault(topic.settings);
    if (settingsFault !== undefined)
      return { records: [], response: { errorCode: errors.INVALID_CONFIG, errorMessage: settingsFault } };
    const count =
      topic.assignments.length > 0
        ? topic.assignments.length
        : topic.partitionCount === -1
          ? this.#options.settings.partitionCountDefault
          : topic.partitionCount;
    const directories = this.#options.place(count);
    if (directories.length === 0) {
      const errorMessage = `Unable to replicate the partition 1 time(s): ${nowhere}`;
      return refuse(errors.INVALID_REPLICATION_FACTOR, errorMessage);
    }
    const id = this.#options.newTopicId();
    const partitions = directories.map((directory, index) => ({ index, leaderEpoch: 0, partitionEpoch: 0, directory }));
    return {
      records: [
        { type: 'TopicRecord', name: topic.name, topicId: id },
        ...settingRecords(resourceTypes.topic, topic.name, topic.settings),
        ...partitionRecords(id, 0, directories),
      ],
      response: { name: topic.name, id, partitions },
    };
  }

  /** Grows a topic to `count` partitions. */
  createPartitions(
    name: string,
    count: number,
    assignments: readonly { readonly brokerIds: readonly number[] }[] | null,
  ): Decision<Fault | undefined> {
    const topic = this.#options.image.topic(name);
    if (topic === undefined)
      return refuse(errors.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.');
    const now = topic.partitions.length;
    if (count < now) {
      return refuse(
        errors.INVALID_PARTITIONS,
        `The topic ${name} currently has ${now} partition(s); ${count} would not be an increase.`,
      );
    }
    if (count === now) return refuse(errors.INVALID_PARTITIONS, `Topic already has ${now} partition(s).`);
    if (count > partitionsPerTopicMax) return refuse(errors.INVALID_PARTITIONS, tooMany(count));
    if (assignments !== null && assignments.length > 0) {
      if (assignments.length !== count - now) {
        return refuse(
          errors.INVALID_REPLICA_ASSIGNMENT,
          `Attempted to add ${count - now} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
        );
      }
      for (const { brokerIds } of assignments) {
        const fault = this.replicasFault(brokerIds);
        if (fault !== undefined) return { records: [], response: fault };
      }
    }
    const directories = this.#options.place(count - now);
    if (directories.length === 0) return refuse(errors.INVALID_REPLICATION_FACTOR, nowhere);
    return { records: [...partitionRecords(topic.id, now, directories)], response: undefined };
  }

  deleteTopic(topic: TopicImage): readonly MetadataRecord[] {
    return [{ type: 'RemoveTopicRecord', topicId: topic.id }];
  }

  /** `null` takes a setting back to its default. */
  alterSettings(type: number, name: string, changes: ReadonlyMap<string, string | null>): readonly MetadataRecord[] {
    return [...changes].map(([key, value]) => ({
      type: 'ConfigRecord',
      resourceType: type,
      resourceName: name,
      name: key,
      value,
    }));
  }

  /** The next block of producer ids for this broker. */
  allocateProducerIds(): Decision<{ first: number; count: number }> {
    const first = this.#options.image.nextProducerId;
    return {
      records: [{ type: 'ProducerIdsRecord', nextProducerId: first + producerIdBlock }],
      response: { first, count: producerIdBlock },
    };
  }

  #nameFault(name: string): Fault | undefined {
    const text = topicNameFault(name);
    if (text !== undefined) return { errorCode: errors.INVALID_TOPIC_EXCEPTION, errorMessage: text };
    const { image } = this.#options;
    if (image.topic(name) !== undefined) {
      return { errorCode: errors.TOPIC_ALREADY_EXISTS, errorMessage: `Topic '${name}' already exists.` };
    }
    if (name.includes('.') || name.includes('_')) {
      const key = collisionKey(name);
      for (const other of image.topics()) {
        if (collisionKey(other.name) === key) {
          return {
            errorCode: errors.INVALID_TOPIC_EXCEPTION,
            errorMessage: `Topic '${name}' collides with existing topic: ${other.name}`,
          };
        }
      }
    }
    return undefined;
  }

  #assignmentFault(topic: NewTopic): Fault | undefined {
    const { partitionCount, replicationFactor, assignments } = topic;
    if (assignments.length > 0) {
      if (replicationFactor !== -1) {
        return {
          errorCode: errors.INVALID_REQUEST,
          errorMessage: 'A manual partition assignment was specified, but replication factor was not set to -1.',
        };
      }
      if (partitionCount !== -1) {
        return {
          errorCode: errors.INVALID_REQUEST,
          errorMessage: 'A manual partition assignment was specified, but numPartitions was not set to -1.',
        };
      }
      return this.#manualFault(assignments);
    }
    if (replicationFactor < -1 || replicationFactor === 0) {
      return {
        errorCode: errors.INVALID_REPLICATION_FACTOR,
        errorMessage: 'Replication factor must be larger than 0, or -1 to use the default value.',
      };
    }
    if (partitionCount < -1 || partitionCount === 0) {
      return {
        errorCode: errors.INVALID_PARTITIONS,
        errorMessage: 'Number of partitions was set to an invalid non-positive value.',
      };
    }
    if (partitionCount > partitionsPerTopicMax)
      return { errorCode: errors.INVALID_PARTITIONS, errorMessage: tooMany(partitionCount) };
    const wanted = replicationFactor === -1 ? this.#options.settings.replicationFactorDefault : replicationFactor;
    if (wanted > 1) {
      return {
        errorCode: errors.INVALID_REPLICATION_FACTOR,
        errorMessage: `Unable to replicate the partition ${wanted} time(s): The target replication factor of ${wanted} cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.`,
      };
    }
    return undefined;
  }

  #manualFault(assignments: NewTopic['assignments']): Fault | undefined {
    const seen = new Set<number>();
    for (const { partitionIndex, brokerIds } of assignments) {
      if (seen.has(partitionIndex)) {
        return {
          errorCode: errors.INVALID_REPLICA_ASSIGNMENT,
          errorMessage: `Found multiple manual partition assignments for partition ${partitionIndex}`,
        };
      }
      seen.add(partitionIndex);
      const fault = this.replicasFault(brokerIds);
      if (fault !== undefined) return fault;
    }
    for (let index = 0; index < assignments.length; index++) {
      if (!seen.has(index)) {
        return {
          errorCode: errors.INVALID_REPLICA_ASSIGNMENT,
          errorMessage: 'partitions should be a consecutive 0-based integer sequence',
        };
      }
    }
    return undefined;
  }

  /** What is wrong with the replicas that somebody chose for a partition. */
  replicasFault(brokerIds: readonly number[]): Fault | undefined {
    const { nodeId } = this.#options;
    if (brokerIds.length === 0) {
      return {
        errorCode: errors.INVALID_REPLICA_ASSIGNMENT,
        errorMessage: 'The manual partition assignment includes an empty replica list.',
      };
    }
    if (new Set(brokerIds).size !== brokerIds.length) {
      return {
        errorCode: errors.INVALID_REPLICA_ASSIGNMENT,
        errorMessage: `The manual partition assignment includes the broker ${brokerIds[0]} more than once.`,
      };
    }
    const stranger = brokerIds.find((id) => id !== nodeId);
    if (stranger !== undefined) {
      return {
        errorCode: errors.INVALID_REPLICA_ASSIGNMENT,
        errorMessage: `The manual partition assignment includes broker ${stranger}, but no such broker is registered.`,
      };
    }
    return undefined;
  }
}

export function isFault(answer: object | undefined): answer is Fault {
  return answer !== undefined && 'errorCode' in answer;
}

function refuse(errorCode: number, errorMessage: string): Decision<Fault> {
  return { records: [], response: { errorCode, errorMessage } };
}

function tooMany(count: number): string {
  return `${count} partitions are more than the ${partitionsPerTopicMax} that one topic may have here.`;
}

const nowhere = 'All brokers are currently fenced, or have all their log directories cordoned.';

/** One for each directory, from partition `first` on. */
function partitionRecords(topicId: string, first: number, directories: readonly string[]): MetadataRecord[] {
  return directories.map((directory, index) => ({
    type: 'PartitionRecord',
    topicId,
    partitionId: first + index,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directory,
  }));
}

function* settingRecords(
  type: number,
  resourceName: string,
  settings: ReadonlyMap<string, string>,
): Generator<MetadataRecord> {
  for (const [name, value] of settings) yield { type: 'ConfigRecord', resourceType: type, resourceName, name, value };
}
