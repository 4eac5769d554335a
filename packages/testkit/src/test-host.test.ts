import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom, TestHost } from './test-host.ts';

test('time moves only when it is moved, and timers fire in order on the way', () => {
  const host = new TestHost();
  const begin = host.clock.now();
  const fired: [string, number][] = [];
  const note = (name: string) => (): void => void fired.push([name, host.clock.now() - begin]);
  host.timers.after(20, note('second'));
  host.timers.after(10, () => {
    note('first')();
    host.timers.after(5, note('between'));
  });
  host.timers.after(15, note('cancelled')).cancel();
  host.advance(9);
  assert.deepEqual(fired, []);
  host.advance(100);
  assert.deepEqual(fired, [
    ['first', 10],
    ['between', 15],
    ['second', 20],
  ]);
  assert.equal(host.clock.monotonic() - begin, 109);
});

test('the same seed gives the same randomness', () => {
  const numbers = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 100 }, () => random.below(1000));
  };
  assert.deepEqual(numbers(7), numbers(7));
  assert.notDeepEqual(numbers(7), numbers(8));
  assert.ok(numbers(7).every((number) => number >= 0 && number < 1000));
  assert.ok(new Set(numbers(7)).size > 80);
});
