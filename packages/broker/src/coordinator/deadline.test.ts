import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Deadline } from './deadline.ts';
import { FakeTime } from './stage.ts';

function deadlineOn(time: FakeTime): { readonly deadline: Deadline; readonly passedAt: number[] } {
  const passedAt: number[] = [];
  const deadline = new Deadline({ clock: time, timers: time }, () => passedAt.push(time.monotonic()));
  return { deadline, passedAt };
}

test('a deadline passes once, when its time has come', () => {
  const time = new FakeTime();
  const { deadline, passedAt } = deadlineOn(time);
  deadline.set(100);
  time.pass(99);
  assert.deepEqual(passedAt, []);
  time.pass(1000);
  assert.deepEqual(passedAt, [100]);
});

test('a thousand delays take one timer and one more look at the clock', () => {
  const time = new FakeTime();
  const { deadline, passedAt } = deadlineOn(time);
  for (let n = 0; n < 1000; n++) {
    deadline.set(100);
    time.pass(0.05);
  }
  assert.equal(time.started, 1);
  time.pass(200);
  assert.equal(time.started, 2);
  assert.equal(passedAt.length, 1);
  assert.ok(Math.abs((passedAt[0] ?? 0) - 149.95) < 1.01);
});

test('a deadline that is moved forward passes earlier', () => {
  const time = new FakeTime();
  const { deadline, passedAt } = deadlineOn(time);
  deadline.set(5000);
  deadline.set(10);
  time.pass(10_000);
  assert.deepEqual(passedAt, [10]);
});

test('a cancelled deadline never passes and holds no timer', () => {
  const time = new FakeTime();
  const { deadline, passedAt } = deadlineOn(time);
  deadline.set(10);
  deadline.cancel();
  time.pass(100);
  assert.deepEqual(passedAt, []);
  assert.equal(time.running, 0);
  deadline.set(10);
  time.pass(10);
  assert.deepEqual(passedAt, [110]);
});
