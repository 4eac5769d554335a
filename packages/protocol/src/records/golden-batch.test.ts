import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { codecs } from '../compression/compression.ts';
import * as header from './batch-header.ts';
import { decodeControlRecord, encodeEndMarker } from './control-record.ts';
import { decodeBatch, recordsOf } from './decode-batch.ts';
import { encodeBatch } from './encode-batch.ts';
import { goldenBatch, goldenRecords } from './golden-records.ts';
import { validateBatch } from './validate-batch.ts';

const rules = {
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  messageBytesMax: 1_048_588,
  recordBytesMax: 16 * 1024 * 1024,
} as const;

suite('batches by Apache Kafka', () => {
  for (const { name } of codecs) {
    for (const [size, count] of [
      ['small', 5],
      ['large', 2000],
    ] as const) {
      if (name === 'none' && size === 'large') continue;

      test(`${name}-${size} is read record by record, and is valid`, () => {
        const bytes = goldenBatch(`${name}-${size}`);
        const expected = goldenRecords(count);
        const records = decodeBatch(bytes, 0, rules.recordBytesMax);
        assert.equal(records.length, count);
        for (const [n, record] of records.entries()) {
          assert.equal(record.offset, n);
          assert.deepEqual(
            { key: record.key, value: record.value, timestamp: record.timestamp, headers: record.headers },
            expected[n],
          );
          assert.equal(record.hasKey, record.key !== null);
        }
        const verdict = validateBatch(bytes, rules, 1_700_000_000_000, { origin: 'client' });
        assert.equal(verdict.error, undefined);
        assert.equal(verdict.mustStampMaxTimestamp, false);
        assert.equal(verdict.bytes, bytes.length);
      });

      test(`${name}-${size} has the same records as our encoder writes, byte for byte`, () => {
        const ours = encodeBatch(goldenRecords(count), { compression: name });
        const theirs = goldenBatch(`${name}-${size}`);
        assert.deepEqual(recordsOf(ours, 0, rules.recordBytesMax), recordsOf(theirs, 0, rules.recordBytesMax));
        // All of the header but length and checksum, which follow from the compressed bytes.
        assert.deepEqual(ours.subarray(21, 61), theirs.subarray(21, 61));
        if (name === 'none') assert.deepEqual(ours, theirs);
      });
    }
  }

  test('a transactional batch in a segment is written byte for byte', () => {
    const ours = encodeBatch(goldenRecords(5), {
      baseOffset: 70_000_000_000,
      leaderEpoch: 3,
      producerId: 4_000_000_000,
      producerEpoch: 7,
      baseSequence: 11,
      isTransactional: true,
    });
    assert.deepEqual(ours, goldenBatch('transactional'));
    assert.equal(header.lastOffset(ours, 0), 70_000_000_004);
    assert.equal(header.producerId(ours, 0), 4_000_000_000);
  });

  test('a batch with the log’s own time is written byte for byte, and its records tell that time', () => {
    const maxTimestamp = 1_700_000_099_999;
    const ours = encodeBatch(goldenRecords(5), {
      baseOffset: 42,
      leaderEpoch: 5,
      timestampType: 'LogAppendTime',
      maxTimestamp,
    });
    assert.deepEqual(ours, goldenBatch('log-append-time'));
    for (const record of decodeBatch(ours, 0, 0)) assert.equal(record.timestamp, maxTimestamp);
  });

  for (const kind of ['abort', 'commit'] as const) {
    test(`the marker of a transaction's ${kind} is written and read`, () => {
      const theirs = goldenBatch(`marker-${kind}`);
      const ours = encodeEndMarker({
        kind,
        producerId: 4_000_000_000,
        producerEpoch: 7,
        coordinatorEpoch: 6,
        timestamp: 1_700_000_000_000,
      });
      header.stampOffset(ours, 0, 17, 2);
      assert.deepEqual(ours, theirs);
      const [record] = decodeBatch(theirs, 0, 0);
      assert.deepEqual(decodeControlRecord(record!.key, record!.value), { kind, coordinatorEpoch: 6 });
    });
  }

  test('control records of other kinds keep their number, and bytes too short are none', () => {
    assert.deepEqual(decodeControlRecord(Buffer.from([0, 0, 0, 2]), null), { kind: 2, coordinatorEpoch: -1 });
    assert.equal(decodeControlRecord(Buffer.from([0, 0, 0]), null), undefined);
    assert.equal(decodeControlRecord(Buffer.from([0, 0, 0, 1]), Buffer.alloc(5)), undefined);
    assert.equal(decodeControlRecord(null, null), undefined);
  });
});
