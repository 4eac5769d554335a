// From the start of the process to the first answer of an empty broker. The processes are started as the launchers do it, without the
// time of Kafka's shell scripts; its folder is formatted before, which is not counted either.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnCase, Row, Stage } from '../case.ts';
import { drive } from '../driver.ts';
import type { Figures } from '../figures.ts';
import { launch, type Broker, type Site } from '../sides/broker.ts';
import { withClassArchive } from '../sides/kafka.ts';
import { layOutStage } from '../sides/lay-out.ts';

export const startTime: Pick<Row, 'unit' | 'better' | 'against'> = { unit: 'ms', better: 'lower', against: 'ratio' };

export const start: OwnCase = {
  name: 'start',
  text: 'start of the process, empty log directory',
  durability: 'os',
  brokers: 'own',
  bytes: 0,
  rows: [
    { figure: 'startMs', text: 'to the first ApiVersions answer', ...startTime, must: 0.1, goal: 0.05 },
    { figure: 'startArchivedMs', text: 'the same, Kafka with a class archive it does not ship', ...startTime },
    { figure: 'stopMs', text: 'SIGTERM to the end of the process', ...startTime },
  ],
  run: async (stage) => {
    const figures = await startEmpty(stage, (site) => site);
    const archived = stage.side === 'kafka' && !stage.smoke ? await startEmpty(stage, withClassArchive) : figures;
    return { ...figures, startArchivedMs: archived['startMs'] ?? Number.NaN };
  },
};

async function startEmpty(stage: Stage, change: (site: Site) => Site): Promise<Figures> {
  const dir = join(stage.dir, `${stage.round}`);
  const site = change(await layOutStage(stage, dir));
  const { broker, figures } = await launchTimed(site);
  const stoppedAt = performance.now();
  await broker.stop();
  const stopMs = performance.now() - stoppedAt;
  rmSync(dir, { recursive: true, force: true });
  return { ...figures, stopMs };
}

/**
 * Starts a broker while the driver knocks at its door. With topics, it also waits until every partition tells its end offset.
 * The driver is started first, so that its own start is not counted.
 */
export async function launchTimed(
  site: Site,
  topics?: { topics: string; partitions: number },
): Promise<{ broker: Broker; figures: Figures }> {
  const knocking = drive('ready', site, { wait: '90s', ...topics });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const [broker, { answeredAt = 0, readyAt = 0, records = 0 }] = await Promise.all([launch(site), knocking]);
  const sinceSpawnMs = (at: number) => (at - broker.spawnedAt) * 1000;
  const startMs = sinceSpawnMs(answeredAt);
  return { broker, figures: topics === undefined ? { startMs } : { startMs, readyMs: sinceSpawnMs(readyAt), records } };
}
