import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryDisk, put, readBytes, TestHost, valuesOf } from '@millrace/testkit/simulated';

import { defaultLogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';
import type { Log } from './log.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const config = defaultLogConfig;

function directories(disk: MemoryDisk): { a: LogDirectory; b: LogDirectory; host: TestHost } {
  const host = new TestHost({ disk });
  const [a, b] = ['/a', '/b'].map((path) => LogDirectory.open(host, path, { nodeId: 1, clusterId: 'c' }));
  return { a: a!, b: b!, host };
}

function copy(from: Log, to: Log, first: number): void {
  while (to.endOffset < from.endOffset) {
    to.append(readBytes(from, Math.max(first, to.endOffset)), { origin: 'replica', leaderEpoch: 0 });
    to.writeOut();
  }
}

test('a copy takes the name of its partition, and says where it came from until the old folder is gone', async () => {
  const disk = new MemoryDisk();
  const { a, b } = directories(disk);
  const old = a.openLog('t', 0, topicId, config);
  put(old, ['one', 'two'], { epoch: 3 });
  old.deleteRecordsBefore(1);
  const future = b.openFuture('t', 0, topicId, config, old.startOffset);
  assert.deepEqual([b.holds('t', 0), b.futureCount], [false, 1]);
  future.truncateFullyAndStartAt(0);
  copy(old, future, 1);
  future.deleteRecordsBefore(1);
  const log = b.promote(future, a);
  assert.equal(b.movedFrom('t', 0), a.directoryId);
  assert.deepEqual([log.startOffset, log.endOffset, log.latestEpoch, b.futureCount], [1, 2, 3, 0]);
  a.retire(old);
  b.forgetMove('t', 0);
  assert.deepEqual([a.holds('t', 0), b.holds('t', 0), b.movedFrom('t', 0)], [false, true, undefined]);
  assert.equal(valuesOf(old).get(1), 'two', 'who read from the old one may end');
  put(log, ['three'], { epoch: 3 });
  await Promise.all([a.close({ clean: true }), b.close({ clean: true })]);
  const again = directories(disk);
  assert.deepEqual(
    [...valuesOf(again.b.openLog('t', 0, topicId, config))],
    [
      [1, 'two'],
      [2, 'three'],
    ],
  );
  await Promise.all([again.a.close({ clean: true }), again.b.close({ clean: true })]);
});

test('a copy that is not whole is told at the next start, once, and is gone', async () => {
  const disk = new MemoryDisk();
  const { a, b } = directories(disk);
  put(b.openFuture('t.with-dashes', 7, topicId, config, 0), ['x']);
  await Promise.all([a.close({ clean: true }), b.close({ clean: true })]);
  const again = directories(disk);
  const [unfinished, ...more] = again.b.takeUnfinishedMoves();
  assert.deepEqual(
    [unfinished?.topic, unfinished?.partition, unfinished?.topicId, more.length],
    ['t.with-dashes', 7, topicId, 0],
  );
  assert.deepEqual(again.b.takeUnfinishedMoves(), []);
  assert.deepEqual(
    disk.list('/b').filter((name) => name.includes('-future')),
    [],
  );
  assert.deepEqual(again.b.folders(), []);
  await Promise.all([again.a.close({ clean: true }), again.b.close({ clean: true })]);
});

test('checkpoints tell of partitions, not of copies', async () => {
  const disk = new MemoryDisk();
  const { a, b } = directories(disk);
  put(b.openFuture('t', 0, topicId, config, 0), ['x']);
  put(b.openLog('u', 0, topicId, config), ['x']);
  b.checkpoint();
  await Promise.all([a.close({ clean: true }), b.close({ clean: true })]);
  const again = directories(disk);
  assert.equal(again.b.openLog('u', 0, topicId, config).endOffset, 1);
  await Promise.all([again.a.close({ clean: true }), again.b.close({ clean: true })]);
});

test('a log goes on behind records that were compacted away at the end of another', async () => {
  const disk = new MemoryDisk();
  const { a, b } = directories(disk);
  const log = a.openLog('t', 0, topicId, config);
  log.skipTo(3);
  assert.equal(put(log, ['four']), 3);
  log.skipTo(9);
  log.skipTo(12);
  assert.equal(put(log, ['thirteen']), 12);
  assert.deepEqual(
    [...valuesOf(log)],
    [
      [3, 'four'],
      [12, 'thirteen'],
    ],
  );
  log.close();
  a.checkpoint();
  await Promise.all([a.close({ clean: false }), b.close({ clean: true })]);
  const again = directories(disk);
  const reopened = again.a.openLog('t', 0, topicId, { ...config, isCompacted: true });
  assert.deepEqual(
    [...valuesOf(reopened)],
    [
      [3, 'four'],
      [12, 'thirteen'],
    ],
  );
  assert.equal(reopened.endOffset, 13);
  await Promise.all([again.a.close({ clean: true }), again.b.close({ clean: true })]);
});
