/**
 * Traps that other brokers fell into, by their numbers in the survey of brokers: settings. Then what fuzzing found in ours.
 * What is expected was first seen in Apache Kafka 4.3.1.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errorName } from '@millrace/protocol';
import { offsetsIn, record, TopicStage, topicResource } from '@millrace/testkit';

const set = 0;
const unset = 1;
const append = 2;
const subtract = 3;

suite('traps that others found', () => {
  test('2: max.message.bytes is enforced on the batch as it came, and follows the setting', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('small', { 'max.message.bytes': '1000' });
    const large = [record('x'.repeat(2000))];
    assert.equal(errorName((await stage.produce('small', large)).errorCode), 'MESSAGE_TOO_LARGE');
    assert.equal(errorName((await stage.produce('small', large, { compression: 'gzip' })).errorCode), 'NONE');
    assert.equal(await stage.alter('small', 'max.message.bytes', set, '3000'), 'NONE');
    assert.equal(errorName((await stage.produce('small', large)).errorCode), 'NONE');
    assert.deepEqual(offsetsIn(await stage.fetch('small', 0)), [0, 1]);
  });

  test('5: CreatePartitions answers for each topic, and DescribeConfigs lists every setting with its source', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t', { 'retention.ms': '5000' });
    const { results } = await stage.client.send('createPartitions', 3, {
      topics: ['t', 'absent', 'missing'].map((name) => ({ name, count: 3, assignments: null })),
      timeoutMs: 5000,
      validateOnly: false,
    });
    const codes = new Map(results.map(({ name, errorCode }) => [name, errorName(errorCode)]));
    assert.deepEqual(
      codes,
      new Map([
        ['t', 'NONE'],
        ['absent', 'UNKNOWN_TOPIC_OR_PARTITION'],
        ['missing', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ]),
    );
    const described = await stage.client.send('describeConfigs', 4, {
      resources: [{ resourceType: topicResource, resourceName: 't', configurationKeys: null }],
      includeSynonyms: true,
    });
    const settings = new Map(described.results[0]?.configs.map((config) => [config.name, config]));
    assert.equal(settings.size, 33, 'as many as Apache Kafka 4.3.1 lists');
    const fromTopic = 1;
    const fromDefault = 5;
    assert.deepEqual(
      [settings.get('retention.ms')?.value, settings.get('retention.ms')?.configSource],
      ['5000', fromTopic],
    );
    const policy = settings.get('cleanup.policy');
    assert.deepEqual(
      [policy?.value, policy?.configSource, policy?.synonyms[0]?.name],
      ['delete', fromDefault, 'log.cleanup.policy'],
    );
  });

  test('7: IncrementalAlterConfigs appends to lists and subtracts from them', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    const steps: readonly (readonly [operation: number, value: string | null, after: string])[] = [
      [append, 'compact', 'delete,compact'],
      [append, 'compact', 'delete,compact'],
      [subtract, 'delete', 'compact'],
      [subtract, 'delete', 'compact'],
      [subtract, 'compact', ''],
      [unset, null, 'delete'],
    ];
    for (const [operation, value, after] of steps) {
      assert.equal(await stage.alter('t', 'cleanup.policy', operation, value), 'NONE');
      assert.equal(await stage.setting('t', 'cleanup.policy'), after);
    }
    assert.equal(await stage.alter('t', 'retention.ms', append, '5'), 'INVALID_CONFIG');
    assert.equal(await stage.alter('t', 'cleanup.policy', set, null), 'INVALID_REQUEST');
  });
});

suite('traps that fuzzing found', () => {
  test('DescribeConfigs answers a resource once, and not for a thousand names that mean nothing', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t');
    const ask = async (resources: readonly { resourceType: number; resourceName: string }[]) =>
      (
        await stage.client.send('describeConfigs', 4, {
          resources: resources.map((one) => ({ ...one, configurationKeys: null })),
        })
      ).results;
    const twice = await ask([
      ...Array.from({ length: 500 }, () => ({ resourceType: topicResource, resourceName: 't' })),
      { resourceType: 4, resourceName: '1' },
    ]);
    assert.deepEqual(
      twice.map(({ resourceName }) => resourceName),
      ['t', '1'],
    );
    const groups = await ask(
      Array.from({ length: 1001 }, (_, index) => ({ resourceType: 32, resourceName: `g${index}` })),
    );
    assert.deepEqual(
      groups.slice(-2).map(({ errorCode }) => errorName(errorCode)),
      ['NONE', 'INVALID_REQUEST'],
    );
  });
});
