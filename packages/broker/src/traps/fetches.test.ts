/**
 * Traps that other brokers fell into, by their numbers in the survey of brokers: fetches that wait, and fetch sessions.
 * What is expected was first seen in Apache Kafka 4.3.1.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errorName, zeroUuid } from '@millrace/protocol';
import { fetchRequest, offsetsIn, record, TopicStage, WireClient } from '@millrace/testkit';

suite('traps that others found', () => {
  test('11: a fetch that waits is answered with the records that came', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    await using other = await WireClient.connect(stage.broker.bootstrap);
    const waiting = other.send('fetch', 12, fetchRequest('t', 0, { maxWaitMs: 60_000 }));
    await parked(stage);
    await stage.produce('t', [record('a')]);
    const { responses } = await waiting;
    assert.deepEqual(
      responses[0]?.partitions.map((partition) => offsetsIn(partition)),
      [[0]],
    );
  });

  test('11: a fetch of a session that waits is answered with the records that came', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    await using other = await WireClient.connect(stage.broker.bootstrap);
    const { sessionId } = await other.send('fetch', 12, fetchRequest('t', 0, { sessionEpoch: 0 }));
    assert.notEqual(sessionId, 0);
    const waiting = other.send('fetch', 12, {
      ...fetchRequest('t', 0, { sessionId, sessionEpoch: 1, maxWaitMs: 60_000 }),
      topics: [],
    });
    await parked(stage);
    await stage.produce('t', [record('a')]);
    const { responses } = await waiting;
    assert.deepEqual(
      responses[0]?.partitions.map((partition) => offsetsIn(partition)),
      [[0]],
    );
  });

  test('11: a fetch that waits is answered with every partition when its time is over', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    const found = await stage.fetch('t', 0, { maxWaitMs: 20 });
    assert.deepEqual([errorName(found.errorCode), found.highWatermark, found.records?.length], ['NONE', 0, 0]);
  });

  test('11: a fetch that waits is told at once that its topic was deleted', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    await using other = await WireClient.connect(stage.broker.bootstrap);
    const waiting = other.send('fetch', 12, fetchRequest('t', 0, { maxWaitMs: 60_000 }));
    await parked(stage);
    await stage.client.send('deleteTopics', 6, { topics: [{ name: 't', topicId: zeroUuid }], timeoutMs: 5000 });
    const { responses } = await waiting;
    assert.deepEqual(
      responses[0]?.partitions.map(({ errorCode }) => errorName(errorCode)),
      ['UNKNOWN_TOPIC_OR_PARTITION'],
    );
  });

  test('11: a session that the broker does not have, or not any more, is refused at once', async () => {
    await using stage = await TopicStage.open({ 'max.incremental.fetch.session.cache.slots': '1' });
    await stage.topic('t');
    const ask = async (sessionId: number, sessionEpoch: number) =>
      await stage.client.send('fetch', 12, {
        ...fetchRequest('t', 0, { sessionId, sessionEpoch, maxWaitMs: 60_000 }),
        topics: [],
      });
    assert.equal(errorName((await ask(12_345, 3)).errorCode), 'FETCH_SESSION_ID_NOT_FOUND');
    const first = await stage.client.send('fetch', 12, fetchRequest('t', 0, { sessionEpoch: 0 }));
    assert.equal(errorName((await ask(first.sessionId, 9)).errorCode), 'INVALID_FETCH_SESSION_EPOCH');
    const second = await stage.client.send('fetch', 12, fetchRequest('t', 0, { sessionEpoch: 0 }));
    assert.equal(second.sessionId, 0, 'there is no slot, so there is no session');
    assert.equal(
      errorName(second.responses[0]?.partitions[0]?.errorCode ?? -1),
      'NONE',
      'and the fetch is answered all the same',
    );
  });
});

/** Settles when a fetch waits in the only partition of `t`. */
async function parked(stage: TopicStage): Promise<void> {
  const partition = stage.broker.broker.partitions.byName('t', 0);
  while (partition?.waits.size === 0) await new Promise((resolve) => setImmediate(resolve));
}
