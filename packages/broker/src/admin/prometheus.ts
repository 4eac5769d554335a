/**
 * The broker's counters under the names that dashboards for Apache Kafka use (the JMX exporter's, with Strimzi's rules). Read when
 * somebody scrapes; nothing is counted here. prom-client is loaded at the first scrape, so that a start does not wait for it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Gauge, Registry } from 'prom-client';

import type { Doors } from '../doors.ts';
import type { TopicCounters } from '../metrics.ts';

const perTopic: readonly (readonly [name: string, help: string, key: keyof TopicCounters])[] = [
  ['messagesin', 'Records received', 'messagesIn'],
  ['bytesin', 'Bytes received', 'bytesIn'],
  ['bytesout', 'Bytes sent to consumers', 'bytesOut'],
  ['totalproducerequests', 'Produce requests', 'produceRequests'],
  ['totalfetchrequests', 'Fetch requests', 'fetchRequests'],
  ['failedproducerequests', 'Produce requests that failed', 'failedProduceRequests'],
  ['failedfetchrequests', 'Fetch requests that failed', 'failedFetchRequests'],
];

type PromClient = typeof import('prom-client');

export interface Connections {
  readonly connectionCount: number;
}

export class Prometheus {
  readonly #doors: Doors;
  readonly #listeners: () => readonly Connections[];
  readonly #loopDelay: ReturnType<typeof monitorEventLoopDelay>;
  #registry: Registry | undefined;

  constructor(doors: Doors, listeners: () => readonly Connections[]) {
    this.#doors = doors;
    this.#listeners = listeners;
    this.#loopDelay = monitorEventLoopDelay({ resolution: 20 });
    this.#loopDelay.enable();
  }

  async text(): Promise<string> {
    this.#registry ??= this.#build(await import('prom-client'));
    return await this.#registry.metrics();
  }

  close(): void {
    this.#loopDelay.disable();
  }

  #build(prom: PromClient): Registry {
    const registry = new prom.Registry();
    prom.collectDefaultMetrics({ register: registry });
    this.#topics(prom, registry);
    this.#gauges(prom, registry);
    this.#logs(prom, registry);
    this.#requests(prom, registry);
    return registry;
  }

  #topics(prom: PromClient, registry: Registry): void {
    const { metrics } = this.#doors;
    for (const [name, help, key] of perTopic) {
      const counter = new prom.Counter({
        name: `kafka_server_brokertopicmetrics_${name}_total`,
        help,
        labelNames: ['topic'],
        registers: [registry],
        collect: () => {
          counter.reset();
          for (const [topic, counters] of metrics.topics) counter.inc({ topic }, counters[key]);
        },
      });
    }
  }

  #gauges(prom: PromClient, registry: Registry): void {
    const { partitions, image, directories, metadata } = this.#doors;
    const served = (): number => [...partitions.all()].length;
    const wanted = (): number => [...image.topics()].reduce((sum, topic) => sum + topic.partitions.length, 0);
    const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
      ['kafka_server_replicamanager_partitioncount', 'Partitions on this broker', served],
      ['kafka_server_replicamanager_leadercount', 'Partitions that this broker leads', served],
      [
        'kafka_server_replicamanager_underreplicatedpartitions',
        'Partitions with fewer replicas in sync than assigned',
        () => 0,
      ],
      [
        'kafka_server_replicamanager_underminisrpartitioncount',
        'Partitions below min.insync.replicas',
        () => [...partitions.all()].filter((p) => partitions.minInSync(p) > 1).length,
      ],
      ['kafka_controller_kafkacontroller_activecontrollercount', '1 where the controller is', () => 1],
      [
        'kafka_controller_kafkacontroller_offlinepartitionscount',
        'Partitions without a leader',
        () => wanted() - served(),
      ],
      ['kafka_controller_kafkacontroller_globaltopiccount', 'Topics', () => image.topicCount],
      ['kafka_controller_kafkacontroller_globalpartitioncount', 'Partitions of all topics', wanted],
      [
        'kafka_log_logmanager_offlinelogdirectorycount',
        'Log directories that failed',
        () => directories.filter(({ failure }) => failure !== undefined).length,
      ],
      [
        'kafka_server_socket_server_metrics_connection_count',
        'Open connections',
        () => this.#listeners().reduce((sum, { connectionCount }) => sum + connectionCount, 0),
      ],
      ['kafka_server_raftmetrics_current_leader', 'Node id of the metadata leader', () => this.#doors.nodeId],
      ['kafka_server_raftmetrics_current_epoch', 'Epoch of the metadata log', () => metadata.epoch],
      ['kafka_server_raftmetrics_high_watermark', 'High watermark of the metadata log', () => metadata.endOffset],
      ['kafka_server_raftmetrics_log_end_offset', 'End of the metadata log', () => metadata.endOffset],
      ['millrace_fetch_sessions', 'Incremental fetch sessions', () => this.#doors.sessions.count],
      [
        'millrace_event_loop_delay_p99_seconds',
        'How late the event loop ran, 99th percentile since start',
        () => this.#loopDelay.percentile(99) / 1e9,
      ],
    ];
    for (const [name, help, read] of gauges) {
      const gauge: Gauge = new prom.Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) });
    }
  }

  #logs(prom: PromClient, registry: Registry): void {
    const { partitions } = this.#doors;
    const logs: readonly (readonly [
      name: string,
      help: string,
      read: (log: { bytes: number; startOffset: number; endOffset: number }) => number,
    ])[] = [
      ['kafka_log_log_size', 'Bytes of the partition on disk', ({ bytes }) => bytes],
      ['kafka_log_log_logstartoffset', 'First offset of the partition', ({ startOffset }) => startOffset],
      ['kafka_log_log_logendoffset', 'End offset of the partition', ({ endOffset }) => endOffset],
    ];
    for (const [name, help, read] of logs) {
      const gauge = new prom.Gauge({
        name,
        help,
        labelNames: ['topic', 'partition'],
        registers: [registry],
        collect: () => {
          gauge.reset();
          for (const { topic, index, log } of partitions.all())
            gauge.set({ topic, partition: String(index) }, read(log));
        },
      });
    }
  }

  #requests(prom: PromClient, registry: Registry): void {
    const { metrics } = this.#doors;
    const nameOf = (key: number): string => this.#doors.table().nameOf(key);
    const count = new prom.Counter({
      name: 'kafka_network_requestmetrics_requests_total',
      help: 'Requests answered',
      labelNames: ['request'],
      registers: [registry],
      collect: () => {
        count.reset();
        for (const [key, counters] of metrics.requests.entries()) {
          if (counters !== undefined) count.inc({ request: nameOf(key) }, counters.count);
        }
      },
    });
    const time = new prom.Counter({
      name: 'kafka_network_requestmetrics_totaltimems_total',
      help: 'Milliseconds from the arrival of requests to their answers, added up',
      labelNames: ['request'],
      registers: [registry],
      collect: () => {
        time.reset();
        for (const [key, counters] of metrics.requests.entries()) {
          if (counters !== undefined) time.inc({ request: nameOf(key) }, counters.totalMs);
        }
      },
    });
  }
}
