import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readVarint, readVarlong, varintBytes, varlongBytes, writeVarint, writeVarlong } from './varint.ts';

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)));

test('a 32-bit number comes back from as many bytes as were counted', () => {
  fc.assert(
    fc.property(int32, (value) => {
      const bytes = Buffer.alloc(5);
      const end = writeVarint(bytes, 0, value);
      const cursor = { bytes, at: 0 };
      assert.equal(end, varintBytes(value));
      assert.equal(readVarint(cursor), value);
      assert.equal(cursor.at, end);
    }),
  );
});

test('a 64-bit number comes back, exact as far as a double is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), int32), (value) => {
      const bytes = Buffer.alloc(10);
      const end = writeVarlong(bytes, 0, value);
      const cursor = { bytes, at: 0 };
      assert.equal(end, varlongBytes(value));
      assert.equal(readVarlong(cursor), value);
      assert.equal(cursor.at, end);
    }),
  );
});

test('the largest numbers of Java are read as the nearest double', () => {
  const largest = Buffer.from('feffffffffffffffff01', 'hex');
  const smallest = Buffer.from('ffffffffffffffffff01', 'hex');
  assert.equal(readVarlong({ bytes: largest, at: 0 }), 2 ** 63);
  assert.equal(readVarlong({ bytes: smallest, at: 0 }), -(2 ** 63));
});

test('too many bytes, and an end inside, are not a number', () => {
  assert.ok(Number.isNaN(readVarint({ bytes: Buffer.alloc(6, 0x80), at: 0 })));
  assert.ok(Number.isNaN(readVarint({ bytes: Buffer.alloc(2, 0x80), at: 0 })));
  assert.ok(Number.isNaN(readVarlong({ bytes: Buffer.alloc(11, 0x80), at: 0 })));
  assert.ok(Number.isNaN(readVarlong({ bytes: Buffer.alloc(0), at: 0 })));
});
