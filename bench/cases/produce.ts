// Produce throughput and what it costs the broker: full batches from one franz-go client, idempotent, acks=all, as clients do by default.

import type { KeptCase, Row } from '../case.ts';
import { drive, withTopic, type DriverFlags } from '../driver.ts';
import { withRates } from '../figures.ts';
import type { Durability } from '../sides/broker.ts';

interface Load {
  size: number;
  batchBytes: number;
  seconds: number;
  /** The run ends after this many bytes even if its time is not over: more dirty pages and the kernel would throttle the writer. */
  bytesMax: number;
  flags?: DriverFlags;
}

const small: Load = { size: 100, batchBytes: 16_384, seconds: 4, bytesMax: 1.8e9 };
const large: Load = { size: 1024, batchBytes: 131_072, seconds: 4, bytesMax: 1.8e9 };

const throughput: Row = {
  figure: 'megabytesPerSecond',
  text: 'throughput',
  unit: 'MB/s',
  better: 'higher',
  against: 'ratio',
};
const cost: Row = {
  figure: 'cpuSecondsPerGB',
  text: 'broker CPU per GB',
  unit: 's/GB',
  better: 'lower',
  against: 'ratio',
};

const asFast = [
  { ...throughput, must: 1.0, goal: 1.4 },
  { ...cost, must: 0.8, goal: 0.55 },
];
const durablyFast = [{ ...throughput, must: 2.5, goal: 4 }, cost];

export const produceCases: KeptCase[] = [
  produceCase('produce-small', 'produce 100 B records, 16 KiB batches', 'os', small, asFast),
  produceCase('produce-large', 'produce 1 KiB records, 128 KiB batches', 'os', large, asFast),
  produceCase(
    'produce-plain',
    'produce 100 B records, 16 KiB batches, acks=1, not idempotent',
    'os',
    { ...small, flags: { acks: 1, idempotent: false } },
    [throughput, cost],
  ),
  produceCase(
    'durable-small',
    'produce 100 B records, 16 KiB batches, on disk before the answer',
    'sync',
    small,
    durablyFast,
  ),
  produceCase(
    'durable-large',
    'produce 1 KiB records, 128 KiB batches, on disk before the answer',
    'sync',
    large,
    durablyFast,
  ),
];

function produceCase(name: string, text: string, durability: Durability, load: Load, rows: Row[]): KeptCase {
  return {
    name,
    text,
    durability,
    rows,
    brokers: 'kept',
    bytes: 3 * load.bytesMax,
    run: async (stage, broker) => {
      const { round, smoke } = stage;
      const flags = {
        size: load.size,
        'batch-bytes': load.batchBytes,
        records: Math.floor(load.bytesMax / load.size),
        time: `${smoke ? 0.3 : load.seconds}s`,
        ...load.flags,
      };
      const figures = await withTopic(stage, broker, `${name}-${round}`, async (topic) =>
        drive('produce', broker, { topic, ...flags }),
      );
      return withRates(figures);
    },
  };
}
