// kafka-reassign-partitions on a server with two log directories: propose, execute, verify, cancel and list, between brokers and between
// directories; kafka-log-dirs shows where partitions lie.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTarget, type Target } from '../target.ts';
import { mask } from '../transcript.ts';
import { settle, type ToolSteps } from './tool-steps.ts';

interface Placed {
  topic: string;
  partition: number;
  replicas: number[];
  log_dirs?: string[];
}

export async function reassignment(tools: ToolSteps): Promise<void> {
  await using target = await startTarget(tools.target.kind, { spareLogDir: true });
  const dir = mkdtempSync(join(tmpdir(), 'reassign-'));
  try {
    const stage = new Stage(tools, target, dir);
    await stage.create();
    await settle();
    await proposing(stage);
    await betweenBrokers(stage);
    await betweenDirectories(stage);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

class Stage {
  readonly spare: string;
  readonly data: string;
  readonly #tools: ToolSteps;
  readonly #target: Target;
  readonly #dir: string;
  #files = 0;

  constructor(tools: ToolSteps, target: Target, dir: string) {
    this.#tools = tools;
    this.#target = target;
    this.#dir = dir;
    this.data = target.logDir;
    this.spare = join(dirname(target.logDir), 'spare');
  }

  async step(name: string, ...args: string[]): Promise<string> {
    return await this.#local(`reassign: ${name}`, 'kafka-reassign-partitions', args);
  }

  async dirs(name: string): Promise<void> {
    await this.#local(`reassign: ${name}`, 'kafka-log-dirs', ['--describe', '--topic-list', 'moved'], sortDirs);
  }

  async create(): Promise<void> {
    await this.#local('reassign: create a topic', 'kafka-topics', [
      '--create',
      '--topic',
      'moved',
      '--partitions',
      '4',
    ]);
  }

  file(content: object): string {
    const file = join(this.#dir, `${this.#files++}.json`);
    writeFileSync(file, JSON.stringify(content));
    return file;
  }

  plan(...partitions: Placed[]): string {
    return this.file({ version: 1, partitions });
  }

  async #local(name: string, tool: string, args: string[], sort = sortPlan): Promise<string> {
    return await this.#tools.local(name, tool, ['--bootstrap-server', this.#target.bootstrap, ...args], {
      mask: (text) => sort(mask(text.replaceAll(this.spare, 'SPARE').replaceAll(this.#dir, 'DIR'), this.#target)),
    });
  }
}

async function proposing(stage: Stage): Promise<void> {
  const topics = stage.file({ version: 1, topics: [{ topic: 'moved' }] });
  const generate = async (name: string, file: string, brokers: string) =>
    await stage.step(name, '--generate', '--topics-to-move-json-file', file, '--broker-list', brokers);
  await generate('generate', topics, '1');
  await generate('generate for a broker that is not there', topics, '1,9');
  await generate(
    'generate for a topic that is not there',
    stage.file({ version: 1, topics: [{ topic: 'absent' }] }),
    '1',
  );
}

async function betweenBrokers(stage: Stage): Promise<void> {
  const here = stage.plan({ topic: 'moved', partition: 0, replicas: [1] });
  const there = stage.plan({ topic: 'moved', partition: 0, replicas: [9] });
  const absent = stage.plan({ topic: 'absent', partition: 0, replicas: [1] });
  const plan = (file: string) => ['--reassignment-json-file', file];
  await stage.step('list', '--list');
  await stage.step('execute', '--execute', ...plan(here));
  await stage.step('verify', '--verify', ...plan(here));
  await stage.step('execute to a broker that is not there', '--execute', ...plan(there));
  await stage.step('execute for a topic that is not there', '--execute', ...plan(absent));
  await stage.step('cancel when there is nothing', '--cancel', ...plan(here));
  await stage.step('execute with a limit', '--execute', ...plan(here), '--throttle', '1000000');
  await settle();
  await stage.step('verify and take back the limit', '--verify', ...plan(here));
  await settle();
}

async function betweenDirectories(stage: Stage): Promise<void> {
  const move = (...places: string[]) =>
    stage.plan(...places.map((place, partition) => ({ topic: 'moved', partition, replicas: [1], log_dirs: [place] })));
  const plan = (file: string) => ['--reassignment-json-file', file];
  const all = move(stage.spare, stage.spare, stage.data, stage.data);
  await stage.dirs('directories before');
  await stage.step('move between directories', '--execute', ...plan(all));
  await sleep(2000);
  await stage.step('verify the move', '--verify', ...plan(all));
  await stage.dirs('directories after');
  const slowly = move(stage.data, stage.data);
  await stage.step('move slowly', '--execute', ...plan(slowly), '--replica-alter-log-dirs-throttle', '1000000');
  await sleep(2000);
  await stage.step('verify the slow move', '--verify', ...plan(slowly));
  await stage.dirs('directories at the end');
  await stage.step('move to a directory that is not there', '--execute', ...plan(move('/nowhere')));
}

/** Partitions of a plan come in the order of a hash map. */
function sortPlan(text: string): string {
  return text.replaceAll(/\{"version":1,"partitions":\[\{(.*?)\}\]\}$/gm, (_, list: string) =>
    list.split('},{').sort().join('\n'),
  );
}

/** One line for each partition, with its directory in front: directories come in the order of their hashes as well. */
function sortDirs(text: string): string {
  return text.replaceAll(/^\{"brokers".*$/gm, (json) => {
    const { brokers } = JSON.parse(json) as { brokers: { logDirs: LoggedDir[] }[] };
    return brokers
      .flatMap(({ logDirs }) => logDirs)
      .flatMap(({ logDir, error, partitions }) => [
        `${logDir} error ${error}`,
        ...partitions.map((partition) => `${logDir} ${JSON.stringify(partition)}`),
      ])
      .sort()
      .join('\n');
  });
}

interface LoggedDir {
  logDir: string;
  error: string | null;
  partitions: object[];
}
