import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BufferPool } from './buffer-pool.ts';

suite('the pool of buffers', () => {
  test('gives what was given back to who needs about as much', () => {
    const pool = new BufferPool(131_076, 1 << 20);
    const buffer = pool.take(131_000);
    assert.equal(buffer.length, 131_076);
    pool.give(buffer);
    const smaller = pool.take(65_000);
    assert.notEqual(smaller.buffer, buffer.buffer);
    assert.equal(pool.take(70_000), buffer);
    assert.notEqual(pool.take(131_076), buffer, 'nobody has a buffer that another has');
  });

  test('says beforehand how large it will be', () => {
    const pool = new BufferPool(131_076, 1 << 20);
    for (const bytes of [0, 1, 300, 2048, 2049, 5000, 65_538, 65_539, 131_076, 131_077, 524_304, 524_305, 2_000_000]) {
      const { length } = pool.take(bytes);
      assert.equal(length, pool.sizeFor(bytes));
      assert.ok(length >= bytes && length < Math.max(2 * bytes + 4, 8194), `${length} for ${bytes}`);
    }
  });

  test('keeps no more than it may, and nothing of odd sizes', () => {
    const pool = new BufferPool(16_384, 40_000);
    const buffers = [1, 2, 3].map(() => pool.take(16_384));
    for (const buffer of buffers) pool.give(buffer);
    const again = [1, 2, 3].map(() => pool.take(16_384));
    assert.equal(again.filter((buffer) => buffers.includes(buffer)).length, 2);
    const odd = pool.take(1_000_000);
    pool.give(odd);
    assert.notEqual(pool.take(1_000_000), odd);
  });
});
