// What clients cost that do nothing: silent connections, and fetches that wait for a record.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnCase, Stage } from '../case.ts';
import { drive } from '../driver.ts';
import type { Figures } from '../figures.ts';
import { launch, type Broker } from '../sides/broker.ts';
import { layOutStage } from '../sides/lay-out.ts';

/** Absolute figures of fresh processes. */
const roundsMax = 3;

const idle: OwnCase = {
  name: 'idle-connections',
  text: '5,000 idle connections',
  durability: 'os',
  brokers: 'own',
  bytes: 0,
  roundsMax,
  rows: [
    {
      figure: 'connectionKiB',
      text: 'resident memory each',
      unit: 'KiB',
      better: 'lower',
      against: 'absolute',
      must: 16,
      goal: 8,
    },
  ],
  run: async (stage) =>
    withBroker(stage, async (broker) => {
      const flags = stage.smoke
        ? { connections: 200, warmup: '200ms', time: '200ms' }
        : { connections: 5000, warmup: '2s', time: '3s' };
      const figures = await drive('idle', broker, flags);
      return { ...figures, connectionKiB: (figures['connectionBytes'] ?? Number.NaN) / 1024 };
    }),
};

const parked: OwnCase = {
  name: 'parked-fetches',
  text: '10,000 parked fetches, one per connection, 60 s to wait',
  durability: 'os',
  brokers: 'own',
  bytes: 0,
  roundsMax,
  rows: [
    {
      figure: 'brokerCpuPercent',
      text: 'CPU of one core',
      unit: '%',
      better: 'lower',
      against: 'absolute',
      must: 2,
      goal: 1,
    },
    {
      figure: 'wakeAllSeconds',
      text: 'one record to the last of the 10,000 answers',
      unit: 's',
      better: 'lower',
      against: 'ratio',
    },
  ],
  run: async (stage) =>
    withBroker(stage, async (broker) => {
      await drive('create', broker, { topic: 'parked', partitions: 1 });
      const flags = stage.smoke
        ? { connections: 200, warmup: '200ms', time: '300ms' }
        : { connections: 10_000, warmup: '3s', time: '10s' };
      return await drive('parked', broker, { topic: 'parked', partitions: 1, ...flags });
    }),
};

export const connectionCases: OwnCase[] = [idle, parked];

async function withBroker(stage: Stage, work: (broker: Broker) => Promise<Figures>): Promise<Figures> {
  const dir = join(stage.dir, `${stage.round}`);
  const broker = await launch(await layOutStage(stage, dir));
  try {
    return await work(broker);
  } finally {
    await broker.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}
