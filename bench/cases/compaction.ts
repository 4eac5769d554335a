// Compaction of a topic of 1 GiB in which each key comes four times: from the moment it is asked for to the cleaner's own checkpoint, and
// what the process takes for it. The folder is filled once; each round works on a copy of it.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeBatch } from '@millrace/protocol';
import { seededRandom, WireClient } from '@millrace/testkit';
import type { OwnCase, Row, Stage } from '../case.ts';
import { memoryOf } from '../machine/proc.ts';
import { launch, type Site } from '../sides/broker.ts';
import { layOutStage } from '../sides/lay-out.ts';
import type { Figures } from '../figures.ts';

const topic = 'state';
const valueBytes = 1000;
const recordsPerBatch = 64;
const timesPerKey = 4;
const mebibyte = 2 ** 20;

const sites = new Map<Stage['label'], Site>();
const resident: Pick<Row, 'unit' | 'better' | 'against'> = { unit: 'MiB', better: 'lower', against: 'ratio' };

export const compaction: OwnCase = {
  name: 'compaction',
  text: 'compaction of 1 GiB, a quarter of it stays',
  durability: 'os',
  brokers: 'own',
  bytes: 4e9,
  roundsMax: 6,
  rows: [
    { figure: 'cleanMs', text: 'wall time', unit: 'ms', better: 'lower', against: 'ratio', must: 1.5, goal: 1 },
    { figure: 'peakMiB', text: 'peak resident memory meanwhile', ...resident, must: 0.333 },
    { figure: 'aboveIdleMiB', text: 'of that above what it was at rest', ...resident },
    { figure: 'slowestMs', text: 'slowest answer meanwhile', unit: 'ms', better: 'lower', against: 'ratio' },
  ],
  prepare: async (stage) => {
    const site = await layOutStage(stage);
    sites.set(stage.label, site);
    const broker = await launch(withSettings(site, 'log.cleaner.enable=false'));
    try {
      await using client = await WireClient.connect(broker.bootstrap);
      await create(client, stage);
      await fill(client, stage);
    } finally {
      await broker.stop();
    }
    copy(site.logDir, remains(stage));
  },
  run: async (stage) => {
    const site = sites.get(stage.label);
    if (site === undefined) throw new Error('the folder was not prepared');
    copy(remains(stage), site.logDir);
    return await compact(stage, site);
  },
};

async function compact({ smoke }: Stage, site: Site): Promise<Figures> {
  const broker = await launch(withSettings(site, 'log.cleaner.backoff.ms=100'));
  try {
    await sleep(smoke ? 500 : 3000);
    await using client = await WireClient.connect(broker.bootstrap);
    const idleMiB = memoryOf(broker.pid, 'VmRSS') / mebibyte;
    // From here on the peak is counted anew.
    writeFileSync(`/proc/${broker.pid}/clear_refs`, '5');
    const startedAtMs = performance.now();
    await allow(client);
    const wanted = activeOffset(site);
    let slowestMs = 0;
    while (cleanedTo(site) < wanted) {
      slowestMs = Math.max(slowestMs, await answerMs(client));
      if (performance.now() - startedAtMs > 120_000) throw new Error(`cleaned up to ${cleanedTo(site)} of ${wanted}`);
      await sleep(5);
    }
    const cleanMs = performance.now() - startedAtMs;
    const peakMiB = memoryOf(broker.pid, 'VmHWM') / mebibyte;
    return { cleanMs, peakMiB, idleMiB, aboveIdleMiB: peakMiB - idleMiB, slowestMs };
  } finally {
    await broker.kill();
  }
}

async function create(client: WireClient, { smoke }: Stage): Promise<void> {
  const settings = {
    'cleanup.policy': 'compact',
    'segment.bytes': String(smoke ? 1 << 20 : 100 << 20),
    // Never reached: nothing is compacted before it is asked for.
    'min.cleanable.dirty.ratio': '1.0',
  };
  const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
  const topics = [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }];
  const { topics: made } = await client.send('createTopics', 7, { topics });
  if (made[0]?.errorCode !== 0) throw new Error(`the topic could not be made: ${made[0]?.errorMessage}`);
}

/** The same bytes on both sides. */
async function fill(client: WireClient, { smoke }: Stage): Promise<void> {
  const bytes = smoke ? 8 * mebibyte : 1.05 * 2 ** 30;
  const batches = Math.ceil(bytes / (recordsPerBatch * (valueBytes + 40)));
  const keys = Math.ceil((batches * recordsPerBatch) / timesPerKey);
  const random = seededRandom(7);
  const value = Buffer.from(random.bytes(valueBytes));
  for (let number = 0; number < batches; number++) {
    const records = Array.from({ length: recordsPerBatch }, () => ({
      key: Buffer.from(`key-${String(random.below(keys)).padStart(12, '0')}`),
      value,
      timestamp: Date.now(),
    }));
    await produce(client, encodeBatch(records));
  }
}

/** A new Kafka says for a moment that it does not lead the partition. */
async function produce(client: WireClient, records: Buffer): Promise<void> {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  for (let tries = 0; ; tries++) {
    const answer = await client.send('produce', 9, { acks: 1, timeoutMs: 30_000, topicData });
    const code = answer.responses[0]?.partitionResponses[0]?.errorCode;
    if (code === 0) return;
    if (tries === 100) throw new Error(`produce was answered with error ${code}`);
    await sleep(50);
  }
}

async function allow(client: WireClient): Promise<void> {
  const configs = [{ name: 'min.cleanable.dirty.ratio', configOperation: 0, value: '0.01' }];
  const resources = [{ resourceType: 2, resourceName: topic, configs }];
  const { responses } = await client.send('incrementalAlterConfigs', 1, { resources, validateOnly: false });
  if (responses[0]?.errorCode !== 0) throw new Error(`the setting was refused: ${responses[0]?.errorMessage}`);
}

/** Of a request that costs nothing: how long the broker had no time for anybody. */
async function answerMs(client: WireClient): Promise<number> {
  const startedAtMs = performance.now();
  await client.send('metadata', 12, { topics: [{ name: topic }], allowAutoTopicCreation: false });
  return performance.now() - startedAtMs;
}

/** Where the segment begins that is not compacted. */
function activeOffset({ logDir }: Site): number {
  const bases = readdirSync(join(logDir, `${topic}-0`)).filter((name) => name.endsWith('.log'));
  return Math.max(...bases.map((name) => Number(name.slice(0, 20))));
}

function cleanedTo({ logDir }: Site): number {
  try {
    const text = readFileSync(join(logDir, 'cleaner-offset-checkpoint'), 'utf8');
    return Number(new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? -1);
  } catch {
    return -1;
  }
}

function withSettings(site: Site, ...settings: readonly string[]): Site {
  return { ...site, args: [...site.args, ...settings.flatMap((setting) => ['--override', setting])] };
}

function remains(stage: Stage): string {
  return join(stage.dir, 'remains');
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', '--sparse=always', from, to]);
}
