import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';

import type { ProducedBatch } from './produce-channel.ts';
import { ProducerStage } from './producer-stage.ts';

suite('millrace:client:produce', () => {
  test('tells of every batch, where it went, or why it did not', async () => {
    const told: ProducedBatch[] = [];
    const note = (message: unknown): void => void told.push(message as ProducedBatch);
    subscribe('millrace:client:produce', note);
    try {
      const stage = new ProducerStage();
      stage.fault = ({ tries }) => (tries === 2 ? { code: errors.TOPIC_AUTHORIZATION_FAILED } : undefined);
      await using producer = stage.producer({ 'client.id': 'me' });
      await producer.send([
        { topic: 't', value: 'a' },
        { topic: 't', value: 'b' },
      ]);
      await assert.rejects(producer.send({ topic: 't', value: 'c' }));
      assert.equal(told.length, 2);
      const { attributes } = told[0]!;
      assert.deepEqual(
        {
          topic: attributes['messaging.destination.name'],
          partition: attributes['messaging.destination.partition.id'],
          count: attributes['messaging.batch.message_count'],
          client: attributes['messaging.client.id'],
          server: attributes['server.address'],
          port: attributes['server.port'],
        },
        { topic: 't', partition: '0', count: 2, client: 'me', server: 'b1', port: 9092 },
      );
      assert.equal(told[1]!.attributes['error.type'], 'TOPIC_AUTHORIZATION_FAILED');
      assert.equal(told[1]!.error?.code, 'TOPIC_AUTHORIZATION_FAILED');
    } finally {
      unsubscribe('millrace:client:produce', note);
    }
  });
});
