/** The rules of compaction one by one, on a disk in memory, through the door that the broker uses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  batchHeader as header,
  decodeBatch,
  encodeBatch,
  encodeEndMarker,
  type RecordInput,
  sealBatch,
  splitBatches,
} from '@millrace/protocol';
import { MemoryDisk, recordsOf, TestHost } from '@millrace/testkit/simulated';

import { defaultLogConfig, type LogConfig } from '../log-config.ts';
import { LogDirectory } from '../log-directory.ts';
import type { Log } from '../log.ts';
import type { CleanLimits, CleanOutcome } from './clean-job.ts';
import { logCleanerFor } from './log-cleaner.ts';
import { RecordWalk } from './record-walk.ts';

const nowMs = 1_700_000_000_000;
const dayMs = 86_400_000;
const usualLimits: CleanLimits = {
  mapBytes: 1 << 20,
  mapLoadFactor: 0.9,
  bufferBytes: 1 << 16,
  bytesPerSecondMax: Number.MAX_VALUE,
};

class Fixture {
  readonly host: TestHost;
  directory: LogDirectory;
  log: Log;
  readonly #config: LogConfig;

  constructor(config: Partial<LogConfig> = {}, disk = new MemoryDisk({ now: () => nowMs })) {
    this.host = new TestHost({ disk, nowMs });
    this.#config = { ...defaultLogConfig, isCompacted: true, isDeleted: false, indexIntervalBytes: 100, ...config };
    [this.directory, this.log] = this.#open();
  }

  #open(): [LogDirectory, Log] {
    const directory = LogDirectory.open(this.host, '/data', { nodeId: 1 });
    return [directory, directory.openLog('t', 0, 'AAAAAAAAAAAAAAAAAAAAAA', this.#config)];
  }

  async reopen(): Promise<void> {
    await this.directory.close({ clean: true });
    [this.directory, this.log] = this.#open();
  }

  /** One batch of `key=value`; a key without `=` is a tombstone. */
  put(text: string, batch: Parameters<typeof encodeBatch>[1] & { timestamp?: number } = {}): number {
    const records = text.split(' ').map((pair, index): RecordInput => {
      const [key = '', value] = pair.split('=');
      const timestamp = batch.timestamp ?? this.host.clock.now() + index;
      return { key: Buffer.from(key), value: value === undefined ? null : Buffer.from(value), timestamp };
    });
    return this.append(encodeBatch(records, batch), 'client');
  }

  append(bytes: Buffer, origin: 'client' | 'coordinator'): number {
    const { baseOffset } = this.log.append(bytes, { leaderEpoch: 0, origin });
    this.log.writeOut();
    return baseOffset;
  }

  end(kind: 'abort' | 'commit', producerId: number): number {
    const marker = { kind, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: this.host.clock.now() };
    return this.append(encodeEndMarker(marker), 'coordinator');
  }

  async clean(limits: Partial<CleanLimits> = {}): Promise<CleanOutcome | undefined> {
    const { log, directory, host } = this;
    if (log.syncedOffset < log.endOffset) await directory.synced();
    const range = log.cleaning.range(directory.cleanedTo(log), log.lastStableOffset, host.clock.now());
    if (range.cleanableBytes === 0) return undefined;
    const { job, signal } = await log.cleaning.job(range, host.clock.now(), { ...usualLimits, ...limits });
    const cleaner = logCleanerFor(host.disk);
    const outcome = await cleaner.clean({ job, signal, swap: (replacement) => log.replaceSegments(replacement) });
    if (outcome !== undefined) await directory.noteCleaned(log, outcome.endOffset);
    return outcome;
  }

  async rollAndClean(limits: Partial<CleanLimits> = {}): Promise<CleanOutcome | undefined> {
    this.log.roll();
    return await this.clean(limits);
  }

  /** `offset:key=value` of every record. */
  content(): string {
    return recordsOf(this.log)
      .map(({ offset, key, value }) => `${offset}:${key?.toString()}${value === null ? '' : `=${value.toString()}`}`)
      .join(' ');
  }

  batches(): Buffer[] {
    const all: Buffer[] = [];
    for (let at = this.log.startOffset; at < this.log.endOffset;) {
      const read = this.log.read(at, { bytesMax: 1 << 20, minOneBatch: true, upTo: this.log.endOffset });
      const bytes = Buffer.alloc(read.bytes);
      for (const span of splitBatches(bytes.subarray(0, read.fillSync(bytes))).spans) {
        all.push(bytes.subarray(span.at, span.at + header.batchBytes(bytes, span.at)));
        at = header.lastOffset(bytes, span.at) + 1;
      }
    }
    return all;
  }

  files(): string[] {
    return this.host.disk.list(this.log.folder);
  }
}

test('of each key the last record stays, at its offset', async () => {
  const log = new Fixture();
  log.put('a=1 b=1');
  log.put('a=2 c=1');
  log.put('b=2');
  await log.rollAndClean();
  assert.equal(log.content(), '2:a=2 3:c=1 4:b=2');
  assert.equal(log.log.startOffset, 0);
  assert.equal(log.log.endOffset, 5);
});

test('the segment in use is not touched, and its records count for nothing yet', async () => {
  const log = new Fixture();
  log.put('a=1');
  log.log.roll();
  log.put('a=2');
  await log.clean();
  assert.equal(log.content(), '0:a=1 1:a=2');
});

test('segments become one as long as they fit, and the next cleaning begins where this one ended', async () => {
  const log = new Fixture({ segmentBytes: 300 });
  for (let n = 0; n < 40; n++) log.put(`k${n % 4}=${n}`);
  await log.rollAndClean();
  const before = log.log.segmentCount;
  assert.ok(before > 8);
  log.put('k0=40');
  const outcome = await log.rollAndClean();
  assert.equal(log.content(), '37:k1=37 38:k2=38 39:k3=39 40:k0=40');
  assert.ok(log.log.segmentCount < before);
  assert.equal(outcome?.endOffset, 41);
  assert.equal(log.directory.cleanedTo(log.log), 41);
  assert.equal(log.log.cleaning.range(41, 41, nowMs).cleanableBytes, 0);
  await log.reopen();
  assert.equal(log.directory.cleanedTo(log.log), 41);
  assert.equal(log.content(), '37:k1=37 38:k2=38 39:k3=39 40:k0=40');
});

test('a batch that loses records keeps its offsets and its codec', async () => {
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const log = new Fixture();
    log.put('a=1 b=1 c=1 d=1', { compression });
    log.put('a=2 d=2', { compression });
    await log.rollAndClean();
    assert.equal(log.content(), '1:b=1 2:c=1 4:a=2 5:d=2');
    const [first, second] = log.batches();
    assert.deepEqual([header.baseOffset(first!, 0), header.lastOffset(first!, 0)], [0, 3]);
    assert.equal(header.recordCount(first!, 0), 2);
    assert.equal(header.compressionId(first!, 0), header.compressionId(second!, 0));
    assert.equal(header.maxTimestamp(first!, 0), nowMs + 2);
  }
});

test('a tombstone stays for its time, and gets a horizon that readers do not see', async () => {
  const log = new Fixture({ deleteRetentionMs: dayMs });
  log.put('a=1');
  log.put('a b=1', { timestamp: nowMs - 5000 });
  await log.rollAndClean();
  assert.equal(log.content(), '1:a 2:b=1');
  const batch = log.batches().at(-1)!;
  assert.ok(header.hasDeleteHorizon(batch, 0));
  assert.equal(header.baseTimestamp(batch, 0), nowMs + dayMs);
  assert.deepEqual(
    decodeBatch(batch, 0, 1 << 20).map(({ timestamp }) => timestamp),
    [nowMs - 5000, nowMs - 5000],
  );
  assert.equal(header.maxTimestamp(batch, 0), nowMs - 5000);

  log.host.advance(dayMs - 1);
  log.put('z=1');
  await log.rollAndClean();
  assert.equal(log.content(), '1:a 2:b=1 3:z=1');
  log.host.advance(1);
  log.put('z=2');
  await log.rollAndClean();
  assert.equal(log.content(), '2:b=1 4:z=2');
});

test('timestamps that no number holds stay exact when a horizon is set', async () => {
  const log = new Fixture({ timestampAfterMaxMs: Number.MAX_VALUE });
  const bytes = encodeBatch([
    { key: Buffer.from('a'), value: null, timestamp: 0 },
    { key: Buffer.from('b'), value: null, timestamp: 5 },
  ]);
  bytes.writeBigInt64BE(1_700_000_000_123_456_789n, 27);
  bytes.writeBigInt64BE(1_700_000_000_123_456_794n, 35);
  sealBatch(bytes, 0, bytes.length);
  log.append(bytes, 'client');
  log.put('z=1');
  await log.rollAndClean();
  const batch = log.batches()[0]!;
  assert.ok(header.hasDeleteHorizon(batch, 0));
  assert.equal(batch.readBigInt64BE(35), 1_700_000_000_123_456_794n);
  const times = timestampsOf(batch);
  assert.deepEqual(times, [1_700_000_000_123_456_789n, 1_700_000_000_123_456_794n]);
});

test('a record without a key, from before the topic was compacted, goes', async () => {
  const log = new Fixture();
  const plain = { ...log.log.config, isCompacted: false };
  const compacted = log.log.config;
  log.log.configure(plain);
  log.append(encodeBatch([{ value: Buffer.from('x') }, { key: Buffer.from('a'), value: Buffer.from('1') }]), 'client');
  log.log.configure(compacted);
  log.put('b=1');
  await log.rollAndClean();
  assert.equal(log.content(), '1:a=1 2:b=1');
});

test('records of an aborted transaction go at once, and do not count as the last of their key', async () => {
  const log = new Fixture();
  log.put('a=1');
  log.put('a=bad b=bad', { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true });
  log.end('abort', 7);
  log.put('c=1');
  await log.rollAndClean();
  assert.deepEqual(dataOf(log), ['0:a=1', '4:c=1']);
  assert.equal(log.log.abortedTransactions(0, 5).length, 1);
});

test('the marker of a transaction stays as long as batches of it do, then for its time', async () => {
  const log = new Fixture({ deleteRetentionMs: dayMs });
  log.put('a=1', { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true });
  const marker = log.end('commit', 7);
  log.put('b=1', { producerId: 7, producerEpoch: 0, baseSequence: 1, isTransactional: true });
  log.end('commit', 7);
  const hasMarker = (): boolean => log.batches().some((batch) => header.baseOffset(batch, 0) === marker);
  await log.rollAndClean();
  assert.ok(hasMarker());
  log.put('a=2');
  await log.rollAndClean();
  assert.ok(hasMarker(), 'its last batch goes in this cleaning');
  log.put('z=1');
  await log.rollAndClean();
  assert.ok(hasMarker(), 'it has a horizon now');
  assert.ok(
    header.hasDeleteHorizon(
      log.batches().find((batch) => header.baseOffset(batch, 0) === marker)!,
      0,
    ),
  );
  log.host.advance(dayMs);
  log.put('z=2');
  await log.rollAndClean();
  assert.ok(!hasMarker());
  assert.deepEqual(dataOf(log).slice(0, 2), ['2:b=1', '4:a=2']);
});

test('nothing at or after the last stable offset is cleaned', async () => {
  const log = new Fixture({ segmentBytes: 200 });
  log.put('a=1');
  log.put('a=2');
  log.log.roll();
  log.put('b=1', { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true });
  log.log.roll();
  log.put('a=3');
  await log.rollAndClean();
  assert.equal(log.content(), '1:a=2 2:b=1 3:a=3');
});

test('the last batch of a live producer stays, without its records when they have successors', async () => {
  const log = new Fixture();
  log.put('a=1', { producerId: 7, producerEpoch: 0, baseSequence: 0 });
  log.put('b=1 c=1', { producerId: 7, producerEpoch: 0, baseSequence: 1 });
  log.put('a=2 b=2 c=2');
  await log.rollAndClean();
  assert.equal(log.content(), '3:a=2 4:b=2 5:c=2');
  const [kept] = log.batches();
  assert.deepEqual(
    [header.baseOffset(kept!, 0), header.recordCount(kept!, 0), header.baseSequence(kept!, 0)],
    [1, 0, 1],
  );
  await log.reopen();
  assert.equal(log.log.activeProducers()[0]?.lastSequence, 2);
  for (const name of log.files()) if (name.endsWith('.snapshot')) log.host.disk.remove(`${log.log.folder}/${name}`);
  await log.reopen();
  assert.equal(log.log.activeProducers()[0]?.lastSequence, 2);
  log.put('d=1', { producerId: 7, producerEpoch: 0, baseSequence: 3 });
});

test('when the memory for keys is used up the rest waits for the next cleaning', async () => {
  const log = new Fixture({ segmentBytes: 4000 });
  for (let n = 0; n < 300; n++) log.put(`k${n}=1`);
  for (let n = 0; n < 300; n++) log.put(`k${n}=2`);
  log.log.roll();
  let rounds = 0;
  for (let outcome = await log.clean({ mapBytes: 24 * 150 }); outcome !== undefined; rounds++) {
    assert.ok(outcome.mapUtilization <= 1);
    outcome = await log.clean({ mapBytes: 24 * 150 });
  }
  assert.ok(rounds > 3);
  assert.equal(log.log.startOffset, 0);
  const expected = Array.from({ length: 300 }, (_, n) => `${300 + n}:k${n}=2`);
  assert.equal(log.content(), expected.join(' '));
});

test('one batch with more keys than there is memory for is refused with a word about the setting', async () => {
  const log = new Fixture();
  log.put(Array.from({ length: 40 }, (_, n) => `k${n}=1`).join(' '));
  await assert.rejects(log.rollAndClean({ mapBytes: 24 * 20 }), /log\.cleaner\.dedupe\.buffer\.size/);
  assert.deepEqual(
    log.files().filter((name) => name.endsWith('.cleaned')),
    [],
  );
});

test('a damaged batch is not cleaned, and the log is left as it is', async () => {
  const log = new Fixture();
  log.put('a=1');
  log.put('a=2');
  log.log.roll();
  const file = log.host.disk.open(`${log.log.folder}/00000000000000000000.log`);
  file.writeSync([Buffer.from([0xff])], 65);
  file.close();
  const before = log.files();
  await assert.rejects(log.clean(), { code: 'CORRUPT' });
  assert.deepEqual(log.files(), before);
});

test('records younger than the lag are left alone, and what is older than the other one is due', async () => {
  const log = new Fixture({ compactionLagMinMs: 10_000 });
  log.put('a=1', { timestamp: nowMs - 20_000 });
  log.log.roll();
  log.put('a=2', { timestamp: nowMs - 5000 });
  log.log.roll();
  await log.directory.synced();
  const range = log.log.cleaning.range(undefined, 2, nowMs);
  assert.deepEqual([range.firstDirty, range.firstUncleanable, range.dirtyRatio, range.isDue], [0, 1, 1, false]);
  log.log.configure({ ...log.log.config, compactionLagMaxMs: 15_000 });
  assert.equal(log.log.cleaning.range(undefined, 2, nowMs).isDue, true);
  assert.equal(log.log.cleaning.range(1, 2, nowMs).isDue, false);
});

test('what is not durable yet does not take the place of what is', () => {
  const log = new Fixture();
  log.put('a=1');
  log.put('a=2');
  log.log.roll();
  assert.equal(log.log.cleaning.range(undefined, 2, nowMs).cleanableBytes, 0);
});

test('a checkpoint outside of the log counts for nothing', async () => {
  const log = new Fixture();
  log.put('a=1');
  log.log.roll();
  assert.equal(log.log.cleaning.range(5, 1, nowMs).firstDirty, 0);
  log.put('b=1');
  log.log.roll();
  log.log.deleteRecordsBefore(1);
  await log.directory.synced();
  const range = log.log.cleaning.range(0, 2, nowMs);
  assert.deepEqual([range.firstDirty, range.isReset], [1, true]);
});

test('a read planned before a replacement gets what it was planned for, and lookups afterwards find holes filled by the next record', async () => {
  const log = new Fixture();
  log.put('a=1', { timestamp: nowMs - 100 });
  log.put('b=1', { timestamp: nowMs - 90 });
  log.put('a=2', { timestamp: nowMs - 80 });
  log.log.roll();
  log.put('c=1');
  const read = log.log.read(0, { bytesMax: 1 << 20, minOneBatch: true, upTo: 3 });
  await log.clean();
  const bytes = Buffer.alloc(read.bytes);
  assert.equal(splitBatches(bytes.subarray(0, read.fillSync(bytes))).spans.length, 3);
  assert.equal(log.content(), '1:b=1 2:a=2 3:c=1');
  assert.deepEqual(log.log.offsetForTimestamp(nowMs - 100), { offset: 1, timestampMs: nowMs - 90, leaderEpoch: 0 });
  assert.equal(log.log.maxTimestamp()?.offset, 3);
  log.host.advance(120_000);
  assert.deepEqual(
    log.files().filter((name) => name.endsWith('.deleted')),
    [],
  );
});

test('a log that is cut, closed or deleted while it is cleaned ends the cleaning, and no file of it stays', async () => {
  const ways: ((log: Fixture) => unknown)[] = [
    ({ log }) => log.truncateTo(1),
    ({ log }) => log.truncateFullyAndStartAt(10),
    ({ log }) => log.markDeleted(),
    ({ log }) => log.close(),
    ({ log }) => log.deleteRecordsBefore(2),
    ({ log }) => log.configure({ ...log.config, isCompacted: false }),
  ];
  for (const way of ways) {
    for (const turns of [0, 1, 2, 3]) {
      const log = new Fixture({ segmentBytes: 150 });
      for (let n = 0; n < 6; n++) log.put('a=1');
      log.log.roll();
      const { folder } = log.log;
      await log.directory.synced();
      const cleaning = log.clean();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      way(log);
      const outcome = await cleaning;
      if (turns === 0) assert.equal(outcome, undefined);
      const left = log.host.disk.list(folder).filter((name) => /\.(cleaned|swap)$/.test(name));
      // A closed log may be another process's: what is there is cleared by whoever opens it.
      assert.deepEqual(
        left.filter((name) => name.endsWith('.swap') || !log.log.isClosed),
        [],
      );
    }
  }
});

test('with nothing to gain no file is replaced', async () => {
  const log = new Fixture();
  log.put('a=1 b=1');
  const outcome = await log.rollAndClean();
  assert.equal(outcome?.segmentsReplaced, 0);
  assert.deepEqual(
    log.files().filter((name) => name.endsWith('.deleted')),
    [],
  );
});

function dataOf(log: Fixture): string[] {
  return log
    .batches()
    .filter((batch) => !header.isControl(batch, 0))
    .flatMap((batch) => decodeBatch(batch, 0, 1 << 20))
    .map(({ offset, key, value }) => `${offset}:${key?.toString()}=${value?.toString()}`);
}

/** Of an uncompressed batch whose records have short keys, exactly. */
function timestampsOf(batch: Buffer): bigint[] {
  const walk = new RecordWalk();
  walk.begin(batch, header.batchHeaderBytes, batch.length);
  const timestamps: bigint[] = [];
  while (walk.next()) {
    let zigzag = 0n;
    for (let at = walk.offsetDeltaAt - 1; at >= walk.timestampAt; at--)
      zigzag = (zigzag << 7n) | BigInt(batch[at]! & 0x7f);
    timestamps.push(batch.readBigInt64BE(27) + ((zigzag >> 1n) ^ -(zigzag & 1n)));
  }
  return timestamps;
}

test('no more than 16 segments become one at once: they are given up in one turn', async () => {
  const log = new Fixture();
  for (let number = 0; number < 20; number++) {
    log.put(`k${number}=1`);
    log.log.roll();
  }
  await log.clean();
  const files = (): number => log.files().filter((name) => name.endsWith('.log')).length;
  assert.equal(files(), 3, 'two, and the active one');
  log.put('k0=2');
  await log.rollAndClean();
  assert.equal(files(), 2, 'the next time there are fewer');
});

test('what files must tell of segments found on disk is asked step by step, and once', async () => {
  const log = new Fixture({ compactionLagMinMs: 1000 });
  for (const key of ['a', 'b', 'c']) {
    log.put(`${key}=1`);
    log.log.roll();
  }
  assert.equal([...log.log.cleaning.learn(undefined)].length, 0, 'it is known of what was written here');
  await log.reopen();
  assert.equal([...log.log.cleaning.learn(1)].length, 2);
  assert.equal([...log.log.cleaning.learn(undefined)].length, 1);
  assert.equal([...log.log.cleaning.learn(undefined)].length, 0);
});

test('a log that is cut while its job is put together is not cleaned', async () => {
  const log = new Fixture();
  log.put('a=1');
  log.put('a=2');
  log.log.roll();
  await log.directory.synced();
  const { cleaning } = log.log;
  const preparing = cleaning.job(cleaning.range(undefined, 2, nowMs), nowMs, usualLimits);
  log.log.truncateTo(1);
  const { job, signal } = await preparing;
  const swap = (): Promise<boolean> => assert.fail('nothing is offered');
  assert.equal(await logCleanerFor(log.host.disk).clean({ job, signal, swap }), undefined);
  assert.equal(log.content(), '0:a=1');
});
