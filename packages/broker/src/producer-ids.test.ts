import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ProducerIds } from './producer-ids.ts';

/** Blocks of two; `commit` is what the test says. */
function producerIds(commit: () => Promise<void>): ProducerIds {
  let first = 0;
  const allocateProducerIds = () => ({ records: [], response: { first: (first += 10), count: 2 } });
  return new ProducerIds({ allocateProducerIds }, { commit });
}

test('nobody gets an id before its block is on disk', async () => {
  const stored = Promise.withResolvers<void>();
  const ids = producerIds(() => stored.promise);
  let given = 0;
  const both = [ids.next(), ids.next()].map((id) => id.finally(() => given++));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(given, 0);
  stored.resolve();
  assert.deepEqual(await Promise.all(both), [10, 11]);
});

test('a block that could not be stored is never given away', async () => {
  let isFull = true;
  const ids = producerIds(() => (isFull ? Promise.reject(new Error('the disk is full')) : Promise.resolve()));
  await assert.rejects(ids.next());
  isFull = false;
  assert.deepEqual([await ids.next(), await ids.next(), await ids.next()], [20, 21, 30]);
});
