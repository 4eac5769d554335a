/**
 * What is told of the metrics of a client. In: its registry, and what the broker wants. Out: the metrics as bytes, with Kafka's names for them,
 * as many as one push may bring; and a note of what was told, so that the next push tells what has come since.
 */
import type { Metric, MetricRegistry } from '../metrics/metric-registry.ts';
import { frameOf, type Labels, metric, type MetricFrame, type Point } from './otlp.ts';
import { isWanted, type Subscription } from './subscription.ts';

interface Told {
  readonly value: number;
  readonly atMs: number;
}

interface Known {
  readonly name: string;
  /** Made for what is wanted. */
  frame: MetricFrame | undefined;
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
  readonly #known = new WeakMap<Metric, Known>();

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
      const known = this.#knownOf(one);
      if (!isWanted(known.name, subscription)) continue;
      const value = one.read();
      // Nothing happened lately that it could tell of.
      if (Number.isNaN(value)) continue;
      const bytes = metric((known.frame ??= frameOf(known.name, labelsOf(one.tags))), this.#point(one, value, nowMs));
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

  #point(one: Metric, value: number, atMs: number): Point {
    const { startedAtMs } = this.#registry;
    if (one.kind === 'gauge') return { kind: 'gauge', value, sinceMs: atMs, atMs };
    if (!this.#isDelta) return { kind: 'total', value, sinceMs: startedAtMs, atMs };
    const before = this.#told.get(one) ?? { value: 0, atMs: startedAtMs };
    return { kind: 'delta', value: value - before.value, sinceMs: before.atMs, atMs };
  }

  #knownOf(one: Metric): Known {
    let known = this.#known.get(one);
    if (known === undefined) this.#known.set(one, (known = { name: telemetryName(one), frame: undefined }));
    return known;
  }
}

/** `record-send-total` of `producer-metrics` is `org.apache.kafka.producer.record.send.total`. */
function telemetryName({ group, name }: Pick<Metric, 'group' | 'name'>): string {
  return `org.apache.kafka.${dotted(group).replaceAll('.metrics', '')}.${dotted(name)}`;
}

const dotted = (name: string): string => name.toLowerCase().replaceAll('-', '.');

const labelsOf = (tags: Metric['tags']): Labels =>
  Object.entries(tags).map(([name, value]) => [name.toLowerCase().replaceAll('-', '_'), value]);
