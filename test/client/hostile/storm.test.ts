// The same as hostile.test.ts, a hundred thousand times. By environment: HOSTILE_SEED, HOSTILE_CASES.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runHostileCases } from './hostile-cases.ts';

const seed = Number(process.env['HOSTILE_SEED'] ?? Math.floor(Math.random() * 1e9));
const cases = Number(process.env['HOSTILE_CASES'] ?? 100_000);

test(`whatever ${cases} brokers send, clients end with an answer or an error, in bounded memory`, async (context) => {
  context.diagnostic(`HOSTILE_SEED=${seed}`);
  const { ends } = await runHostileCases(seed, cases);
  for (const [end, count] of [...ends].toSorted(([a], [b]) => (a < b ? -1 : 1))) context.diagnostic(`${end}: ${count}`);
  const megabytes = process.memoryUsage().rss >> 20;
  assert.ok(megabytes < 1024, `${megabytes} MiB`);
});
