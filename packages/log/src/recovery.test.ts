/** What is made of files that a process, a disk or Apache Kafka left in one of the many ways that are possible. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Disk, Random } from '@millrace/base';
import { encodeBatch, encodeEndMarker } from '@millrace/protocol';
import {
  batchOf,
  CrashDisk,
  MemoryDisk,
  put,
  recordsIn,
  readBytes,
  TestHost,
  valuesOf,
} from '@millrace/testkit/simulated';

import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';
import type { Log } from './log.ts';

const path = '/data';
const folder = `${path}/t-0`;
const topicId = 'AAAAAAAAAAAAAAAAAAAAAA';
const config: LogConfig = { ...defaultLogConfig, segmentBytes: 800, indexIntervalBytes: 200 };
const count = 20;
const value = (number: number): string => `value ${number} `.padEnd(100, '.');
const everything = new Map(Array.from({ length: count }, (_, number) => [number, value(number)]));

interface Found {
  readonly directory: LogDirectory;
  readonly log: Log;
}

function open(disk: Disk & { releaseLocks(): void }, partition = 0, changes: Partial<LogConfig> = {}): Found {
  disk.releaseLocks();
  const directory = LogDirectory.open(new TestHost({ disk }), path, { nodeId: 1 });
  return { directory, log: directory.openLog('t', partition, topicId, { ...config, ...changes }) };
}

/** A log of 20 records, four to a segment, written by a process that ended in the given way. */
async function written(end: 'clean' | 'killed' | 'synced and killed', disk = new MemoryDisk()): Promise<MemoryDisk> {
  const { directory, log } = open(disk);
  for (let number = 0; number < count; number++) {
    put(log, [value(number)], {
      epoch: number < 10 ? 1 : 2,
      producerId: 7,
      producerEpoch: 0,
      baseSequence: number,
      timestampMs: 1000 + number,
    });
  }
  if (end === 'synced and killed') {
    await directory.synced();
    directory.checkpoint();
    // As the timer does, with the epochs.
    log.save(false);
    await directory.close({ clean: true });
    disk.remove(`${path}/.kafka_cleanshutdown`);
  } else {
    await directory.close({ clean: end === 'clean' });
  }
  return disk;
}

const file = (base: number, kind: string): string => `${folder}/${String(base).padStart(20, '0')}${kind}`;
const logFiles = (disk: MemoryDisk): string[] => disk.list(folder).filter((name) => name.endsWith('.log'));

function flip(disk: MemoryDisk, name: string, position: number): void {
  const byte = Buffer.alloc(1);
  const opened = disk.open(name);
  opened.readSync(byte, position);
  byte[0]! ^= 0x04;
  opened.writeSync([byte], position);
}

/** Everything is there and every lookup works. */
function checkWhole({ log }: Found): void {
  assert.deepEqual(valuesOf(log), everything);
  for (let number = 0; number < count; number++) {
    assert.equal(recordsIn(readBytes(log, number, { bytesMax: 1 }))[0]?.offset, number);
    assert.equal(log.offsetForTimestamp(1000 + number)?.offset, number);
    assert.equal(log.epochOf(number), number < 10 ? 1 : 2);
  }
  assert.equal(log.activeProducers()[0]?.lastSequence, count - 1);
  assert.equal(
    log.append(batchOf([value(19)], { producerId: 7, producerEpoch: 0, baseSequence: 19, timestampMs: 1019 }), {
      leaderEpoch: 2,
      origin: 'client',
    }).duplicate,
    true,
  );
}

for (const end of ['clean', 'killed', 'synced and killed'] as const) {
  test(`a log whose process was ${end} is whole again`, async () => {
    const disk = await written(end);
    const found = open(disk);
    assert.equal(found.directory.wasClean, end === 'clean');
    checkWhole(found);
    assert.equal(found.log.syncedOffset, end === 'killed' ? 0 : count);
    await found.directory.synced();
    assert.equal(found.log.syncedOffset, count);
  });
}

test('a torn tail is cut, and the log goes on there', async () => {
  const disk = await written('killed');
  const { size } = disk.stat(file(16, '.log'))!;
  for (const left of [1, 60, 61, 100]) {
    disk.open(file(16, '.log')).truncate(size);
    disk.open(file(16, '.log')).writeSync([batchOf([value(20)]).subarray(0, left)], size);
    const { log } = open(disk);
    assert.equal(log.endOffset, count, `${left} bytes of a batch`);
    assert.equal(disk.stat(file(16, '.log'))?.size, size);
  }
  disk.open(file(16, '.log')).truncate(size - 1);
  const { log } = open(disk);
  assert.equal(log.endOffset, 19);
  assert.equal(put(log, ['again']), 19);
  assert.equal(valuesOf(log).get(19), 'again');
});

test('what follows a damaged batch that was never synced is cut, later segments too', async () => {
  const disk = await written('killed');
  flip(disk, file(8, '.log'), 200);
  const { log } = open(disk);
  assert.equal(log.endOffset, 9);
  assert.deepEqual(logFiles(disk).length, 3);
  assert.equal(log.activeProducers()[0]?.lastSequence, 8);
  assert.equal(log.latestEpoch, 1);
  assert.equal(
    put(log, [value(9)], { producerId: 7, producerEpoch: 0, baseSequence: 9 }),
    9,
    'the producer may send again what was lost',
  );
});

test('a flipped bit below the recovery point takes the partition offline, changes nothing, and says what to do', async () => {
  const disk = await written('synced and killed');
  flip(disk, file(16, '.log'), 300);
  const before = disk.list(folder);
  const directory = LogDirectory.open(new TestHost({ disk }), path, { nodeId: 1 });
  assert.throws(
    () => directory.openLog('t', 0, topicId, config),
    (error: Error & { code?: string }) =>
      error.code === 'CORRUPT' &&
      error.message.includes(`${file(16, '.log')}: the batch at position`) &&
      error.message.includes('write 17 for this partition into /data/recovery-point-offset-checkpoint'),
  );
  assert.deepEqual(disk.list(folder), before);
  assert.equal(put(directory.openLog('t', 1, topicId, config), ['others go on']), 0);
  await directory.close({ clean: true });
  assert.equal(disk.stat(`${path}/.kafka_cleanshutdown`), undefined, 'the next start must not believe it either');

  const text = Buffer.from('0\n1\nt 0 17\n');
  const checkpoint = disk.open(`${path}/recovery-point-offset-checkpoint`);
  checkpoint.truncate(0);
  checkpoint.writeSync([text], 0);
  assert.equal(open(disk).log.endOffset, 17, 'the way out that the message names');
});

test('synced records that are missing at the end are not passed over', async () => {
  const disk = await written('synced and killed');
  const { size } = disk.stat(file(16, '.log'))!;
  disk.open(file(16, '.log')).truncate(size / 2);
  const directory = LogDirectory.open(new TestHost({ disk }), path, { nodeId: 1 });
  assert.throws(() => directory.openLog('t', 0, topicId, config), { code: 'CORRUPT' });
});

test('damage behind an orderly end is noticed where the log goes on', async () => {
  const disk = await written('clean');
  const { size } = disk.stat(file(16, '.log'))!;
  flip(disk, file(16, '.log'), size - 10);
  const directory = LogDirectory.open(new TestHost({ disk }), path, { nodeId: 1 });
  assert.equal(directory.wasClean, true);
  assert.throws(() => directory.openLog('t', 0, topicId, config), { code: 'CORRUPT' });
});

test('after an orderly end nothing but the end is read', async () => {
  const disk = await written('clean');
  flip(disk, file(16, '.log'), 100);
  assert.equal(open(disk).log.endOffset, count);
});

const indexFaults: readonly (readonly [string, (disk: MemoryDisk, name: string) => void])[] = [
  ['missing', (disk, name) => disk.remove(name)],
  ['empty', (disk, name) => disk.open(name, { create: true }).truncate(0)],
  ['short', (disk, name) => disk.open(name, { create: true }).truncate(Math.floor((disk.stat(name)?.size ?? 0) / 2))],
  ['as long as Kafka reserves it', (disk, name) => disk.open(name, { create: true }).truncate(10 << 20)],
  [
    'beyond the end of the log',
    (disk, name) =>
      disk.open(name, { create: true }).writeSync([Buffer.from('0000000f0fffffff', 'hex')], disk.stat(name)?.size ?? 0),
  ],
  [
    'of another log',
    (disk, name) =>
      disk.open(name, { create: true }).writeSync([Buffer.from('00000001000000330000000200000055', 'hex')], 0),
  ],
];
for (const [what, damage] of indexFaults) {
  for (const end of ['clean', 'killed', 'synced and killed'] as const) {
    test(`an index that is ${what} is made again (${end})`, async () => {
      for (const base of [0, 8, 16]) {
        const disk = await written(end);
        damage(disk, file(base, '.index'));
        checkWhole(open(disk));
      }
    });
  }
}

test('a time index that is missing, empty or zero is made again', async () => {
  for (const end of ['clean', 'killed'] as const) {
    for (const [, damage] of indexFaults.slice(0, 4)) {
      const disk = await written(end);
      for (const base of [0, 8, 16]) damage(disk, file(base, '.timeindex'));
      checkWhole(open(disk));
    }
  }
});

test('epochs are read from the batches where their file is missing, damaged or ahead', async () => {
  for (const text of [undefined, '', 'x', '0\n1\n', '0\n3\n1 0\n2 10\n9 500\n']) {
    for (const end of ['clean', 'killed', 'synced and killed'] as const) {
      const disk = await written(end);
      const name = `${folder}/leader-epoch-checkpoint`;
      disk.remove(name);
      if (text !== undefined) disk.open(name, { create: true }).writeSync([Buffer.from(text)], 0);
      const { log } = open(disk);
      assert.deepEqual(
        log.epochs,
        [
          { epoch: 1, startOffset: 0 },
          { epoch: 2, startOffset: 10 },
        ],
        JSON.stringify(text),
      );
    }
  }
});

test('producers are read from the batches where snapshots are missing or damaged', async () => {
  for (const end of ['clean', 'killed'] as const) {
    const disk = await written(end);
    for (const name of disk.list(folder).filter((found) => found.endsWith('.snapshot')))
      flip(disk, `${folder}/${name}`, 8);
    checkWhole(open(disk));
    for (const name of disk.list(folder).filter((found) => found.endsWith('.snapshot')))
      disk.remove(`${folder}/${name}`);
    checkWhole(open(disk));
  }
});

test('a snapshot from behind the end is not believed, now or later', async () => {
  const disk = await written('killed');
  for (const base of [12, 16]) disk.remove(file(base, '.log'));
  const { log } = open(disk);
  assert.equal(log.endOffset, 12);
  assert.equal(log.activeProducers()[0]?.lastSequence, 11);
  assert.equal(disk.stat(file(16, '.snapshot')), undefined);
});

test('a snapshot from before the first segment is not believed: nobody knows what came next', async () => {
  const disk = await written('killed');
  for (const base of [0, 4, 8, 12]) disk.remove(file(base, '.log'));
  disk.remove(file(16, '.snapshot'));
  disk.open(file(16, '.log')).truncate(0);
  const { log } = open(disk);
  assert.equal(log.endOffset, 16);
  assert.deepEqual(log.activeProducers(), []);
  assert.equal(disk.stat(file(8, '.snapshot')), undefined);
});

test('a hole in what was never synced ends the log, unless compaction had come to there', async () => {
  const disk = await written('killed');
  disk.remove(file(8, '.log'));
  const checkpoint = `${path}/cleaner-offset-checkpoint`;
  disk.open(checkpoint, { create: true }).writeSync([Buffer.from('0\n1\nt 0 12\n')], 0);
  const compacted = open(disk).log;
  assert.equal(compacted.endOffset, count);
  assert.equal(recordsIn(readBytes(compacted, 8))[0]?.offset, 12);
  disk.remove(checkpoint);
  assert.equal(open(disk, 0, { isCompacted: true }).log.endOffset, 8);
  assert.equal(logFiles(disk).length, 2);
});

test('what an interrupted process left is cleared away', async () => {
  const disk = await written('clean');
  const leave = (name: string, bytes = Buffer.from('x')): void =>
    disk.open(`${folder}/${name}`, { create: true }).writeSync([bytes], 0);
  leave('00000000000000000100.log.deleted');
  leave('leader-epoch-checkpoint.tmp');
  leave('00000000000000000004.log.cleaned');
  leave('00000000000000000004.index.cleaned');
  leave('00000000000000000008.log.swap');
  leave('00000000000000000099.index');
  checkWhole(open(disk));
  assert.deepEqual(
    disk.list(folder).filter((name) => /deleted|tmp|cleaned|swap|099/.test(name)),
    [],
    'a swap behind a cleaned one was not whole',
  );
});

test('a compacted segment that was whole takes the place of its originals', async () => {
  const disk = await written('killed');
  const kept = [4, 9, 11].map((offset) =>
    encodeBatch([{ value: Buffer.from(`kept ${offset}`), timestamp: 1 }], { baseOffset: offset, leaderEpoch: 1 }),
  );
  disk.open(`${file(4, '.log')}.swap`, { create: true }).writeSync([Buffer.concat(kept)], 0);
  disk.open(`${file(4, '.index')}.swap`, { create: true });
  const { log } = open(disk);
  assert.deepEqual(
    logFiles(disk).map((name) => Number(name.slice(0, 20))),
    [0, 4, 12, 16],
  );
  const values = valuesOf(log);
  assert.equal(values.get(9), 'kept 9');
  assert.equal(values.has(5), false);
  assert.equal(values.size, 4 + 3 + 8);
});

test('the start offset survives, and what lies before it does not come back', async () => {
  const disk = new MemoryDisk();
  const { directory, log } = open(disk);
  for (let number = 0; number < count; number++) put(log, [value(number)]);
  log.deleteRecordsBefore(9);
  directory.checkpoint();
  await directory.close({ clean: false });
  const again = open(disk).log;
  assert.equal(again.startOffset, 9);
  assert.deepEqual(
    logFiles(disk).map((name) => Number(name.slice(0, 20))),
    [8, 12, 16],
  );
  assert.deepEqual([...valuesOf(again).keys()][0], 9);
});

test('a start behind what a crash left of the log is where the log goes on', async () => {
  const disk = new MemoryDisk();
  const { directory, log } = open(disk);
  for (let number = 0; number < count; number++) put(log, [value(number)]);
  log.deleteRecordsBefore(18);
  directory.checkpoint();
  await directory.close({ clean: false });
  disk.open(file(16, '.log')).truncate(100);
  const again = open(disk).log;
  assert.deepEqual([again.startOffset, again.endOffset], [18, 18]);
  assert.equal(put(again, ['x']), 18);
});

test('recovery comes to the same result when it is done again', async () => {
  const disk = await written('killed');
  flip(disk, file(12, '.log'), 300);
  const first = open(disk).log;
  const second = open(disk).log;
  assert.deepEqual([first.endOffset, [...valuesOf(second)]], [second.endOffset, [...valuesOf(first)]]);
});

/** A crash that takes nothing: only what was not begun is missing. */
const keepAll: Random = { below: () => 1, bytes: (length) => new Uint8Array(length) };

/** A transaction of one record, which `abort` ends. */
function begin(log: Log): void {
  put(log, ['x'], { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true });
}

function abort(log: Log): void {
  const marker = { kind: 'abort', producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 0 } as const;
  log.append(encodeEndMarker(marker), { leaderEpoch: 0, origin: 'coordinator' });
  log.writeOut();
}

/** What each of the steps of a roll leaves, if it is the last one. */
function rollInterrupted(disk: CrashDisk, log: Log): MemoryDisk[] {
  const from = disk.operationCount;
  log.roll();
  return Array.from({ length: disk.operationCount - from + 1 }, (_, step) => disk.crash(from + step, keepAll));
}

test('an abort that was cut off stays so when the next roll is interrupted', async () => {
  const disk = new CrashDisk();
  const before = open(disk);
  begin(before.log);
  await before.directory.close({ clean: true });
  const { log } = open(disk);
  abort(log);
  log.save(false);
  log.truncateTo(1);
  for (const [step, left] of rollInterrupted(disk, log).entries()) {
    const again = open(left).log;
    assert.deepEqual(again.abortedTransactions(0, 1), [], `after ${step} steps`);
    assert.equal(again.lastStableOffset, 0);
  }
});

test('an abort behind which a roll was interrupted is known when later snapshots are believed', async () => {
  const disk = new CrashDisk();
  const { log } = open(disk);
  begin(log);
  abort(log);
  const aborted = log.abortedTransactions(0, 2);
  assert.equal(aborted.length, 1);
  for (const [step, left] of rollInterrupted(disk, log).entries()) {
    const next = open(left);
    put(next.log, ['y']);
    next.log.roll();
    await next.directory.close({ clean: false });
    assert.deepEqual(open(left).log.abortedTransactions(0, 2), aborted, `after ${step} steps`);
  }
});

/** A crash that takes every change of a name that is not durable yet, but one. */
function keepOneName(kept: number): Random {
  let [choices, names] = [0, 0];
  const below = (bound: number): number => {
    if (bound === 2) return names++ === kept ? 0 : 1;
    return bound === 4 && choices++ === 0 ? 3 : 1;
  };
  return { below, bytes: (length) => new Uint8Array(length) };
}

for (const [how, cut] of [
  ['to an offset', (log: Log) => log.truncateTo(1)],
  ['of everything', (log: Log) => log.truncateFullyAndStartAt(0)],
] as const) {
  test(`what an interrupted truncation (${how}) has removed already is not missed`, async () => {
    const disk = new CrashDisk();
    const before = open(disk);
    put(before.log, ['w']);
    begin(before.log);
    before.log.roll();
    abort(before.log);
    await before.directory.close({ clean: true });
    const { log } = open(disk);
    const from = disk.operationCount;
    cut(log);
    for (let count = from; count <= disk.operationCount; count++) {
      for (let kept = 0; kept < 8; kept++) {
        const left = open(disk.crash(count, keepOneName(kept))).log;
        const aborted = left.abortedTransactions(0, left.endOffset).map(({ lastOffset }) => lastOffset);
        assert.deepEqual(aborted, left.endOffset === 3 ? [2] : [], `${count - from} steps and name ${kept}`);
      }
    }
  });
}
