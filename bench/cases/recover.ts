// Start after kill -9, with 1,000 partitions and 1 GiB of log. The folder is filled and the broker killed once; each round starts
// from a copy of what was left, because a start repairs it.

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnCase, Stage } from '../case.ts';
import type { Figures } from '../figures.ts';
import { drive } from '../driver.ts';
import { launch, type Site } from '../sides/broker.ts';
import { withShortSession } from '../sides/kafka.ts';
import { layOutStage } from '../sides/lay-out.ts';
import { launchTimed, startTime } from './start.ts';

const size = 1024;

/** One folder and one port per side for all rounds. */
const sites = new Map<Stage['label'], Site>();

export const recover: OwnCase = {
  name: 'recover',
  text: 'start after kill -9, 1,000 partitions, 1 GiB of log',
  durability: 'os',
  brokers: 'own',
  bytes: 5e9,
  roundsMax: 6,
  rows: [
    { figure: 'startMs', text: 'to the first ApiVersions answer', ...startTime, must: 0.5, goal: 0.2 },
    { figure: 'readyMs', text: 'to the end offsets of all partitions', ...startTime, must: 0.5, goal: 0.2 },
    { figure: 'readyHelpedMs', text: 'the same, Kafka with a session of 1 s', ...startTime },
  ],
  prepare: async (stage) => {
    const site = await layOutStage(stage);
    sites.set(stage.label, site);
    const broker = await launch(site);
    const { topics, partitions, recordsPerTopic } = shape(stage);
    await drive('create', broker, { topics: topics.join(','), partitions });
    for (const topic of topics) {
      const flags = { size, partitions, records: recordsPerTopic, 'batch-bytes': 16_384, time: '60s' };
      await drive('produce', broker, { topic, ...flags });
    }
    await broker.kill();
    copy(site.logDir, remains(stage));
  },
  run: async (stage) => {
    const figures = await startFromRemains(stage, (site) => site);
    const helped = stage.side === 'kafka' && !stage.smoke ? await startFromRemains(stage, withShortSession) : figures;
    return { ...figures, readyHelpedMs: helped['readyMs'] ?? Number.NaN };
  },
};

async function startFromRemains(stage: Stage, change: (site: Site) => Site): Promise<Figures> {
  const site = sites.get(stage.label);
  if (site === undefined) throw new Error('the folder was not prepared');
  copy(remains(stage), site.logDir);
  const { topics, partitions, recordsPerTopic } = shape(stage);
  const { broker, figures } = await launchTimed(change(site), { topics: topics.join(','), partitions });
  await broker.kill();
  const wanted = topics.length * recordsPerTopic;
  const { records = 0 } = figures;
  if (records < wanted) throw new Error(`${records} of ${wanted} records after the start`);
  return figures;
}

function shape({ smoke }: Stage): { topics: string[]; partitions: number; recordsPerTopic: number } {
  const topics = smoke ? ['left-0'] : Array.from({ length: 10 }, (_, index) => `left-${index}`);
  return smoke
    ? { topics, partitions: 10, recordsPerTopic: 2000 }
    : { topics, partitions: 100, recordsPerTopic: Math.ceil(2 ** 30 / size / topics.length) };
}

function remains(stage: Stage): string {
  return join(stage.dir, 'remains');
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', '--sparse=always', from, to]);
}
