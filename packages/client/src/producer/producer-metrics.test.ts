import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';

import type { Producer } from './producer.ts';
import { ProducerStage } from './producer-stage.ts';

const ofTopic = (producer: Producer, name: string): number | undefined =>
  [...producer.cluster.metrics.all()].find((metric) => metric.name === name && metric.tags['topic'] === 't')?.read();

suite('metrics of a producer', () => {
  test('tell what was sent, in what batches and requests, by topic too', async () => {
    const stage = new ProducerStage();
    await using producer = stage.producer({ 'compression.type': 'gzip' });
    assert.ok(Number.isNaN(producer.metrics()['batch-size-avg']));
    await producer.send(Array.from({ length: 40 }, () => ({ topic: 't', value: 'x'.repeat(100) })));
    const metrics = producer.metrics();
    assert.deepEqual(
      [
        metrics['record-send-total'],
        metrics['records-per-request-avg'],
        metrics['record-error-total'],
        metrics['requests-in-flight'],
        metrics['produce-throttle-time-max'],
        ofTopic(producer, 'record-send-total'),
        ofTopic(producer, 'byte-total'),
      ],
      [40, 40, 0, 0, 0, 40, metrics['byte-total']],
    );
    assert.ok(metrics['compression-rate-avg'] < 0.5);
    assert.ok(metrics['record-size-avg'] > 100 && metrics['record-size-avg'] < 120);
    assert.ok(metrics['batch-size-max'] < 40 * metrics['record-size-avg'] && metrics['record-send-rate'] > 0);
    assert.ok(metrics['request-latency-max'] >= 0 && metrics['record-queue-time-max'] >= 0);
    assert.ok(metrics['outgoing-byte-total'] > metrics['byte-total']);
    assert.ok(metrics['metadata-age'] < 60);
  });

  test('tell what was sent again, and what failed', async () => {
    const stage = new ProducerStage();
    await using producer = stage.producer();
    stage.fault = ({ tries }) => (tries === 1 ? { code: errors.NOT_ENOUGH_REPLICAS } : undefined);
    await producer.send({ topic: 't', value: 'again' });
    stage.fault = () => ({ code: errors.INVALID_RECORD });
    await assert.rejects(producer.send({ topic: 't', value: 'never' }), { code: 'INVALID_RECORD' });
    const {
      'record-retry-total': retries,
      'record-error-total': failures,
      'record-error-rate': rate,
    } = producer.metrics();
    assert.deepEqual([retries, failures, ofTopic(producer, 'record-retry-total')], [1, 1, 1]);
    assert.ok(rate > 0);
  });
});
