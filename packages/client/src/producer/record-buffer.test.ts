import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { decodeBatch } from '@millrace/protocol';
import fc from 'fast-check';

import type { HeadersInput } from '../record.ts';
import { Batch } from './batch.ts';
import { BufferPool } from './buffer-pool.ts';
import { PartitionQueue } from './partition-queue.ts';
import { bufferBytes, type Field } from './record-buffer.ts';
import { TopicState } from './topic-state.ts';

const pool = new BufferPool(1 << 14, 1 << 20);
const plain = { producerId: -1, epoch: -1, sequence: -1, isTransactional: false };
const queue = new PartitionQueue(new TopicState('t', undefined, undefined), 0);

interface Given {
  readonly key: Field;
  readonly value: Field;
  readonly headers: HeadersInput | undefined;
  readonly timestamp: number;
}

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.string({ minLength: 10, maxLength: 300 }));
const field = fc.oneof(fc.constant(null), text, fc.uint8Array({ maxLength: 300 }));
const records: fc.Arbitrary<Given[]> = fc.array(
  fc.record({
    key: field,
    value: field,
    headers: fc.option(fc.array(fc.record({ key: text, value: field }), { maxLength: 3 }), { nil: undefined }),
    timestamp: fc.oneof(fc.nat(2000), fc.constant(1_700_000_000_000), fc.nat(2 ** 52 - 1)),
  }),
  { minLength: 1, maxLength: 40 },
);

const bytesOf = (given: Field): Buffer | null => (given === null ? null : Buffer.from(given as string));

function batchOf(given: readonly Given[], bytesMax = 1 << 20): { batch: Batch; taken: number } {
  const batch = new Batch(queue, 1, 0, pool, bufferBytes(100), bytesMax);
  let taken = 0;
  for (const { key, value, headers, timestamp } of given) {
    if (!batch.append(key, value, headers, timestamp, null, 0)) break;
    taken++;
  }
  return { batch, taken };
}

function check(batch: Batch, given: readonly Given[]): void {
  const decoded = decodeBatch(batch.bytes!, 0, 1 << 24);
  assert.equal(decoded.length, given.length);
  for (const [index, { key, value, headers = [], timestamp }] of given.entries()) {
    const record = decoded[index]!;
    assert.deepEqual(record.key, bytesOf(key));
    assert.deepEqual(record.value, bytesOf(value));
    assert.equal(record.timestamp, timestamp);
    assert.equal(record.offset, index);
    const expected = (headers as { key: string; value: Field }[]).map((header) => ({
      key: Buffer.from(header.key).toString(),
      value: bytesOf(header.value),
    }));
    assert.deepEqual(record.headers, expected);
  }
}

suite('records in a batch', () => {
  test('are read back as they were given, whatever their letters, sizes and times', () => {
    fc.assert(
      fc.property(records, (given) => {
        const { batch } = batchOf(given);
        batch.sealFor(plain, { codecId: 0, level: undefined });
        check(batch, given);
      }),
      { numRuns: 300 },
    );
  });

  test('that would make it too large stay outside, and what is inside stays whole', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 70, max: 600 }), (given, bytesMax) => {
        const { batch, taken } = batchOf(given, bytesMax);
        assert.ok(taken >= 1);
        if (taken > 1) assert.ok(batch.records.at <= bytesMax);
        batch.sealFor(plain, { codecId: 0, level: undefined });
        check(batch, given.slice(0, taken));
      }),
      { numRuns: 200 },
    );
  });

  test('that lie too far apart in time do not share it, and those beyond 2^53 are exact', () => {
    const at = (timestamp: number): Given => ({ key: null, value: 'v', headers: undefined, timestamp });
    for (const far of [2 ** 53 + 2, 4_500_000_000_000_000_000]) {
      assert.equal(batchOf([at(1), at(far)]).taken, 1);
      const given = [at(far), at(far + 2048)];
      const { batch, taken } = batchOf(given);
      assert.equal(taken, 2);
      batch.sealFor(plain, { codecId: 0, level: undefined });
      check(batch, given);
    }
  });

  test('are the same after compression, and after their batch was split', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 4 }), (given, codecId) => {
        const { batch } = batchOf(given);
        batch.sealFor({ ...plain, producerId: 7, epoch: 1, sequence: 5 }, { codecId, level: undefined });
        check(batch, given);
        if (given.length < 2) return;
        const halves = batch.split();
        const middle = halves[0].count;
        for (const half of halves) half.sealFor(plain, { codecId, level: undefined });
        check(halves[0], given.slice(0, middle));
        check(halves[1], given.slice(middle));
      }),
      { numRuns: 100 },
    );
  });

  test('sealed again leave the bytes of the first time alone: a socket may still hold them', () => {
    const { batch } = batchOf([{ key: 'k', value: 'v', headers: undefined, timestamp: 5 }]);
    batch.sealFor({ ...plain, producerId: 7, epoch: 1, sequence: 5 }, { codecId: 0, level: undefined });
    const first = batch.bytes!;
    const copy = Buffer.from(first);
    batch.sealFor({ ...plain, producerId: 7, epoch: 2, sequence: 0 }, { codecId: 0, level: undefined });
    assert.deepEqual(first, copy);
    assert.notDeepEqual(batch.bytes, copy);
    check(batch, [{ key: 'k', value: 'v', headers: undefined, timestamp: 5 }]);
  });
});
