/**
 * Traps that other brokers fell into, by their numbers in the survey of brokers: topics that are made, deleted and named. Then what fuzzing found in ours.
 * What is expected was first seen in Apache Kafka 4.3.1.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch, errorName, zeroUuid } from '@millrace/protocol';
import { record, TopicStage } from '@millrace/testkit';

suite('traps that others found', () => {
  test('12: a topic deleted and made again has a new id, begins empty, and knows nothing of the old one', async () => {
    await using stage = await TopicStage.open();
    const before = await stage.topic('t');
    await stage.produce('t', [record('old')]);
    await stage.client.send('deleteTopics', 6, { topics: [{ name: 't', topicId: zeroUuid }], timeoutMs: 5000 });
    const after = await stage.topic('t');
    assert.notEqual(after, before);
    assert.equal((await stage.fetch('t', 0)).highWatermark, 0);
    const { topics } = await stage.client.send('metadata', 12, {
      topics: [{ name: 't' }],
      allowAutoTopicCreation: false,
    });
    assert.deepEqual([topics[0]?.topicId, topics[0]?.partitions[0]?.leaderId], [after, 1]);
    const byOldId = await stage.client.send('produce', 13, {
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ topicId: before, partitionData: [{ index: 0, records: encodeBatch([record('late')]) }] }],
    });
    assert.equal(errorName(byOldId.responses[0]?.partitionResponses[0]?.errorCode ?? -1), 'UNKNOWN_TOPIC_ID');
    const stale = await stage.fetch('t', 0, { currentLeaderEpoch: 5 });
    assert.equal(errorName(stale.errorCode), 'UNKNOWN_LEADER_EPOCH');
  });
});

suite('traps that fuzzing found', () => {
  test('Metadata 10 and 11 refuse a topic without a name, or with an id, as a whole', async () => {
    await using stage = await TopicStage.open();
    for (const version of [10, 11]) {
      for (const topic of [{ name: null }, { name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAABQ' }]) {
        const answer = await stage.client.send('metadata', version, { topics: [topic], allowAutoTopicCreation: true });
        const found = answer.topics.map(({ errorCode, name }) => [errorName(errorCode), name]);
        assert.deepEqual(found, [['INVALID_REQUEST', topic.name ?? '']]);
      }
    }
    const all = await stage.client.send('metadata', 12, { topics: null });
    assert.deepEqual(all.topics, [], 'nothing was created');
  });

  test('CreateTopics makes at most 10000 partitions at once, defaults counted', async () => {
    await using stage = await TopicStage.open();
    const ask = async (...counts: readonly number[]): Promise<string[]> => {
      const topics = counts.map((numPartitions, index) => ({
        name: `t${index}`,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      }));
      const answer = await stage.client.send('createTopics', 7, { topics, validateOnly: true });
      return answer.topics.map(({ errorCode }) => errorName(errorCode));
    };
    assert.deepEqual(await ask(10_001), ['POLICY_VIOLATION']);
    assert.deepEqual(await ask(6000, 6000), ['POLICY_VIOLATION', 'POLICY_VIOLATION']);
    assert.deepEqual(await ask(9999, -1, -1), ['POLICY_VIOLATION', 'POLICY_VIOLATION', 'POLICY_VIOLATION']);
    assert.deepEqual(await ask(5000, 4999, -1), ['NONE', 'NONE', 'NONE']);
  });
});
