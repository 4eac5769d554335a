import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ShareStage } from './share-stage.ts';

suite('metrics of a share consumer', () => {
  test('count fetches, records, acknowledgements, heartbeats and assignments', async () => {
    await using stage = new ShareStage({ 'share.acknowledgement.mode': 'explicit' }, [1, 1]);
    stage.stock = [{ from: 0, count: 3 }];
    stage.partitions[1]!.stock = [{ from: 0, count: 2 }];
    let taken = 0;
    for await (const record of stage.consumer) {
      stage.consumer.acknowledge(record);
      if (++taken === 5) break;
    }
    await stage.consumer.commitSync();
    const metrics = stage.consumer.metrics();
    assert.equal(metrics['records-consumed-total'], 5);
    assert.equal(metrics['records-per-request-max'], 5, 'both partitions came with one answer');
    assert.equal(metrics['fetch-total'], stage.asked.filter(({ name }) => name === 'shareFetch').length);
    assert.ok(metrics['bytes-consumed-total'] > 2 * 61);
    assert.equal(metrics['fetch-size-max'], metrics['bytes-consumed-total']);
    assert.ok(metrics['fetch-latency-max'] >= metrics['fetch-latency-avg']);
    assert.equal(metrics['acknowledgements-send-total'], 5);
    assert.equal(metrics['acknowledgements-error-total'], 0);
    assert.equal(metrics['rebalance-total'], 1);
    assert.ok(metrics['heartbeat-total'] >= 1);
    assert.ok(metrics['last-heartbeat-seconds-ago'] >= 0);
    assert.ok(metrics['last-poll-seconds-ago'] >= 0);
    assert.ok(metrics['connection-count'] >= 1);
  });

  test('tell acknowledgements that a broker refuses, and those that could not be sent', async () => {
    await using stage = new ShareStage({ 'share.acknowledgement.mode': 'explicit' });
    stage.stock = [{ from: 0, count: 4 }];
    const records = [];
    for await (const record of stage.consumer) if (records.push(record) === 4) break;
    stage.acknowledgeError = 'INVALID_RECORD_STATE';
    for (const record of records.slice(0, 3)) stage.consumer.acknowledge(record);
    await stage.consumer.commitSync();
    const refused = stage.consumer.metrics();
    assert.deepEqual([refused['acknowledgements-send-total'], refused['acknowledgements-error-total']], [3, 3]);
    stage.refusals.set('shareAcknowledge', ['SHARE_SESSION_NOT_FOUND']);
    stage.consumer.acknowledge(records[3]!, 'release');
    await stage.consumer.commitSync();
    const lost = stage.consumer.metrics();
    assert.deepEqual([lost['acknowledgements-send-total'], lost['acknowledgements-error-total']], [4, 4]);
  });
});
