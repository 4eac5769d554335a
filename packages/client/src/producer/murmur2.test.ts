import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { murmur2, partitionOfKey } from './murmur2.ts';

suite('murmur2', () => {
  test('gives what Java gives', () => {
    // From UtilsTest of Apache Kafka.
    const vectors: readonly [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ];
    for (const [text, hash] of vectors) assert.equal(murmur2(Buffer.from(text)), hash, text);
  });

  test('looks at no more bytes than it is told, and never gives a negative partition', () => {
    assert.equal(murmur2(Buffer.from('abcdef'), 3), murmur2(Buffer.from('abc')));
    assert.equal(partitionOfKey(Buffer.from('foobar'), 10), (-790332482 & 0x7fff_ffff) % 10);
  });
});
