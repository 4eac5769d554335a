import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { OffsetMap, slotBytes } from './offset-map.ts';
import { Throttle } from './throttle.ts';

const secret = new Int32Array([1, 2, 3, 4]);

test('the map says what a Map says, however full it is, and offsets beyond 32 bits are whole', () => {
  const entry = fc.tuple(fc.string({ maxLength: 40 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 300 }), fc.integer({ min: 3, max: 400 }), (entries, slots) => {
      const map = new OffsetMap({ bytesMax: slots * slotBytes, loadFactor: 0.95, keysMax: entries.length, secret });
      const model = new Map<string, number>();
      for (const [key, offset] of entries) {
        if (map.isFull) break;
        const bytes = Buffer.from(key);
        map.put(bytes, 0, bytes.length, offset);
        model.set(key, offset);
      }
      assert.equal(map.count, model.size);
      for (const [key] of entries) {
        const bytes = Buffer.from(key);
        assert.equal(map.get(bytes, 0, bytes.length), model.get(key) ?? -1);
      }
    }),
  );
});

test('it grows from little to what it may take, and no further', () => {
  const map = new OffsetMap({ bytesMax: slotBytes * 100_000, loadFactor: 0.9, keysMax: 1_000_000, secret });
  const key = Buffer.alloc(4);
  let count = 0;
  for (; !map.isFull; count++) {
    key.writeInt32BE(count);
    map.put(key, 0, 4, count);
  }
  assert.equal(count, 90_000);
  for (let number = 0; number < count; number++) {
    key.writeInt32BE(number);
    assert.equal(map.get(key, 0, 4), number);
  }
});

test('what is moved faster than it may be has to wait', () => {
  const throttle = new Throttle(1000, 0);
  assert.equal(throttle.after(500, 0), 500);
  assert.equal(throttle.after(500, 500), 500);
  assert.equal(throttle.after(100, 5000), 0, 'a second was saved up');
  assert.equal(throttle.after(2000, 5000), 1100);
});
