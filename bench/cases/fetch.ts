// Catch-up fetch: a topic that lies in the page cache is read from its start to its end.

import { execFileSync } from 'node:child_process';
import type { KeptCase, Row, Stage } from '../case.ts';
import { drive, dropTopic, type DriverMode } from '../driver.ts';
import { withRates } from '../figures.ts';
import type { Broker } from '../sides/broker.ts';

const topicBytes = 1.5e9;
const size = 1024;

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

export const fetchCases: KeptCase[] = [
  fetchCase('fetch', 'catch-up fetch, 1 KiB records, a consumer that decodes and checks them', 'fetch', [
    { ...throughput, must: 0.9, goal: 1.0 },
    { ...cost, must: 1.4, goal: 1.1 },
  ]),
  fetchCase('fetch-raw', 'catch-up fetch, 1 KiB records, bytes only, so that the broker is the limit', 'fetch-raw', [
    throughput,
    cost,
  ]),
];

function fetchCase(name: string, text: string, mode: DriverMode, rows: Row[]): KeptCase {
  return {
    name,
    text,
    durability: 'os',
    rows,
    brokers: 'kept',
    bytes: 3 * topicBytes,
    prepare: async (stage, broker) => fill(name, stage, broker),
    run: async (_stage, broker) => withRates(await drive(mode, broker, { topic: name })),
    clear: async (stage, broker) => dropTopic(stage, broker, name),
  };
}

async function fill(topic: string, { smoke }: Stage, broker: Broker): Promise<void> {
  await drive('create', broker, { topic });
  const records = Math.floor((smoke ? 5e6 : topicBytes) / size);
  await drive('produce', broker, { topic, size, 'batch-bytes': 131_072, records, time: '60s' });
  // Otherwise the kernel writes it out while the first rounds are measured.
  if (!smoke) execFileSync('sync', ['-f', broker.site.logDir]);
}
