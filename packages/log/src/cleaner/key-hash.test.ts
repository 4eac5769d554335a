import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashKey } from './key-hash.ts';

/** The first 64 bits under the secret 00 01 … 07, of the bytes 00 01 02 …, so many. */
function firstHalf(length: number): string {
  const target = new Int32Array(4);
  const key = Buffer.from(Array.from({ length: length + 5 }, (_, at) => at - 3));
  hashKey(new Int32Array([0x03020100, 0x07060504, 0, 0]), key, 3, length, target);
  return Buffer.from(target.buffer, 0, 8).toString('hex');
}

test('a half of the hash is HalfSipHash-2-4, as its authors printed it', () => {
  assert.equal(firstHalf(0), '218d1f59b9b83cc8');
  assert.equal(firstHalf(1), 'be552412f8387315');
  assert.equal(firstHalf(2), '064f39ef7c50eb57');
  assert.equal(firstHalf(3), 'ce0f1a45f7060679');
  assert.equal(firstHalf(4), 'd5e78a175be52ea1');
});

test('the halves have a secret each, and one bit of either changes its half only', () => {
  const key = Buffer.from('a key');
  const hashOf = (...secret: number[]): number[] => {
    const target = new Int32Array(4);
    hashKey(new Int32Array(secret), key, 0, key.length, target);
    return [...target];
  };
  const [a, b, c, d] = hashOf(1, 2, 3, 4);
  assert.deepEqual(hashOf(1, 2, 3, 5).slice(0, 2), [a, b]);
  assert.deepEqual(hashOf(0, 2, 3, 4).slice(2), [c, d]);
  assert.notDeepEqual(hashOf(1, 2, 3, 5).slice(2), [c, d]);
  assert.notDeepEqual(hashOf(0, 2, 3, 4).slice(0, 2), [a, b]);
});
