import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Producer, type ProducerOptions } from '@millrace/client';
import { errors } from '@millrace/protocol';

import { clusterOf, createTopic, readTopic } from './read-topic.ts';
import { openTarget, uniqueName } from './target.ts';

function producerOf(bootstrap: string, id: string, options: ProducerOptions = {}): Producer {
  return new Producer({ 'bootstrap.servers': bootstrap, 'transactional.id': id, ...options });
}

const compare = (a: string | null, b: string | null): number => (a ?? '').localeCompare(b ?? '');

const valuesOf = async (bootstrap: string, topic: string, isCommitted: boolean): Promise<(string | null)[]> =>
  (await readTopic(bootstrap, topic, isCommitted)).map(({ value }) => value).toSorted(compare);

/** As it stands when no transaction is at work on it. */
async function committedOffset(bootstrap: string, groupId: string, topic: string): Promise<bigint> {
  const cluster = clusterOf(bootstrap);
  const request = { groupId, topics: [{ name: topic, partitionIndexes: [0] }], requireStable: true };
  const versionWithOneGroup = 7;
  try {
    for (;;) {
      const answer = await cluster.retry(cluster.deadline(), () =>
        cluster.request({ type: 'group', key: groupId }, 'offsetFetch', request as never, {
          versionMax: versionWithOneGroup,
        }),
      );
      const { committedOffset: offset, errorCode } = answer.topics[0]!.partitions[0]!;
      if (errorCode === 0) return offset;
      assert.equal(errorCode, errors.UNSTABLE_OFFSET_COMMIT);
      await sleep(20);
    }
  } finally {
    await cluster.close();
  }
}

suite('transactions', () => {
  test('are seen whole when they are committed, and not at all when they are aborted', async () => {
    await using target = await openTarget();
    const topic = uniqueName('txn');
    await createTopic(target.bootstrap, topic, 3);
    await using producer = producerOf(target.bootstrap, uniqueName('id'));
    await producer.initTransactions();
    for (let round = 0; round < 6; round++) {
      producer.beginTransaction();
      const isCommitted = round % 2 === 0;
      for (let index = 0; index < 30; index++)
        producer.produce({ topic, partition: index % 3, value: `${isCommitted ? 'kept' : 'lost'} ${round} ${index}` });
      if (isCommitted) await producer.commitTransaction();
      else {
        await producer.flush();
        await producer.abortTransaction();
      }
    }
    const committed = await valuesOf(target.bootstrap, topic, true);
    assert.equal(committed.length, 90);
    assert.ok(committed.every((value) => value!.startsWith('kept')));
    assert.equal((await valuesOf(target.bootstrap, topic, false)).length, 180);
  });

  test('may be empty', async () => {
    await using target = await openTarget();
    await using producer = producerOf(target.bootstrap, uniqueName('id'));
    await producer.transaction(async () => {});
    producer.beginTransaction();
    await producer.abortTransaction();
  });

  test('are aborted when their work throws, and the next one goes on', async () => {
    await using target = await openTarget();
    const topic = uniqueName('txn');
    await createTopic(target.bootstrap, topic, 1);
    await using producer = producerOf(target.bootstrap, uniqueName('id'));
    await assert.rejects(
      producer.transaction(async () => {
        await producer.send({ topic, value: 'lost' });
        void producer.send({ topic, value: 'lost too' }).catch(() => {});
        throw new Error('no');
      }),
      { message: 'no' },
    );
    await producer.transaction(() => producer.send({ topic, value: 'kept' }));
    assert.deepEqual(await valuesOf(target.bootstrap, topic, true), ['kept']);
  });

  test('bring offsets of a group along', async () => {
    await using target = await openTarget();
    const topic = uniqueName('txn');
    const group = uniqueName('group');
    await createTopic(target.bootstrap, topic, 1);
    await using producer = producerOf(target.bootstrap, uniqueName('id'));
    await producer.transaction(async () => {
      await producer.send({ topic, value: 'x' });
      await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 7n, metadata: 'm' }], group);
    });
    assert.equal(await committedOffset(target.bootstrap, group, topic), 7n);
    await producer.initTransactions().catch(() => {});
    producer.beginTransaction();
    await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 9n }], group);
    await producer.abortTransaction();
    assert.equal(await committedOffset(target.bootstrap, group, topic), 7n);
  });

  test('of an older producer with the same id are ended, and it is fenced', async () => {
    await using target = await openTarget();
    const topic = uniqueName('txn');
    const id = uniqueName('id');
    await createTopic(target.bootstrap, topic, 1);
    await using older = producerOf(target.bootstrap, id);
    await older.initTransactions();
    older.beginTransaction();
    await older.send({ topic, value: 'of the older' });
    await using newer = producerOf(target.bootstrap, id);
    await newer.transaction(() => newer.send({ topic, value: 'of the newer' }));
    await assert.rejects(older.commitTransaction(), (error: { code: string; fatal: boolean }) => {
      assert.deepEqual([error.code, error.fatal], ['PRODUCER_FENCED', true]);
      return true;
    });
    await assert.rejects(older.send({ topic, value: 'x' }), { code: 'PRODUCER_FENCED' });
    assert.throws(() => older.beginTransaction(), { code: 'PRODUCER_FENCED' });
    assert.deepEqual(await valuesOf(target.bootstrap, topic, true), ['of the newer']);
  });

  test('that lost a record can only be aborted', async () => {
    await using target = await openTarget();
    const topic = uniqueName('txn');
    await createTopic(target.bootstrap, topic, 1, { 'max.message.bytes': '500' });
    await using producer = producerOf(target.bootstrap, uniqueName('id'));
    await producer.initTransactions();
    for (let round = 0; round < 2; round++) {
      producer.beginTransaction();
      await producer.send({ topic, value: 'small' });
      await assert.rejects(producer.send({ topic, value: 'x'.repeat(1000) }), { code: 'MESSAGE_TOO_LARGE' });
      await assert.rejects(producer.commitTransaction(), { code: 'MESSAGE_TOO_LARGE', abortable: true });
      await assert.rejects(producer.send({ topic, value: 'y' }), { abortable: true });
      await producer.abortTransaction();
    }
    await producer.transaction(() => producer.send({ topic, value: 'kept' }));
    assert.deepEqual(await valuesOf(target.bootstrap, topic, true), ['kept']);
  });

  test('demand their order of calls', async () => {
    await using target = await openTarget();
    const topic = uniqueName('txn');
    await using producer = producerOf(target.bootstrap, uniqueName('id'));
    await assert.rejects(producer.send({ topic, value: 'x' }), { code: 'STATE' });
    assert.throws(() => producer.beginTransaction(), { code: 'STATE' });
    await producer.initTransactions();
    await assert.rejects(producer.initTransactions(), { code: 'STATE' });
    await assert.rejects(producer.commitTransaction(), { code: 'STATE' });
    await using plain = new Producer({ 'bootstrap.servers': target.bootstrap });
    assert.throws(() => plain.beginTransaction(), { code: 'STATE' });
  });
});
