import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { TestHost } from '@millrace/testkit';

import { Batch } from './batch.ts';
import { BufferPool } from './buffer-pool.ts';
import { bufferBytes } from './record-buffer.ts';
import type { StickyRules } from './sticky-partition.ts';
import { TopicState } from './topic-state.ts';

const batchBytes = 100;

const pool = new BufferPool(1, 0);

/** A topic whose partition i is led by broker i + 1, and where so many batches wait for each. */
function topicOf(partitions: number, waiting: readonly number[] = []): TopicState {
  const topic = new TopicState('t', undefined, undefined);
  topic.metadata = {
    name: 't',
    topicId: '',
    isInternal: false,
    partitions: Array.from({ length: partitions }, (_, index) => ({
      index,
      leaderId: index + 1,
      leaderEpoch: 0,
      replicas: [],
      isr: [],
      offlineReplicas: [],
    })),
  };
  for (const [index, count] of waiting.entries()) {
    const queue = topic.queue(index);
    for (let one = 0; one < count; one++)
      queue.ready.push(new Batch(queue, queue.nextOrder(), 0, pool, bufferBytes(1), 1));
  }
  return topic;
}

/** How often each partition is chosen when every batch is full at once. */
function chosen(topic: TopicState, rules: Partial<StickyRules> = {}, times = 600): number[] {
  const { random } = new TestHost();
  const all = { batchBytes, isAdaptive: true, random, isAvailable: () => true, isNear: undefined, ...rules };
  const counts = topic.metadata!.partitions.map(() => 0);
  for (let turn = 0; turn < times; turn++) {
    counts[topic.sticky.choose(topic, all)]!++;
    topic.sticky.produced(batchBytes);
  }
  return counts;
}

suite('the partition of records without keys', () => {
  test('stays until a batch is full', () => {
    const topic = topicOf(8);
    const rules = {
      batchBytes,
      isAdaptive: true,
      random: new TestHost().random,
      isAvailable: () => true,
      isNear: undefined,
    };
    const first = topic.sticky.choose(topic, rules);
    for (let bytes = 0; bytes < 90; bytes += 10) {
      topic.sticky.produced(10);
      assert.equal(topic.sticky.choose(topic, rules), first);
    }
  });

  test('is each in its turn where nothing piles up', () => {
    for (const count of chosen(topicOf(3))) assert.ok(count > 150 && count < 250, `${count}`);
  });

  test('is seldom one where batches pile up, with partitioner.adaptive.partitioning.enable alone', () => {
    const [slow = 0, fast = 0] = chosen(topicOf(2, [9, 0]));
    assert.ok(slow * 5 < fast, `${slow} and ${fast}`);
    const [one = 0, other = 0] = chosen(topicOf(2, [9, 0]), { isAdaptive: false });
    assert.ok(one > 200 && other > 200, `${one} and ${other}`);
  });

  test('is none of a broker that takes nothing', () => {
    assert.equal(chosen(topicOf(3), { isAvailable: (leaderId) => leaderId !== 2 })[1], 0);
  });

  test('is one of this rack while there is one that takes anything (KIP-1123)', () => {
    const isNear = (leaderId: number): boolean => leaderId <= 2;
    const [first = 0, second = 0, third = 0] = chosen(topicOf(3), { isNear });
    assert.ok(first > 200 && second > 200, `${first} and ${second}`);
    assert.equal(third, 0);
    assert.deepEqual(chosen(topicOf(3), { isNear, isAvailable: (leaderId) => leaderId === 3 }), [0, 0, 600]);
    assert.ok(Math.min(...chosen(topicOf(3), { isNear: () => false })) > 150);
  });
});
