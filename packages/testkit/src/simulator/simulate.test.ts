import assert from 'node:assert/strict';
import { test } from 'node:test';

import { simulate } from './simulate.ts';

for (const seed of [1, 2, 3, 4, 5]) {
  test(`seed ${seed} is in order`, async () => {
    const { violations, lives, eventCount } = await simulate(seed, { faultsMs: 12_000 });
    assert.deepEqual(violations, []);
    assert.ok(lives > 0 && eventCount > 300, 'something has happened');
  });
}

test('the same seed gives the same trace, another seed another one', async () => {
  const hashOf = async (seed: number): Promise<string> => (await simulate(seed, { faultsMs: 8_000 })).traceHash;
  const first = await hashOf(6);
  assert.equal(await hashOf(6), first);
  assert.notEqual(await hashOf(7), first);
});
