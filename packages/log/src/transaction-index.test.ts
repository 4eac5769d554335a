import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type DiskCall, diskError, FaultDisk, MemoryDisk } from '@millrace/testkit/simulated';

import { TransactionIndex } from './transaction-index.ts';

const path = '/00000000000000000000.txnindex';
const first = { producerId: 1, firstOffset: 0, lastOffset: 10, lastStableOffset: 11 };
const second = { producerId: 2, firstOffset: 5, lastOffset: 30, lastStableOffset: 20 };

test('writes 34 bytes an entry, and no file for nothing', () => {
  const disk = new MemoryDisk();
  const index = new TransactionIndex(disk, path, true);
  index.save();
  assert.equal(disk.stat(path), undefined);
  index.add(first);
  index.add(second);
  index.save();
  assert.equal(disk.stat(path)?.size, 68);
  const bytes = Buffer.alloc(34);
  disk.open(path).readSync(bytes, 34);
  assert.equal(
    bytes.toString('hex'),
    ['0000', '0000000000000002', '0000000000000005', '000000000000001e', '0000000000000014'].join(''),
  );
  assert.deepEqual(new TransactionIndex(disk, path, false).all, [first, second]);
});

test('what was cut does not come back from the file', () => {
  const disk = new MemoryDisk();
  const index = new TransactionIndex(disk, path, true);
  index.add(first);
  index.add(second);
  index.save();
  index.cut(30);
  index.save();
  assert.deepEqual(new TransactionIndex(disk, path, false).all, [first]);
});

test('the name is made durable, also when it was there before there was room for an entry', () => {
  const disk = new FaultDisk(new MemoryDisk());
  const index = new TransactionIndex(disk, path, true);
  index.add(first);
  disk.fault = (call) => (call === 'write' ? diskError('ENOSPC', path) : undefined);
  assert.throws(() => index.save(), { code: 'ENOSPC' });
  assert.ok(disk.stat(path));
  const calls: DiskCall[] = [];
  disk.fault = (call) => {
    calls.push(call);
    return undefined;
  };
  index.save();
  assert.deepEqual(calls, ['open', 'write', 'sync', 'syncFolder']);
});
