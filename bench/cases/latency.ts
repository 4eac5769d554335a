// How long an answer takes when the broker is not loaded: a fixed rate, no linger, counted from the moment each record was due.

import type { KeptCase, Row } from '../case.ts';
import { drive, withTopic } from '../driver.ts';
import type { Durability } from '../sides/broker.ts';

const quantile: Pick<Row, 'unit' | 'better' | 'against'> = { unit: 'ms', better: 'lower', against: 'ratio' };

const quantiles: Row[] = [
  { figure: 'p50Ms', text: 'p50', ...quantile, must: 1, goal: 0.6 },
  { figure: 'p99Ms', text: 'p99', ...quantile, must: 1, goal: 0.7 },
  { figure: 'p999Ms', text: 'p99.9', ...quantile },
];

export const latencyCases: KeptCase[] = [
  latencyCase('latency', '15,000 records/s of 1 KiB, linger 0', 'os', quantiles),
  latencyCase(
    'durable-latency',
    '15,000 records/s of 1 KiB, linger 0, on disk before the answer',
    'sync',
    quantiles.map(({ must: _must, goal: _goal, ...row }) => row),
  ),
];

function latencyCase(name: string, text: string, durability: Durability, rows: Row[]): KeptCase {
  return {
    name,
    text,
    durability,
    rows,
    brokers: 'kept',
    bytes: 1e9,
    run: async (stage, broker) => {
      const { round, smoke } = stage;
      const flags = smoke ? { rate: 1000, time: '500ms', warmup: '200ms' } : { rate: 15_000, time: '5s', warmup: '1s' };
      return await withTopic(stage, broker, `${name}-${round}`, async (topic) =>
        drive('latency', broker, { topic, size: 1024, 'batch-bytes': 1_000_000, ...flags }),
      );
    },
  };
}
