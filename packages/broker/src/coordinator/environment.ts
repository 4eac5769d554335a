/** What a group needs of the world around it. */
import type { Clock, Logger, Timers } from '@millrace/base';

import type { MetadataHashes } from './consumer/metadata-hash.ts';
import type { Decision } from './decision.ts';

/** Read whenever they are needed, so that they may be changed while the broker runs. */
export interface CoordinatorSettings {
  /** `group.min.session.timeout.ms` and `group.max.session.timeout.ms` */
  readonly sessionTimeoutMsMin: number;
  readonly sessionTimeoutMsMax: number;
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number;
  /** `group.max.size` */
  readonly membersMax: number;
  /** `offset.metadata.max.bytes`; Kafka counts UTF-16 units, not bytes. */
  readonly offsetMetadataLengthMax: number;
  /** `offsets.retention.minutes`, in ms */
  readonly offsetsRetentionMs: number;
  /** `offsets.retention.check.interval.ms` */
  readonly offsetsRetentionCheckMs: number;
  readonly consumer: ConsumerSettings;
}

/** `group.consumer.*` */
export interface ConsumerSettings {
  /** `group.coordinator.rebalance.protocols` has `consumer`. */
  readonly isServed: boolean;
  readonly membersMax: number;
  /** The first is for groups whose members name none. */
  readonly assignors: readonly string[];
  /** Of the migration policy. */
  readonly mayUpgrade: boolean;
  readonly mayDowngrade: boolean;
  /** `group.consumer.regex.refresh.interval.ms` */
  readonly patternRefreshMs: number;
  /** What a group may have for itself. */
  of(groupId: string): ConsumerGroupTimes;
}

export interface ConsumerGroupTimes {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly assignmentIntervalMs: number;
}

export interface KnownTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: { readonly length: number };
}

/** The topics that there are, as groups see them. */
export interface TopicsView {
  /** Counts up whenever a topic comes, grows or goes. */
  readonly topicsVersion: number;
  /** The version in which a topic came last. */
  readonly newTopicsVersion: number;
  topic(name: string): KnownTopic | undefined;
  topicById(id: string): KnownTopic | undefined;
  topics(): Iterable<KnownTopic>;
}

export interface GroupEnvironment {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly settings: CoordinatorSettings;
  readonly topics: TopicsView;
  readonly hashes: MetadataHashes;
  /** Runs a decision that no request asked for. */
  turn(decide: () => Decision): void;
  /** A random UUID. */
  newId(): string;
}
