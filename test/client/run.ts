// The client's cluster tests, each file against Apache Kafka with one broker and with three. Needs Java, see tools/reference/install.sh.
// By environment: CLIENT_FILES=producer,groups runs only files whose names begin with one of these; CLIENT_BROKERS=3 only that cluster.
// A file that is about Millrace alone says so in a line of its own: `// Runs against: Millrace`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { startKafkaCluster } from '../../tools/reference/kafka-cluster.ts';
import { KAFKA_VERSION } from '../../tools/reference/kafka-home.ts';
import { quickGroups } from './target.ts';
import { versionRanges } from './version-ranges.ts';

const sizes = (process.env['CLIENT_BROKERS'] ?? '1,3').split(',').map(Number);
const prefixes = (process.env['CLIENT_FILES'] ?? '').split(',');
const fileTimeoutMs = 120_000;
/** ACLs can be made, and bind nobody who has not logged in. */
const properties = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'delegation.token.secret.key': 'of-tests',
  ...quickGroups,
};

// An exit, other than a signal, ends the servers that run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const files = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts') && prefixes.some((prefix) => name.startsWith(prefix)))
  .filter((name) => !/^\/\/ Runs against: Millrace$/m.test(readFileSync(join(import.meta.dirname, name), 'utf8')))
  .sort();

for (const brokers of sizes) {
  suite(
    `the client against Apache Kafka ${KAFKA_VERSION} with ${brokers === 1 ? 'one broker' : `${brokers} brokers`}`,
    () => {
      test('all files', async (context) => {
        await using cluster = await startKafkaCluster({ brokers, heapMb: 320, properties });
        for (const file of files)
          await context.test(file, async () => await runFile(file, { CLIENT_BOOTSTRAP: cluster.bootstrap }));
      });
    },
  );
}

/** Files that ask for nothing that Redpanda or an older Apache Kafka lacks. */
const forAllRanges = ['cluster', 'consumer', 'consumer-transactions', 'transactions'];

for (const ranges of Object.keys(versionRanges))
  suite(`the client against Millrace with no more than ${ranges} offers`, () => {
    for (const name of forAllRanges)
      test(`${name}.test.ts`, async () => await runFile(`${name}.test.ts`, { CLIENT_RANGES: ranges }));
  });

async function runFile(file: string, target: Record<string, string>): Promise<void> {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    ['--test', '--test-isolation=none', '--test-reporter=spec', join(import.meta.dirname, file)],
    { env: { ...environment, ...target }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), fileTimeoutMs);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  await once(child, 'close');
  process.off('exit', kill);
  clearTimeout(timer);
  if (child.exitCode === 0) return;
  console.log(Buffer.concat(said).toString());
  assert.fail(`${file} ended with ${child.exitCode ?? `${child.signalCode} after ${fileTimeoutMs} ms`}, printed above`);
}
