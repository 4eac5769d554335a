import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MemoryDisk } from './memory-disk.ts';

test('files behave as one long array of bytes, also across chunks', () => {
  const change = fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      at: fc.nat(700_000),
      count: fc.nat(300_000),
      byte: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({
      kind: fc.constant('truncate' as const),
      at: fc.nat(700_000),
      count: fc.constant(0),
      byte: fc.constant(0),
    }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const file = new MemoryDisk().open('/file', { create: true });
      let expected = Buffer.alloc(0);
      for (const { kind, at, count, byte } of changes) {
        const grown = Buffer.alloc(kind === 'truncate' ? at : Math.max(expected.length, count === 0 ? 0 : at + count));
        expected.copy(grown);
        expected = grown;
        if (kind === 'truncate') file.truncate(at);
        else if (count > 0) {
          file.writeSync([Buffer.alloc(count >> 1, byte), Buffer.alloc(count - (count >> 1), byte)], at);
          expected.fill(byte, at, at + count);
        }
        const found = Buffer.alloc(expected.length + 10);
        assert.equal(file.readSync(found, 0), expected.length);
        assert.equal(found.subarray(0, expected.length).equals(expected), true);
      }
    }),
    { numRuns: 30 },
  );
});

test('a disk that is full refuses a write as a whole, and takes it when there is room', () => {
  const disk = new MemoryDisk({ bytesMax: 10 });
  const file = disk.open('/file', { create: true });
  file.writeSync([Buffer.alloc(8)], 0);
  assert.throws(() => file.writeSync([Buffer.alloc(3)], 8), { code: 'ENOSPC' });
  assert.equal(file.size(), 8);
  file.writeSync([Buffer.alloc(8)], 2);
  assert.equal(disk.freeBytes('/'), 0);
  file.truncate(4);
  assert.equal(disk.freeBytes('/'), 6);
  disk.remove('/file');
  assert.equal(disk.usedBytes, 0);
});

test('names are found, listed, moved and removed', () => {
  const disk = new MemoryDisk();
  disk.makeFolder('/a/b');
  disk.open('/a/b/file', { create: true }).writeSync([Buffer.from('x')], 0);
  disk.open('/a/other', { create: true });
  assert.deepEqual(disk.list('/a'), ['b', 'other']);
  assert.deepEqual(disk.list('/none'), []);
  disk.rename('/a/b', '/c');
  assert.equal(disk.stat('/c/file')?.size, 1);
  disk.rename('/c/file', '/a/other');
  assert.equal(disk.stat('/a/other')?.size, 1);
  disk.remove('/a');
  assert.equal(disk.usedBytes, 0);
  assert.throws(() => disk.open('/a/other'), { code: 'ENOENT' });
  assert.throws(() => disk.rename('/none', '/c/x'), { code: 'ENOENT' });
});
