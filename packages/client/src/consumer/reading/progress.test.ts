import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Cursor } from '../fetch/cursor.ts';
import { Progress } from './progress.ts';

const cursorAt = (processed: bigint): Cursor & { processed: bigint } => ({ processed }) as never;

suite('progress', () => {
  test('is of the partition that has stood still for longest, whatever the others do', () => {
    const progress = new Progress();
    const [stuck, brisk] = [cursorAt(5n), cursorAt(0n)];
    assert.equal(progress.look([stuck, brisk], 100), 100);
    for (let nowMs = 200; nowMs <= 500; nowMs += 100) {
      brisk.processed++;
      assert.equal(progress.look([brisk, stuck], nowMs), 100);
    }
    stuck.processed++;
    assert.equal(progress.look([brisk, stuck], 600), 500);
  });

  test('is always now where nothing is in hand, and what was given back is forgotten', () => {
    const progress = new Progress();
    const one = cursorAt(5n);
    progress.look([one], 100);
    assert.equal(progress.look([], 900), 900);
    assert.equal(progress.look([one], 1000), 1000);
  });
});
