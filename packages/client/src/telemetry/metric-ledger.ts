/**
 * What is told of the metrics of a client. In: its registry, and what the broker wants. Out: the metrics as bytes, with Kafka's names for them,
 * as many as one push may bring; and a note of what was told, so that the next push tells what has come since.
 */
import type { Metric, MetricRegistry } from '../metrics/metric-registry.ts';
import { type Labels, metric, type Point } from './otlp.ts';
import { isWanted, type Subscription } from './subscription.ts';

interface Told {
  readonly value: number;
  readonly atMs: number;
}

export interface Collection {
  readonly metrics: readonly Buffer[];
  /** That were wanted, and found no room. */
  readonly leftOutCount: number;
  /** To be called when the broker has taken them. */
  readonly taken: () => void;
}

/** For labels of the client, and what stands in front of parts. */
const reservedBytes = 4096;

export class MetricLedger {
  readonly #registry: MetricRegistry;
  #isDelta = false;
  /** Sums, as they were told last. */
  #told = new WeakMap<Metric, Told>();
  #names = new WeakMap<Metric, string>();

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
  }

  /** `nowMs` by the wall clock. */
  collect(subscription: Subscription, nowMs: number): Collection {
    const { isDelta, bytesMax } = subscription;
    if (isDelta !== this.#isDelta) this.#told = new WeakMap();
    this.#isDelta = isDelta;
    const metrics: Buffer[] = [];
    const sums: [Metric, Told][] = [];
    let bytesLeft = bytesMax - reservedBytes;
    let leftOutCount = 0;
    for (const one of this.#registry.all()) {
      const name = this.#nameOf(one);
      if (!isWanted(name, subscription)) continue;
      const value = one.read();
      // Nothing happened lately that it could tell of.
      if (Number.isNaN(value)) continue;
      const bytes = metric(this.#point(one, name, value, nowMs));
      if (bytes.length > bytesLeft) {
        leftOutCount++;
        continue;
      }
      bytesLeft -= bytes.length;
      metrics.push(bytes);
      if (one.kind === 'sum') sums.push([one, { value, atMs: nowMs }]);
    }
    const told = this.#told;
    const taken = (): void => {
      for (const [one, what] of sums) told.set(one, what);
    };
    return { metrics, leftOutCount, taken };
  }

  #point(one: Metric, name: string, value: number, atMs: number): Point {
    const labels = labelsOf(one.tags);
    const { startedAtMs } = this.#registry;
    if (one.kind === 'gauge') return { name, kind: 'gauge', labels, value, sinceMs: atMs, atMs };
    if (!this.#isDelta) return { name, kind: 'total', labels, value, sinceMs: startedAtMs, atMs };
    const before = this.#told.get(one) ?? { value: 0, atMs: startedAtMs };
    return { name, kind: 'delta', labels, value: value - before.value, sinceMs: before.atMs, atMs };
  }

  #nameOf(one: Metric): string {
    let name = this.#names.get(one);
    if (name === undefined) this.#names.set(one, (name = telemetryName(one)));
    return name;
  }
}

/** `record-send-total` of `producer-metrics` is `org.apache.kafka.producer.record.send.total`. */
function telemetryName({ group, name }: Pick<Metric, 'group' | 'name'>): string {
  return `org.apache.kafka.${dotted(group).replaceAll('.metrics', '')}.${dotted(name)}`;
}

const dotted = (name: string): string => name.toLowerCase().replaceAll('-', '.');

const labelsOf = (tags: Metric['tags']): Labels =>
  Object.entries(tags).map(([name, value]) => [name.toLowerCase().replaceAll('-', '_'), value]);
