import assert from 'node:assert/strict';
import { test } from 'node:test';

import { batchHeader, encodeBatch, encodeEndMarker } from '@millrace/protocol';

import { ProducerTable } from '../producer-table.ts';
import { liveProducers, producerIndex } from './live-producers.ts';

const { signal } = new AbortController();

function write(table: ProducerTable, producerId: number, offset: number): void {
  const batch = encodeBatch([{ value: Buffer.from('x') }], { producerId, producerEpoch: 3, baseSequence: 0 });
  batchHeader.stampOffset(batch, 0, offset, 0);
  table.note(batch, 0);
}

test('who has written nothing below the offset is left out, and who is known by a marker only is not', async () => {
  const table = new ProducerTable();
  write(table, 2 ** 40, 4);
  write(table, 8, 5);
  const marker = encodeEndMarker({
    kind: 'commit',
    producerId: 9,
    producerEpoch: 7,
    coordinatorEpoch: 0,
    timestamp: 1,
  });
  table.noteEnd(marker, 0, { isCommit: true, coordinatorEpoch: 0 });
  const live = await liveProducers(table, 5, signal);
  assert.deepEqual([...live.producerIds], [2 ** 40, 9]);
  assert.deepEqual([...live.epochs], [3, 7]);
  assert.deepEqual([...live.lastOffsets], [4, -1]);
  assert.deepEqual(producerIndex(live).get(9), 1);
});

test('many take several turns, in which others write and come to be', async () => {
  const table = new ProducerTable();
  for (let producerId = 0; producerId < 20_000; producerId++) write(table, producerId, producerId);
  let turns = 0;
  let counting = setImmediate(function count() {
    turns++;
    write(table, 19_999, 20_000);
    write(table, 20_000 + turns, 20_000 + turns);
    counting = setImmediate(count);
  });
  const live = await liveProducers(table, 20_000, signal);
  clearImmediate(counting);
  assert.ok(turns >= 9, `${turns} turns`);
  assert.deepEqual([...live.producerIds], [...Array(19_999).keys()]);
});

test('it ends when the log is cut', async () => {
  const table = new ProducerTable();
  for (let producerId = 0; producerId < 20_000; producerId++) write(table, producerId, producerId);
  const cut = new AbortController();
  setImmediate(() => cut.abort());
  const live = await liveProducers(table, 20_000, cut.signal);
  assert.ok(live.producerIds.length < 20_000);
});
