/** The crash tests of the log and its cleaner with many more states than `npm test` has time for, from another seed each time. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../../..');
const states = process.env['CRASH_STATES'] ?? '20000';
const seed = process.env['CRASH_SEED'] ?? String(Date.now() % 1_000_000_000);

for (const file of ['crash.test.ts', 'cleaner/cleaner-crash.test.ts']) {
  test(`${states} crashes of ${file}, from seed ${seed}`, () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--test', '--test-isolation=none', `packages/log/src/${file}`],
      {
        cwd: root,
        env: { ...process.env, CRASH_STATES: states, CRASH_SEED: seed, NODE_TEST_CONTEXT: undefined },
        encoding: 'utf8',
      },
    );
    assert.equal(status, 0, stdout);
    assert.match(stdout, /pass 1/);
  });
}
