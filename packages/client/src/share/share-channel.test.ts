import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { suite, test } from 'node:test';

import type { ConsumedMessage } from '../consumer/reading/consume-channel.ts';
import type { ProcessedMessage, SettledMessage } from './share-channel.ts';
import { ShareStage } from './share-stage.ts';

/** What a channel says while `work` lasts. */
async function heard<T>(name: string, work: () => Promise<void>): Promise<T[]> {
  const told: T[] = [];
  const note = (message: unknown): void => void told.push(message as T);
  subscribe(name, note);
  try {
    await work();
  } finally {
    unsubscribe(name, note);
  }
  return told;
}

const place = {
  'messaging.system': 'kafka',
  'messaging.destination.name': 't',
  'messaging.destination.partition.id': '0',
  'messaging.client.id': 'me',
  'messaging.consumer.group.name': 'g',
};
const server = { 'server.address': 'b1', 'server.port': 9092 };

suite('channels of a share consumer', () => {
  test('millrace:client:consume tells of what was received, once, though another reader goes on with it', async () => {
    await using stage = new ShareStage({ 'client.id': 'me' });
    stage.stock = [{ from: 7, count: 3 }];
    const told = await heard<ConsumedMessage>('millrace:client:consume', async () => {
      assert.deepEqual(await stage.take(1), [7n]);
      assert.deepEqual(await stage.take(2), [8n, 9n]);
    });
    assert.equal(told.length, 1);
    const [{ attributes, records, nextOffset }] = told as [ConsumedMessage];
    assert.deepEqual(attributes, {
      ...place,
      ...server,
      'messaging.operation.name': 'poll',
      'messaging.operation.type': 'receive',
      'messaging.batch.message_count': 3,
    });
    assert.deepEqual([records.length, nextOffset], [3, 10n]);
  });

  test('millrace:client:process tells of each call of a handler, how long it took, and what it has thrown', async () => {
    await using stage = new ShareStage({ 'client.id': 'me' });
    stage.stock = [{ from: 0, count: 3 }];
    const told = await heard<ProcessedMessage>('millrace:client:process', async () => {
      const eachRecord = async ({ offset }: { offset: bigint }): Promise<void> => {
        await new Promise(setImmediate);
        if (offset === 1n) throw new RangeError('no');
      };
      await assert.rejects(stage.consumer.run({ eachRecord }), { code: 'HANDLER' });
    });
    const process = { 'messaging.operation.name': 'process', 'messaging.operation.type': 'process' };
    assert.deepEqual(
      told.map(({ attributes }) => attributes),
      [
        { ...place, ...process, 'messaging.batch.message_count': 1 },
        { ...place, ...process, 'messaging.batch.message_count': 1, 'error.type': 'RangeError' },
      ],
    );
    assert.deepEqual(
      told.map(({ records }) => (records[0] as { offset: bigint }).offset),
      [0n, 1n],
    );
    assert.ok(told.every(({ tookMs }) => tookMs >= 0));
    assert.equal(told[0]!.error, undefined);
    assert.ok(told[1]!.error instanceof RangeError);
  });

  test('millrace:client:process tells of a batch as a whole', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 3 }];
    const told = await heard<ProcessedMessage>('millrace:client:process', async () => {
      const stop = new AbortController();
      await stage.consumer.run({ eachBatch: () => stop.abort(), signal: stop.signal });
    });
    assert.deepEqual(
      told.map(({ records, attributes }) => [records.length, attributes['messaging.batch.message_count']]),
      [[3, 3]],
    );
  });

  test('millrace:client:settle tells what brokers have said to acknowledgements', async () => {
    await using stage = new ShareStage({ 'client.id': 'me', 'share.acknowledgement.mode': 'explicit' });
    stage.stock = [{ from: 0, count: 3 }];
    const told = await heard<SettledMessage>('millrace:client:settle', async () => {
      const ways = ['accept', 'accept', 'reject'] as const;
      let taken = 0;
      for await (const record of stage.consumer) {
        stage.consumer.acknowledge(record, ways[taken]);
        if (++taken === 2) await stage.consumer.commitSync();
        if (taken === 3) break;
      }
      stage.acknowledgeError = 'INVALID_RECORD_STATE';
      await stage.consumer.commitSync();
    });
    const settle = { 'messaging.operation.name': 'acknowledge', 'messaging.operation.type': 'settle' };
    assert.deepEqual(
      told.map(({ attributes }) => attributes),
      [
        { ...place, ...settle, ...server, 'messaging.batch.message_count': 2 },
        {
          ...place,
          ...settle,
          ...server,
          'messaging.batch.message_count': 1,
          'error.type': 'INVALID_RECORD_STATE',
        },
      ],
    );
    assert.deepEqual(
      told.map(({ ranges, error }) => [ranges.map(({ type }) => type), error?.code]),
      [
        [['accept'], undefined],
        [['reject'], 'INVALID_RECORD_STATE'],
      ],
    );
  });
});
