/** Requests by API: how many, and how long from their arrival to their answer. */
import { apis } from '@millrace/protocol';

import type { ApiCounters } from '../../metrics.ts';
import type { Measure, Observed } from '../measure.ts';

/** As the JMX exporter writes the percentiles of Kafka's histograms. */
const quantiles: readonly (readonly [label: string, fraction: number])[] = [
  ['0.50', 0.5],
  ['0.75', 0.75],
  ['0.95', 0.95],
  ['0.98', 0.98],
  ['0.99', 0.99],
  ['0.999', 0.999],
];
const fractions = quantiles.map(([, fraction]) => fraction);

/** Fetches count twice in Kafka: as such, and as fetches of consumers. */
function* byName({ doors }: Observed): Generator<readonly [name: string, counters: ApiCounters]> {
  for (const [key, counters] of doors.metrics.requests.entries()) {
    if (counters === undefined) continue;
    yield [doors.table().nameOf(key), counters];
    if (key === apis.fetch.key) yield ['FetchConsumer', counters];
  }
}

export const requestMeasures = {
  count: {
    type: 'counter',
    help: 'Requests answered',
    labels: ['request'],
    *samples(observed) {
      for (const [name, { count }] of byName(observed)) yield { labels: [name], value: count };
    },
  },
  time: {
    type: 'summary',
    help: 'Milliseconds from the arrival of requests to their answers; quantiles of the last one to two minutes',
    labels: ['request', 'quantile'],
    *samples(observed) {
      for (const [name, { count, totalMs, times }] of byName(observed)) {
        const found = times.quantiles(fractions);
        for (const [index, [label]] of quantiles.entries()) yield { labels: [name, label], value: found[index] ?? 0 };
        yield { labels: [name], value: totalMs, suffix: '_sum' };
        yield { labels: [name], value: count, suffix: '_count' };
      }
    },
  },
  totalTime: {
    type: 'counter',
    help: 'Milliseconds from the arrival of requests to their answers, added up',
    labels: ['request'],
    *samples(observed) {
      for (const [name, { totalMs }] of byName(observed)) yield { labels: [name], value: totalMs };
    },
  },
} as const satisfies Record<string, Measure>;
