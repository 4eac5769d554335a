/**
 * All that one client measures of itself. In: tables of metrics that its parts open (once, or for each broker, topic or partition). Out: the
 * metrics, each with what it is worth when it is asked.
 *
 * The seam: each `Cluster` has one, as `cluster.metrics`; whoever passes metrics on (KIP-714, an exporter) walks over `all()`, which
 * changes as brokers, topics and partitions come and go. A `Metric` has Kafka's group, name and tags (without `client-id`, which is the
 * client's own), so `org.apache.kafka.` + group without `-metrics` + name, with dots for hyphens, is the name that KIP-714 gives it. Its
 * `kind` says whether it only grows (`sum`, from `startedAtMs` on) or is a state of now (`gauge`). `read()` is NaN where nothing in
 * the windows says anything: there is nothing to pass on then. The same `Metric` object stands for the same metric as long as it lives, so
 * it may be a key for what was told last.
 *
 * Nothing runs while nobody asks: no timers. Recording costs some additions, and is done per request or batch, never per record.
 */
import type { Clock } from '@millrace/base';

import type { GaugeName, MetricRow, MetricTable, SensorName, TableValues } from './metric-table.ts';
import { type SampleWindows, Sensor } from './sensor.ts';

export interface Metric {
  readonly group: string;
  readonly name: string;
  /** Such as `node-id`, `topic`, `partition`; `client-id` goes without saying. */
  readonly tags: Readonly<Record<string, string>>;
  readonly kind: 'sum' | 'gauge';
  readonly doc: string;
  read(): number;
}

/** What is needed of the options. */
export interface MetricConfig {
  readonly 'metrics.num.samples': number;
  readonly 'metrics.sample.window.ms': number;
}

type Gauges<T extends MetricTable> = Readonly<Record<GaugeName<T>, () => number>>;

export class MetricRegistry {
  /** By `clock.now`: where sums begin. */
  readonly startedAtMs: number;
  readonly #clock: Clock;
  readonly #windows: SampleWindows;
  readonly #open = new Set<OpenMetrics<MetricTable>>();

  constructor(clock: Clock, config: MetricConfig) {
    this.#clock = clock;
    this.startedAtMs = clock.now();
    this.#windows = {
      windowMs: Math.max(1, config['metrics.sample.window.ms']),
      count: config['metrics.num.samples'],
    };
  }

  /** Its metrics are there until it is closed. */
  open<T extends MetricTable>(
    table: T,
    gauges: Gauges<T>,
    tags: Readonly<Record<string, string>> = {},
  ): OpenMetrics<T> {
    const metrics = new OpenMetrics(table, gauges, tags, () => new Sensor(this.#clock, this.#windows));
    this.#open.add(metrics);
    metrics.closed = () => void this.#open.delete(metrics);
    return metrics;
  }

  *all(): Iterable<Metric> {
    for (const { metrics } of this.#open) yield* metrics;
  }
}

export class OpenMetrics<T extends MetricTable> {
  readonly sensors: Readonly<Record<SensorName<T>, Sensor>>;
  readonly metrics: readonly Metric[];
  closed: () => void = () => {};

  constructor(table: T, gauges: Gauges<T>, tags: Readonly<Record<string, string>>, sensor: () => Sensor) {
    const sensors = new Map<string, Sensor>();
    this.metrics = Object.entries(table.rows).map(([name, row]) => {
      const base = { group: table.group, name, tags, kind: kindOf(row), doc: row.doc };
      const { of, stat } = row;
      if (of === undefined || stat === 'gauge') return { ...base, read: gauges[name as GaugeName<T>] };
      const source = sensors.get(of) ?? sensor();
      sensors.set(of, source);
      return { ...base, read: () => source.read(stat) };
    });
    this.sensors = Object.fromEntries(sensors) as Record<SensorName<T>, Sensor>;
  }

  /** By name. */
  read(): TableValues<T> {
    return Object.fromEntries(this.metrics.map((metric) => [metric.name, metric.read()])) as TableValues<T>;
  }

  close(): void {
    this.closed();
  }
}

function kindOf({ stat }: MetricRow): Metric['kind'] {
  return stat === 'total' || stat === 'count' ? 'sum' : 'gauge';
}
