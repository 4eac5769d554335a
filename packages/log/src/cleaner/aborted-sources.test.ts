import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MemoryDisk } from '@millrace/testkit/simulated';

import { Segment } from '../segment.ts';
import type { AbortedTransaction } from '../transaction-index.ts';
import { abortedSources, readAborted } from './aborted-sources.ts';

const { signal } = new AbortController();

function transaction(firstOffset: number, lastOffset: number): AbortedTransaction {
  return { producerId: 2 ** 40 + firstOffset, firstOffset, lastOffset, lastStableOffset: lastOffset + 1 };
}

function segmentOf(disk: MemoryDisk, baseOffset: number, aborted: readonly AbortedTransaction[]): Segment {
  disk.makeFolder('/t-0');
  const segment = new Segment({ disk, folder: '/t-0', baseOffset, size: undefined, createdAtMs: 0, jitterMs: 0 });
  for (const one of aborted) segment.aborted.add(one);
  return segment;
}

test('what files tell is read from them, and the rest is handed over: together all that begin before the offset', async () => {
  const disk = new MemoryDisk();
  const saved = segmentOf(disk, 0, [transaction(1, 3), transaction(5, 9)]);
  saved.aborted.save();
  const unsaved = segmentOf(disk, 10, [transaction(8, 12), transaction(14, 15)]);
  unsaved.aborted.save();
  unsaved.aborted.add(transaction(7, 17));
  const none = segmentOf(disk, 20, []);
  const sources = await abortedSources([saved, unsaved, none], 10, signal);
  assert.deepEqual([...sources.files], [0, 20]);
  assert.deepEqual(readAborted(disk, '/t-0', sources, 10), [
    transaction(1, 3),
    transaction(5, 9),
    transaction(8, 12),
    transaction(7, 17),
  ]);
});

test('what a segment no longer holds is not read from its file', async () => {
  const disk = new MemoryDisk();
  const segment = segmentOf(disk, 0, [transaction(1, 3), transaction(5, 9)]);
  segment.aborted.save();
  segment.aborted.cut(9);
  assert.deepEqual(readAborted(disk, '/t-0', await abortedSources([segment], 10, signal), 10), [transaction(1, 3)]);
});

test('many that no file has take several turns', async () => {
  const all = Array.from({ length: 30_000 }, (_, index) => transaction(index * 2, index * 2 + 1));
  const disk = new MemoryDisk();
  const segment = segmentOf(disk, 0, all);
  let turns = 0;
  let counting = setImmediate(function count() {
    turns++;
    counting = setImmediate(count);
  });
  const sources = await abortedSources([segment], 60_000, signal);
  clearImmediate(counting);
  assert.ok(turns >= 14, `${turns} turns`);
  assert.deepEqual(readAborted(disk, '/t-0', sources, 60_000), all);
});
