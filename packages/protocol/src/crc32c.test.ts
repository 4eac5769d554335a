import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { checksumOf, crc32c, nativeCrc32c, plainCrc32c } from './crc32c.ts';

const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);

// RFC 3720, B.4, and the check value of the polynomial.
const vectors: readonly (readonly [Uint8Array, number])[] = [
  [Buffer.from('123456789'), 0xe3069283],
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(0xff), 0x62a8ab43],
  [ascending, 0x46dd794e],
  [ascending.toReversed(), 0x113fdb5c],
  [new Uint8Array(0), 0],
];

test('the published vectors come out', () => {
  for (const [bytes, expected] of vectors) {
    assert.equal(crc32c(bytes), expected);
    assert.equal(plainCrc32c(bytes), expected);
  }
});

test('the native function and the tables agree on any bytes and any beginning', () => {
  const native = nativeCrc32c();
  assert.ok(native, 'the platform package is installed where tests run');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(0xffffffff), (bytes, initial) => {
      assert.equal(plainCrc32c(bytes, initial), native(bytes, initial));
      assert.equal(crc32c(bytes, initial), native(bytes, initial));
    }),
  );
});

test('a checksum is continued over the parts of a message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), (bytes, cut) => {
      assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes));
    }),
  );
});

test('the checksum of a batch covers its bytes from the attributes on', () => {
  const bytes = Buffer.alloc(100, 7);
  assert.equal(checksumOf(bytes, 10, 70), crc32c(bytes.subarray(31, 80)));
});
