// The packages that are published, as their users have them: packed, served by a registry, installed by npm, run by the oldest Node.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { startBroker } from '@millrace/testkit';
import kafkajs from 'kafkajs';

import { pack } from '../../tools/pack.ts';
import { judge } from '../compat/kafkajs-door/proof.ts';
import { ConsumerFolder, type OldTools, oldTools } from './consumer-folder.ts';
import { type Registry, startRegistry } from './registry.ts';

const root = join(import.meta.dirname, '..', '..');
const programs = join(import.meta.dirname, 'programs');
const door = join(root, 'test', 'compat', 'kafkajs-door');
const nestVersion = '12.1.1';
/** As strict as the compiler is, and nothing of the packages left out. */
const strict = ['--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--types', 'node'];

suite('the published packages', () => {
  const work = mkdtempSync(join(tmpdir(), 'packed-'));
  let registry: Registry | undefined;
  let registryUrl: string;
  let old: OldTools;
  let versions: Map<string, string>;

  before(async () => {
    const packed = await pack(join(work, 'packed'));
    versions = new Map(packed.map(({ manifest }) => [manifest.name, manifest.version]));
    registry = await startRegistry(packed);
    registryUrl = registry.url;
    old = await oldTools();
  });

  after(async () => {
    await registry?.[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });

  test('an application written for kafkajs moves over by npm install, compiled as a module and as CommonJS', async () => {
    await using broker = await startBroker({
      'group.min.session.timeout.ms': '1000',
      'offsets.topic.num.partitions': '2',
    });
    using folder = new ConsumerFolder({ dependencies: { kafkajs: '2.2.4', '@types/node': '20.19.43' } }, registryUrl);
    await folder.install('kafkajs@npm:@millrace/kafkajs');
    cpSync(join(programs, 'door-types.ts'), join(folder.path, 'door-types.ts'));
    const forms = ['--module', 'node16', '--noEmit', 'door-types.ts'];
    await folder.run(old.node, old.tsc, ...strict, '--esModuleInterop', ...forms);
    for (const type of ['module', 'commonjs']) {
      cpSync(join(door, 'application'), join(folder.path, type, 'src'), { recursive: true });
      folder.write(join(type, 'package.json'), JSON.stringify({ type }));
      const output = ['--rewriteRelativeImportExtensions', '--outDir', `${type}/out`, `${type}/src/main.ts`];
      await folder.run(old.node, old.tsc, ...strict, '--esModuleInterop', '--module', 'node16', ...output);
      judge(await folder.run(old.node, `${type}/out/main.js`, broker.bootstrap), 'door', 'millrace');
    }
  });

  test('a NestJS microservice asks and answers, and overrides reach packages that want kafkajs', async () => {
    await using broker = await startBroker({ 'offsets.topic.num.partitions': '2' });
    const alias = `npm:@millrace/kafkajs@${versions.get('@millrace/kafkajs')}`;
    const nest = ['common', 'core', 'microservices'].map((part) => [`@nestjs/${part}`, nestVersion]);
    const others = { 'reflect-metadata': '0.2.2', rxjs: '7.8.2', kafkajs: alias, shop: 'file:shop-1.0.0.tgz' };
    using folder = new ConsumerFolder(
      { dependencies: { ...Object.fromEntries(nest), ...others }, overrides: { kafkajs: '$kafkajs' } },
      registryUrl,
    );
    const shop = { name: 'shop', version: '1.0.0', main: 'index.js', dependencies: { kafkajs: '^2.2.4' } };
    folder.write('shop/package.json', JSON.stringify(shop));
    folder.write('shop/index.js', `module.exports = require('kafkajs');\n`);
    await folder.run('npm', 'pack', './shop');
    await folder.install();
    const isOne = await folder.run(old.node, '-p', `require('shop') === require('kafkajs')`);
    assert.equal(isOne.trim(), 'true');
    await createTopics(broker.bootstrap);
    cpSync(join(door, 'nest', 'program.mjs'), join(folder.path, 'program.mjs'));
    const printed = await folder.run(old.node, 'program.mjs', broker.bootstrap, 'one');
    const { reply, keyed, many, failure } = JSON.parse(printed.trim().split('\n').at(-1) ?? '');
    assert.deepEqual(
      { reply, keyed, many, failure },
      { reply: { total: 6 }, keyed: { total: 9 }, many: true, failure: 'as asked' },
    );
  });

  suite('of the client', () => {
    let folder: ConsumerFolder;

    before(async () => {
      folder = new ConsumerFolder({ dependencies: { '@types/node': '20.19.43' } }, registryUrl);
      await folder.install('@millrace/client', 'kafkajs@npm:@millrace/kafkajs');
      cpSync(programs, folder.path, { recursive: true });
    });

    after(() => folder[Symbol.dispose]());

    test('produce and consume, required and imported', async () => {
      await using broker = await startBroker();
      for (const program of ['by-require.cjs', 'by-import.mjs']) {
        const printed = await folder.run(old.node, program, broker.bootstrap, program);
        assert.deepEqual(JSON.parse(printed), {
          read: [
            { key: 'none', bytes: 400, offset: '0 bigint' },
            { key: 'gzip', bytes: 400, offset: '1 bigint' },
            { key: 'snappy', bytes: 600, offset: '2 bigint' },
            { key: 'lz4', bytes: 300, offset: '3 bigint' },
          ],
          faults: [
            { isOurs: true, isClientError: true, code: 'CONFIG' },
            {
              isOurs: true,
              code: 'CONFIG',
              text: 'compression.type=zstd: zstd came to Node with 22.15 and 23.8, and this is v20.15.0.',
            },
          ],
        });
      }
    });

    test('are there once in a program, whichever way it asks for them', async () => {
      for (const node of [old.node, process.execPath]) {
        const printed = await folder.run(node, 'one-copy.mjs');
        const once = { client: [], door: [], isDefaultAll: true, hasDefault: false, doorHasClient: true };
        assert.deepEqual(JSON.parse(printed), once);
      }
    });

    test('have types as exact as the sources', async () => {
      const newest = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      const oldForms = [
        ['--module', 'node16'],
        ['--module', 'commonjs', '--moduleResolution', 'node10', '--esModuleInterop'],
      ];
      const newForms = [
        ['--module', 'nodenext'],
        ['--module', 'esnext', '--moduleResolution', 'bundler', '--exactOptionalPropertyTypes'],
      ];
      for (const form of oldForms)
        await folder.run(old.node, old.tsc, '--noEmit', ...strict, ...form, 'client-types.ts', 'door-types.ts');
      for (const form of newForms)
        await folder.run(process.execPath, newest, '--noEmit', ...strict, ...form, 'client-types.ts', 'door-types.ts');
    });

    test('have nothing in them that only the repository needs', () => {
      for (const name of ['@millrace/client', 'kafkajs']) {
        const home = join(folder.path, 'node_modules', name);
        const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
        const extra = files.filter((file) => !/^(index\.js|.*(?<!test|stage|fuzz|bench)\.d\.ts)$/.test(file.name));
        const texts = ['LICENSE', 'README.md', 'THIRD-PARTY.txt', 'package.json'];
        assert.deepEqual(extra.map((file) => file.name).sort(), texts);
        const { dependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
        const ofDoor = name === 'kafkajs' ? { '@millrace/client': versions.get('@millrace/client') } : {};
        assert.deepEqual(dependencies, { ...ofDoor, '@node-rs/crc32': '1.10.8' });
        assert.doesNotMatch(readFileSync(join(home, 'README.md'), 'utf8'), /\]\(\.\.?\//);
      }
    });
  });
});

async function createTopics(bootstrap: string): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const names = ['sum', 'fail', 'note'].map((name) => `${name}-one`);
  await admin.createTopics({ topics: [...names, ...names.map((name) => `${name}.reply`)].map((topic) => ({ topic })) });
  await admin.disconnect();
}
