// Ten million records through a producer that never waits by itself, and a consumer that is slower than the broker: memory stays flat.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { install } from '../../../tools/reference/kafka-home.ts';
import { runCommand } from '../../compat/command.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { createTopic } from '../interop/interop-topic.ts';
import type { MemorySample } from './memory-sample.ts';

const recordCount = 10_000_000;
const topic = 'ten-million';
/** What the defaults allow: 32 MiB of records to send, 50 MiB ahead of a reader, and what the collector has not come to yet. */
const buffersMiBMax = 128;
const rssMiBMax = 360;
/** Between the first fifth and the end. */
const growthMiBMax = 80;

install('kafka');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`ten million records on ${kind}`, () => {
    let target: Target;

    before(async () => {
      target = await startTarget(kind);
      await createTopic(target.bootstrap, topic, { partitions: 4 });
    });

    after(async () => {
      await target.stop();
    });

    // In this order: the second reads what the first wrote.
    for (const program of ['eager-writer', 'slow-reader']) {
      test(`${program}: memory stays flat`, async () => {
        const samples = await run(program, target.bootstrap);
        assert.equal(samples.at(-1)?.records, recordCount);
        const peak = (figure: keyof MemorySample, from: number, to: number) =>
          Math.max(...samples.slice(from, to).map((sample) => sample[figure]));
        const told = JSON.stringify(samples);
        assert.ok(peak('buffersMiB', 0, 20) <= buffersMiBMax, told);
        assert.ok(peak('rssMiB', 0, 20) <= rssMiBMax, told);
        assert.ok(peak('rssMiB', 10, 20) - peak('rssMiB', 0, 4) <= growthMiBMax, told);
      });
    }
  });
}

async function run(program: string, bootstrap: string): Promise<MemorySample[]> {
  const file = join(import.meta.dirname, `${program}.ts`);
  const { status, stdout, stderr } = await runCommand(process.execPath, [file, bootstrap, topic, `${recordCount}`], {
    timeoutMs: 180_000,
  });
  assert.equal(status, 0, `${program}: ${stderr}`);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line): MemorySample => JSON.parse(line));
}
