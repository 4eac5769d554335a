/**
 * Ten thousand spoiled frames of every API at every version: the broker lives, tells of no bug, gives its memory back, and a client that
 * does everything right beside it never sees an error.
 */
import { randomInt } from 'node:crypto';
import { test } from 'node:test';

import { startFuzzedBroker } from './fuzzed-broker.ts';
import { storm } from './frame-storm.ts';
import { GoodClient } from './good-client.ts';
import { mebibytes, Vitals, withLastWords } from './vitals.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(1_000_000_000));
const frames = Number(process.env['FUZZ_FRAMES'] ?? 10_000);
const from = Number(process.env['FUZZ_FROM'] ?? 0);

test(`${frames} spoiled frames harm nobody (FUZZ_SEED=${seed})`, { timeout: 900_000 }, async (t) => {
  await using broker = await startFuzzedBroker();
  await withLastWords(broker.process, async () => {
    const good = await GoodClient.start(broker.process.bootstrap);
    const vitals = await Vitals.of(broker.process);
    const { sentBytes, ...outcomes } = await storm({ ...broker.target, seed, from, frames });
    vitals.checkLog();
    const { count, medianMs, mostMs } = await good.finish();
    const { heldBytes } = await vitals.check(sentBytes);
    t.diagnostic(`${mebibytes(sentBytes)} sent: ${JSON.stringify(outcomes)}; ${mebibytes(heldBytes)} held`);
    t.diagnostic(
      `the good client: ${count} round trips, median ${medianMs.toFixed(1)} ms, at most ${mostMs.toFixed()} ms`,
    );
  });
});
