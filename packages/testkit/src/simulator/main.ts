/** `node packages/testkit/src/simulator/main.ts --seed 17 [--trace] [--count 10]` plays seeds, and tells what went wrong. */
import { parseArgs } from 'node:util';

import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const total = { virtualMs: 0, realMs: 0, failed: 0 };
for (let seed = first; seed < first + Number(values.count); seed++) {
  const result = await simulate(seed, values.trace ? { print: (line) => process.stdout.write(line) } : {});
  const { traceHash, violations, virtualMs, realMs, eventCount, lives } = result;
  const speed = Math.round(virtualMs / realMs);
  console.log(
    `seed ${seed}: ${traceHash}, ${eventCount} events, ${lives} lives, ${(virtualMs / 1000).toFixed(1)} s in ${Math.round(realMs)} ms (× ${speed})`,
  );
  for (const violation of violations.slice(0, 6)) console.log(`  ${violation}`);
  total.virtualMs += virtualMs;
  total.realMs += realMs;
  if (violations.length > 0) total.failed++;
}
console.log(
  `${values.count} seeds, ${total.failed} with violations, × ${Math.round(total.virtualMs / total.realMs)} real time`,
);
process.exitCode = total.failed === 0 ? 0 : 1;
