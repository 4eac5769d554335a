/**
 * The language of the metric tables: what can be measured, without a name. A dialect gives names to measures, so that all dialects
 * tell the same. In: the broker, when somebody scrapes. Out: samples, one at a time, so that a scrape of many can be interrupted.
 */
import type { Doors } from '../doors.ts';
import type { Partition } from '../partition.ts';
import type { Readings } from './readings.ts';

export interface Observed {
  readonly doors: Doors;
  readonly readings: Readings;
}

export interface Sample {
  /** In the order of the measure's labels; an empty one is left out, as Prometheus understands it anyway. */
  readonly labels: readonly string[];
  readonly value: number;
  /** Beside those, where every sample has others. */
  readonly named?: readonly (readonly [label: string, value: string])[];
  /** Of a summary: `_count`, `_sum`, or nothing for a quantile. */
  readonly suffix?: string;
}

export interface Measure {
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly help: string;
  readonly labels: readonly string[];
  samples(observed: Observed): Iterable<Sample>;
}

/** Names of one dialect. */
export type Names = Readonly<Record<string, Measure>>;

const noLabels: readonly string[] = [];

/** One value without labels. */
export function gauge(help: string, read: (observed: Observed) => number): Measure {
  return {
    type: 'gauge',
    help,
    labels: noLabels,
    samples: (observed) => [{ labels: noLabels, value: read(observed) }],
  };
}

export function counter(help: string, read: (observed: Observed) => number): Measure {
  return { ...gauge(help, read), type: 'counter' };
}

export function perPartition(help: string, read: (partition: Partition, observed: Observed) => number): Measure {
  return {
    type: 'gauge',
    help,
    labels: ['topic', 'partition'],
    *samples(observed) {
      for (const partition of observed.doors.partitions.all()) {
        yield { labels: [partition.topic, String(partition.index)], value: read(partition, observed) };
      }
    },
  };
}
