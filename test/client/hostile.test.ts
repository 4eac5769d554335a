// Runs against: Millrace
// A broker of our own, which sends nonsense: no cluster is needed. By environment: HOSTILE_SEED, HOSTILE_CASES.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runHostileCases } from './hostile/hostile-cases.ts';

const seed = Number(process.env['HOSTILE_SEED'] ?? Math.floor(Math.random() * 1e9));
const cases = Number(process.env['HOSTILE_CASES'] ?? 2000);

test(`whatever ${cases} brokers send, clients end with an answer or an error that says so`, async (context) => {
  context.diagnostic(`HOSTILE_SEED=${seed}`);
  const { ends } = await runHostileCases(seed, cases);
  for (const [end, count] of [...ends].toSorted(([a], [b]) => (a < b ? -1 : 1))) context.diagnostic(`${end}: ${count}`);
  assert.ok(process.memoryUsage().rss < 1 << 30, 'memory stays bounded');
});
