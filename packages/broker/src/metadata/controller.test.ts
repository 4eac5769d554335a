import assert from 'node:assert/strict';
import { test } from 'node:test';

import { errors } from '@millrace/protocol';

import { Controller, isFault, type NewTopic } from './controller.ts';
import { MetadataImage } from './image.ts';

function controller(): { controller: Controller; image: MetadataImage } {
  const image = new MetadataImage();
  let id = 0;
  const place = (count: number): string[] => Array.from({ length: count }, () => 'dir');
  const settings = {
    partitionCountDefault: 3,
    replicationFactorDefault: 1,
    topicFault: (own: ReadonlyMap<string, string>) => (own.has('bad') ? 'Unknown topic config name: bad' : undefined),
  };
  return { controller: new Controller({ image, nodeId: 1, newTopicId: () => `id-${++id}`, place, settings }), image };
}

const plain: Omit<NewTopic, 'name'> = { partitionCount: 1, replicationFactor: 1, assignments: [], settings: new Map() };

function create(parts: ReturnType<typeof controller>, topic: Partial<NewTopic> & { name: string }): number {
  const { records, response } = parts.controller.createTopic({ ...plain, ...topic });
  for (const record of records) parts.image.replay(record);
  return isFault(response) ? response.errorCode : errors.NONE;
}

test('a topic without counts gets the defaults of the broker', () => {
  const parts = controller();
  assert.equal(create(parts, { name: 'a', partitionCount: -1, replicationFactor: -1 }), errors.NONE);
  assert.equal(parts.image.topic('a')?.partitions.length, 3);
});

test('what cannot be created is refused with the code that Kafka gives, and changes nothing', () => {
  const parts = controller();
  create(parts, { name: 'there.is' });
  const cases: readonly (readonly [Partial<NewTopic> & { name: string }, number])[] = [
    [{ name: 'there.is' }, errors.TOPIC_ALREADY_EXISTS],
    [{ name: 'there_is' }, errors.INVALID_TOPIC_EXCEPTION],
    [{ name: '' }, errors.INVALID_TOPIC_EXCEPTION],
    [{ name: '..' }, errors.INVALID_TOPIC_EXCEPTION],
    [{ name: 'a b' }, errors.INVALID_TOPIC_EXCEPTION],
    [{ name: 'x'.repeat(250) }, errors.INVALID_TOPIC_EXCEPTION],
    [{ name: 'a', partitionCount: 0 }, errors.INVALID_PARTITIONS],
    [{ name: 'a', partitionCount: 0x7fff_ffff }, errors.INVALID_PARTITIONS],
    [{ name: 'a', replicationFactor: 0 }, errors.INVALID_REPLICATION_FACTOR],
    [{ name: 'a', replicationFactor: 2 }, errors.INVALID_REPLICATION_FACTOR],
    [{ name: 'a', settings: new Map([['bad', '1']]) }, errors.INVALID_CONFIG],
    [{ name: 'a', assignments: [{ partitionIndex: 0, brokerIds: [1] }] }, errors.INVALID_REQUEST],
    [
      { name: 'a', partitionCount: -1, replicationFactor: -1, assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
      errors.INVALID_REPLICA_ASSIGNMENT,
    ],
    [
      { name: 'a', partitionCount: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [2] }] },
      errors.INVALID_REPLICA_ASSIGNMENT,
    ],
  ];
  for (const [topic, code] of cases) assert.equal(create(parts, topic), code, JSON.stringify(topic));
  assert.equal(parts.image.topicCount, 1);
});

test('names that JavaScript objects have of their own are topics like others', () => {
  const parts = controller();
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'x'.repeat(249)]) {
    assert.equal(create(parts, { name }), errors.NONE, name);
    assert.equal(parts.image.topic(name)?.name, name);
  }
});

test('partitions can be added, never removed', () => {
  const parts = controller();
  create(parts, { name: 'a', partitionCount: 2 });
  const grow = (count: number): number => {
    const { records, response } = parts.controller.createPartitions('a', count, null);
    for (const record of records) parts.image.replay(record);
    return response?.errorCode ?? errors.NONE;
  };
  assert.deepEqual([grow(1), grow(2), grow(4)], [errors.INVALID_PARTITIONS, errors.INVALID_PARTITIONS, errors.NONE]);
  assert.equal(parts.image.topic('a')?.partitions.length, 4);
});

test('a topic that is deleted and created again has another id', () => {
  const parts = controller();
  create(parts, { name: 'a', settings: new Map([['retention.ms', '5']]) });
  const first = parts.image.topic('a');
  assert.ok(first);
  for (const record of parts.controller.deleteTopic(first)) parts.image.replay(record);
  assert.equal(parts.image.topicById(first.id), undefined);
  create(parts, { name: 'a' });
  assert.notEqual(parts.image.topic('a')?.id, first.id);
  assert.equal(parts.image.settings(2, 'a').size, 0, 'settings went with the topic');
});

test('the records of an image lead to the same image', () => {
  const parts = controller();
  create(parts, { name: 'a', partitionCount: 3, settings: new Map([['retention.ms', '5']]) });
  create(parts, { name: 'b' });
  for (const record of parts.controller.allocateProducerIds().records) parts.image.replay(record);
  for (const record of parts.controller.alterSettings(4, '1', new Map([['num.partitions', '7']])))
    parts.image.replay(record);
  const copy = new MetadataImage();
  for (const record of parts.image.records()) copy.replay(record);
  assert.deepEqual([...copy.records()], [...parts.image.records()]);
  assert.equal(copy.nextProducerId, 1000);
});
