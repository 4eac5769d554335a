/**
 * What a share consumer measures of itself, under Kafka's names. In: fetches, acknowledgements, heartbeats, a reader's coming for more. Out:
 * the groups of metrics that begin with `consumer-share`, beside those of connections.
 */
import type { Cluster } from '../cluster/cluster.ts';
import type { AnsweredRequest } from '../cluster/connection.ts';
import { HeartbeatMeter, heartbeatRows } from '../consumer/group/group-metrics.ts';
import { PollMetrics, type pollTable } from '../consumer/reading/poll-metrics.ts';
import type { OpenMetrics } from '../metrics/metric-registry.ts';
import {
  avg,
  count,
  countRate,
  countRatePerHour,
  max,
  rate,
  type TableValues,
  total,
} from '../metrics/metric-table.ts';
import type { networkTable } from '../metrics/network-metrics.ts';

export const shareFetchTable = {
  group: 'consumer-share-fetch-manager-metrics',
  tags: [],
  rows: {
    'fetch-rate': countRate('latency', 'Fetches answered a second'),
    'fetch-total': count('latency', 'Fetches answered'),
    'fetch-latency-avg': avg('latency', 'Milliseconds of a fetch; the time that brokers wait for records is in it'),
    'fetch-latency-max': max('latency', 'The longest of these'),
    'fetch-size-avg': avg('bytes', 'Bytes of records that a fetch brings'),
    'fetch-size-max': max('bytes', 'The most of these'),
    'bytes-consumed-rate': rate('bytes', 'Bytes a second, as they are stored'),
    'bytes-consumed-total': total('bytes', 'Bytes, as they are stored'),
    'records-per-request-avg': avg('records', 'Records to hand out of a fetch that brought any'),
    'records-per-request-max': max('records', 'The most of these'),
    'records-consumed-rate': rate('records', 'Records to hand out a second'),
    'records-consumed-total': total('records', 'Records to hand out'),
    'acknowledgements-send-rate': rate('sent', 'Records a second whose acknowledgement was sent'),
    'acknowledgements-send-total': total('sent', 'Records whose acknowledgement was sent'),
    'acknowledgements-error-rate': rate('failed', 'Records a second whose acknowledgement has failed'),
    'acknowledgements-error-total': total('failed', 'Records whose acknowledgement has failed'),
    'fetch-throttle-time-avg': avg('throttle', 'Milliseconds that a broker asked to be left alone for'),
    'fetch-throttle-time-max': max('throttle', 'The longest of these'),
  },
} as const;

export const shareGroupTable = {
  group: 'consumer-share-coordinator-metrics',
  tags: [],
  rows: {
    ...heartbeatRows,
    'rebalance-rate-per-hour': countRatePerHour('rebalance', 'Assignments an hour'),
    'rebalance-total': count('rebalance', 'Assignments that came'),
  },
} as const;

/** Means and extremes of nothing are NaN, as in Java's clients. */
export type ShareConsumerMetrics = TableValues<typeof shareFetchTable> &
  TableValues<typeof shareGroupTable> &
  TableValues<ReturnType<typeof pollTable>> &
  TableValues<ReturnType<typeof networkTable>>;

export interface ShareFetchAnswer {
  readonly tookMs: number;
  readonly bytes: number;
  readonly throttleTimeMs: number;
}

export class ShareMeter {
  readonly poll: PollMetrics;
  readonly #cluster: Cluster;
  readonly #fetch: OpenMetrics<typeof shareFetchTable>;
  readonly #group: OpenMetrics<typeof shareGroupTable>;
  readonly #heartbeats: HeartbeatMeter;

  constructor(cluster: Cluster) {
    const { host, metrics } = cluster;
    this.#cluster = cluster;
    this.#fetch = metrics.open(shareFetchTable, {});
    this.#group = metrics.open(shareGroupTable, {
      'last-heartbeat-seconds-ago': () => this.#heartbeats.secondsSinceLast,
    });
    this.#heartbeats = new HeartbeatMeter(host.clock, this.#group.sensors.heartbeat);
    this.poll = new PollMetrics(host.clock, metrics, 'consumer-share');
  }

  read(): ShareConsumerMetrics {
    const { network } = this.#cluster;
    return { ...network.read(), ...this.#fetch.read(), ...this.#group.read(), ...this.poll.read() };
  }

  answered({ api, tookMs }: AnsweredRequest): void {
    if (api === 'shareGroupHeartbeat') this.#heartbeats.answered(tookMs);
  }

  rebalanced(): void {
    this.#group.sensors.rebalance.record(1);
  }

  fetched({ tookMs, bytes, throttleTimeMs }: ShareFetchAnswer): void {
    const { latency, bytes: size, throttle } = this.#fetch.sensors;
    latency.record(tookMs);
    size.record(bytes);
    throttle.record(throttleTimeMs);
  }

  /** Of a fetch that brought so many deliveries: to be called with the records of each, when they are known. */
  tally(deliveries: number): (records: number) => void {
    let [left, all] = [deliveries, 0];
    return (records) => {
      all += records;
      if (--left === 0) this.#fetch.sensors.records.record(all);
    };
  }

  acknowledging(records: number): void {
    if (records > 0) this.#fetch.sensors.sent.record(records);
  }

  acknowledgingFailed(records: number): void {
    if (records > 0) this.#fetch.sensors.failed.record(records);
  }
}
