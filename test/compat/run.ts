// Other people's clients against Apache Kafka, then against Millrace, and what they saw compared. Needs Java, kcat, Python and
// Go, see tools/reference/install.sh. By environment: COMPAT_CLIENTS=kcat,franz-go runs only these;
// COMPAT_TARGETS=millrace compares with the transcripts recorded from Apache Kafka and starts no Java broker;
// COMPAT_PART=topics runs one part of java-tools (or java-clients) and compares its steps alone;
// COMPAT_TARGETS=kafka only checks that Apache Kafka still gives the recorded ones; COMPAT_RECORD=1 records them anew.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { install, KAFKA_VERSION } from '../../tools/reference/kafka-home.ts';
import { clients, type ForeignClient } from './clients.ts';
import { startTarget, type TargetKind } from './target.ts';
import { compareTranscripts, formatTranscript, mask, parseFindings, parseTranscript, type Step } from './transcript.ts';

const targets = listOf(process.env['COMPAT_TARGETS'] ?? 'kafka,millrace');
const names = listOf(process.env['COMPAT_CLIENTS'] ?? clients.map(({ name }) => name).join(','));
const record = process.env['COMPAT_RECORD'] === '1';

// An exit, other than a signal, ends the servers and clients that run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

for (const client of clients.filter(({ name }) => names.includes(name))) {
  suite(client.name, () => {
    let kafka: Step[] | undefined;
    if (targets.includes('kafka')) {
      test(`Apache Kafka ${KAFKA_VERSION} answers ${client.name} as recorded`, async () => {
        kafka = await transcript(client, 'kafka');
        if (record) writeRecorded(client, kafka);
        expectSame(client, readRecorded(client), kafka, []);
      });
    }
    if (targets.includes('millrace')) {
      test(`Millrace answers ${client.name} as Apache Kafka does, apart from the findings`, async () => {
        const millrace = await transcript(client, 'millrace');
        expectSame(client, kafka ?? readRecorded(client), millrace, findingsOf(client));
      });
    }
  });
}

function listOf(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

async function transcript(client: ForeignClient, kind: TargetKind): Promise<Step[]> {
  install(client.needs);
  const startedAtMs = Date.now();
  await using target = await startTarget(kind, client);
  const steps = parseTranscript(mask(await client.run(target), target));
  console.log(
    `${client.name} on ${kind}: ${steps.length} steps in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`,
  );
  return steps;
}

function expectSame(
  client: ForeignClient,
  before: Step[],
  after: Step[],
  findings: ReturnType<typeof parseFindings>,
): void {
  const partial = process.env['COMPAT_PART'] !== undefined;
  const expected = partial ? before.filter(({ name }) => after.some((step) => step.name === name)) : before;
  const { unexpected, used, stale } = compareTranscripts(expected, after, findings);
  for (const { step, why } of used) console.log(`${client.name}: known difference at "${step}": ${why}`);
  for (const { step, line } of stale)
    console.log(`${client.name}: the finding for "${step}" ${line} explains nothing, remove it`);
  assert.ok(before.length > 0, 'the transcript of Apache Kafka is empty');
  if (unexpected.length > 0)
    console.log(`
${client.name}: - as recorded or by Apache Kafka, + now

${formatTranscript(unexpected)}`);
  assert.equal(unexpected.length, 0, `${client.name}: steps with unexpected differences, printed above`);
  if (!partial) assert.deepEqual(stale, [], `${client.name}: stale rows in FINDINGS.md`);
}

function findingsOf({ name }: ForeignClient): ReturnType<typeof parseFindings> {
  const file = join(import.meta.dirname, name, 'FINDINGS.md');
  return existsSync(file) ? parseFindings(readFileSync(file, 'utf8')) : [];
}

function recordedFile({ name }: ForeignClient): string {
  return join(import.meta.dirname, name, 'testdata', `kafka-${KAFKA_VERSION}.txt`);
}

function readRecorded(client: ForeignClient): Step[] {
  return parseTranscript(readFileSync(recordedFile(client), 'utf8'));
}

function writeRecorded(client: ForeignClient, steps: Step[]): void {
  const file = recordedFile(client);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, formatTranscript(steps));
}
