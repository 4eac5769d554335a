/** A few hundred spoiled frames on each commit, always the same; ten thousand others are in test/integration/fuzz. */
import { test } from 'node:test';

import { storm } from '../fuzz/frame-storm.ts';
import { startFuzzedBroker } from '../fuzz/fuzzed-broker.ts';
import { GoodClient } from '../fuzz/good-client.ts';
import { Vitals, withLastWords } from '../fuzz/vitals.ts';

const seed = 20_000;
const frames = 600;

test(`${frames} spoiled frames harm nobody`, { timeout: 120_000 }, async () => {
  await using broker = await startFuzzedBroker();
  await withLastWords(broker.process, async () => {
    const good = await GoodClient.start(broker.process.bootstrap);
    const vitals = await Vitals.of(broker.process);
    const { sentBytes } = await storm({ ...broker.target, seed, from: 0, frames });
    await good.finish();
    await vitals.check(sentBytes);
  });
});
