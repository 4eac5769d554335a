import assert from 'node:assert/strict';
import { test } from 'node:test';

import { batchOf, MemoryDisk, put, TestHost } from '@millrace/testkit/simulated';

import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';
import type { Log } from './log.ts';

const config: LogConfig = { ...defaultLogConfig, segmentBytes: 800, indexIntervalBytes: 200 };
const batchCount = 20;

function open(disk: MemoryDisk): { directory: LogDirectory; log: Log } {
  disk.releaseLocks();
  const directory = LogDirectory.open(new TestHost({ disk }), '/data', { nodeId: 1 });
  return { directory, log: directory.openLog('t', 0, 'AAAAAAAAAAAAAAAAAAAAAA', config) };
}

/** Two producers by turns, one record to a batch, four batches to a segment. */
const batch = (number: number) => ({ producerId: number % 2, producerEpoch: 3, baseSequence: Math.floor(number / 2) });
const value = (number: number): string[] => [`value ${number} `.padEnd(100, '.')];

function write(log: Log): void {
  for (let number = 0; number < batchCount; number++) put(log, value(number), batch(number));
}

function again(log: Log, number: number): { baseOffset: number; duplicate: boolean } {
  const { baseOffset, duplicate } = log.append(batchOf(value(number), batch(number)), {
    leaderEpoch: 0,
    origin: 'client',
  });
  return { baseOffset, duplicate };
}

test('after an orderly end the last five batches of a producer are known, though its snapshot has one', async () => {
  const disk = new MemoryDisk();
  const { directory, log } = open(disk);
  write(log);
  await directory.close({ clean: true });
  const { log: reopened } = open(disk);
  for (let number = batchCount - 10; number < batchCount; number++)
    assert.deepEqual(again(reopened, number), { baseOffset: number, duplicate: true });
  assert.throws(() => again(reopened, batchCount - 11), { code: 45 });
  assert.deepEqual(again(reopened, batchCount), { baseOffset: batchCount, duplicate: false });
});

test('after a kill as well, where the last batches lie on both sides of a snapshot', () => {
  for (let count = 1; count < batchCount; count++) {
    const disk = new MemoryDisk();
    const { log } = open(disk);
    for (let number = 0; number < count; number++) put(log, value(number), batch(number));
    const { log: reopened } = open(disk);
    for (let number = Math.max(0, count - 10); number < count; number++)
      assert.deepEqual(again(reopened, number), { baseOffset: number, duplicate: true }, `${number} of ${count}`);
  }
});

test('a producer of another epoch, and one whose records are gone, are told what they were told before', async () => {
  const disk = new MemoryDisk();
  const { directory, log } = open(disk);
  write(log);
  log.deleteRecordsBefore(batchCount);
  await directory.close({ clean: true });
  const { log: reopened } = open(disk);
  const early = batchOf(value(0), { ...batch(batchCount), producerEpoch: 4 });
  assert.throws(() => reopened.append(early, { leaderEpoch: 0, origin: 'client' }), { code: 45 });
  assert.throws(() => again(reopened, 2), { code: 45 });
  assert.deepEqual(again(reopened, batchCount), { baseOffset: batchCount, duplicate: false });
});
