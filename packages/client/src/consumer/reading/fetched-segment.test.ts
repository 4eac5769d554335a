import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch, encodeEndMarker } from '@millrace/protocol';

import { type AbortedTransaction, type FetchedSegment, scanSegment } from './fetched-segment.ts';

const origin = { topic: 't', partition: 0, broker: 'b:1' };

/** Batches of one record each, from offset 0 on: a text, a producer's text, or the end of its transaction. */
function logOf(...entries: (string | [number, string] | [number, 'commit' | 'abort', true])[]): Buffer {
  return Buffer.concat(
    entries.map((entry, offset) => {
      const [producerId, text, isEnd] = typeof entry === 'string' ? [-1, entry] : entry;
      if (isEnd !== true)
        return encodeBatch([{ value: Buffer.from(text) }], {
          baseOffset: offset,
          producerId,
          isTransactional: producerId >= 0,
          leaderEpoch: 4,
        });
      const kind = text as 'commit' | 'abort';
      const marker = encodeEndMarker({ kind, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 1 });
      marker.writeBigInt64BE(BigInt(offset), 0);
      return marker;
    }),
  );
}

const offsetsOf = ({ bytes, batches }: FetchedSegment): number[] =>
  batches.map((at) => Number(bytes.readBigInt64BE(at)));
const seen = (log: Buffer, aborted?: AbortedTransaction[]): number[] => offsetsOf(scanSegment(log, origin, aborted));

suite('fetched segments', () => {
  test('without transactions are read whole but for control batches', () => {
    const log = logOf('a', [7, 'b'], [7, 'abort', true], 'c');
    assert.deepEqual(seen(log), [0, 1, 3]);
    const { nextOffset, leaderEpoch, wholeBytes, fault } = scanSegment(log, origin, undefined);
    assert.deepEqual([nextOffset, leaderEpoch, wholeBytes, fault], [4n, 4, log.length, undefined]);
  });

  test('leave out what was aborted, from its first offset to its end, and nothing of others', () => {
    const log = logOf(
      [7, 'in'],
      [8, 'out'],
      'plain',
      [8, 'out'],
      [7, 'commit', true],
      [8, 'abort', true],
      [8, 'in'],
      [7, 'out'],
      [8, 'commit', true],
      [7, 'abort', true],
    );
    const aborted = [
      { producerId: 7, firstOffset: 7n },
      { producerId: 8, firstOffset: 1n },
    ];
    assert.deepEqual(seen(log, aborted), [0, 2, 6]);
    assert.deepEqual(seen(log, []), [0, 1, 2, 3, 6, 7]);
  });

  test('go on after an abort that began before them', () => {
    assert.deepEqual(
      seen(logOf([8, 'out'], [8, 'abort', true], [8, 'in']), [{ producerId: 8, firstOffset: -5n }]),
      [2],
    );
  });

  test('end before a batch that was cut off', () => {
    const log = logOf('a', 'b');
    for (const cut of [1, 20, 60, 70]) {
      const { nextOffset, wholeBytes, fault } = scanSegment(
        log.subarray(0, log.length - Math.min(cut, log.length / 2)),
        origin,
        undefined,
      );
      assert.deepEqual([nextOffset, wholeBytes, fault], [1n, log.length / 2, undefined]);
    }
    assert.equal(scanSegment(log.subarray(0, 30), origin, undefined).nextOffset, undefined);
  });

  test('of old formats, or of none, say so behind what can be read', () => {
    const log = logOf('a', 'b');
    const old = Buffer.from(log);
    old[log.length / 2 + 16] = 1;
    const first = scanSegment(old, origin, undefined);
    assert.deepEqual([offsetsOf(first), first.fault?.code, first.nextOffset], [[0], 'UNSUPPORTED', 1n]);
    const broken = Buffer.from(log);
    broken.writeInt32BE(3, log.length / 2 + 8);
    const second = scanSegment(broken, origin, undefined);
    assert.deepEqual([offsetsOf(second), second.fault?.code], [[0], 'BROKEN_ANSWER']);
    broken.writeInt32BE(-100, log.length / 2 + 8);
    assert.equal(scanSegment(broken, origin, undefined).fault?.code, 'BROKEN_ANSWER');
  });
});
