/** Two hundred seeds that nobody has seen before; SIMULATION_SEED plays those of another run again, SIMULATION_SEEDS more of them. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';

import { simulate } from '@millrace/testkit/simulator';

const first = Number(process.env['SIMULATION_SEED'] ?? randomInt(0, 2 ** 31));
const count = Number(process.env['SIMULATION_SEEDS'] ?? 200);

test(`${count} seeds from ${first} on are in order`, { timeout: 900_000 }, async () => {
  const wrong: string[] = [];
  let virtualMs = 0;
  let realMs = 0;
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate(seed);
    virtualMs += result.virtualMs;
    realMs += result.realMs;
    for (const violation of result.violations.slice(0, 5)) wrong.push(`seed ${seed}: ${violation}`);
  }
  console.log(`  seeds ${first} to ${first + count - 1}, × ${Math.round(virtualMs / realMs)} real time`);
  assert.deepEqual(wrong, []);
});
