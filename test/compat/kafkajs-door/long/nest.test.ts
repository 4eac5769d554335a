// NestJS' Kafka transport over the door, which stands in node_modules under the name kafkajs, on Apache Kafka and on Millrace.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';

import kafkajs from 'kafkajs';

import { cacheDir } from '../../../../tools/reference/kafka-home.ts';
import { runCommand } from '../../command.ts';
import { startTarget } from '../../target.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const nestVersion = '12.1.1';
const packages = [
  `@nestjs/common@${nestVersion}`,
  `@nestjs/core@${nestVersion}`,
  `@nestjs/microservices@${nestVersion}`,
  'reflect-metadata@0.2.2',
  'rxjs@7.8.2',
];
const home = join(cacheDir, `nest-${nestVersion}`);

function installNest(): void {
  if (existsSync(home)) return;
  const fresh = `${home}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  writeFileSync(join(fresh, 'package.json'), '{"private": true}');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], {
    cwd: fresh,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error(`npm install of NestJS failed with status ${status}`);
  renameSync(fresh, home);
}

/** A folder as an application has it after `npm install kafkajs@npm:…`. */
function applicationWith(library: string): { readonly folder: string; readonly program: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'nest-'));
  cpSync(home, folder, { recursive: true, verbatimSymlinks: true });
  symlinkSync(library, join(folder, 'node_modules', 'kafkajs'));
  const program = join(folder, 'program.mjs');
  cpSync(join(import.meta.dirname, '..', 'nest', 'program.mjs'), program);
  return { folder, program, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

async function createTopics(bootstrap: string, run: string): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const names = ['sum', 'fail', 'note'].map((name) => `${name}-${run}`);
  const topics = [...names, ...names.map((name) => `${name}.reply`)].map((topic) => ({ topic, numPartitions: 2 }));
  await admin.createTopics({ topics });
  await admin.disconnect();
}

const libraries = { kafkajs: join(root, 'node_modules', 'kafkajs'), 'the door': join(root, 'packages', 'kafkajs') };

suite('a NestJS microservice', () => {
  before(() => installNest());

  for (const [name, library] of Object.entries(libraries)) {
    for (const kind of ['kafka', 'millrace'] as const) {
      test(`answers its client through ${name} on ${kind}`, async () => {
        await using target = await startTarget(kind, { properties: { 'offsets.topic.num.partitions': '2' } });
        using application = applicationWith(library);
        await createTopics(target.bootstrap, 'one');
        const { status, stdout, stderr } = await runCommand(
          process.execPath,
          [application.program, target.bootstrap, 'one'],
          {
            env: { KAFKAJS_NO_PARTITIONER_WARNING: '1' },
            timeoutMs: 60_000,
          },
        );
        assert.equal(status, 0, stderr);
        assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), {
          replies: 2,
          reply: { total: 6 },
          keyed: { total: 9 },
          many: true,
          failure: 'as asked',
          event: { data: { text: 'noted' }, topic: true, isContext: true },
        });
      });
    }
  }
});
