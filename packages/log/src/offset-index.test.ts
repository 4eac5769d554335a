import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryDisk } from '@millrace/testkit/simulated';

import { OffsetIndex } from './offset-index.ts';

const path = '/00000000000000000100.index';

function filled(disk = new MemoryDisk(), count = 100): OffsetIndex {
  const index = new OffsetIndex(disk, path, 100, true);
  for (let number = 1; number <= count; number++) index.add(100 + number * 10, number * 4096);
  return index;
}

test('finds the last indexed batch at or before an offset, and at or before a position', () => {
  const index = filled();
  assert.equal(index.positionOf(100), 0);
  assert.equal(index.positionOf(109), 0);
  assert.equal(index.positionOf(110), 4096);
  assert.equal(index.positionOf(119), 4096);
  assert.equal(index.positionOf(999_999), 100 * 4096);
  assert.deepEqual(index.floor(4095), { position: 0, offset: 99 });
  assert.deepEqual(index.floor(8192), { position: 8192, offset: 120 });
});

test('writes 8 bytes an entry, relative offset and position, and reads them again', () => {
  const disk = new MemoryDisk();
  filled(disk, 2).save(true);
  const bytes = Buffer.alloc(100);
  assert.equal(disk.open(path).readSync(bytes, 0), 16);
  assert.equal(bytes.subarray(0, 16).toString('hex'), '0000000a000010000000001400002000');
  assert.equal(new OffsetIndex(disk, path, 100, false).positionOf(125), 8192);
});

test('writes only what the file lacks, and nothing of what was taken back', () => {
  const disk = new MemoryDisk();
  const index = filled(disk, 10);
  index.save(false);
  index.cut(6 * 4096);
  index.add(170, 6 * 4096 + 7);
  index.save(false);
  const again = new OffsetIndex(disk, path, 100, false);
  assert.equal(again.count, 6);
  assert.equal(again.lastPosition, 6 * 4096 + 7);
});

test('entries that are made again as they were leave the file alone', () => {
  const disk = new MemoryDisk();
  filled(disk, 10).save(true);
  disk.open(path).setModifiedAt(77);
  const index = new OffsetIndex(disk, path, 100, false);
  index.cut(8 * 4096);
  for (let number = 8; number <= 10; number++) index.add(100 + number * 10, number * 4096);
  index.save(false);
  assert.equal(disk.stat(path)?.modifiedAtMs, 77);
});

test('believes a file up to the first entry that does not ascend', () => {
  const disk = new MemoryDisk();
  filled(disk, 3).save(true);
  disk.open(path).truncate(10 << 20);
  assert.equal(new OffsetIndex(disk, path, 100, false).count, 3, 'zeros that Kafka reserved');
  disk.open(path).writeSync([Buffer.from('0000000500007000', 'hex')], 24);
  assert.equal(new OffsetIndex(disk, path, 100, false).count, 3, 'an offset that goes back');
  disk.open(path).truncate(20);
  assert.equal(new OffsetIndex(disk, path, 100, false).count, 2, 'half an entry');
  disk.remove(path);
  assert.equal(new OffsetIndex(disk, path, 100, false).count, 0, 'no file');
});

test('does not read what Kafka reserved behind the entries', () => {
  const disk = new MemoryDisk();
  filled(disk, 10).save(true);
  disk.open(path).truncate(10 << 20);
  let readBytes = 0;
  const open = disk.open.bind(disk);
  disk.open = (name, options) => {
    const file = open(name, options);
    const read = file.readSync.bind(file);
    file.readSync = (target, position) => {
      readBytes += target.length;
      return read(target, position);
    };
    return file;
  };
  assert.equal(new OffsetIndex(disk, path, 100, false).count, 10);
  assert.ok(readBytes <= 1 << 16, `${readBytes} bytes`);
});

test('is full when its file would pass the limit', () => {
  const index = filled(new MemoryDisk(), 10);
  assert.equal(index.isFull(80), true);
  assert.equal(index.isFull(88), false);
});

test('gives back its memory only when the file has everything', () => {
  const index = filled(new MemoryDisk(), 10);
  index.unload();
  assert.equal(index.isLoaded, true);
  index.save(false);
  index.unload();
  assert.equal(index.isLoaded, false);
  assert.equal(index.positionOf(200), 10 * 4096);
});
