import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeTransactions, replayTransactions, type TransactionRecord } from './transaction-record.ts';
import { noPartitions, type Transaction, withPartitions } from './transaction.ts';

const ended: Transaction = {
  id: 'a',
  state: 'PrepareCommit',
  producerId: 7,
  producerEpoch: 3,
  previousProducerId: 7,
  nextProducerId: 8,
  lastProducerEpoch: -1,
  timeoutMs: 60_000,
  partitions: withPartitions(noPartitions, [{ topic: 't', partition: 2 }]),
  startedAtMs: 1000,
  updatedAtMs: 2000,
  clientVersion: 2,
};

function storedAndRead(featureLevel: number): TransactionRecord[] {
  const records: TransactionRecord[] = [];
  const bytes = encodeTransactions([{ id: 'a', value: ended }], 2000, featureLevel);
  replayTransactions(bytes, { replay: (record) => void records.push(record), unreadable: assert.fail });
  return records;
}

test('what is stored is read back whole', () => {
  for (const featureLevel of [1, 2]) assert.deepEqual(storedAndRead(featureLevel), [{ id: 'a', value: ended }]);
});

test('at level 0 there is no room for what came with KIP-890, and the rest is stored', () => {
  const value = { ...ended, previousProducerId: -1, nextProducerId: -1, clientVersion: 0 };
  assert.deepEqual(storedAndRead(0), [{ id: 'a', value }]);
});
