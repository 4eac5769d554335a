import assert from 'node:assert/strict';
import { test } from 'node:test';

import { batchHeader, encodeBatch, encodeEndMarker, sealBatch, splitBatches } from '@millrace/protocol';
import { batchOf, put, readBytes, recordsIn, TestHost, valuesOf } from '@millrace/testkit/simulated';

import { AppendError } from './append-error.ts';
import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';
import type { Log } from './log.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAA';

interface Opened {
  readonly host: TestHost;
  readonly directory: LogDirectory;
  readonly log: Log;
  readonly names: (kind: string) => string[];
}

function open(config: Partial<LogConfig> = {}, host = new TestHost()): Opened {
  const directory = LogDirectory.open(host, '/data', { nodeId: 1 });
  const log = directory.openLog('t', 0, topicId, { ...defaultLogConfig, ...config });
  const names = (kind: string): string[] => host.disk.list(log.folder).filter((name) => name.endsWith(kind));
  return { host, directory, log, names };
}

const client = { leaderEpoch: 0, origin: 'client' } as const;

test('stamps offsets and epoch into the batch that came, and nothing else', () => {
  const { log } = open();
  const bytes = batchOf(['a', 'b', 'c']);
  const before = Buffer.from(bytes);
  assert.deepEqual(log.append(bytes, { leaderEpoch: 4, origin: 'client' }), {
    baseOffset: 0,
    lastOffset: 2,
    logAppendTimeMs: -1,
    logStartOffset: 0,
    duplicate: false,
    recordCount: 3,
    bytes: bytes.length,
  });
  assert.equal(put(log, ['d'], { epoch: 4 }), 3);
  const stored = readBytes(log, 0);
  assert.equal(batchHeader.leaderEpoch(stored, 0), 4);
  assert.deepEqual(stored.subarray(16, bytes.length), before.subarray(16));
  assert.deepEqual(
    [...valuesOf(log)],
    [
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
      [3, 'd'],
    ],
  );
});

test('many appends are one write, and cannot be read before it', () => {
  const { log } = open();
  log.append(batchOf(['a']), client);
  log.append(batchOf(['b']), client);
  assert.equal(log.endOffset, 2);
  assert.equal(log.writtenOffset, 0);
  assert.equal(log.read(0, { bytesMax: 1000, minOneBatch: true, upTo: 2 }).bytes, 0);
  log.writeOut();
  assert.equal(recordsIn(readBytes(log, 0)).length, 2);
});

test('a read that begins inside of a batch gives the whole batch', () => {
  const { log } = open();
  for (let number = 0; number < 10; number++) put(log, ['a', 'b', 'c', 'd', 'e']);
  const bytes = readBytes(log, 23);
  assert.equal(batchHeader.baseOffset(bytes, 0), 20);
});

test('a read ends with a whole batch, within its limit unless that is too small for one', () => {
  const { log } = open({ indexIntervalBytes: 200 });
  for (let number = 0; number < 30; number++) put(log, ['x'.repeat(100)]);
  const one = batchOf(['x'.repeat(100)]).length;
  for (const [bytesMax, count] of [
    [1, 1],
    [one, 1],
    [one * 2 - 1, 1],
    [one * 2, 2],
    [one * 7 + 5, 7],
    [one * 99, 25],
  ] as const) {
    const { spans, end } = splitBatches(readBytes(log, 5, { bytesMax }));
    assert.equal(spans.length, count, `at most ${bytesMax} bytes`);
    assert.equal(end, one * count);
  }
  assert.equal(log.read(5, { bytesMax: one - 1, minOneBatch: false, upTo: 30 }).bytes, 0);
});

test('a read stops before the offset it is told, at the end of a batch', () => {
  const { log } = open();
  for (let number = 0; number < 10; number++) put(log, ['a', 'b']);
  for (const [upTo, last] of [
    [20, 19],
    [19, 17],
    [10, 9],
    [2, 1],
  ] as const) {
    assert.equal(recordsIn(readBytes(log, 0, { upTo })).at(-1)?.offset, last, `up to ${upTo}`);
  }
  assert.equal(log.read(4, { bytesMax: 1000, minOneBatch: true, upTo: 4 }).bytes, 0);
  assert.equal(log.read(20, { bytesMax: 1000, minOneBatch: true, upTo: 20 }).bytes, 0);
});

test('a read outside of the log is refused', () => {
  const { log } = open();
  put(log, ['a', 'b']);
  log.deleteRecordsBefore(1);
  for (const offset of [0, 3]) {
    assert.throws(() => log.read(offset, { bytesMax: 1, minOneBatch: true, upTo: 9 }), {
      error: 'OFFSET_OUT_OF_RANGE',
    });
  }
});

test('cold reads give the same bytes as hot ones', async () => {
  const { log } = open({ segmentBytes: 2000 });
  for (let number = 0; number < 40; number++) put(log, [`value ${number} `.repeat(5)]);
  const read = log.read(0, { bytesMax: 5000, minOneBatch: true, upTo: 40 });
  assert.equal(read.isHot, false);
  const bytes = Buffer.alloc(read.bytes);
  const count = await read.fill(bytes);
  assert.deepEqual(bytes.subarray(0, count), readBytes(log, 0, { bytesMax: 5000 }));
});

test('catching up from any offset finds every record once', () => {
  const { log } = open({ segmentBytes: 5000, indexIntervalBytes: 300 });
  for (let number = 0; number < 200; number++)
    put(
      log,
      Array.from({ length: 1 + (number % 4) }, () => `value ${number}`.padEnd(number % 90, '.')),
    );
  for (let from = 0; from < log.endOffset; from += 7) {
    for (let at = from; at < log.endOffset;) {
      const records = recordsIn(readBytes(log, at, { bytesMax: 700 }));
      assert.ok(
        records.some(({ offset }) => offset === at),
        `offset ${at}`,
      );
      at = records.at(-1)!.offset + 1;
    }
  }
});

test('about how many bytes lie between offsets is known, also across segments', () => {
  const { log } = open({ segmentBytes: 1000 });
  for (let number = 0; number < 50; number++) put(log, ['x'.repeat(100)]);
  const one = batchOf(['x'.repeat(100)]).length;
  assert.equal(log.bytesBetween(0, 50), 50 * one);
  assert.equal(log.bytesBetween(12, 13), one);
  assert.equal(log.bytesBetween(3, 44), 41 * one);
  assert.equal(log.bytesBetween(44, 3), 0);
});

test('rolls by size, by time of the records, by a full index, and when it is told to', () => {
  const sized = open({ segmentBytes: 500 });
  for (let number = 0; number < 10; number++) put(sized.log, ['x'.repeat(100)]);
  assert.deepEqual(sized.names('.log'), [
    '00000000000000000000.log',
    '00000000000000000002.log',
    '00000000000000000004.log',
    '00000000000000000006.log',
    '00000000000000000008.log',
  ]);

  const timed = open({ segmentMs: 1000 });
  for (const ms of [0, 900, 1000, 1001, 1500]) put(timed.log, ['x'], { timestampMs: 1_600_000_000_000 + ms });
  assert.deepEqual(timed.names('.log').length, 2);

  const untimed = open({ segmentMs: 1000 });
  for (let number = 0; number < 4; number++) {
    put(untimed.log, ['x']);
    untimed.host.advance(600);
  }
  assert.equal(untimed.names('.log').length, 2, 'records without a time go by the clock');

  const indexed = open({ segmentIndexBytes: 24, indexIntervalBytes: 1 });
  for (let number = 0; number < 10; number++) put(indexed.log, ['x']);
  assert.equal(indexed.log.segmentCount, 3);

  const told = open();
  told.log.roll();
  assert.equal(told.log.segmentCount, 1, 'nothing to end');
  put(told.log, ['x']);
  told.log.roll();
  told.log.roll();
  assert.deepEqual(told.names('.log'), ['00000000000000000000.log', '00000000000000000001.log']);
});

test('rolls when an offset is too far from the base of the segment', () => {
  const { log, names } = open();
  const replicated = (baseOffset: number): Buffer =>
    encodeBatch([{ value: Buffer.from('x') }], { baseOffset, leaderEpoch: 1 });
  log.append(replicated(5), { leaderEpoch: 1, origin: 'replica' });
  log.append(replicated(5 + 0x7fff_ffff), { leaderEpoch: 1, origin: 'replica' });
  log.writeOut();
  assert.deepEqual(names('.log'), ['00000000000000000000.log', '00000000000000000006.log']);
  assert.equal(valuesOf(log).size, 2);
});

test('segments of many logs do not end at the same time', () => {
  const config = { segmentMs: 1000, segmentJitterMs: 500 };
  const ends = new Set<number>();
  for (let seed = 1; seed < 20; seed++) {
    const { log } = open(config, new TestHost({ seed }));
    let ms = 0;
    for (; log.segmentCount === 1; ms += 10) put(log, ['x'], { timestampMs: 1_600_000_000_000 + ms });
    assert.ok(ms > 500 && ms <= 1030);
    ends.add(ms);
  }
  assert.ok(ends.size > 5);
});

test('refuses what is too large, damaged, or not one batch', () => {
  const { log } = open({ messageBytesMax: 500, segmentBytes: 10_000 });
  const fails = (bytes: Buffer, error: string): void => assert.throws(() => log.append(bytes, client), { error });
  fails(batchOf(['x'.repeat(500)]), 'MESSAGE_TOO_LARGE');
  const damaged = batchOf(['abc']);
  damaged[70]! ^= 1;
  fails(damaged, 'CORRUPT_MESSAGE');
  fails(Buffer.concat([batchOf(['a']), batchOf(['b'])]), 'INVALID_RECORD');
  fails(Buffer.alloc(0), 'INVALID_RECORD');
  const small = open({ segmentBytes: 100 }).log;
  assert.throws(() => small.append(batchOf(['x'.repeat(200)]), client), { error: 'RECORD_LIST_TOO_LARGE' });
  assert.equal(log.endOffset, 0);
});

test('names the records that a compacted topic cannot take', () => {
  const { log } = open({ isCompacted: true });
  const bytes = encodeBatch([{ key: Buffer.from('k') }, { value: Buffer.from('no key') }]);
  assert.throws(
    () => log.append(bytes, client),
    (error) =>
      error instanceof AppendError && error.error === 'INVALID_RECORD' && error.recordErrors[0]?.batchIndex === 1,
  );
});

test("records get the broker's time where the topic says so", () => {
  const { log, host } = open({ timestampType: 'LogAppendTime' });
  host.advance(5);
  const nowMs = host.clock.now();
  const { logAppendTimeMs } = log.append(batchOf(['a', 'b'], { timestampMs: 77 }), client);
  log.writeOut();
  assert.equal(logAppendTimeMs, nowMs);
  assert.deepEqual(
    recordsIn(readBytes(log, 0)).map(({ timestamp }) => timestamp),
    [nowMs, nowMs],
  );
  assert.equal(log.offsetForTimestamp(nowMs)?.offset, 0);
});

test('a time that is out of range is refused', () => {
  const { log, host } = open({ timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 1000 });
  const nowMs = host.clock.now();
  for (const timestampMs of [nowMs - 1001, nowMs + 1001]) {
    assert.throws(() => log.append(batchOf(['a'], { timestampMs }), client), { error: 'INVALID_TIMESTAMP' });
  }
  put(log, ['a'], { timestampMs: nowMs - 1000 });
});

test('who sets no limit may write any time that 64 bits hold, and finds it by time, before and after a restart', async () => {
  const config = { timestampAfterMaxMs: Number.MAX_SAFE_INTEGER, indexIntervalBytes: 0 };
  const { log, host, directory } = open(config);
  const times = [2n ** 53n + 2n, 4_500_000_000_000_000_000n, 2n ** 63n - 1n];
  put(log, ['now'], { timestampMs: host.clock.now() });
  for (const time of times) {
    const batch = batchOf([String(time)], { timestampMs: 1 });
    batch.writeBigInt64BE(time, 27);
    batch.writeBigInt64BE(time, 35);
    sealBatch(batch, 0, batch.length);
    log.append(batch, client);
  }
  log.writeOut();
  const expectFound = (at: Log): void => {
    for (const [index, time] of times.entries()) {
      const found = at.offsetForTimestamp(Number(time));
      assert.deepEqual([found?.offset, found?.timestampMs], [index + 1, Number(time)]);
    }
    assert.equal(at.offsetForTimestamp(host.clock.now())?.offset, 0);
    assert.equal(at.maxTimestamp()?.offset, times.length);
  };
  expectFound(log);
  await directory.close({ clean: true });
  expectFound(open(config, host).log);
});

test("batches are stored in the topic's compression, whatever they came in", () => {
  for (const compression of ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const { log } = open({ compression });
    put(log, ['a'.repeat(100)], { compression: 'none' });
    put(log, ['b'.repeat(100)], { compression: 'lz4' });
    const bytes = readBytes(log, 0);
    const ids = splitBatches(bytes).spans.map(({ at }) => batchHeader.compressionId(bytes, at));
    const id = ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(compression);
    assert.deepEqual(ids, [id, id]);
    assert.deepEqual([...valuesOf(log).values()], ['a'.repeat(100), 'b'.repeat(100)]);
  }
});

test('an idempotent batch that comes twice is there once', () => {
  const { log } = open();
  const producer = { producerId: 5, producerEpoch: 0, baseSequence: 0 };
  put(log, ['other']);
  assert.equal(put(log, ['a', 'b'], producer), 1);
  const again = log.append(batchOf(['a', 'b'], producer), client);
  assert.deepEqual([again.duplicate, again.baseOffset, again.lastOffset], [true, 1, 2]);
  assert.equal(log.endOffset, 3);
  assert.throws(() => put(log, ['c'], { ...producer, baseSequence: 7 }), { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  assert.equal(log.activeProducers()[0]?.lastSequence, 1);
});

test('the last stable offset stops at an open transaction, and aborted ones are listed', () => {
  const { log } = open({ segmentBytes: 400 });
  const producer = { producerId: 5, producerEpoch: 0 };
  const end = (kind: 'abort' | 'commit'): void => {
    log.append(encodeEndMarker({ ...producer, kind, coordinatorEpoch: 1, timestamp: 1 }), {
      leaderEpoch: 0,
      origin: 'coordinator',
    });
    log.writeOut();
  };
  put(log, ['before']);
  put(log, ['a', 'b'], { ...producer, baseSequence: 0, isTransactional: true });
  put(log, ['between']);
  assert.equal(log.lastStableOffset, 1);
  end('abort');
  assert.equal(log.lastStableOffset, 5);
  put(log, ['c'], { ...producer, baseSequence: 2, isTransactional: true });
  end('commit');
  assert.deepEqual(log.abortedTransactions(0, 7), [
    { producerId: 5, firstOffset: 1, lastOffset: 4, lastStableOffset: 5 },
  ]);
  assert.deepEqual(log.abortedTransactions(5, 7), []);
  assert.ok(log.segmentCount > 1);
});

test('clients cannot write control records', () => {
  const { log } = open();
  const marker = encodeEndMarker({
    kind: 'commit',
    producerId: 1,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestamp: 0,
  });
  assert.throws(() => log.append(marker, client), { error: 'INVALID_RECORD' });
});

test('offsets by time are exact, inside of compressed batches too', () => {
  const { log } = open({ segmentBytes: 2000, indexIntervalBytes: 200 });
  const times: number[] = [];
  for (let number = 0; number < 60; number++) {
    const batch = Array.from(
      { length: 3 },
      (_, index) => 1_600_000_000_000 + number * 100 + ((number * 37 + index * 13) % 150),
    );
    times.push(...batch);
    const bytes = encodeBatch(
      batch.map((timestamp) => ({ value: Buffer.from('value'), timestamp })),
      { compression: number % 2 === 0 ? 'gzip' : 'none' },
    );
    log.append(bytes, client);
    log.writeOut();
  }
  for (const timestampMs of [...times, 0, times[0]! + 1, times[100]! - 1]) {
    const offset = times.findIndex((time) => time >= timestampMs);
    assert.equal(log.offsetForTimestamp(timestampMs)?.offset, offset, `at ${timestampMs}`);
  }
  const latest = Math.max(...times);
  assert.deepEqual(log.maxTimestamp(), { offset: times.indexOf(latest), timestampMs: latest, leaderEpoch: 0 });
  assert.equal(log.offsetForTimestamp(latest + 1), undefined);
  log.deleteRecordsBefore(100);
  assert.equal(log.offsetForTimestamp(0)?.offset, 100);
});

test('an empty log has no times', () => {
  const { log } = open();
  assert.equal(log.maxTimestamp(), undefined);
  assert.equal(log.offsetForTimestamp(0), undefined);
  put(log, ['without a time']);
  assert.equal(log.maxTimestamp(), undefined);
});

test('deleted records are gone at once, their files when the new start is durable', async () => {
  const { host, log, names } = open({ segmentBytes: 300, fileDeleteDelayMs: 60_000 });
  for (let number = 0; number < 10; number++) put(log, ['x'.repeat(100)]);
  log.deleteRecordsBefore(5);
  assert.equal(log.startOffset, 5);
  assert.equal(names('.log').length, 10);
  host.advance(4000);
  await settled();
  assert.equal(names('.log').length, 5);
  assert.ok(names('.log.deleted').length > 0);
  host.advance(60_000);
  assert.equal(names('.deleted').length, 0);
  log.deleteRecordsBefore(3);
  assert.equal(log.startOffset, 5, 'a start does not go back');
  log.deleteRecordsBefore(10);
  assert.equal(log.startOffset, 10);
  assert.equal(put(log, ['next']), 10);
});

test('retention by size keeps the limit and the active segment', () => {
  const { log } = open({ segmentBytes: 500, retentionBytes: 1500, retentionMs: -1 });
  for (let number = 0; number < 20; number++) put(log, ['x'.repeat(100)]);
  assert.equal(log.deleteOldSegments(0, 20), 5);
  assert.ok(log.bytes > 1500 && log.bytes <= 2000, 'the next one would go below');
  log.configure({ ...log.config, retentionBytes: 0 });
  log.deleteOldSegments(0, 20);
  assert.equal(log.segmentCount, 1);
  assert.equal(valuesOf(log).size, 2);
});

test('retention by time goes by the records, and takes the active segment too', () => {
  const { log, host } = open({ segmentBytes: 300, retentionMs: 10_000 });
  const nowMs = host.clock.now();
  put(log, ['x'.repeat(100)], { timestampMs: nowMs - 20_000 });
  put(log, ['x'.repeat(100)], { timestampMs: nowMs - 5000 });
  put(log, ['x'.repeat(100)], { timestampMs: nowMs - 20_000 });
  assert.equal(log.deleteOldSegments(nowMs, 3), 1, 'the third waits for the second');
  assert.equal(log.startOffset, 1);
  assert.equal(log.deleteOldSegments(nowMs + 60_000, 3), 2);
  assert.deepEqual([log.startOffset, log.endOffset, log.segmentCount], [3, 3, 1]);
  assert.equal(log.deleteOldSegments(nowMs + 60_000, 3), 0, 'an empty segment stays');
});

test('retention does not touch what is not safe yet, or what is to be kept', () => {
  const { log } = open({ segmentBytes: 300, retentionBytes: 0, retentionMs: -1 });
  for (let number = 0; number < 5; number++) put(log, ['x'.repeat(100)]);
  assert.equal(log.deleteOldSegments(0, 2), 2);
  log.configure({ ...log.config, isDeleted: false });
  assert.equal(log.deleteOldSegments(0, 5), 0);
});

test('a log without times keeps its records by the age of its files', () => {
  const { log, host } = open({ segmentBytes: 300, retentionMs: 10_000 });
  put(log, ['x'.repeat(100)]);
  host.advance(8000);
  put(log, ['x'.repeat(100)]);
  assert.equal(log.deleteOldSegments(host.clock.now(), 2), 0);
  host.advance(4000);
  assert.equal(log.deleteOldSegments(host.clock.now(), 2), 1);
});

test('truncation takes whole batches, epochs and producers with it', () => {
  const { log } = open({ segmentBytes: 400 });
  const producer = { producerId: 5, producerEpoch: 0 };
  for (let number = 0; number < 10; number++)
    put(log, ['a', 'b'], { ...producer, baseSequence: number * 2, epoch: number });
  log.truncateTo(20);
  assert.equal(log.endOffset, 20, 'nothing to do');
  log.truncateTo(9);
  assert.equal(log.endOffset, 8, 'a batch that reaches over the cut goes as a whole');
  assert.equal(log.latestEpoch, 3);
  assert.equal(log.activeProducers()[0]?.lastSequence, 7);
  assert.equal(put(log, ['c'], { ...producer, baseSequence: 8, epoch: 20 }), 8);
  assert.deepEqual([...valuesOf(log).values()], ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'c']);
  log.truncateTo(0);
  assert.deepEqual(
    [log.startOffset, log.endOffset, log.latestEpoch, log.activeProducers().length],
    [0, 0, undefined, 0],
  );
});

test('a log can be emptied and go on anywhere', () => {
  const { log, names } = open({ segmentBytes: 300 });
  for (let number = 0; number < 5; number++) put(log, ['x'.repeat(100)]);
  log.truncateFullyAndStartAt(1000);
  assert.deepEqual([log.startOffset, log.endOffset, log.syncedOffset], [1000, 1000, 1000]);
  assert.deepEqual(names('.log'), ['00000000000000001000.log']);
  assert.equal(put(log, ['x']), 1000);
  log.truncateFullyAndStartAt(3);
  assert.equal(put(log, ['x']), 3);
  assert.deepEqual([...valuesOf(log).keys()], [3]);
});

test('a leader’s batches are taken with their offsets and epochs', () => {
  const { log } = open();
  const replica = { leaderEpoch: 9, origin: 'replica' } as const;
  const bytes = Buffer.concat(
    [3, 7].map((baseOffset) =>
      encodeBatch([{ value: Buffer.from(`at ${baseOffset}`) }], { baseOffset, leaderEpoch: baseOffset }),
    ),
  );
  const appended = log.append(bytes, replica);
  log.writeOut();
  assert.deepEqual([appended.baseOffset, appended.lastOffset, appended.recordCount], [3, 7, 2]);
  assert.deepEqual(log.epochs, [
    { epoch: 3, startOffset: 3 },
    { epoch: 7, startOffset: 7 },
  ]);
  assert.equal(recordsIn(readBytes(log, 4))[0]?.offset, 7, 'offsets that are missing are passed over');
  assert.throws(() => log.append(encodeBatch([{}], { baseOffset: 7 }), replica), { error: 'UNKNOWN_SERVER_ERROR' });
  const damaged = encodeBatch([{}], { baseOffset: 20 });
  damaged[30]! ^= 1;
  assert.throws(() => log.append(damaged, replica), { error: 'CORRUPT_MESSAGE' });
});

test('a closed log takes nothing and gives nothing', () => {
  const { log } = open();
  put(log, ['a']);
  log.close();
  assert.throws(() => put(log, ['b']), { error: 'NOT_LEADER_OR_FOLLOWER' });
  assert.throws(() => log.read(0, { bytesMax: 1, minOneBatch: true, upTo: 1 }), { error: 'NOT_LEADER_OR_FOLLOWER' });
});

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
