import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch, encodeEndMarker } from '@millrace/protocol';

import { messagesOf } from './messages.ts';

const texts = (bytes: Buffer, from: bigint, aborted: Parameters<typeof messagesOf>[2] = null) =>
  messagesOf(bytes, from, aborted).messages.map(({ offset, value }) => `${offset}:${value?.toString()}`);

const batch = (baseOffset: number, values: string[], more: Parameters<typeof encodeBatch>[1] = {}) =>
  encodeBatch(
    values.map((value, index) => ({ value: Buffer.from(value), timestamp: 5, offset: baseOffset + index })),
    { baseOffset, ...more },
  );

suite('messages of an answer', () => {
  test('begin at the offset that was asked for, and end with the last whole batch', () => {
    const bytes = Buffer.concat([batch(3, ['a', 'b', 'c']), batch(6, ['d']), batch(7, ['cut']).subarray(0, 70)]);
    const { messages, nextOffset } = messagesOf(bytes, 4n, null);
    assert.deepEqual(
      messages.map(({ offset }) => offset),
      ['4', '5', '6'],
    );
    assert.equal(nextOffset, 7n);
  });

  test('have exact offsets beyond 2^53', () => {
    const bytes = batch(0, ['a', 'b']);
    bytes.writeBigInt64BE(2n ** 60n + 1n, 0);
    assert.deepEqual(texts(bytes, 2n ** 60n + 2n), ['1152921504606846978:b']);
  });

  test('leave out aborted transactions and markers', () => {
    const one = { isTransactional: true, producerId: 1, producerEpoch: 0 };
    const other = { ...one, producerId: 2 };
    const marker = encodeEndMarker({
      kind: 'abort',
      producerId: 1,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestamp: 5,
    });
    marker.writeBigInt64BE(2n, 0);
    const bytes = Buffer.concat([batch(0, ['lost'], one), batch(1, ['kept'], other), marker, batch(3, ['after'], one)]);
    const aborted = [{ producerId: 1, firstOffset: 0n }];
    assert.deepEqual(texts(Buffer.from(bytes), 0n, aborted), ['1:kept', '3:after']);
    assert.deepEqual(texts(bytes, 0n), ['0:lost', '1:kept', '3:after']);
  });

  test('are refused when a batch is damaged', () => {
    const bytes = batch(0, ['whole']);
    bytes[bytes.length - 2]! ^= 1;
    assert.throws(() => messagesOf(bytes, 0n, null), { name: 'KafkaJSNonRetriableError', message: /checksum/ });
  });

  test('collect headers that come more than once, whatever their names', () => {
    const headers = ['a', 'b', 'a', '__proto__'].map((key, index) => ({ key, value: Buffer.from(`${index}`) }));
    const bytes = encodeBatch([{ value: null, headers }]);
    const [message] = messagesOf(bytes, 0n, null).messages;
    assert.deepEqual(
      Object.entries(message?.headers ?? {}).map(([key, value]) => `${key}=${String(value)}`),
      ['a=0,2', 'b=1', '__proto__=3'],
    );
  });
});
