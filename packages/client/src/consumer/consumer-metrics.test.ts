import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ReadStage, stagedBatch, stagedPartition } from './read-stage.ts';

suite('metrics of a consumer', () => {
  test('tell what was fetched, handed out, and is still to come', async () => {
    await using stage = new ReadStage({ 'max.poll.records': 2 });
    const { consumer } = stage;
    stage.batches = [stagedBatch(0, 2), stagedBatch(2, 3)];
    await consumer.assign([stagedPartition]);
    await stage.read(2);
    const metrics = consumer.metrics();
    assert.deepEqual(
      [
        metrics['records-consumed-total'],
        metrics['records-lag-max'],
        metrics['records-lead-min'],
        metrics['assigned-partitions'],
        metrics['connection-count'],
      ],
      [2, 3, 2, 1, 3],
    );
    assert.ok(metrics['records-consumed-rate'] > 0 && metrics['fetch-rate'] > 0 && metrics['fetch-latency-avg'] >= 0);
    assert.ok(metrics['outgoing-byte-total'] > 0 && metrics['incoming-byte-rate'] > 0);
    assert.ok(metrics['request-size-max'] >= metrics['request-size-avg']);
    assert.deepEqual([metrics['fetch-throttle-time-max'], metrics['commit-total']], [0, 0]);
    assert.ok(Number.isNaN(metrics['commit-latency-avg']));
    assert.equal(metrics['last-heartbeat-seconds-ago'], -1);
    await stage.read(3);
    assert.equal(consumer.metrics()['records-consumed-total'], 5);
    assert.ok(consumer.metrics()['time-between-poll-max'] >= 0 && consumer.metrics()['poll-idle-ratio-avg'] <= 1);
  });

  test('a partition that nobody takes records of is behind all the same', async () => {
    await using stage = new ReadStage();
    const { consumer } = stage;
    stage.batches = [stagedBatch(0, 7)];
    await consumer.assign([stagedPartition]);
    while (consumer.metrics()['buffered-bytes'] === 0) await new Promise(setImmediate);
    assert.equal(consumer.metrics()['records-lag-max'], 7);
  });

  test('are there by topic and partition as long as these are assigned, and by broker', async () => {
    await using stage = new ReadStage();
    const { consumer } = stage;
    stage.batches = [stagedBatch(0, 4)];
    const worth = (name: string, tags: object): number[] =>
      [...consumer.cluster.metrics.all()]
        .filter((metric) => metric.name === name && JSON.stringify(metric.tags) === JSON.stringify(tags))
        .map((metric) => metric.read());
    const { topic } = stagedPartition;
    await consumer.assign([stagedPartition]);
    await stage.read(4);
    assert.deepEqual(worth('records-consumed-total', { topic }), [4]);
    assert.deepEqual(worth('records-lag', { topic, partition: '0' }), [0]);
    assert.deepEqual(worth('records-lead-min', { topic, partition: '0' }), [4]);
    assert.deepEqual(worth('preferred-read-replica', { topic, partition: '0' }), [-1]);
    assert.ok(worth('fetch-size-max', { topic })[0]! > 0);
    assert.ok(worth('request-total', { 'node-id': 'node-1' })[0]! > 0);
    assert.ok(worth('request-total', { 'node-id': 'node--1' })[0]! > 0);
    await consumer.unsubscribe();
    assert.deepEqual(worth('records-consumed-total', { topic }), []);
    assert.deepEqual(worth('records-lag', { topic, partition: '0' }), []);
    assert.equal(consumer.metrics()['records-consumed-total'], 4);
  });
});
