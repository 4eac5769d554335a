// The same two questions asked by Kafka's own ProducerPerformance and ConsumerPerformance. These tools take most of a core at half a
// million records a second, so on two cores their speed says more about them than about the broker; the CPU column is the result.

import type { KeptCase, Row } from '../case.ts';
import { drive, dropTopic, withTopic } from '../driver.ts';
import type { Figures } from '../figures.ts';
import { runJava } from '../java-perf.ts';
import { cpuSecondsOf } from '../machine/proc.ts';
import type { Broker } from '../sides/broker.ts';

const size = 100;
const rows: Row[] = [
  { figure: 'megabytesPerSecond', text: 'throughput', unit: 'MB/s', better: 'higher', against: 'ratio' },
  { figure: 'cpuSecondsPerGB', text: 'broker CPU per GB', unit: 's/GB', better: 'lower', against: 'ratio' },
];

const produce: KeptCase = {
  name: 'java-produce',
  text: 'ProducerPerformance, 100 B records, 16 KiB batches',
  durability: 'os',
  brokers: 'kept',
  bytes: 3e9,
  roundsMax: 6,
  rows,
  run: async (stage, broker) => {
    const { round, smoke } = stage;
    const [records, warmup] = smoke ? [20_000, 10_000] : [5_000_000, 3_000_000];
    return await withTopic(stage, broker, `java-produce-${round}`, async (topic) =>
      costed(broker, records, async () => {
        const load = `--num-records ${records} --record-size ${size} --warmup-records ${warmup} --throughput -1`;
        const printed = await runJava(
          'ProducerPerformance',
          `--bootstrap-server ${broker.bootstrap} --topic ${topic} ${load} --command-property batch.size=16384 linger.ms=5 acks=all`,
        );
        // The last summary is the one without the warm-up.
        const rate = [...printed.matchAll(/, ([\d.]+) records\/sec/g)].at(-1)?.[1];
        return (Number(rate) * size) / 1e6;
      }),
    );
  },
};

const consume: KeptCase = {
  name: 'java-fetch',
  text: 'ConsumerPerformance, 100 B records',
  durability: 'os',
  brokers: 'kept',
  bytes: 3e9,
  roundsMax: 6,
  rows,
  prepare: async ({ smoke }, broker) => {
    await drive('create', broker, { topic: 'java-fetch' });
    await drive('produce', broker, { topic: 'java-fetch', size, records: recordsToRead(smoke), time: '60s' });
  },
  run: async ({ smoke }, broker) => {
    const records = recordsToRead(smoke);
    return await costed(broker, records, async () => {
      const printed = await runJava(
        'ConsumerPerformance',
        `--bootstrap-server ${broker.bootstrap} --topic java-fetch --num-records ${records}`,
      );
      // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s
      const columns = (printed.trim().split('\n').at(-1) ?? '').split(', ');
      return (Number(columns[9]) * size) / 1e6;
    });
  },
  clear: async (stage, broker) => dropTopic(stage, broker, 'java-fetch'),
};

export const javaCases: KeptCase[] = [produce, consume];

function recordsToRead(smoke: boolean): number {
  return smoke ? 20_000 : 8_000_000;
}

/** The tool tells its speed; the broker's CPU time is that of the whole run, warm-up and all, and so are the bytes. */
async function costed(broker: Broker, records: number, megabytesPerSecond: () => Promise<number>): Promise<Figures> {
  const before = cpuSecondsOf(broker.pid);
  const speed = await megabytesPerSecond();
  const bytes = records * size;
  const cpuSecondsPerGB = (cpuSecondsOf(broker.pid) - before) / (bytes / 1e9);
  return { megabytesPerSecond: speed, cpuSecondsPerGB, records, bytes };
}
