/** What a producer measures of itself, under Kafka's names. Beside these are those of its brokers and topics: `cluster.metrics`. */
import type { Clock } from '@millrace/base';
import type { ExactResponse } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import type { ClientError } from '../error.ts';
import type { OpenMetrics } from '../metrics/metric-registry.ts';
import { avg, count, countRate, gauge, max, rate, type TableValues, total } from '../metrics/metric-table.ts';
import type { networkTable } from '../metrics/network-metrics.ts';
import type { Batch } from './batch.ts';
import type { BatchObserver } from './batch-fate.ts';
import type { BufferMemory } from './buffer-memory.ts';

export const producerTable = {
  group: 'producer-metrics',
  tags: [],
  rows: {
    'record-send-rate': rate('records', 'Records acknowledged a second'),
    'record-send-total': total('records', 'Records acknowledged'),
    'record-error-rate': rate('errors', 'Records a second that failed'),
    'record-error-total': total('errors', 'Records that failed'),
    'record-retry-rate': rate('retries', 'Records a second that were sent again'),
    'record-retry-total': total('retries', 'Records that were sent again'),
    'record-size-avg': avg('record-size', 'Bytes of a record before compression'),
    'record-queue-time-avg': avg('queue-time', 'Milliseconds that a batch waits before it is sent'),
    'record-queue-time-max': max('queue-time', 'The longest of these'),
    'records-per-request-avg': avg('request-records', 'Records of a request'),
    'batch-size-avg': avg('batch-size', 'Bytes of a batch as it is sent'),
    'batch-size-max': max('batch-size', 'The most of these'),
    'batch-split-rate': countRate('splits', 'Batches a second that were too large for the broker'),
    'batch-split-total': count('splits', 'Batches that were too large for the broker'),
    'batch-latency-ms-avg': avg(
      'latency',
      'Not one of Kafka’s: milliseconds from the first record of a batch to its acknowledgement',
    ),
    'batch-latency-ms-max': max('latency', 'Not one of Kafka’s: the longest of these'),
    'byte-rate': rate('batch-size', 'Bytes of batches a second, as they are sent'),
    'byte-total': total('batch-size', 'Bytes of batches, as they are sent'),
    'compression-rate-avg': avg('compression', 'Bytes of a batch after compression for one before'),
    'request-latency-avg': avg('request-latency', 'Milliseconds until a Produce request is answered'),
    'request-latency-max': max('request-latency', 'The longest of these'),
    'requests-in-flight': gauge('Produce requests that wait for their answers'),
    'produce-throttle-time-avg': avg('throttle', 'Milliseconds that a broker asked to be left alone for'),
    'produce-throttle-time-max': max('throttle', 'The longest of these'),
    'buffer-total-bytes': gauge('buffer.memory'),
    'buffer-available-bytes': gauge('What of it is free'),
    'buffer-exhausted-rate': countRate('exhausted', 'Records a second that found no room for max.block.ms'),
    'buffer-exhausted-total': count('exhausted', 'Records that found no room for max.block.ms'),
    'waiting-threads': gauge('Lines of records that wait for room'),
    'metadata-age': gauge('Seconds since the cluster’s metadata was looked up'),
  },
} as const;

export const producerTopicTable = {
  group: 'producer-topic-metrics',
  tags: ['topic'],
  rows: {
    'record-send-rate': rate('records', 'Records of the topic acknowledged a second'),
    'record-send-total': total('records', 'Records of the topic acknowledged'),
    'record-error-rate': rate('errors', 'Records of the topic a second that failed'),
    'record-error-total': total('errors', 'Records of the topic that failed'),
    'record-retry-rate': rate('retries', 'Records of the topic a second that were sent again'),
    'record-retry-total': total('retries', 'Records of the topic that were sent again'),
    'byte-rate': rate('bytes', 'Bytes of batches of the topic a second, as they are sent'),
    'byte-total': total('bytes', 'Bytes of batches of the topic, as they are sent'),
    'compression-rate': avg('compression', 'Bytes of a batch of the topic after compression for one before'),
  },
} as const;

/** Means and extremes of nothing are NaN, as in Java's clients. */
export type ProducerMetrics = TableValues<typeof producerTable> & TableValues<ReturnType<typeof networkTable>>;

/** What the sender tells of requests. */
export interface ProduceMeter {
  requested(batches: readonly Batch[], nowMs: number): void;
  answered(tookMs: number, answer: Pick<ExactResponse<'produce'>, 'throttleTimeMs'>): void;
}

export interface ProducerGauges {
  readonly memory: Pick<BufferMemory, 'used' | 'bytesMax' | 'waitingCount'>;
  readonly inFlight: () => number;
}

export class ProducerMeter implements BatchObserver, ProduceMeter {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #open: OpenMetrics<typeof producerTable>;
  readonly #topics = new Map<string, OpenMetrics<typeof producerTopicTable>>();

  constructor(cluster: Cluster, { memory, inFlight }: ProducerGauges) {
    this.#cluster = cluster;
    this.#clock = cluster.host.clock;
    this.#open = cluster.metrics.open(producerTable, {
      'requests-in-flight': inFlight,
      'buffer-total-bytes': () => memory.bytesMax,
      'buffer-available-bytes': () => Math.max(0, memory.bytesMax - memory.used),
      'waiting-threads': () => memory.waitingCount,
      'metadata-age': () => cluster.metadata.ageMs / 1000,
    });
  }

  read(): ProducerMetrics {
    return { ...this.#cluster.network.read(), ...this.#open.read() };
  }

  requested(batches: readonly Batch[], nowMs: number): void {
    const { sensors } = this.#open;
    let records = 0;
    for (const batch of batches) {
      records += batch.count;
      sensors['queue-time'].record(nowMs - batch.createdAtMs, nowMs);
    }
    sensors['request-records'].record(records, nowMs);
  }

  answered(tookMs: number, { throttleTimeMs }: Pick<ExactResponse<'produce'>, 'throttleTimeMs'>): void {
    const nowMs = this.#clock.monotonic();
    this.#open.sensors['request-latency'].record(tookMs, nowMs);
    this.#open.sensors.throttle.record(throttleTimeMs, nowMs);
  }

  sent(batch: Batch, _broker: string): void {
    const { sensors } = this.#open;
    const topic = this.#topic(batch);
    const nowMs = this.#clock.monotonic();
    const bytes = batch.bytes?.length ?? 0;
    const plainBytes = batch.records.at;
    sensors.records.record(batch.count, nowMs);
    sensors['record-size'].record(plainBytes, nowMs, batch.count);
    sensors['batch-size'].record(bytes, nowMs);
    sensors.latency.record(nowMs - batch.createdAtMs, nowMs);
    topic.records.record(batch.count, nowMs);
    topic.bytes.record(bytes, nowMs);
    if (plainBytes === 0) return;
    sensors.compression.record(bytes / plainBytes, nowMs);
    topic.compression.record(bytes / plainBytes, nowMs);
  }

  failed(batch: Batch, _error: ClientError): void {
    this.#open.sensors.errors.record(batch.count);
    this.#topic(batch).errors.record(batch.count);
  }

  retried(batch: Batch): void {
    this.#open.sensors.retries.record(batch.count);
    this.#topic(batch).retries.record(batch.count);
  }

  split(_batch: Batch): void {
    this.#open.sensors.splits.record(1);
  }

  /** A record found no room in time. */
  exhausted(): void {
    this.#open.sensors.exhausted.record(1);
  }

  #topic({ queue }: Batch): OpenMetrics<typeof producerTopicTable>['sensors'] {
    const topic = queue.topic.name;
    let open = this.#topics.get(topic);
    if (open === undefined) {
      open = this.#cluster.metrics.open(producerTopicTable, {}, { topic });
      this.#topics.set(topic, open);
    }
    return open.sensors;
  }
}
