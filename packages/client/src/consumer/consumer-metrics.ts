/** What a consumer measures of itself, under Kafka's names. Beside these are those of its brokers, topics and partitions: `cluster.metrics`. */
import type { Cluster } from '../cluster/cluster.ts';
import type { TableValues } from '../metrics/metric-table.ts';
import type { networkTable } from '../metrics/network-metrics.ts';
import { FetchMetrics, type fetchTable } from './fetch/fetch-metrics.ts';
import { GroupMetrics, type groupTable } from './group/group-metrics.ts';
import { PollMetrics, type pollTable } from './reading/poll-metrics.ts';

/** Means and extremes of nothing are NaN, as in Java's clients. */
export type ConsumerMetrics = TableValues<typeof fetchTable> &
  TableValues<typeof groupTable> &
  TableValues<ReturnType<typeof pollTable>> &
  TableValues<ReturnType<typeof networkTable>>;

export interface ConsumerGauges {
  readonly bufferedBytes: () => number;
  readonly assignedPartitions: () => number;
}

export class ConsumerMeter {
  readonly fetch: FetchMetrics;
  readonly group: GroupMetrics;
  readonly poll: PollMetrics;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, { bufferedBytes, assignedPartitions }: ConsumerGauges) {
    const { host, metrics } = cluster;
    this.#cluster = cluster;
    this.fetch = new FetchMetrics(metrics, bufferedBytes);
    this.group = new GroupMetrics(host.clock, metrics, assignedPartitions);
    this.poll = new PollMetrics(host.clock, metrics, 'consumer');
  }

  read(): ConsumerMetrics {
    return { ...this.#cluster.network.read(), ...this.fetch.read(), ...this.group.read(), ...this.poll.read() };
  }
}
