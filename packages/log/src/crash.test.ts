/**
 * The power may go at any moment. A script of everything that a log does to files runs on a disk that remembers each operation; for
 * crashes after any of them, the directory is rebuilt as it may be found then, opened, and compared with what was promised.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Disk, Random } from '@millrace/base';
import { batchHeader, decodeBatch, encodeBatch, splitBatches } from '@millrace/protocol';
import { CrashDisk, seededRandom, TestHost } from '@millrace/testkit/simulated';

import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';
import type { Log } from './log.ts';

const stateCount = Number(process.env['CRASH_STATES'] ?? 2500);
const statesPerScript = 250;
const stepsPerScript = 60;
const firstSeed = Number(process.env['CRASH_SEED'] ?? 1);
const path = '/data';
const topicId = 'AAAAAAAAAAAAAAAAAAAAAA';
const config: LogConfig = {
  ...defaultLogConfig,
  segmentBytes: 1500,
  indexIntervalBytes: 150,
  retentionMs: -1,
  retentionBytes: 5000,
  fileDeleteDelayMs: 2000,
};

interface Entry {
  readonly value: string;
  readonly epoch: number;
  readonly timestampMs: number;
  readonly producerId: number;
  readonly lastSequence: number;
}

/** What one log is to hold. Entries by offset; undefined where nothing is. */
interface Expected {
  readonly entries: readonly (Entry | undefined)[];
  readonly startOffset: number;
  readonly durableStart: number;
  readonly syncedOffset: number;
}

interface Expecting {
  entries: (Entry | undefined)[];
  startOffset: number;
  durableStart: number;
  syncedOffset: number;
}

/** What was promised when so many operations had been done. */
interface Promised {
  readonly operationCount: number;
  readonly what: string;
  readonly logs: readonly Expected[];
}

class Script {
  readonly disk = new CrashDisk();
  readonly promises: Promised[] = [];
  readonly #random: Random;
  readonly #host: TestHost;
  readonly #expected: Expecting[] = [];
  #directory: LogDirectory;
  #logs: Log[] = [];
  #epoch = 0;
  #next = 0;
  /** By log and producer: its next sequence. */
  readonly #sequences = new Map<string, number>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#host = new TestHost({ disk: this.disk, seed });
    this.#directory = LogDirectory.open(this.#host, path, { nodeId: 1 });
    this.#openLogs();
    for (const _ of this.#logs) this.#expected.push({ entries: [], startOffset: 0, durableStart: 0, syncedOffset: 0 });
    this.#promise('open');
  }

  async run(): Promise<void> {
    for (let step = 0; step < stepsPerScript; step++) {
      const index = this.#random.below(this.#logs.length);
      this.#host.advance(this.#random.below(50));
      this.#promise(await this.#step(this.#logs[index]!, this.#expected[index]!, index));
    }
  }

  async #step(log: Log, expected: Expecting, index: number): Promise<string> {
    const way = this.#random.below(100);
    if (way < 45) return this.#append(log, expected, index);
    if (way < 65) return await this.#sync();
    if (way < 70) {
      log.roll();
      return 'roll';
    }
    if (way < 76) return this.#retain(log, expected);
    if (way < 80) {
      const offset = log.startOffset + this.#random.below(log.endOffset - log.startOffset + 1);
      log.deleteRecordsBefore(offset);
      expected.startOffset = Math.max(expected.startOffset, offset);
      return `delete records before ${offset}`;
    }
    if (way < 85) return this.#truncate(log, expected, index);
    if (way < 86) {
      const offset = Math.max(0, log.endOffset - 3 + this.#random.below(10));
      log.truncateFullyAndStartAt(offset);
      expected.entries.length = 0;
      expected.startOffset = expected.durableStart = expected.syncedOffset = offset;
      this.#forgetSequences(index);
      return `truncate fully and start at ${offset}`;
    }
    if (way < 92) {
      const starts = this.#expected.map(({ startOffset }) => startOffset);
      this.#host.advance(5000);
      await settled();
      for (const [at, other] of this.#expected.entries())
        other.durableStart = Math.max(other.durableStart, starts[at]!);
      return 'checkpoint by timer';
    }
    if (way < 94) {
      this.#directory.checkpoint();
      for (const other of this.#expected) other.durableStart = other.startOffset;
      return 'checkpoint';
    }
    if (way < 97) {
      this.#epoch++;
      return 'new epoch';
    }
    return await this.#reopen();
  }

  #append(log: Log, expected: Expecting, index: number): string {
    const batches = 1 + this.#random.below(4);
    const from = log.endOffset;
    for (let batch = 0; batch < batches; batch++) {
      const count = 1 + this.#random.below(3);
      const producerId = this.#random.below(3) - 1;
      const key = `${index} ${producerId}`;
      const baseSequence = producerId < 0 ? -1 : (this.#sequences.get(key) ?? 0);
      if (producerId >= 0) this.#sequences.set(key, baseSequence + count);
      const records = Array.from({ length: count }, () => ({
        value: Buffer.from(String(this.#next++).padEnd(10 + this.#random.below(200), '.')),
        timestamp: this.#host.clock.now() - this.#random.below(100),
      }));
      const bytes = encodeBatch(records, producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence });
      const { baseOffset } = log.append(bytes, { leaderEpoch: this.#epoch, origin: 'client' });
      for (const [at, { value, timestamp }] of records.entries()) {
        expected.entries[baseOffset + at] = {
          value: value.toString(),
          epoch: this.#epoch,
          timestampMs: timestamp,
          producerId,
          lastSequence: producerId < 0 ? -1 : baseSequence + count - 1,
        };
      }
    }
    log.writeOut();
    return `append ${from} to ${log.endOffset}`;
  }

  async #sync(): Promise<string> {
    await this.#directory.synced();
    for (const [at, log] of this.#logs.entries()) {
      assert.equal(log.syncedOffset, log.endOffset);
      this.#expected[at]!.syncedOffset = log.endOffset;
    }
    return 'sync';
  }

  #retain(log: Log, expected: Expecting): string {
    const count = log.deleteOldSegments(this.#host.clock.now(), log.endOffset);
    expected.startOffset = log.startOffset;
    return `retention of ${count} segments`;
  }

  #truncate(log: Log, expected: Expecting, index: number): string {
    log.truncateTo(Math.max(0, log.endOffset - this.#random.below(12)));
    const { endOffset } = log;
    expected.entries.length = Math.min(expected.entries.length, endOffset);
    expected.startOffset = Math.min(expected.startOffset, endOffset);
    expected.durableStart = Math.min(expected.durableStart, endOffset);
    expected.syncedOffset = Math.min(expected.syncedOffset, endOffset);
    this.#forgetSequences(index);
    return `truncate to ${endOffset}`;
  }

  async #reopen(): Promise<string> {
    await this.#directory.close({ clean: true });
    for (const [at, log] of this.#logs.entries()) {
      this.#expected[at]!.syncedOffset = log.endOffset;
      this.#expected[at]!.durableStart = log.startOffset;
    }
    this.#promise('close');
    this.#directory = LogDirectory.open(this.#host, path, { nodeId: 1 });
    assert.equal(this.#directory.wasClean, true);
    this.#openLogs();
    for (const [at, log] of this.#logs.entries()) {
      assert.equal(log.endOffset, Math.max(this.#expected[at]!.entries.length, this.#expected[at]!.startOffset));
    }
    return 'reopen';
  }

  /** What the producers remember was cut: they begin again, as new ones do. */
  #forgetSequences(index: number): void {
    const log = this.#logs[index]!;
    const known = new Map(log.activeProducers().map(({ producerId, lastSequence }) => [producerId, lastSequence]));
    for (const producerId of [0, 1]) this.#sequences.set(`${index} ${producerId}`, (known.get(producerId) ?? -1) + 1);
  }

  #openLogs(): void {
    this.#logs = [0, 1].map((partition) => this.#directory.openLog('t', partition, topicId, config));
  }

  #promise(what: string): void {
    this.promises.push({
      operationCount: this.disk.operationCount,
      what,
      logs: this.#expected.map((expected) => ({ ...expected, entries: expected.entries.slice() })),
    });
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function contentOf(log: Log): Map<number, string> {
  const found = new Map<number, string>();
  for (let at = log.startOffset; at < log.endOffset;) {
    const read = log.read(at, { bytesMax: 700, minOneBatch: true, upTo: log.endOffset });
    const bytes = Buffer.alloc(read.bytes);
    const filled = bytes.subarray(0, read.fillSync(bytes));
    assert.ok(filled.length > 0, `nothing to read at ${at}, the log ends at ${log.endOffset}`);
    for (const { at: position } of splitBatches(filled).spans) {
      for (const record of decodeBatch(filled, position, 1 << 20))
        found.set(record.offset, record.value?.toString() ?? '');
      at = batchHeader.lastOffset(filled, position) + 1;
    }
  }
  return found;
}

function check(log: Log, before: Expected, after: Expected): void {
  const content = contentOf(log);
  const synced = Math.min(before.syncedOffset, after.syncedOffset);
  assert.ok(log.endOffset >= synced, `synced up to ${synced}, found up to ${log.endOffset}`);
  const startMin = Math.min(before.durableStart, after.durableStart);
  const startMax = Math.max(before.startOffset, after.startOffset);
  assert.ok(log.startOffset >= startMin, `start ${log.startOffset} is before ${startMin}`);
  // The name of the first segment may be lost when that of the second is not, as long as neither was synced.
  assert.ok(Math.min(log.startOffset, synced) <= startMax, `start ${log.startOffset} is behind ${startMax}`);
  for (let offset = log.startOffset; offset < log.endOffset; offset++) {
    const entry = entryAt(offset, content.get(offset), before, after);
    assert.ok(entry, `offset ${offset} holds ${content.get(offset) ?? 'nothing'}`);
    assert.equal(log.epochOf(offset), entry.epoch, `epoch of offset ${offset}`);
  }
  checkTimes(log, content, before, after);
  checkProducers(log, content, before, after);
}

function entryAt(offset: number, value: string | undefined, before: Expected, after: Expected): Entry | undefined {
  return [before.entries[offset], after.entries[offset]].find((entry) => entry !== undefined && entry.value === value);
}

/** The first record that is not older than each one of them. */
function checkTimes(log: Log, content: ReadonlyMap<number, string>, before: Expected, after: Expected): void {
  const times = [...content].map(([offset, value]) => ({
    offset,
    timestampMs: entryAt(offset, value, before, after)!.timestampMs,
  }));
  for (const { timestampMs } of times.filter((_, index) => index % 5 === 0)) {
    const first = times.find((time) => time.offset >= log.startOffset && time.timestampMs >= timestampMs);
    assert.equal(log.offsetForTimestamp(timestampMs)?.offset, first?.offset);
  }
  const latest = times
    .filter(({ offset }) => offset >= log.startOffset)
    .reduce((max, { timestampMs }) => Math.max(max, timestampMs), -1);
  if (log.startOffset === 0) assert.equal(log.maxTimestamp()?.timestampMs ?? -1, latest);
}

function checkProducers(log: Log, content: ReadonlyMap<number, string>, before: Expected, after: Expected): void {
  const last = new Map<number, number>();
  for (const [offset, value] of content) {
    const entry = entryAt(offset, value, before, after)!;
    if (entry.producerId >= 0) last.set(entry.producerId, entry.lastSequence);
  }
  const known = new Map(log.activeProducers().map(({ producerId, lastSequence }) => [producerId, lastSequence]));
  for (const [producerId, lastSequence] of last)
    assert.equal(known.get(producerId), lastSequence, `last sequence of producer ${producerId}`);
}

/** Opens what the crash left; gives the end offsets, for the next crash. */
function show(disk: Disk, folder: string): string[] {
  return disk.list(folder).flatMap((name) => {
    const inside = `${folder}/${name}`;
    const stat = disk.stat(inside);
    if (stat?.isFolder === true) return [inside, ...show(disk, inside)];
    const bytes = new Uint8Array(stat!.size);
    disk.open(inside).readSync(bytes, 0);
    return [
      `${inside} ${stat!.size}${name.endsWith('checkpoint') ? JSON.stringify(Buffer.from(bytes).toString()) : ''}`,
    ];
  });
}

/** For the message of a test that failed: what lay on the disk. */
let found: string[] = [];

async function recover(disk: Disk, before: readonly Expected[], after: readonly Expected[]): Promise<void> {
  found = show(disk, '');
  const host = new TestHost({ disk });
  const directory = LogDirectory.open(host, path, { nodeId: 1 });
  for (const partition of [0, 1]) {
    const log = directory.openLog('t', partition, topicId, config);
    check(log, before[partition]!, after[partition]!);
    const { baseOffset } = log.append(encodeBatch([{ value: Buffer.from('next') }]), {
      leaderEpoch: 1000,
      origin: 'client',
    });
    log.writeOut();
    assert.equal(contentOf(log).get(baseOffset), 'next');
  }
  await directory.close({ clean: false });
}

/** A crash in the middle of a recovery, and a recovery of that. */
async function recoverTwice(
  script: Script,
  count: number,
  random: Random,
  before: readonly Expected[],
  after: readonly Expected[],
): Promise<void> {
  const disk = new CrashDisk(script.disk.crash(count, random));
  const begun = disk.operationCount;
  const directory = LogDirectory.open(new TestHost({ disk }), path, { nodeId: 1 });
  for (const partition of [0, 1]) directory.openLog('t', partition, topicId, config);
  const again = begun + random.below(disk.operationCount - begun + 1);
  await recover(disk.crash(again, random), before, after);
  await directory.close({ clean: false });
}

test(`${stateCount} crashes lose nothing that was synced and bring nothing back that was cut`, async () => {
  let [states, seed] = [0, firstSeed];
  for (; states < stateCount; seed++) {
    const script = new Script(seed);
    await script.run();
    const random = seededRandom(seed * 7919);
    for (let state = 0; state < statesPerScript; state++, states++) {
      const count = random.below(script.disk.operationCount + 1);
      const next = script.promises.findIndex(({ operationCount }) => operationCount >= count);
      const [before, after] = [script.promises[Math.max(0, next - 1)]!, script.promises[next]!];
      try {
        if (state % 5 === 0) await recoverTwice(script, count, random, before.logs, after.logs);
        else await recover(script.disk.crash(count, random), before.logs, after.logs);
      } catch (error) {
        const steps = script.promises
          .slice(Math.max(0, next - Number(process.env['CRASH_STEPS'] ?? 8)), next + 1)
          .map(({ what, operationCount }) => `${operationCount}: ${what}`);
        const told = [
          '',
          ...steps,
          ...script.disk.describe(count, Number(process.env['CRASH_OPERATIONS'] ?? 12)),
          ...found,
        ].join('\n  ');
        throw new Error(`seed ${seed}, state ${state}, crash after ${count} operations (${after.what}):${told}`, {
          cause: error,
        });
      }
    }
  }
});
