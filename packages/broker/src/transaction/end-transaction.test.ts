/** Ends that come while the markers of the end before are on their way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@millrace/protocol';

import { identityOf, TransactionStage } from './stage.ts';

const { CONCURRENT_TRANSACTIONS, PRODUCER_FENCED } = errors;

for (const isCommit of [true, false]) {
  test(`a producer that ends its next transaction too early, after ${isCommit ? 'a commit' : 'an abort'}, waits and is not fenced`, async () => {
    const stage = new TransactionStage();
    const first = await stage.initialized('a');
    stage.add('a', first, [0]);
    stage.holdsMarkers = true;
    const second = identityOf(stage.end('a', first, isCommit).get());
    assert.equal(stage.end('a', second, false).errorCode, CONCURRENT_TRANSACTIONS);
    assert.equal(stage.end('a', { ...second, producerEpoch: 9 }, false).errorCode, PRODUCER_FENCED);
    stage.writeMarkers();
    assert.equal(identityOf(stage.end('a', second, false).get()).producerEpoch, second.producerEpoch + 1);
  });
}

test('a producer that goes on with its new id before the old one is done with waits, too', async () => {
  const stage = new TransactionStage();
  let first = await stage.initialized('a');
  while (first.producerEpoch < 32_766) first = identityOf(stage.init('a').get());
  stage.add('a', first, [0]);
  stage.holdsMarkers = true;
  const outcome = stage.end('a', first, true);
  await stage.settled();
  const second = identityOf(outcome.get());
  assert.deepEqual(second, { producerId: 1, producerEpoch: 0 });
  assert.equal(stage.add('a', second, [1]).get(), CONCURRENT_TRANSACTIONS);
  assert.equal(stage.end('a', second, false).errorCode, CONCURRENT_TRANSACTIONS);
  stage.writeMarkers();
  assert.equal(stage.add('a', second, [1]).get(), errors.NONE);
});
