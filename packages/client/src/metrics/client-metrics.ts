/** Every metric that clients have, for the reference, and those of Java's clients that have no place here, with what is instead. */
import { fetchPartitionTable, fetchTable, fetchTopicTable } from '../consumer/fetch/fetch-metrics.ts';
import { groupTable } from '../consumer/group/group-metrics.ts';
import { pollTable } from '../consumer/reading/poll-metrics.ts';
import { producerTable, producerTopicTable } from '../producer/producer-metrics.ts';
import { shareFetchTable, shareGroupTable } from '../share/share-metrics.ts';
import type { MetricTable } from './metric-table.ts';
import { networkTable, nodeTable } from './network-metrics.ts';

const loop = 'No thread of ours waits on sockets: Node’s event loop does, and `perf_hooks` measures it.';
const thread = 'There is no second thread to hand work to.';
const blocked = 'The time that a thread is blocked; calls here block nobody.';
const about = 'It says what the client is, not what it does.';

/** Names, or their beginnings before a `*`. */
const leftOut: ReadonlyMap<string, string> = new Map([
  ['io-*', loop],
  ['select-*', loop],
  ['network-io-*', loop],
  ['application-event*', thread],
  ['background-event-queue-*', thread],
  ['time-between-network-thread-poll-*', thread],
  ['unsent-requests-queue-*', thread],
  ['bufferpool-wait-*', blocked],
  ['commit-sync-time-ns-total', blocked],
  ['committed-time-ns-total', blocked],
  ['flush-time-ns-total', blocked],
  ['metadata-wait-time-ns-total', blocked],
  ['txn-*', blocked],
  ['record-size-max', 'Records are measured by the batch, and not one by one.'],
  ['successful-authentication-no-reauth-total', 'Brokers from before KIP-368 are counted among the other logins.'],
  ['commit-id', about],
  ['start-time-ms', about],
  ['version', about],
  ['count', about],
]);

export const clientMetrics: {
  readonly producer: readonly MetricTable[];
  readonly consumer: readonly MetricTable[];
  readonly share: readonly MetricTable[];
  readonly admin: readonly MetricTable[];
  readonly leftOut: ReadonlyMap<string, string>;
} = {
  producer: [producerTable, producerTopicTable, networkTable('producer'), nodeTable('producer')],
  consumer: [
    fetchTable,
    fetchTopicTable,
    fetchPartitionTable,
    groupTable,
    pollTable('consumer'),
    networkTable('consumer'),
    nodeTable('consumer'),
  ],
  share: [
    shareFetchTable,
    shareGroupTable,
    pollTable('consumer-share'),
    networkTable('consumer'),
    nodeTable('consumer'),
  ],
  admin: [networkTable('admin-client'), nodeTable('admin-client')],
  leftOut,
};
