import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { CompressionError } from './compression-error.ts';
import { codec, codecNamed, codecs, compress, decompress } from './compression.ts';
import { xxhash32 } from './xxhash32.ts';

const faultOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CompressionError, String(error));
    return error.fault;
  }
  return 'none';
};

/** Random bytes, and texts that repeat themselves over short and long distances. */
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(7), { maxLength: 4000 }),
    )
    .map(([words, order]) => Buffer.concat(order.map((n) => words[n % words.length]!))),
);

suite('every codec', () => {
  for (const { id, name, levels } of codecs) {
    test(`${name} gives back what it was given`, () => {
      fc.assert(
        fc.property(contents, (bytes) => {
          assert.deepEqual(decompress(id, compress(id, bytes), bytes.length), bytes);
        }),
        { numRuns: 60 },
      );
    });

    test(`${name} crosses the borders of its blocks`, () => {
      for (const length of [0, 1, 32767, 32768, 32769, 65536, 65537, 200_000]) {
        const bytes = Buffer.from('millrace '.repeat(length / 9 + 1)).subarray(0, length);
        assert.deepEqual(decompress(id, compress(id, bytes), length), bytes);
      }
    });

    test(`${name} takes the levels of Kafka`, () => {
      const bytes = Buffer.from('level '.repeat(500));
      for (const level of levels === undefined ? [] : [levels.min, levels.default, levels.max]) {
        assert.deepEqual(decompress(id, compress(id, bytes, level), bytes.length), bytes);
      }
      assert.equal(codecNamed(name), codec(id));
    });

    if (id === 0) continue;

    test(`${name} refuses to grow beyond the limit`, () => {
      const bytes = Buffer.from('0123456789abcdef'.repeat(4096));
      const small = compress(id, bytes);
      assert.equal(
        faultOf(() => decompress(id, small, bytes.length - 1)),
        'too-large',
      );
      assert.equal(
        faultOf(() => decompress(id, small, bytes.length)),
        'none',
      );
      assert.throws(() => decompress(id, small, 1000), /would grow beyond 1000 bytes/);
    });

    test(`${name} answers a bomb with an error before it takes memory`, () => {
      const bomb = compress(id, Buffer.alloc(64 * 1024 * 1024));
      const before = process.memoryUsage().arrayBuffers;
      assert.equal(
        faultOf(() => decompress(id, bomb, 100_000)),
        'too-large',
      );
      assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024);
    });

    test(`${name} throws nothing but its own error at damaged bytes`, () => {
      const whole = compress(id, Buffer.from(Array.from({ length: 300 }, (_, n) => `record ${n * n} `).join('')));
      for (let length = 0; length < whole.length; length++)
        faultOf(() => decompress(id, whole.subarray(0, length), 10_000));
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const damaged = Buffer.from(whole);
          damaged[at]! ^= change;
          faultOf(() => decompress(id, damaged, 10_000));
        }),
      );
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          (bytes) => void faultOf(() => decompress(id, Buffer.from(bytes), 10_000)),
        ),
      );
    });
  }

  test('an id without a codec is refused', () => {
    assert.equal(
      faultOf(() => decompress(5, Buffer.alloc(1), 10)),
      'unsupported',
    );
    assert.equal(codecNamed('brotli'), undefined);
  });
});

suite('gzip and zstd', () => {
  test('members and frames one behind the other are one content', () => {
    const [a, b] = [Buffer.from('one '), Buffer.from('two')];
    assert.equal(decompress(1, Buffer.concat([gzipSync(a), gzipSync(b)]), 100).toString(), 'one two');
    assert.equal(decompress(4, Buffer.concat([zstdCompressSync(a), zstdCompressSync(b)]), 100).toString(), 'one two');
  });
});

suite('snappy', () => {
  test('is written with the framing of the Java library, 32 KiB a block', () => {
    const framed = compress(2, Buffer.alloc(70_000, 1));
    assert.equal(framed.subarray(0, 16).toString('latin1'), '\x82SNAPPY\0\0\0\0\x01\0\0\0\x01');
    const contentSizes: number[] = [];
    for (let at = 16; at < framed.length; at += 4 + framed.readInt32BE(at)) {
      contentSizes.push((framed[at + 4]! & 0x7f) | ((framed[at + 5]! & 0x7f) << 7) | (framed[at + 6]! << 14));
    }
    assert.deepEqual(contentSizes, [32768, 32768, 4464]);
  });

  test('is read without framing, and from streams one behind the other', () => {
    const framed = compress(2, Buffer.from('millrace millrace millrace'));
    assert.equal(decompress(2, framed.subarray(20), 100).toString(), 'millrace millrace millrace');
    assert.equal(decompress(2, Buffer.concat([framed, framed]), 100).length, 52);
  });

  test('a block that claims more than it can hold is a lie, whatever the limit', () => {
    const lie = Buffer.from([0xff, 0xff, 0xff, 0x7f, 0x00, 0x61]);
    assert.equal(
      faultOf(() => decompress(2, lie, 2 ** 31)),
      'corrupt',
    );
  });

  test('copies over themselves, and copies with four bytes of distance, are decoded', () => {
    // Literal "ab", then a copy of 10 from 2 back; then one of 4 from 12 back, distance in four bytes.
    const block = Buffer.from([
      16,
      (2 - 1) << 2,
      0x61,
      0x62,
      ((10 - 1) << 2) | 2,
      2,
      0,
      ((4 - 1) << 2) | 3,
      12,
      0,
      0,
      0,
    ]);
    assert.equal(decompress(2, block, 100).toString(), 'abababababababab');
  });
});

suite('lz4', () => {
  /** A frame around "lz4", stored as it is. */
  const frame = (flags: number, blockTail: Buffer, contentTail: Buffer): Buffer => {
    const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40, 0]);
    head[6] = (xxhash32(head, 4, 6) >>> 8) & 0xff;
    return Buffer.concat([
      head,
      Buffer.from([3, 0, 0, 0x80]),
      Buffer.from('lz4'),
      blockTail,
      Buffer.alloc(4),
      contentTail,
    ]);
  };
  const hash = Buffer.alloc(4);
  hash.writeUInt32LE(xxhash32(Buffer.from('lz4')));
  const nothing = Buffer.alloc(0);

  test('hashes as xxHash does', () => {
    assert.equal(xxhash32(nothing), 0x02cc5d05);
    assert.equal(xxhash32(Buffer.from('abc')), 0x32d153ff);
    assert.equal(xxhash32(Buffer.from('Nobody inspects the spammish repetition')), 0xe2293b2f);
  });

  test('is written as a frame of independent blocks of at most 64 KiB', () => {
    const written = compress(3, Buffer.alloc(150_000, 1));
    assert.equal(written.readUInt32LE(0), 0x184d2204);
    assert.equal(written[4], 0x60);
    assert.equal(written[5], 0x40);
    assert.equal(written[6], 0x82);
    let blocks = 0;
    for (let at = 7; written.readUInt32LE(at) !== 0; at += 4 + (written.readUInt32LE(at) & 0x7fffffff)) blocks++;
    assert.equal(blocks, 3);
  });

  test('checksums behind blocks and contents are checked', () => {
    const wrong = Buffer.from([1, 2, 3, 4]);
    assert.equal(decompress(3, frame(0x60, nothing, nothing), 3).toString(), 'lz4');
    assert.equal(decompress(3, frame(0x74, hash, hash), 3).toString(), 'lz4');
    assert.equal(
      faultOf(() => decompress(3, frame(0x74, wrong, hash), 3)),
      'corrupt',
    );
    assert.equal(
      faultOf(() => decompress(3, frame(0x74, hash, wrong), 3)),
      'corrupt',
    );
    assert.equal(
      faultOf(() => decompress(3, frame(0x74, hash, nothing), 3)),
      'corrupt',
    );
  });

  test('blocks that depend on each other are refused, as by every Kafka reader', () => {
    assert.throws(() => decompress(3, frame(0x40, nothing, nothing), 3), /depend on each other/);
  });

  test('a match that reaches back before its block is refused', () => {
    const head = frame(0x60, nothing, nothing).subarray(0, 7);
    const block = Buffer.from([0x10, 0x61, 0x02, 0x00, 0x00]);
    const bytes = Buffer.concat([head, Buffer.from([block.length, 0, 0, 0]), block, Buffer.alloc(4)]);
    assert.throws(() => decompress(3, bytes, 100), /reaches back before its block/);
  });
});
