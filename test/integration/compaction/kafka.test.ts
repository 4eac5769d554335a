/**
 * One directory, compacted by Apache Kafka and by us: the same records survive, round after round, and each goes on where the other one
 * stopped. Kafka's own tool finds nothing wrong with what we compacted.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { nodeHost } from '@millrace/base';
import { defaultLogConfig, type Log, LogDirectory, logCleanerFor } from '@millrace/log';
import { batchHeader, decodeBatch, encodeBatch, encodeEndMarker, splitBatches } from '@millrace/protocol';
import { seededRandom } from '@millrace/testkit';

import { startKafka } from '../../../tools/reference/kafka-node.ts';
import { ToolHost } from '../../../tools/reference/kafka-tool.ts';

const topic = 'compacted';
const keyCount = 400;
const batchesPerRound = 900;
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const config = {
  ...defaultLogConfig,
  isCompacted: true,
  isDeleted: false,
  segmentBytes: 1 << 20,
  deleteRetentionMs: 1000,
  dirtyRatioMin: 0.01,
};
const tools = new ToolHost();
const cleaner = logCleanerFor(nodeHost().disk);
let dir = '';
/** The last value of each key that was committed; null for a tombstone. */
const model = new Map<string, string | null>();
const sequences = new Map<number, number>();
let round = 0;

const kafkas = (): string => join(dir, 'kafka');
const ours = (): string => join(dir, 'ours');
const folderOf = (side: string): string => join(side, 'data', `${topic}-0`);

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-compact-'));
  const node = await startKafka({ dir: kafkas(), properties: { 'log.cleaner.enable': 'false' } });
  try {
    const settings = [
      'cleanup.policy=compact',
      'segment.bytes=1048576',
      'delete.retention.ms=1000',
      'min.cleanable.dirty.ratio=0.01',
    ];
    const configs = settings.flatMap((setting) => ['--config', setting]);
    const args = ['--bootstrap-server', node.bootstrap, '--create', '--topic', topic, '--partitions', '1', ...configs];
    const { status, stderr } = await tools.run('kafka-topics', args, { timeoutMs: 60_000 });
    assert.equal(status, 0, stderr);
  } finally {
    await node.stop();
  }
  execFileSync('cp', ['-a', kafkas(), ours()]);
});

after(async () => {
  await cleaner.rest();
  await tools.close();
  rmSync(dir, { recursive: true, force: true });
});

async function withLog<T>(side: string, use: (log: Log, directory: LogDirectory) => Promise<T>): Promise<T> {
  const directory = LogDirectory.open(nodeHost(), join(side, 'data'), { nodeId: 1 });
  try {
    assert.equal(directory.wasClean, true);
    const { topicId } = directory.folders().find((folder) => folder.topic === topic)!;
    return await use(directory.openLog(topic, 0, topicId, config), directory);
  } finally {
    await directory.close({ clean: true });
  }
}

/** The same records on both sides: plain, idempotent, committed and aborted, in all codecs, one in five a tombstone. */
async function write(): Promise<void> {
  const nowMs = Date.now();
  const batches = makeBatches(nowMs);
  const ends: number[] = [];
  for (const side of [kafkas(), ours()]) {
    await withLog(side, async (log) => {
      const leaderEpoch = Math.max(round, log.latestEpoch ?? 0);
      for (const { bytes, origin } of batches) log.append(Buffer.from(bytes), { leaderEpoch, origin });
      log.writeOut();
      log.roll();
      ends.push(log.endOffset);
    });
  }
  assert.equal(ends[0], ends[1]);
  round++;
}

interface MadeBatch {
  readonly bytes: Buffer;
  readonly origin: 'client' | 'coordinator';
}

function makeBatches(nowMs: number): MadeBatch[] {
  const random = seededRandom(round + 1);
  const batches: MadeBatch[] = [];
  for (let number = 0; number < batchesPerRound; number++) {
    const records = Array.from({ length: 1 + random.below(20) }, (_, index) => ({
      // The keys of the second half of a round are others: some batches lose nothing, some everything.
      key: `key-${random.below(keyCount) + (number > batchesPerRound / 2 ? keyCount / 2 : 0)}`,
      value: random.below(5) === 0 ? null : `${round}/${number}/${index}`.padEnd(20 + random.below(400), '.'),
    }));
    const producerId = [-1, -1, 1001, 1002, 1003][random.below(5)]!;
    const isTransactional = producerId > 1001;
    const isAborted = isTransactional && random.below(3) === 0;
    const baseSequence = producerId < 0 ? -1 : (sequences.get(producerId) ?? 0);
    if (producerId >= 0) sequences.set(producerId, baseSequence + records.length);
    const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence, isTransactional };
    const encoded = records.map(({ key, value }) => ({
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      timestamp: nowMs + number,
      headers: [{ key: 'n', value: Buffer.from(String(number)) }],
    }));
    const compression = codecs[random.below(codecs.length)]!;
    batches.push({ bytes: encodeBatch(encoded, { compression, ...producer }), origin: 'client' });
    if (!isAborted) for (const { key, value } of records) model.set(key, value);
    if (!isTransactional) continue;
    const kind = isAborted ? 'abort' : 'commit';
    const marker = { kind, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: nowMs + number } as const;
    batches.push({ bytes: encodeEndMarker(marker), origin: 'coordinator' });
  }
  return batches;
}

async function compactByUs(side: string): Promise<void> {
  await withLog(side, async (log, directory) => {
    const range = log.cleaning.range(directory.cleanedTo(log), log.lastStableOffset, Date.now());
    assert.ok(range.dirtyRatio > config.dirtyRatioMin);
    const limits = {
      mapBytes: 16 << 20,
      mapLoadFactor: 0.9,
      bufferBytes: 1 << 19,
      bytesPerSecondMax: Number.MAX_VALUE,
    };
    const { job, signal } = await log.cleaning.job(range, Date.now(), limits);
    const outcome = await cleaner.clean({ job, signal, swap: (replacement) => log.replaceSegments(replacement) });
    assert.equal(outcome?.endOffset, log.endOffset);
    await directory.noteCleaned(log, outcome.endOffset);
  });
}

async function compactByKafka(side: string): Promise<void> {
  const end = await withLog(side, async (log) => log.endOffset);
  const node = await startKafka({ dir: side, properties: { 'log.cleaner.backoff.ms': '200' } });
  try {
    for (let tries = 0; cleanedTo(side) < end; tries++) {
      assert.ok(tries < 300, `Kafka cleans up to ${end}, and not only to ${cleanedTo(side)}`);
      await sleep(100);
    }
  } finally {
    await node.stop();
  }
}

function cleanedTo(side: string): number {
  try {
    const text = readFileSync(join(side, 'data', 'cleaner-offset-checkpoint'), 'utf8');
    return Number(new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? -1);
  } catch {
    return -1;
  }
}

interface Content {
  /** Offset, key, value and time of every record, and every end of a transaction. */
  readonly records: string[];
  /** What a reader of committed records ends with. */
  readonly last: ReadonlyMap<string, string>;
}

async function read(side: string): Promise<Content> {
  return await withLog(side, async (log) => {
    const aborted = log.abortedTransactions(0, log.endOffset);
    const records: string[] = [];
    const last = new Map<string, string>();
    for (let at = log.startOffset; at < log.endOffset;) {
      const read = log.read(at, { bytesMax: 1 << 20, minOneBatch: true, upTo: log.endOffset });
      const bytes = Buffer.alloc(read.bytes);
      const { spans } = splitBatches(bytes.subarray(0, read.fillSync(bytes)));
      if (spans.length === 0) break;
      for (const { at: position } of spans) {
        at = batchHeader.lastOffset(bytes, position) + 1;
        const isControl = batchHeader.isControl(bytes, position);
        const producerId = batchHeader.producerId(bytes, position);
        for (const { offset, key, value, timestamp } of decodeBatch(bytes, position, 1 << 26)) {
          const text = isControl ? 'marker' : `${String(key)}=${String(value)}`;
          records.push(`${offset} ${text} ${timestamp}`);
          const isAborted =
            batchHeader.isTransactional(bytes, position) &&
            aborted.some(
              (one) => one.producerId === producerId && one.firstOffset <= offset && offset < one.lastOffset,
            );
          assert.ok(isControl || !isAborted, 'what was aborted is gone');
          if (isControl) continue;
          if (value === null) last.delete(String(key));
          else last.set(String(key), value.toString());
        }
      }
    }
    return { records, last };
  });
}

async function compare(): Promise<void> {
  const [kafka, millrace] = [await read(kafkas()), await read(ours())];
  assert.deepEqual(millrace.records, kafka.records);
  const expected = new Map([...model].filter((entry): entry is [string, string] => entry[1] !== null));
  assert.deepEqual(millrace.last, expected);
}

test('the same records survive compaction by Kafka and by us', { timeout: 120_000 }, async () => {
  await write();
  await compactByUs(ours());
  await compactByKafka(kafkas());
  await compare();
});

test('and in the next round, in which tombstones and markers have had their time', { timeout: 120_000 }, async () => {
  const tombstones = (await read(ours())).records.filter((record) => / key-\d+=null /.test(record)).length;
  assert.ok(tombstones > 0);
  await sleep(1500);
  await write();
  await compactByUs(ours());
  await compactByKafka(kafkas());
  await compare();
});

test('and when each goes on where the other one stopped', { timeout: 120_000 }, async () => {
  await sleep(1500);
  await write();
  await compactByUs(kafkas());
  await compactByKafka(ours());
  await compare();
  await sleep(1500);
  await write();
  await compactByUs(ours());
  await compactByKafka(kafkas());
  await compare();
});

test('Kafka finds nothing wrong with what we compacted', { timeout: 120_000 }, async () => {
  const files = (kind: string): string =>
    readdirSync(folderOf(ours()))
      .filter((name) => name.endsWith(kind))
      .map((name) => join(folderOf(ours()), name))
      .join(',');
  const dump = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await tools.run('kafka-dump-log', args);
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stdout, /mismatch|corrupt|Could not|not found|isvalid: false|Exception|is out of order/i);
    return stdout;
  };
  const text = await dump('--deep-iteration', '--print-data-log', '--files', files('.log'));
  assert.match(text, /deleteHorizonMs: OptionalLong\[\d+\]/);
  await dump('--verify-index-only', '--files', files('.index'));
  await dump('--index-sanity-check', '--files', files('.index'));
  await dump('--verify-index-only', '--files', files('.timeindex'));
  await dump('--files', files('.snapshot'));
});

test('Kafka serves what we compacted', { timeout: 120_000 }, async () => {
  const node = await startKafka({ dir: ours() });
  try {
    const args = ['--bootstrap-server', node.bootstrap, '--topic', topic, '--from-beginning', '--timeout-ms', '5000'];
    const printed = ['--property', 'print.key=true', '--isolation-level', 'read_committed'];
    const { stdout } = await tools.run('kafka-console-consumer', [...args, ...printed], { timeoutMs: 60_000 });
    const last = new Map<string, string>();
    for (const line of stdout.split('\n').filter((line) => line.startsWith('key-'))) {
      const [key = '', value = ''] = line.split('\t');
      if (value === 'null') last.delete(key);
      else last.set(key, value);
    }
    const expected = new Map([...model].filter((entry): entry is [string, string] => entry[1] !== null));
    assert.deepEqual(last, expected);
  } finally {
    await node.stop();
  }
});
