import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { codecs } from '../compression/compression.ts';
import { errors } from '../errors.ts';
import type { BatchError } from './batch-fault.ts';
import * as header from './batch-header.ts';
import { decodeBatch } from './decode-batch.ts';
import { encodeBatch, type RecordInput } from './encode-batch.ts';
import { goldenRecords } from './golden-records.ts';
import { produceCases, type ProduceCase, type TopicKind } from './produce-cases.ts';
import { splitBatches } from './split-batches.ts';
import { recompress, sealBatch, stampLogAppendTime, stampMaxTimestamp } from './stamp-batch.ts';
import { validateBatch, type BatchRules, type BatchVerdict, type ValidBatch } from './validate-batch.ts';
import { walkRecords } from './walk-records.ts';

const rules: BatchRules = {
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Infinity,
  timestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  messageBytesMax: 1_048_588,
  recordBytesMax: 16 * 1024 * 1024,
};
const nowMs = 1_800_000_000_000;
const client = { origin: 'client' } as const;

function validated(bytes: Buffer): ValidBatch {
  const verdict = validateBatch(bytes, rules, nowMs, client);
  assert.ok(verdict.error === undefined, String(verdict.error));
  return verdict;
}

suite('what Apache Kafka 4.3.1 said to each case', () => {
  const topics: Record<TopicKind, Partial<BatchRules>> = {
    plain: { messageBytesMax: 100_000 },
    compacted: { isCompacted: true },
    'append-time': { timestampType: 'LogAppendTime' },
    'strict-time': { timestampBeforeMaxMs: 10_000, timestampAfterMaxMs: 10_000 },
    gzip: {},
  };

  /** Where ours differs: Kafka ignores any bytes behind a gzip stream, ours zeros only. */
  const differences: readonly (readonly [string, BatchError])[] = [['bytes behind gzip', 'UNKNOWN_SERVER_ERROR']];
  const ours = new Map(differences);

  interface Said {
    readonly nowMs: number;
    readonly verdicts: readonly {
      readonly name: string;
      readonly errorCode: number;
      readonly recordErrors: readonly number[];
    }[];
  }
  const said: Said = JSON.parse(readFileSync(new URL('../testdata/verdicts.json', import.meta.url), 'utf8'));
  const judge = (one: ProduceCase): BatchVerdict =>
    validateBatch(one.records, { ...rules, ...topics[one.topic] }, said.nowMs, {
      ...client,
      produceVersion: one.version,
    });

  const cases = new Map(produceCases(said.nowMs).map((one) => [one.name, one]));

  test('every case has been put to Kafka', () => {
    assert.deepEqual(
      [...cases.keys()],
      said.verdicts.map(({ name }) => name),
    );
  });

  for (const { name, errorCode, recordErrors } of said.verdicts) {
    test(name, () => {
      const verdict = judge(cases.get(name)!);
      const own = ours.get(name);
      const code = errors[verdict.error ?? 'NONE'];
      if (own !== undefined) {
        assert.equal(verdict.error, own);
        assert.notEqual(code, errorCode, 'Kafka agrees after all');
        return;
      }
      assert.equal(code, errorCode);
      if (verdict.error !== undefined)
        assert.deepEqual(
          verdict.recordErrors.map(({ batchIndex }) => batchIndex),
          recordErrors,
        );
    });
  }
});

suite('a valid batch', () => {
  test('tells where its largest timestamp is, the first of equals', () => {
    const at = [5, 9, 2, 9].map((n) => ({ timestamp: nowMs + n }));
    const verdict = validated(encodeBatch(at));
    assert.equal(verdict.maxTimestamp, nowMs + 9);
    assert.equal(verdict.offsetDeltaOfMaxTimestamp, 1);
    assert.equal(verdict.mustStampMaxTimestamp, false);
  });

  test('whose header tells another largest timestamp is to be stamped, and is right afterwards', () => {
    const batch = encodeBatch([{ timestamp: nowMs }], { maxTimestamp: 1 });
    const verdict = validated(batch);
    assert.equal(verdict.mustStampMaxTimestamp, true);
    stampMaxTimestamp(batch, 0, verdict.maxTimestamp);
    assert.deepEqual(batch, encodeBatch([{ timestamp: nowMs }]));
  });

  test('takes the time of the log', () => {
    const batch = encodeBatch(goldenRecords(5), { compression: 'lz4', isTransactional: true });
    stampLogAppendTime(batch, 0, nowMs);
    assert.ok(header.isLogAppendTime(batch, 0) && header.isTransactional(batch, 0));
    for (const record of decodeBatch(batch, 0, rules.recordBytesMax)) assert.equal(record.timestamp, nowMs);
    sealBatch(batch, 0, batch.length);
    assert.deepEqual(
      batch,
      encodeBatch(goldenRecords(5), {
        compression: 'lz4',
        isTransactional: true,
        timestampType: 'LogAppendTime',
        maxTimestamp: nowMs,
      }),
    );
  });

  test('is compressed anew for a topic with its own codec', () => {
    for (const from of codecs) {
      const batch = encodeBatch(goldenRecords(50), {
        compression: from.name,
        producerId: 7,
        producerEpoch: 1,
        baseSequence: 3,
      });
      const { records } = validated(batch);
      for (const to of codecs) {
        const changed = recompress(batch, 0, records, to.id);
        assert.deepEqual(
          changed,
          encodeBatch(goldenRecords(50), { compression: to.name, producerId: 7, producerEpoch: 1, baseSequence: 3 }),
        );
      }
    }
  });

  test('of the coordinator may be a control batch, and may stand at any offset', () => {
    const batch = encodeBatch([{ key: Buffer.alloc(4) }], {
      isControl: true,
      baseOffset: 9,
      producerId: 1,
      producerEpoch: 0,
    });
    assert.equal(validateBatch(batch, rules, nowMs, { origin: 'coordinator' }).error, undefined);
    assert.equal(validateBatch(batch, rules, nowMs, client).error, 'INVALID_RECORD');
  });

  test('that would grow beyond the limit is refused', () => {
    for (const { name } of codecs.slice(1)) {
      const bomb = encodeBatch([{ value: Buffer.alloc(32 * 1024 * 1024) }], { compression: name });
      const verdict = validateBatch(bomb, { ...rules, messageBytesMax: Infinity }, nowMs, client);
      assert.equal(verdict.error, 'INVALID_RECORD', name);
      assert.match(verdict.error === undefined ? '' : verdict.message, /grow/);
    }
  });
});

test('a thousand faults are named, not more', () => {
  const verdict = validateBatch(
    encodeBatch(Array.from({ length: 3000 }, () => ({}))),
    { ...rules, isCompacted: true },
    nowMs,
    client,
  );
  assert.ok(verdict.error !== undefined);
  assert.equal(verdict.recordErrors.length, 1000);
});

const bytesOrNull = fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)));
const anyRecord: fc.Arbitrary<RecordInput> = fc.record({
  key: bytesOrNull,
  value: bytesOrNull,
  timestamp: fc.oneof(fc.integer({ min: -1, max: 5000 }), fc.integer({ min: 0, max: 2 ** 47 })),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 8 }), value: bytesOrNull }, { noNullPrototype: true }), {
    maxLength: 3,
  }),
});

suite('any batch', () => {
  const anyBatch = fc.tuple(
    fc.array(anyRecord, { minLength: 1, maxLength: 70 }),
    fc.constantFrom(...codecs.map(({ name }) => name)),
  );
  const lax = { ...rules, timestampAfterMaxMs: Infinity };

  test('comes back as it was written, and is valid', () => {
    fc.assert(
      fc.property(anyBatch, ([records, compression]) => {
        const bytes = encodeBatch(records, { compression });
        const verdict = validateBatch(bytes, lax, nowMs, client);
        assert.ok(verdict.error === undefined, String(verdict.error));
        assert.equal(verdict.recordCount, records.length);
        assert.equal(verdict.maxTimestamp, Math.max(...records.map(({ timestamp }) => timestamp ?? -1)));
        const decoded = decodeBatch(bytes, 0, rules.recordBytesMax);
        assert.deepEqual(
          decoded.map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers })),
          records.map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers })),
        );
      }),
    );
  });

  test('with its tail cut off is never valid', () => {
    const bytes = encodeBatch(goldenRecords(9));
    for (let length = 0; length < bytes.length; length++) {
      assert.ok(validateBatch(bytes.subarray(0, length), lax, nowMs, client).error !== undefined);
    }
  });

  test('with one byte changed is never valid, but for the bytes that the checksum leaves out', () => {
    const bytes = encodeBatch(goldenRecords(4));
    // The leader epoch, which the broker writes itself.
    const free = (at: number): boolean => at >= 12 && at < 16;
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [1, 0x40, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= change;
        assert.equal(validateBatch(damaged, lax, nowMs, client).error === undefined, free(at), `byte ${at}`);
      }
    }
  });

  test('with one byte changed and a checksum over it gets a verdict, and what is valid can be decoded', () => {
    fc.assert(
      fc.property(anyBatch, fc.nat(), fc.integer({ min: 1, max: 255 }), ([records, compression], where, change) => {
        const bytes = encodeBatch(records, { compression });
        bytes[21 + (where % (bytes.length - 21))]! ^= change;
        sealBatch(bytes, 0, bytes.length);
        const verdict = validateBatch(bytes, lax, nowMs, client);
        if (verdict.error === undefined)
          assert.equal(decodeBatch(bytes, 0, rules.recordBytesMax).length, verdict.recordCount);
      }),
      { numRuns: 400 },
    );
  });
});

test('the walk takes exactly what the decoder takes, as far as offsets go', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 12, 14, 16, 0x80, 0xff), { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      (tail, count) => {
        const bytes = Buffer.concat([encodeBatch([]), Buffer.from(tail)]);
        bytes.writeInt32BE(bytes.length - 12, 8);
        bytes.writeInt32BE(count, 57);
        const isWalked = walkRecords(bytes, 61, bytes.length, count, true).fault === 'none';
        let offsets: number[] | undefined;
        try {
          offsets = decodeBatch(bytes, 0, 0).map(({ offset }) => offset);
        } catch {
          offsets = undefined;
        }
        assert.equal(isWalked, offsets?.every((offset, index) => offset === index) ?? false);
      },
    ),
    { numRuns: 2000 },
  );
});

suite('batches one behind the other', () => {
  const [a, b] = [encodeBatch(goldenRecords(3)), encodeBatch(goldenRecords(4))];
  const spans = [
    { at: 0, length: a.length },
    { at: a.length, length: b.length },
  ];

  test('are found by their lengths', () => {
    assert.deepEqual(splitBatches(Buffer.concat([a, b])), { spans, end: a.length + b.length, tail: 'none' });
    assert.deepEqual(splitBatches(Buffer.alloc(0)), { spans: [], end: 0, tail: 'none' });
  });

  test('may end in one that is not whole, which is told', () => {
    for (let length = 1; length < b.length; length++) {
      const split = splitBatches(Buffer.concat([a, b.subarray(0, length)]));
      assert.deepEqual(split, { spans: spans.slice(0, 1), end: a.length, tail: 'truncated' });
    }
  });

  test('end where no batch can begin', () => {
    assert.equal(splitBatches(Buffer.concat([a, Buffer.alloc(20)])).tail, 'corrupt');
    const old = Buffer.from(b);
    old[16] = 1;
    assert.deepEqual(splitBatches(Buffer.concat([a, old])), {
      spans: spans.slice(0, 1),
      end: a.length,
      tail: 'corrupt',
    });
  });
});
