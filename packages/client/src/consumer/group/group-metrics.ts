/**
 * What belonging to a group costs. In: requests that were answered, hand-overs of partitions, calls of the user's callbacks. Out: Kafka's
 * metrics of a coordinator.
 */
import type { Clock } from '@millrace/base';

import type { AnsweredRequest } from '../../cluster/connection.ts';
import type { MetricRegistry, OpenMetrics } from '../../metrics/metric-registry.ts';
import type { Sensor } from '../../metrics/sensor.ts';
import { avg, count, countRate, countRatePerHour, gauge, max, total } from '../../metrics/metric-table.ts';

/** Of all groups. */
export const heartbeatRows = {
  'heartbeat-rate': countRate('heartbeat', 'Heartbeats answered a second'),
  'heartbeat-total': count('heartbeat', 'Heartbeats answered'),
  'heartbeat-response-time-max': max('heartbeat', 'The longest time until one was answered, in milliseconds'),
  'last-heartbeat-seconds-ago': gauge('Seconds since the last heartbeat that was answered was sent, -1 for none'),
} as const;

export const groupTable = {
  group: 'consumer-coordinator-metrics',
  tags: [],
  rows: {
    'assigned-partitions': gauge('Partitions that are read at present'),
    'commit-rate': countRate('commit', 'Commits answered a second'),
    'commit-total': count('commit', 'Commits answered'),
    'commit-latency-avg': avg('commit', 'Milliseconds of a commit'),
    'commit-latency-max': max('commit', 'The longest of these'),
    ...heartbeatRows,
    'join-rate': countRate('join', 'Joins a second, of classic groups'),
    'join-total': count('join', 'Joins, of classic groups'),
    'join-time-avg': avg('join', 'Milliseconds of a join; the time that the group takes to form is in it'),
    'join-time-max': max('join', 'The longest of these'),
    'sync-rate': countRate('sync', 'Assignments that a classic group has shared out, a second'),
    'sync-total': count('sync', 'Assignments that a classic group has shared out'),
    'sync-time-avg': avg('sync', 'Milliseconds until one is there'),
    'sync-time-max': max('sync', 'The longest of these'),
    'rebalance-latency-avg': avg('rebalance', 'Milliseconds of a rebalance, handing over included'),
    'rebalance-latency-max': max('rebalance', 'The longest of these'),
    'rebalance-latency-total': total('rebalance', 'Milliseconds of all rebalances'),
    'rebalance-rate-per-hour': countRatePerHour('rebalance', 'Rebalances an hour'),
    'rebalance-total': count('rebalance', 'Rebalances'),
    'failed-rebalance-rate-per-hour': countRatePerHour('failed-rebalance', 'Rebalances an hour that came to nothing'),
    'failed-rebalance-total': count('failed-rebalance', 'Rebalances that came to nothing'),
    'last-rebalance-seconds-ago': gauge('Seconds since the last rebalance ended, -1 for none'),
    'partition-assigned-latency-avg': avg('onPartitionsAssigned', 'Milliseconds of onPartitionsAssigned'),
    'partition-assigned-latency-max': max('onPartitionsAssigned', 'The longest of these'),
    'partition-revoked-latency-avg': avg('onPartitionsRevoked', 'Milliseconds of onPartitionsRevoked'),
    'partition-revoked-latency-max': max('onPartitionsRevoked', 'The longest of these'),
    'partition-lost-latency-avg': avg('onPartitionsLost', 'Milliseconds of onPartitionsLost'),
    'partition-lost-latency-max': max('onPartitionsLost', 'The longest of these'),
  },
} as const;

type Callback = 'onPartitionsAssigned' | 'onPartitionsRevoked' | 'onPartitionsLost';

/** What memberships tell of their rebalances. */
export interface RebalanceMeter {
  rebalanced(tookMs: number): void;
  rebalanceFailed(): void;
}

export class GroupMetrics implements RebalanceMeter {
  readonly #clock: Clock;
  readonly #open: OpenMetrics<typeof groupTable>;
  readonly #heartbeats: HeartbeatMeter;
  #lastRebalanceAtMs: number | undefined;

  constructor(clock: Clock, registry: MetricRegistry, assignedPartitions: () => number) {
    this.#clock = clock;
    this.#open = registry.open(groupTable, {
      'assigned-partitions': assignedPartitions,
      'last-heartbeat-seconds-ago': () => this.#heartbeats.secondsSinceLast,
      'last-rebalance-seconds-ago': () => secondsSince(this.#lastRebalanceAtMs, clock),
    });
    this.#heartbeats = new HeartbeatMeter(clock, this.#open.sensors.heartbeat);
  }

  read(): ReturnType<OpenMetrics<typeof groupTable>['read']> {
    return this.#open.read();
  }

  answered({ api, tookMs }: AnsweredRequest): void {
    const { sensors } = this.#open;
    if (api === 'heartbeat' || api === 'consumerGroupHeartbeat') this.#heartbeats.answered(tookMs);
    else if (api === 'offsetCommit') sensors.commit.record(tookMs);
    else if (api === 'joinGroup') sensors.join.record(tookMs);
    else if (api === 'syncGroup') sensors.sync.record(tookMs);
  }

  rebalanced(tookMs: number): void {
    this.#open.sensors.rebalance.record(tookMs);
    this.#lastRebalanceAtMs = this.#clock.monotonic();
  }

  rebalanceFailed(): void {
    this.#open.sensors['failed-rebalance'].record(1);
  }

  called(callback: Callback, tookMs: number): void {
    this.#open.sensors[callback].record(tookMs);
  }
}

export class HeartbeatMeter {
  readonly #clock: Clock;
  readonly #sensor: Sensor;
  #lastAtMs: number | undefined;

  constructor(clock: Clock, sensor: Sensor) {
    this.#clock = clock;
    this.#sensor = sensor;
  }

  /** -1 for none. */
  get secondsSinceLast(): number {
    return secondsSince(this.#lastAtMs, this.#clock);
  }

  answered(tookMs: number): void {
    this.#sensor.record(tookMs);
    this.#lastAtMs = this.#clock.monotonic() - tookMs;
  }
}

function secondsSince(atMs: number | undefined, clock: Clock): number {
  return atMs === undefined ? -1 : Math.floor((clock.monotonic() - atMs) / 1000);
}
