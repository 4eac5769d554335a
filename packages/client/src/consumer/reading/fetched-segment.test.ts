import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch, encodeEndMarker } from '@millrace/protocol';
import { goldenMessages } from '@millrace/testkit';

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

  test('of formats to come, or of none, say so behind what can be read', () => {
    const log = logOf('a', 'b');
    const later = Buffer.from(log);
    later[log.length / 2 + 16] = 3;
    const first = scanSegment(later, origin, undefined);
    assert.deepEqual([offsetsOf(first), first.fault?.code, first.nextOffset], [[0], 'UNSUPPORTED', 1n]);
    const broken = Buffer.from(log);
    broken.writeInt32BE(3, log.length / 2 + 8);
    const second = scanSegment(broken, origin, undefined);
    assert.deepEqual([offsetsOf(second), second.fault?.code], [[0], 'BROKEN_ANSWER']);
    broken.writeInt32BE(-100, log.length / 2 + 8);
    assert.equal(scanSegment(broken, origin, undefined).fault?.code, 'BROKEN_ANSWER');
  });

  test('of old formats are read message by message, and end before one that was cut off', () => {
    const mixed = goldenMessages('mixed');
    const { batches, nextOffset, leaderEpoch, wholeBytes, fault } = scanSegment(mixed, origin, []);
    assert.deepEqual(
      [batches.length, nextOffset, leaderEpoch, wholeBytes, fault],
      [10, 41n, -1, mixed.length, undefined],
    );
    const kept = scanSegment(mixed, origin, [{ producerId: 4000, firstOffset: 33n }]);
    assert.deepEqual(kept.batches, batches.toSpliced(7, 1));
    for (let cut = 1; cut < 38; cut++) {
      const torn = scanSegment(mixed.subarray(0, mixed.length - cut), origin, []);
      assert.deepEqual([torn.batches, torn.nextOffset, torn.fault], [batches.slice(0, -1), 40n, undefined]);
    }
  });

  test('of old formats with lengths or offsets that cannot be say so behind what can be read', () => {
    for (const [name, bytesMin] of [
      ['v0-none', 26],
      ['v1-none', 34],
    ] as const) {
      const log = goldenMessages(name);
      const second = 12 + log.readInt32BE(8);
      const told = (): unknown[] => {
        const { batches, fault, nextOffset } = scanSegment(log, origin, undefined);
        return [batches, fault?.code, nextOffset];
      };
      for (const length of [-0x8000_0000, -1, 0, bytesMin - 13]) {
        log.writeInt32BE(length, second + 8);
        assert.deepEqual(told(), [[0], 'BROKEN_ANSWER', 1n]);
      }
      log.writeInt32BE(0x7fff_ffff, second + 8);
      assert.deepEqual(told(), [[0], undefined, 1n]);
      log.writeInt32BE(30, second + 8);
      log.writeBigInt64BE(-5n, second);
      assert.deepEqual(told(), [[0], 'BROKEN_ANSWER', 1n]);
    }
  });
});
