import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeEndMarker } from '@millrace/protocol';
import { batchOf, diskError, FaultDisk, MemoryDisk, put, TestHost, valuesOf } from '@millrace/testkit/simulated';

import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';
import type { Log } from './log.ts';

const roomBytes = 3 << 20;
const client = { leaderEpoch: 0, origin: 'client' } as const;
const refused = { error: 'KAFKA_STORAGE_ERROR', retriable: true };
const producer = { producerId: 5, producerEpoch: 0 };

function open(
  bytesMax = 1 << 30,
  config: Partial<LogConfig> = {},
): { host: TestHost; disk: MemoryDisk; directory: LogDirectory; log: Log } {
  const disk = new MemoryDisk({ bytesMax });
  const host = new TestHost({ disk });
  const directory = LogDirectory.open(host, '/data', { nodeId: 1 });
  const log = directory.openLog('t', 0, undefined, { ...defaultLogConfig, ...config });
  return { host, disk, directory, log };
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('what does not fit is as if it had never come', () => {
  const { disk, log } = open();
  put(log, ['a', 'b'], { ...producer, baseSequence: 0 });
  disk.bytesMax = disk.usedBytes + 10;
  log.append(batchOf(['c'], { ...producer, baseSequence: 2 }), client);
  log.append(batchOf(['d'], { producerId: 6, producerEpoch: 0, baseSequence: 0, isTransactional: true }), client);
  assert.equal(log.endOffset, 4);
  assert.throws(() => log.writeOut(), refused);
  assert.deepEqual([log.endOffset, log.writtenOffset, log.lastStableOffset], [2, 2, 2]);
  assert.deepEqual(
    log.activeProducers().map(({ producerId, lastSequence }) => [producerId, lastSequence]),
    [[5, 1]],
  );
  assert.deepEqual([...valuesOf(log).values()], ['a', 'b'], 'reads go on');
});

test('an aborted transaction whose end did not fit is told once, when it has ended', () => {
  const { disk, host, log } = open();
  const marker = (): Buffer => encodeEndMarker({ ...producer, kind: 'abort', coordinatorEpoch: 1, timestamp: 1 });
  put(log, ['a'], { ...producer, baseSequence: 0, isTransactional: true });
  disk.bytesMax = disk.usedBytes;
  log.append(marker(), { leaderEpoch: 0, origin: 'coordinator' });
  assert.throws(() => log.writeOut(), refused);
  assert.deepEqual(log.abortedTransactions(0, 10), []);
  disk.bytesMax = 1 << 30;
  host.advance(1000);
  log.append(marker(), { leaderEpoch: 0, origin: 'coordinator' });
  log.writeOut();
  assert.deepEqual(
    log.abortedTransactions(0, 10).map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset]),
    [[0, 1]],
  );
});

test('it heals by itself when there is room again', () => {
  const { disk, host, directory, log } = open();
  put(log, ['a'], { ...producer, baseSequence: 0 });
  disk.bytesMax = disk.usedBytes;
  assert.throws(() => put(log, ['b'], { ...producer, baseSequence: 1 }), refused);
  disk.bytesMax = 1 << 30;
  assert.throws(
    () => put(log, ['b'], { ...producer, baseSequence: 1 }),
    refused,
    'a full disk is left alone for a moment',
  );
  host.advance(1000);
  assert.equal(put(log, ['b'], { ...producer, baseSequence: 1 }), 1);
  assert.equal(directory.failure, undefined);
  assert.deepEqual([...valuesOf(log).values()], ['a', 'b']);
});

test('a full disk is not tried for each append, and a little room is not enough', () => {
  const { disk, host, log } = open();
  put(log, ['a']);
  disk.bytesMax = disk.usedBytes;
  assert.throws(() => put(log, ['b']), refused);
  disk.bytesMax = disk.usedBytes + (1 << 19);
  host.advance(5000);
  assert.throws(() => put(log, ['b']), refused);
});

test('what a refused write left in the file is never found again', async () => {
  const disk = new MemoryDisk();
  const faulty = new FaultDisk(disk);
  const host = new TestHost({ disk: faulty });
  const directory = LogDirectory.open(host, '/data', { nodeId: 1 });
  const log = directory.openLog('t', 0, undefined, defaultLogConfig);
  put(log, ['a']);
  // Half of it reaches the file: the batches of "b" and "c", whole.
  log.append(Buffer.concat([batchOf(['b'])]), client);
  log.append(batchOf(['c']), client);
  log.append(batchOf(['d'.repeat(1000)]), client);
  faulty.fault = (call) => (call === 'write' ? diskError('ENOSPC', 'disk') : undefined);
  assert.throws(() => log.writeOut(), refused);
  faulty.fault = () => undefined;
  host.advance(1000);
  put(log, ['B']);
  await directory.close({ clean: false });
  disk.releaseLocks();
  const again = LogDirectory.open(new TestHost({ disk }), '/data', { nodeId: 1 }).openLog(
    't',
    0,
    undefined,
    defaultLogConfig,
  );
  assert.deepEqual([...valuesOf(again).values()], ['a', 'B']);
});

test('when the write that fails belongs to an append that rolls, those before it hear of it from writeOut', () => {
  const { disk, host, log } = open(1 << 30, { segmentBytes: 400 });
  put(log, ['a'.repeat(100)]);
  disk.bytesMax = disk.usedBytes;
  log.append(batchOf(['b'.repeat(100)]), client);
  assert.throws(() => log.append(batchOf(['c'.repeat(200)]), client), refused);
  assert.throws(() => log.append(batchOf(['d']), client), refused);
  assert.throws(() => log.writeOut(), refused);
  log.writeOut();
  assert.equal(log.endOffset, 1);
  disk.bytesMax = 1 << 30;
  host.advance(1000);
  assert.equal(put(log, ['b']), 1);
});

test('a roll between appends that fails is told by writeOut as well', () => {
  const { disk, log } = open();
  put(log, ['a']);
  disk.bytesMax = disk.usedBytes;
  log.append(batchOf(['b']), client);
  assert.throws(() => log.roll(), refused);
  assert.throws(() => log.writeOut(), refused);
  log.writeOut();
});

test('a segment ends only when there is room for its aborted transactions', async () => {
  const disk = new MemoryDisk();
  const faulty = new FaultDisk(disk);
  const host = new TestHost({ disk: faulty });
  const directory = LogDirectory.open(host, '/data', { nodeId: 1 });
  const log = directory.openLog('t', 0, undefined, defaultLogConfig);
  put(log, ['a'], { ...producer, baseSequence: 0, isTransactional: true });
  const marker = encodeEndMarker({ ...producer, kind: 'abort', coordinatorEpoch: 1, timestamp: 1 });
  log.append(marker, { leaderEpoch: 0, origin: 'coordinator' });
  log.writeOut();
  const aborted = log.abortedTransactions(0, 2);
  assert.equal(aborted.length, 1);
  faulty.fault = (call, path) =>
    call === 'write' && path.endsWith('.txnindex') ? diskError('ENOSPC', 'disk') : undefined;
  assert.throws(() => log.roll(), refused);
  faulty.fault = () => undefined;
  assert.deepEqual(
    disk.list('/data/t-0').filter((name) => /[1-9]\./.test(name)),
    [],
    'no snapshot counts on what is not there',
  );
  host.advance(1000);
  log.roll();
  await directory.close({ clean: false });
  disk.releaseLocks();
  const again = LogDirectory.open(new TestHost({ disk }), '/data', { nodeId: 1 });
  assert.deepEqual(again.openLog('t', 0, undefined, defaultLogConfig).abortedTransactions(0, 2), aborted);
});

test('a checkpoint that does not fit is written later, and the directory goes on', async () => {
  const { disk, host, directory, log } = open();
  put(log, ['a']);
  disk.bytesMax = disk.usedBytes;
  await directory.synced();
  host.advance(4000);
  await settled();
  assert.equal(directory.failure, undefined);
  assert.equal(disk.stat('/data/recovery-point-offset-checkpoint'), undefined);
  disk.bytesMax = 1 << 30;
  host.advance(4000);
  await settled();
  assert.ok(disk.stat('/data/recovery-point-offset-checkpoint'));
});

test('retention makes room on a full disk, without waiting', async () => {
  const { disk, host, log } = open(roomBytes, {
    segmentBytes: 100_000,
    retentionBytes: 300_000,
    retentionMs: -1,
    fileDeleteDelayMs: 1e9,
  });
  const fill = (): void => {
    for (;;) put(log, ['x'.repeat(5000)]);
  };
  assert.throws(fill, refused);
  assert.ok(disk.usedBytes > roomBytes - 10_000);
  // Not even the checkpoint of the new start fits.
  disk.bytesMax = disk.usedBytes;
  log.deleteOldSegments(host.clock.now(), log.endOffset);
  host.advance(4000);
  await settled();
  disk.bytesMax = roomBytes;
  assert.ok(disk.usedBytes < 500_000, `${disk.usedBytes} bytes are used`);
  host.advance(1000);
  put(log, ['goes on']);
});

test('a directory that is full can be closed and opened again', async () => {
  const { disk, directory, log } = open();
  put(log, ['a']);
  disk.bytesMax = disk.usedBytes;
  await assert.rejects(directory.close({ clean: true }), { code: 'ENOSPC' });
  const again = LogDirectory.open(new TestHost({ disk }), '/data', { nodeId: 1 });
  assert.equal(again.wasClean, false);
  assert.deepEqual([...valuesOf(again.openLog('t', 0, undefined, defaultLogConfig)).values()], ['a']);
});
