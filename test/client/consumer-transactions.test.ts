import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { Producer } from '@millrace/client';

import { consumerOf, stageTopic, take } from './consumer-stage.ts';
import { openTarget, uniqueName } from './target.ts';

suite('a consumer of committed records', () => {
  test('sees what was committed, not what was aborted, and nothing behind what is undecided', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    const connect = { 'bootstrap.servers': target.bootstrap };
    await using plain = new Producer(connect);
    await using first = new Producer({ ...connect, 'transactional.id': uniqueName('txn') });
    await using second = new Producer({ ...connect, 'transactional.id': uniqueName('txn') });
    await first.initTransactions();
    await second.initTransactions();
    const send = async (producer: Producer, ...values: string[]): Promise<void> => {
      for (const value of values) await producer.send({ topic, value });
    };
    first.beginTransaction();
    second.beginTransaction();
    await send(first, 'a1', 'a2');
    await send(second, 'b1');
    await send(plain, 'p1');
    await send(first, 'a3');
    await first.commitTransaction();
    await send(second, 'b2');
    await second.abortTransaction();
    second.beginTransaction();
    await send(second, 'b3');
    await second.commitTransaction();
    first.beginTransaction();
    await send(first, 'a4');
    await send(plain, 'p2');

    await using committed = consumerOf(target, { 'isolation.level': 'read_committed' });
    await committed.assign(partitions);
    assert.deepEqual(await take(committed, 5), ['a1', 'a2', 'p1', 'a3', 'b3']);
    const [end] = await committed.endOffsets(partitions);
    assert.equal(await committed.position(partitions[0]!), end!.offset);
    assert.equal(committed.currentLag(partitions[0]!), 0n);

    await using all = consumerOf(target);
    await all.assign(partitions);
    assert.deepEqual(await take(all, 9), ['a1', 'a2', 'b1', 'p1', 'a3', 'b2', 'b3', 'a4', 'p2']);

    await first.abortTransaction();
    assert.deepEqual(await take(committed, 1), ['p2']);
  });
});
