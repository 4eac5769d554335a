/** Starts that cannot be: one sentence, exit code 1, and nothing in the data folder is different afterwards. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { encodeBatch, errorName } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { runToEnd, startBrokerProcess } from '../broker-process.ts';
import { snapshot, testFolder } from './folder.ts';

const timeout = 60_000;

const wrongValues: readonly (readonly [override: string, sentence: RegExp])[] = [
  ['num.partitions=many', /many.*num\.partitions/],
  ['num.partitions=0', /num\.partitions/],
  ['log.segment.bytes=-5', /log\.segment\.bytes/],
  ['listeners=NOT-A-LISTENER', /listeners/],
  ['listeners=PLAINTEXT://127.0.0.1:70000', /70000/],
  ['listeners=STRANGE://127.0.0.1:0', /listener\.security\.protocol\.map/],
  ['advertised.listeners=OTHER://127.0.0.1:9', /OTHER/],
  ['node.id=-3', /node\.id/],
  ['compression.type=shrink', /shrink/],
  ['process.roles=broker', /process\.roles/],
  ['controller.quorum.voters=1@a:1,2@b:2', /controller\.quorum\.voters/],
  ['log.durability=maybe', /log\.durability/],
  ['admin.listener=nowhere', /admin\.listener/],
  ['log.cleanup.policy=shred', /shred/],
  ['listeners=PLAINTEXT://203.0.113.7:0', /203\.0\.113\.7/],
];

for (const [override, sentence] of wrongValues) {
  test(`${override} is refused`, { timeout }, async () => {
    using folder = testFolder();
    await isRefused(folder.path, ['--override', override], sentence);
  });
}

test('a variable with a wrong value is refused', { timeout }, async () => {
  using folder = testFolder();
  await isRefused(folder.path, [], /log\.retention\.hours/, { KAFKA_LOG_RETENTION_HOURS: 'a week' });
});

test('a properties file that is not there is refused', { timeout }, async () => {
  using folder = testFolder();
  await isRefused(folder.path, [join(folder.path, 'absent.properties')], /absent\.properties/);
});

test('a port that is in use is named', { timeout }, async () => {
  using folder = testFolder();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await isRefused(
      folder.path,
      ['--override', `listeners=PLAINTEXT://127.0.0.1:${port}`],
      new RegExp(`${port}.*in use`),
    );
    await isRefused(folder.path, ['--override', `admin.listener=127.0.0.1:${port}`], new RegExp(`${port}.*in use`));
  } finally {
    server.close();
  }
});

test('a data folder that a live broker holds is refused, and the broker goes on', { timeout }, async () => {
  using folder = testFolder();
  const broker = await startBrokerProcess({ folder: folder.path });
  try {
    await produce(broker.bootstrap, 'before');
    await isLeftAlone(folder.path, async () => {
      const { code, output } = await runToEnd(argumentsFor(folder.path));
      assert.equal(code, 1, output);
      isOneSentence(output, /in use/);
    });
    assert.deepEqual(await produce(broker.bootstrap, 'after'), ['NONE', 1]);
  } finally {
    assert.equal(await broker.stop(), 0);
  }
});

test('a data folder of another cluster, or of another node, is refused', { timeout }, async () => {
  using folder = testFolder();
  const broker = await startBrokerProcess({
    folder: dataIn(folder.path),
    environment: { CLUSTER_ID: 'first-cluster' },
  });
  await produce(broker.bootstrap, 'record');
  assert.equal(await broker.stop(), 0);
  await isRefused(folder.path, [], /first-cluster/, { CLUSTER_ID: 'second-cluster' });
  await isRefused(folder.path, ['--override', 'node.id=2'], /node/);
  const again = await startBrokerProcess({ folder: dataIn(folder.path), environment: { CLUSTER_ID: 'first-cluster' } });
  assert.deepEqual(await produce(again.bootstrap, 'record'), ['NONE', 1]);
  assert.equal(await again.stop(), 0);
});

/** The live broker writes a checkpoint now and then, so a change must be there each time to count. */
async function isLeftAlone(folder: string, step: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = snapshot(folder);
    await step();
    const after = snapshot(folder);
    if (attempt === 3) assert.deepEqual(after, before, 'nothing was touched');
    if (after.join() === before.join()) return;
  }
}

function argumentsFor(folder: string): string[] {
  const properties = { 'log.dirs': folder, listeners: 'PLAINTEXT://127.0.0.1:0', 'admin.listener': '127.0.0.1:0' };
  return Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
}

/** `parent` is not only left alone as it is: a data folder that is not there is not made either. */
async function isRefused(
  parent: string,
  args: readonly string[],
  sentence: RegExp,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const before = snapshot(parent);
  // A file comes first, and an override that is the test's last.
  const files = args.filter((arg) => arg.endsWith('.properties'));
  const rest = args.slice(files.length);
  const { code, output } = await runToEnd([...files, ...argumentsFor(dataIn(parent)), ...rest], environment);
  assert.equal(code, 1, output);
  isOneSentence(output, sentence);
  assert.deepEqual(snapshot(parent), before, 'nothing was touched');
}

function dataIn(parent: string): string {
  return join(parent, 'data');
}

/** For a person: one line, no stack, and it tells what to do. */
function isOneSentence(output: string, sentence: RegExp): void {
  const lines = output.trim().split('\n');
  assert.equal(lines.length, 1, output);
  const { level, msg } = JSON.parse(lines[0] ?? '') as { level: number; msg: string };
  assert.equal(level, 50);
  assert.match(msg, sentence);
  assert.doesNotMatch(msg, /\n|\bat .*:\d+/);
}

async function produce(bootstrap: string, value: string): Promise<readonly [error: string, offset: number]> {
  await using client = await WireClient.connect(bootstrap);
  await client.send('metadata', 12, { topics: [{ name: 't' }], allowAutoTopicCreation: true });
  const partitionData = [{ index: 0, records: encodeBatch([{ value: Buffer.from(value) }]) }];
  const { responses } = await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: 't', partitionData }],
  });
  const found = responses[0]?.partitionResponses[0];
  return [errorName(found?.errorCode ?? -1), found?.baseOffset ?? -1];
}
