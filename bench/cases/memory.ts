// Resident memory of a fresh broker at rest, and its peak after writers and a reader have kept it busy.

import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { OwnCase, Row, Stage } from '../case.ts';
import { drive } from '../driver.ts';
import type { Figures } from '../figures.ts';
import { memoryOf } from '../machine/proc.ts';
import { launch, type Broker } from '../sides/broker.ts';
import { layOutStage } from '../sides/lay-out.ts';

const resident: Pick<Row, 'unit' | 'better' | 'against'> = { unit: 'MiB', better: 'lower', against: 'ratio' };
const mebibyte = 2 ** 20;

export const memory: OwnCase = {
  name: 'memory',
  text: 'resident memory (Kafka with its default heap of 1 GiB)',
  durability: 'os',
  brokers: 'own',
  bytes: 4e9,
  roundsMax: 6,
  rows: [
    { figure: 'idleMiB', text: 'idle, 3 s after the start', ...resident, must: 0.2, goal: 0.13 },
    { figure: 'loadedMiB', text: 'peak under full load', ...resident, must: 0.25, goal: 0.15 },
  ],
  run: async (stage) => {
    const dir = join(stage.dir, `${stage.round}`);
    const broker = await launch(await layOutStage(stage, dir));
    try {
      await sleep(stage.smoke ? 500 : 3000);
      const idleMiB = memoryOf(broker.pid, 'VmRSS') / mebibyte;
      await load(stage, broker);
      return { idleMiB, loadedMiB: memoryOf(broker.pid, 'VmHWM') / mebibyte };
    } finally {
      await broker.kill();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

/** Small batches, then large batches from two clients while what was written first is read. */
async function load({ smoke }: Stage, broker: Broker): Promise<Figures> {
  const time = `${smoke ? 0.3 : 4}s`;
  await drive('create', broker, { topics: 'small,large' });
  await drive('produce', broker, { topic: 'small', size: 100, records: 8e6, producers: 2, time });
  const large = { topic: 'large', size: 1024, 'batch-bytes': 131_072, records: 1.5e6, producers: 2, time };
  const [written] = await Promise.all([drive('produce', broker, large), drive('fetch', broker, { topic: 'small' })]);
  return written;
}
