/** The keys of groups as the coordinator reads them. In: the broker's values as they are now, and what single groups have set for themselves. */
import type { Values } from '@millrace/base';

import type { brokerKeys } from './config/broker-keys.ts';
import type { ConsumerGroupTimes, ConsumerSettings, CoordinatorSettings } from './coordinator/environment.ts';

type BrokerValues = Values<typeof brokerKeys>;

export interface GroupTexts {
  readonly values: () => BrokerValues;
  /** What the group has set for itself; empty for nearly all. */
  readonly own: (groupId: string) => ReadonlyMap<string, string>;
}

export function groupSettings({ values, own }: GroupTexts): CoordinatorSettings {
  return {
    get sessionTimeoutMsMin() {
      return values()['group.min.session.timeout.ms'];
    },
    get sessionTimeoutMsMax() {
      return values()['group.max.session.timeout.ms'];
    },
    get initialRebalanceDelayMs() {
      return values()['group.initial.rebalance.delay.ms'];
    },
    get membersMax() {
      return values()['group.max.size'];
    },
    get offsetMetadataLengthMax() {
      return values()['offset.metadata.max.bytes'];
    },
    get offsetsRetentionMs() {
      return values()['offsets.retention.minutes'] * 60_000;
    },
    get offsetsRetentionCheckMs() {
      return values()['offsets.retention.check.interval.ms'];
    },
    consumer: consumerSettings({ values, own }),
  };
}

function consumerSettings({ values, own }: GroupTexts): ConsumerSettings {
  const may = (policy: string): boolean => {
    const set = values()['group.consumer.migration.policy'].toUpperCase();
    return set === policy || set === 'BIDIRECTIONAL';
  };
  return {
    get isServed() {
      return values()['group.coordinator.rebalance.protocols'].includes('consumer');
    },
    get membersMax() {
      return values()['group.consumer.max.size'];
    },
    get assignors() {
      return values()['group.consumer.assignors'];
    },
    get mayUpgrade() {
      return may('UPGRADE');
    },
    get mayDowngrade() {
      return may('DOWNGRADE');
    },
    get patternRefreshMs() {
      return values()['group.consumer.regex.refresh.interval.ms'];
    },
    of: (groupId) => consumerTimes(values(), own(groupId)),
  };
}

function consumerTimes(values: BrokerValues, own: ReadonlyMap<string, string>): ConsumerGroupTimes {
  return {
    sessionTimeoutMs: number(own, 'consumer.session.timeout.ms', values['group.consumer.session.timeout.ms']),
    heartbeatIntervalMs: number(own, 'consumer.heartbeat.interval.ms', values['group.consumer.heartbeat.interval.ms']),
    assignmentIntervalMs: number(
      own,
      'consumer.assignment.interval.ms',
      values['group.consumer.assignment.interval.ms'],
    ),
  };
}

function number(own: ReadonlyMap<string, string>, name: string, fallback: number): number {
  const text = own.get(name);
  return text === undefined ? fallback : Number(text);
}

/** A bound that a group must keep to, with the broker's key that sets it. */
interface Bound {
  readonly key: string;
  readonly limit: keyof BrokerValues;
  readonly isLeast: boolean;
}

const bounds: readonly Bound[] = ['consumer', 'share', 'streams'].flatMap((kind) =>
  ['heartbeat.interval.ms', 'session.timeout.ms', 'assignment.interval.ms'].flatMap((name) =>
    (['min', 'max'] as const).map((end): Bound => ({
      key: `${kind}.${name}`,
      limit: `group.${kind}.${end}.${name}` as keyof BrokerValues,
      isLeast: end === 'min',
    })),
  ),
);

/** Kafka's sentence for what a group may not set, beyond what each key says for itself. */
export function groupFault(own: ReadonlyMap<string, string>, values: BrokerValues): string | undefined {
  for (const { key, limit, isLeast } of bounds) {
    const text = own.get(key);
    const bound = values[limit];
    if (text === undefined || typeof bound !== 'number') continue;
    if (isLeast && Number(text) < bound) return `${key} must be greater than or equal to ${limit}`;
    if (!isLeast && Number(text) > bound) return `${key} must be less than or equal to ${limit}`;
  }
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const session = number(own, `${kind}.session.timeout.ms`, values[`group.${kind}.session.timeout.ms`]);
    const heartbeat = number(own, `${kind}.heartbeat.interval.ms`, values[`group.${kind}.heartbeat.interval.ms`]);
    if (session <= heartbeat) return `${kind}.session.timeout.ms must be greater than ${kind}.heartbeat.interval.ms`;
  }
  return undefined;
}
