import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ReadBuffers } from './read-buffers.ts';

const mebi = 1 << 20;

test('what is lent is counted until it is given back', () => {
  const buffers = new ReadBuffers();
  const all = buffers.bytesLeft;
  const small = buffers.take(10);
  const large = buffers.take(50 * mebi);
  assert.equal(buffers.bytesLeft, all - small.length - large.length);
  buffers.give(small);
  buffers.give(large);
  assert.equal(buffers.bytesLeft, all);
});

test('nothing is left when readers hold too much, and a buffer is lent all the same: each gets its first batch', () => {
  const buffers = new ReadBuffers();
  const lent = Array.from({ length: 10 }, () => buffers.take(50 * mebi));
  assert.equal(buffers.bytesLeft, 0);
  assert.equal(buffers.take(100).length >= 100, true);
  for (const buffer of lent) buffers.give(buffer);
  assert.ok(buffers.bytesLeft > 0);
});

test('a small buffer is lent again, a large one is freed at once', () => {
  const buffers = new ReadBuffers();
  const small = buffers.take(10);
  buffers.give(small);
  assert.equal(buffers.take(20).buffer, small.buffer);
  const large = buffers.take(50 * mebi);
  buffers.give(large);
  assert.equal(large.length, 0);
});
