/**
 * Batches right and wrong, in all versions of Produce: Millrace gives the error that Apache Kafka 4.3.1 gave. `COMPARE=kafka` asks a
 * live Apache Kafka and writes the table anew.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startKafka } from '../../../tools/reference/kafka-node.ts';
import { startBrokerProcess } from '../broker-process.ts';
import { batchCases, versions } from './batch-cases.ts';
import { mebibytes, Vitals } from './vitals.ts';
import { askVerdicts, type Verdict } from './verdicts.ts';

const table = new URL('testdata/kafka-verdicts.json', import.meta.url);

/** What the records of one batch may grow to (log/append-check.ts); the C allocator does not give all of it back. */
const decompressedBytesMax = 128 << 20;

interface Difference {
  readonly why: string;
  readonly cases: readonly string[];
  readonly ours: Verdict;
}

/** Where Kafka has no clean answer, ours differs. */
const differences: readonly Difference[] = [
  {
    why: 'Kafka ignores what stands behind; ours ignores zeros only',
    cases: ['bytes behind gzip'],
    ours: 'UNKNOWN_SERVER_ERROR',
  },
  { why: 'Kafka has no clean answer', cases: ['length: a batch that says 2147483647'], ours: 'INVALID_RECORD' },
  {
    why: 'a number cannot hold such an id, and no broker ever gave one out',
    cases: ['sequence: a producer id near 2^63'],
    ours: 'INVALID_RECORD',
  },
  {
    why: 'Kafka never answers',
    cases: versions.map((version) => `version ${version}: records null`),
    ours: 'INVALID_RECORD',
  },
  {
    why: 'both refuse; ours sees no second batch in what is shorter than the header of one',
    cases: versions.map((version) => `version ${version}: a batch and a message set of format 1`),
    ours: 'CORRUPT_MESSAGE',
  },
];

test(
  'every batch gets the error that Apache Kafka gives it, and none costs memory',
  { timeout: 300_000 },
  async (t) => {
    if (process.env['COMPARE'] === 'kafka') await askKafka();
    const expected = new Map(Object.entries(JSON.parse(readFileSync(table, 'utf8')) as Record<string, Verdict>));
    for (const { cases, ours } of differences) {
      for (const name of cases) {
        assert.notEqual(expected.get(name), ours, `"${name}" is no difference any more`);
        expected.set(name, ours);
      }
    }
    const folder = mkdtempSync(join(tmpdir(), 'millrace-batches-'));
    const broker = await startBrokerProcess({ folder });
    try {
      const cases = batchCases(Date.now());
      const vitals = await Vitals.of(broker);
      const verdicts = await askVerdicts(broker.bootstrap, cases);
      assert.deepEqual(Object.fromEntries(verdicts), Object.fromEntries(expected));
      const sentBytes = cases.flatMap(({ sends }) => sends).reduce((sum, records) => sum + (records?.length ?? 0), 0);
      const { heldBytes } = await vitals.check(sentBytes, decompressedBytesMax);
      t.diagnostic(`${cases.length} cases, ${mebibytes(sentBytes)}; ${mebibytes(heldBytes)} held`);
    } finally {
      await broker.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

async function askKafka(): Promise<void> {
  await using node = await startKafka();
  const verdicts = await askVerdicts(node.bootstrap, batchCases(Date.now()));
  writeFileSync(table, `${JSON.stringify(Object.fromEntries(verdicts), null, 1)}\n`);
}
