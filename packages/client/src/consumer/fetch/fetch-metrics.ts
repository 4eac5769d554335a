/** What is fetched and handed out, in all, by topic and by partition. In: answers, and cursors that slices were taken of. Out: Kafka's metrics. */
import type { MetricRegistry, OpenMetrics } from '../../metrics/metric-registry.ts';
import { avg, count, countRate, gauge, max, min, rate, total } from '../../metrics/metric-table.ts';
import type { Cursor } from './cursor.ts';
import type { FetchedAnswer } from './fetch-source.ts';

const group = 'consumer-fetch-manager-metrics';

export const fetchTable = {
  group,
  tags: [],
  rows: {
    'records-consumed-rate': rate('records', 'Records handed out a second'),
    'records-consumed-total': total('records', 'Records handed out'),
    'bytes-consumed-rate': rate('bytes', 'Bytes a second, as they are stored'),
    'bytes-consumed-total': total('bytes', 'Bytes, as they are stored'),
    'fetch-rate': countRate('latency', 'Fetches answered a second'),
    'fetch-total': count('latency', 'Fetches answered'),
    'fetch-latency-avg': avg('latency', 'Milliseconds of a fetch; the time that brokers wait for records is in it'),
    'fetch-latency-max': max('latency', 'The longest of these'),
    'fetch-size-avg': avg('size', 'Bytes of records that a fetch brings'),
    'fetch-size-max': max('size', 'The most of these'),
    'records-per-request-avg': gauge('Records handed out for each fetch'),
    'fetch-throttle-time-avg': avg('throttle', 'Milliseconds that a broker asked to be left alone for'),
    'fetch-throttle-time-max': max('throttle', 'The longest of these'),
    'records-lag-max': gauge(
      'Records between the position and the end of the partition that is, or was, furthest behind',
    ),
    'records-lead-min': gauge('Records between the beginning, behind which they are deleted, and the nearest position'),
    'buffered-bytes': gauge('Not one of Kafka’s: bytes that are kept ahead of readers'),
  },
} as const;

export const fetchTopicTable = {
  group,
  tags: ['topic'],
  rows: {
    'records-consumed-rate': rate('records', 'Records of the topic handed out a second'),
    'records-consumed-total': total('records', 'Records of the topic handed out'),
    'bytes-consumed-rate': rate('bytes', 'Bytes of the topic a second, as they are stored'),
    'bytes-consumed-total': total('bytes', 'Bytes of the topic, as they are stored'),
    'fetch-size-avg': avg('size', 'Bytes of the topic that a fetch brings'),
    'fetch-size-max': max('size', 'The most of these'),
  },
} as const;

export const fetchPartitionTable = {
  group,
  tags: ['topic', 'partition'],
  rows: {
    'records-lag': gauge('Records between the position and the end'),
    'records-lag-avg': avg('lag', 'The same on average, when records were handed out'),
    'records-lag-max': max('lag', 'The most of these'),
    'records-lead': gauge('Records between the beginning of the log and the position'),
    'records-lead-avg': avg('lead', 'The same on average, when records were handed out'),
    'records-lead-min': min('lead', 'The least of these'),
    'preferred-read-replica': gauge('The broker that is read from in place of the leader, -1 for none'),
  },
} as const;

interface OpenPartition {
  readonly metrics: OpenMetrics<typeof fetchPartitionTable>;
  /** How much of the cursor's own counts is measured. */
  records: number;
  bytes: number;
}

interface OpenTopic {
  readonly metrics: OpenMetrics<typeof fetchTopicTable>;
  partitions: number;
}

export class FetchMetrics {
  readonly #registry: MetricRegistry;
  readonly #all: OpenMetrics<typeof fetchTable>;
  readonly #topics = new Map<string, OpenTopic>();
  readonly #partitions = new Map<Cursor, OpenPartition>();

  constructor(registry: MetricRegistry, bufferedBytes: () => number) {
    this.#registry = registry;
    this.#all = registry.open(fetchTable, {
      'records-per-request-avg': () =>
        this.#all.sensors.records.read('rate') / this.#all.sensors.latency.read('count-rate'),
      'records-lag-max': () => this.#furthest('lag', 'max', lagOf),
      'records-lead-min': () => this.#furthest('lead', 'min', leadOf),
      'buffered-bytes': bufferedBytes,
    });
  }

  read(): ReturnType<OpenMetrics<typeof fetchTable>['read']> {
    for (const [cursor, open] of this.#partitions) this.#count(cursor, open);
    return this.#all.read();
  }

  /** A fetch was answered. */
  fetched({ tookMs, bytes, throttleTimeMs }: FetchedAnswer, topicBytes: ReadonlyMap<string, number>): void {
    const { latency, size, throttle } = this.#all.sensors;
    latency.record(tookMs);
    size.record(bytes);
    throttle.record(throttleTimeMs);
    for (const [topic, count] of topicBytes) this.#topics.get(topic)?.metrics.sensors.size.record(count);
  }

  /** A reader has taken records of it, up to this offset. */
  taken(cursor: Cursor, nextOffset: bigint): void {
    const open = this.#partitions.get(cursor);
    if (open === undefined) return;
    this.#count(cursor, open);
    const { lag, lead } = open.metrics.sensors;
    const { readableEnd, logStartOffset } = cursor;
    if (readableEnd < 0n) return;
    lag.record(distance(nextOffset, readableEnd));
    lead.record(distance(logStartOffset, nextOffset));
  }

  added(cursor: Cursor): void {
    const { topic, partition } = cursor;
    const gauges = {
      'records-lag': () => lagOf(cursor),
      'records-lead': () => leadOf(cursor),
      'preferred-read-replica': () => cursor.preferredReplica?.id ?? -1,
    };
    const metrics = this.#registry.open(fetchPartitionTable, gauges, { topic, partition: `${partition}` });
    this.#partitions.set(cursor, { metrics, records: 0, bytes: 0 });
    const open = this.#topics.get(topic) ?? {
      metrics: this.#registry.open(fetchTopicTable, {}, { topic }),
      partitions: 0,
    };
    open.partitions++;
    this.#topics.set(topic, open);
  }

  removed(cursor: Cursor): void {
    const open = this.#partitions.get(cursor);
    if (open === undefined) return;
    this.#count(cursor, open);
    open.metrics.close();
    this.#partitions.delete(cursor);
    const topic = this.#topics.get(cursor.topic)!;
    if (--topic.partitions > 0) return;
    topic.metrics.close();
    this.#topics.delete(cursor.topic);
  }

  #count(cursor: Cursor, open: OpenPartition): void {
    const records = cursor.recordCount - open.records;
    const bytes = cursor.byteCount - open.bytes;
    open.records += records;
    open.bytes += bytes;
    for (const { sensors } of [this.#all, this.#topics.get(cursor.topic)!.metrics]) {
      if (records > 0) sensors.records.record(records);
      if (bytes > 0) sensors.bytes.record(bytes);
    }
  }

  /** Of what was in the windows, and what is now: of a partition that nobody takes records of, that alone tells. */
  #furthest(name: 'lag' | 'lead', stat: 'max' | 'min', now: (cursor: Cursor) => number): number {
    const pick = Math[stat];
    let found = Number.NaN;
    for (const [cursor, { metrics }] of this.#partitions)
      for (const value of [metrics.sensors[name].read(stat), now(cursor)])
        if (!Number.isNaN(value)) found = Number.isNaN(found) ? value : pick(found, value);
    return found;
  }
}

/** NaN while it is not known. */
function lagOf({ position, readableEnd }: Cursor): number {
  return position === undefined || readableEnd < 0n ? Number.NaN : distance(position, readableEnd);
}

function leadOf({ position, readableEnd, logStartOffset }: Cursor): number {
  return position === undefined || readableEnd < 0n ? Number.NaN : distance(logStartOffset, position);
}

const distance = (from: bigint, to: bigint): number => (to > from ? Number(to - from) : 0);
