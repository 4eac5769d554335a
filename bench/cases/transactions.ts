// Transactions of a hundred records, one after the other from each of four franz-go producers, each committed.

import type { KeptCase } from '../case.ts';
import { drive, withTopic } from '../driver.ts';
import { withRates } from '../figures.ts';
import type { Durability } from '../sides/broker.ts';

const size = 1024;

export const transactionCases: KeptCase[] = [
  transactionCase('transactions', 'os'),
  transactionCase('durable-transactions', 'sync'),
];

function transactionCase(name: string, durability: Durability): KeptCase {
  return {
    name,
    text: `transactions of 100 records of 1 KiB, four producers${durability === 'sync' ? ', on disk before the answer' : ''}`,
    durability,
    brokers: 'kept',
    bytes: 2e9,
    rows: [
      {
        figure: 'recordsPerSecond',
        text: 'throughput',
        unit: 'records/s',
        better: 'higher',
        against: 'ratio',
        ...(durability === 'os' ? { must: 1, goal: 1.5 } : {}),
      },
      { figure: 'cpuSecondsPerGB', text: 'broker CPU per GB', unit: 's/GB', better: 'lower', against: 'ratio' },
    ],
    run: async (stage, broker) => {
      const figures = await withTopic(stage, broker, `${name}-${stage.round}`, async (topic) =>
        drive('transactions', broker, { topic, size, producers: 4, time: stage.smoke ? '0.3s' : '4s' }),
      );
      const { records = 0, seconds = 0 } = figures;
      return { ...withRates(figures), recordsPerSecond: records / seconds };
    },
  };
}
