import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Timers } from '@millrace/base';

import { FetchWait } from './fetch-wait.ts';

class ManualTimers implements Timers {
  readonly #waiting = new Set<() => void>();

  after(_delayMs: number, callback: () => void): { cancel: () => void } {
    this.#waiting.add(callback);
    return { cancel: () => void this.#waiting.delete(callback) };
  }

  get count(): number {
    return this.#waiting.size;
  }

  fire(): void {
    for (const callback of this.#waiting) callback();
  }
}

function partitions(count: number): { waits: Set<FetchWait> }[] {
  return Array.from({ length: count }, () => ({ waits: new Set<FetchWait>() }));
}

test('a fetch completes once when enough bytes became readable, in whichever partition', () => {
  const timers = new ManualTimers();
  const [one, two] = partitions(2) as [{ waits: Set<FetchWait> }, { waits: Set<FetchWait> }];
  const seen: boolean[] = [];
  const wait = new FetchWait(timers, [one, two], { bytesMissing: 100, waitMsMax: 500 }, (timedOut) =>
    seen.push(timedOut),
  );
  wait.readable(60);
  assert.deepEqual(seen, []);
  wait.readable(40);
  wait.readable(40);
  assert.deepEqual(seen, [false]);
  assert.deepEqual([one.waits.size, two.waits.size, timers.count], [0, 0, 0]);
});

test('a fetch completes when its time is over', () => {
  const timers = new ManualTimers();
  const seen: boolean[] = [];
  const wait = new FetchWait(timers, partitions(1), { bytesMissing: 1, waitMsMax: 500 }, (timedOut) =>
    seen.push(timedOut),
  );
  timers.fire();
  wait.readable(10);
  assert.deepEqual(seen, [true]);
});

test('a fetch whose client is gone never completes', () => {
  const timers = new ManualTimers();
  const [one] = partitions(1) as [{ waits: Set<FetchWait> }];
  const wait = new FetchWait(timers, [one], { bytesMissing: 1, waitMsMax: 500 }, () => assert.fail('completed'));
  wait.cancel();
  wait.readable(10);
  wait.finish(false);
  assert.deepEqual([one.waits.size, timers.count], [0, 0]);
});

test('who reads committed records waits for those that are decided', () => {
  const timers = new ManualTimers();
  const [one] = partitions(1) as [{ waits: Set<FetchWait> }];
  const seen: boolean[] = [];
  const wanted = { bytesMissing: 100, waitMsMax: 500, committedOnly: true };
  const wait = new FetchWait(timers, [one], wanted, (timedOut) => seen.push(timedOut));
  wait.readable(500, 0);
  wait.readable(10, 60);
  assert.deepEqual(seen, []);
  wait.readable(0, 40);
  assert.deepEqual(seen, [false]);
});
