import assert from 'node:assert/strict';
import { test } from 'node:test';

import { VirtualTime } from './virtual-time.ts';

test('events come in the order of their time, and at one time in the order in which they were asked for', async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  for (const [name, delayMs] of [
    ['c', 30],
    ['a', 10],
    ['d', 30],
    ['b', 20],
  ] as const)
    time.after(delayMs, () => seen.push(`${name} ${time.nowMs}`));
  time.after(15, () => seen.push('never')).cancel();
  while (await time.turn());
  assert.deepEqual(seen, ['a 10', 'b 20', 'c 30', 'd 30']);
});

test('what follows from an event without waiting comes before the next event', async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  time.after(1, () => {
    process.nextTick(() => seen.push('tick'));
    void Promise.resolve().then(() => queueMicrotask(() => seen.push('promise')));
    time.after(0, () => seen.push('next'));
  });
  await time.turn();
  assert.deepEqual(seen.sort(), ['promise', 'tick']);
  await time.turn();
  assert.equal(seen.at(-1), 'next');
  assert.equal(await time.turn(), false);
});
