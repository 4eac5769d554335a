/** What a group needs of the world around it. */
import type { Clock, Logger, Timers } from '@millrace/base';

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
}

export interface GroupEnvironment {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly settings: CoordinatorSettings;
  /** Runs a decision that no request asked for. */
  turn(decide: () => Decision): void;
  /** A random UUID. */
  newId(): string;
}
