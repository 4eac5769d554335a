import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { SliceCache, sliceBytesMax } from './slice-cache.ts';

test('a slice always gives its own text, also when others had its place', () => {
  const cache = new SliceCache((bytes, at, end) => bytes.toString('latin1', at, end));
  const slice = fc.uint8Array({ minLength: 4, maxLength: sliceBytesMax }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.array(slice, { minLength: 50, maxLength: 500 }), (slices) => {
      for (const bytes of slices) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        assert.equal(cache.text(bytes, view, 0, bytes.length), bytes.toString('latin1'));
      }
    }),
    { numRuns: 40 },
  );
});

test('the same bytes are made into a text once', () => {
  let made = 0;
  const cache = new SliceCache((bytes, at, end) => `${++made}:${bytes.toString('latin1', at, end)}`);
  const bytes = Buffer.from('..orders..orders..ordesr');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert.equal(cache.text(bytes, view, 2, 8), '1:orders');
  assert.equal(cache.text(bytes, view, 10, 16), '1:orders');
  assert.equal(cache.text(bytes, view, 18, 24), '2:ordesr');
});
