import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nodeHost } from './host-node.ts';

const { clock, timers, random } = nodeHost();

test('a timer fires once, later, and not when it was cancelled', async () => {
  const fired: string[] = [];
  timers.after(0, () => fired.push('first'));
  timers.after(1, () => fired.push('cancelled')).cancel();
  const all = new Promise<void>((resolve) => {
    timers.after(5, () => {
      fired.push('last');
      resolve();
    });
  });
  assert.deepEqual(fired, []);
  // These timers do not keep the process alive; the test has to.
  const alive = setInterval(() => {}, 1000);
  await all;
  clearInterval(alive);
  assert.deepEqual(fired, ['first', 'last']);
});

test('a delay of more than 24 days does not fire at once', async () => {
  let fired = false;
  const timer = timers.after(2 ** 40, () => {
    fired = true;
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 10);
  });
  assert.equal(fired, false);
  timer.cancel();
});

test('clocks tell the time', () => {
  assert.ok(Math.abs(clock.now() - Date.now()) < 1000);
  assert.ok(clock.monotonic() <= clock.monotonic());
});

test('randomness stays in its bounds and differs', () => {
  const numbers = Array.from({ length: 200 }, () => random.below(5));
  assert.deepEqual(
    [...new Set(numbers)].sort((a, b) => a - b),
    [0, 1, 2, 3, 4],
  );
  assert.equal(random.bytes(16).length, 16);
  assert.notDeepEqual(random.bytes(16), random.bytes(16));
});
