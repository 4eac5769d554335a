import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryDisk } from '@millrace/testkit/simulated';

import { TimeIndex } from './time-index.ts';

const path = '/00000000000000000100.timeindex';

function filled(disk = new MemoryDisk()): TimeIndex {
  const index = new TimeIndex(disk, path, 100, true);
  index.addIfLater(1000, 110);
  index.addIfLater(900, 120);
  index.addIfLater(1000, 130);
  index.addIfLater(2000, 140);
  return index;
}

test('holds ascending timestamps only, and says where to begin to look for one', () => {
  const index = filled();
  assert.equal(index.count, 2);
  assert.equal(index.offsetBefore(1000), 100);
  assert.equal(index.offsetBefore(1001), 110);
  assert.equal(index.offsetBefore(2001), 140);
  assert.equal(index.lastTimestamp, 2000);
  assert.equal(index.lastOffset, 140);
});

test('writes 12 bytes an entry, timestamp and relative offset, and reads them again', () => {
  const disk = new MemoryDisk();
  filled(disk).save(true);
  const bytes = Buffer.alloc(100);
  assert.equal(disk.open(path).readSync(bytes, 0), 24);
  assert.equal(bytes.subarray(0, 24).toString('hex'), '00000000000003e80000000a00000000000007d000000028');
  const again = new TimeIndex(disk, path, 100, false);
  assert.equal(again.offsetBefore(1500), 110);
  disk.open(path).truncate(10 << 20);
  assert.equal(new TimeIndex(disk, path, 100, false).count, 2, 'zeros that Kafka reserved');
});

test('what was cut does not come back from the file', () => {
  const disk = new MemoryDisk();
  const index = filled(disk);
  index.save(false);
  index.cut(140);
  assert.equal(index.lastTimestamp, 1000);
  index.save(false);
  assert.equal(new TimeIndex(disk, path, 100, false).count, 1);
});

test('the same entry made again leaves the file alone', () => {
  const disk = new MemoryDisk();
  filled(disk).save(true);
  disk.open(path).setModifiedAt(77);
  const index = new TimeIndex(disk, path, 100, false);
  index.cut(140);
  index.addIfLater(2000, 140);
  index.save(false);
  assert.equal(disk.stat(path)?.modifiedAtMs, 77);
});

test('keeps one place free for the entry of the end', () => {
  const index = filled();
  assert.equal(index.isFull(36), true);
  assert.equal(index.isFull(48), false);
});
