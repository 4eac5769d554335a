/**
 * The power may go at any moment of a cleaning. A script of writes, transactions, cuts and cleanings runs on a disk that remembers each
 * operation; for crashes after any of them the log is opened as it may be found then: every record in it is one that was written there,
 * no key has lost its last value, and nothing that was aborted looks as if it were not.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Disk, Random } from '@millrace/base';
import { batchHeader as header, decodeBatch, encodeBatch, encodeEndMarker, splitBatches } from '@millrace/protocol';
import { CrashDisk, seededRandom, TestHost } from '@millrace/testkit/simulated';

import { defaultLogConfig } from '../log-config.ts';
import { LogDirectory } from '../log-directory.ts';
import type { Log } from '../log.ts';
import { logCleanerFor } from './log-cleaner.ts';

const stateCount = Number(process.env['CRASH_STATES'] ?? 2000);
const firstSeed = Number(process.env['CRASH_SEED'] ?? 1);
const statesPerScript = 200;
const stepsPerScript = 70;
const path = '/data';
const config = {
  ...defaultLogConfig,
  isCompacted: true,
  isDeleted: false,
  segmentBytes: 1100,
  indexIntervalBytes: 150,
  deleteRetentionMs: 300,
  fileDeleteDelayMs: 500,
};

interface Entry {
  readonly key: string;
  readonly value: string | null;
  readonly producerId: number;
  /** Of the marker that ended its transaction; infinite while it is open, -1 without one. */
  readonly endedAt: number;
  readonly isAborted: boolean;
}

interface Expected {
  readonly entries: readonly (Entry | undefined)[];
  readonly endOffset: number;
  readonly syncedOffset: number;
}

interface Promised extends Expected {
  readonly operationCount: number;
  readonly what: string;
}

class Script {
  readonly disk = new CrashDisk();
  readonly promises: Promised[] = [];
  readonly #random: Random;
  readonly #host: TestHost;
  #directory: LogDirectory;
  #log: Log;
  #entries: (Entry | undefined)[] = [];
  #syncedOffset = 0;
  readonly #open = new Map<number, number[]>();
  readonly #sequences = new Map<number, number>();
  #next = 0;
  /** What a cleaning went by is never cut off: it was decided, and everybody had it. */
  #stableOffset = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#host = new TestHost({ disk: this.disk, seed });
    [this.#directory, this.#log] = open(this.#host);
    this.#promise('open');
  }

  async run(): Promise<void> {
    for (let step = 0; step < stepsPerScript; step++) {
      this.#host.advance(this.#random.below(100));
      this.#promise(await this.#step());
    }
    await this.#directory.close({ clean: false });
  }

  async #step(): Promise<string> {
    const way = this.#random.below(100);
    if (way < 50) return this.#put();
    if (way < 62) return this.#end();
    if (way < 68) return await this.#sync();
    if (way < 74) {
      this.#log.roll();
      return 'roll';
    }
    if (way < 90) return await this.#clean();
    if (way < 93) return this.#truncate();
    if (way < 97) {
      this.#host.advance(5000);
      await settled();
      return 'checkpoint by timer';
    }
    return await this.#reopen();
  }

  #put(): string {
    const producerId = this.#random.below(4) - 1;
    const isTransactional = producerId > 0;
    const count = 1 + this.#random.below(4);
    const records = Array.from({ length: count }, () => ({
      key: `k${this.#random.below(8)}`,
      value: this.#random.below(4) === 0 ? null : String(this.#next++).padEnd(this.#random.below(150), '.'),
    }));
    const baseSequence = producerId < 0 ? -1 : (this.#sequences.get(producerId) ?? 0);
    if (producerId >= 0) this.#sequences.set(producerId, baseSequence + count);
    const bytes = encodeBatch(
      records.map(({ key, value }) => ({
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        timestamp: this.#host.clock.now(),
      })),
      producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence, isTransactional },
    );
    const { baseOffset } = this.#log.append(bytes, { leaderEpoch: 0, origin: 'client' });
    this.#log.writeOut();
    const offsets = records.map((_, index) => baseOffset + index);
    for (const [index, record] of records.entries()) {
      const endedAt = isTransactional ? Number.POSITIVE_INFINITY : -1;
      this.#entries[baseOffset + index] = { ...record, producerId, endedAt, isAborted: false };
    }
    if (isTransactional) this.#open.set(producerId, [...(this.#open.get(producerId) ?? []), ...offsets]);
    return `put ${baseOffset} to ${this.#log.endOffset}`;
  }

  #end(): string {
    const producerId = 1 + this.#random.below(2);
    const offsets = this.#open.get(producerId);
    if (offsets === undefined) return 'nothing to end';
    this.#open.delete(producerId);
    const kind = this.#random.below(2) === 0 ? 'abort' : 'commit';
    const marker = {
      kind,
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestamp: this.#host.clock.now(),
    } as const;
    const { baseOffset } = this.#log.append(encodeEndMarker(marker), { leaderEpoch: 0, origin: 'coordinator' });
    this.#log.writeOut();
    for (const offset of offsets)
      this.#entries[offset] = { ...this.#entries[offset]!, endedAt: baseOffset, isAborted: kind === 'abort' };
    return `${kind} ${producerId} at ${baseOffset}`;
  }

  async #sync(): Promise<string> {
    await this.#directory.synced();
    this.#syncedOffset = this.#log.endOffset;
    return 'sync';
  }

  async #clean(): Promise<string> {
    await this.#sync();
    const log = this.#log;
    const range = log.cleaning.range(this.#directory.cleanedTo(log), log.lastStableOffset, this.#host.clock.now());
    if (range.cleanableBytes === 0) return 'nothing to clean';
    this.#stableOffset = log.syncedOffset;
    const limits = { mapBytes: 24 * 100, mapLoadFactor: 0.9, bufferBytes: 500, bytesPerSecondMax: Number.MAX_VALUE };
    const { job, signal } = await log.cleaning.job(range, this.#host.clock.now(), limits);
    const cleaning = logCleanerFor(this.disk).clean({ job, signal, swap: (by) => log.replaceSegments(by) });
    if (this.#random.below(6) === 0) {
      for (let turn = this.#random.below(8); turn > 0; turn--) await Promise.resolve();
      this.#promise('begin to clean');
      const way = this.#truncate();
      await cleaning;
      return `clean, and meanwhile ${way}`;
    }
    const outcome = await cleaning;
    if (outcome !== undefined) await this.#directory.noteCleaned(log, outcome.endOffset);
    return `clean ${range.firstDirty} to ${range.firstUncleanable}`;
  }

  #truncate(): string {
    this.#log.truncateTo(Math.max(this.#stableOffset, this.#log.endOffset - this.#random.below(15)));
    const { endOffset } = this.#log;
    this.#syncedOffset = Math.min(this.#syncedOffset, endOffset);
    this.#entries.length = Math.min(this.#entries.length, endOffset);
    this.#entries = this.#entries.map((entry) =>
      entry !== undefined && entry.endedAt >= endOffset
        ? { ...entry, endedAt: Number.POSITIVE_INFINITY, isAborted: false }
        : entry,
    );
    this.#open.clear();
    for (const [offset, entry] of this.#entries.entries()) {
      if (entry?.endedAt === Number.POSITIVE_INFINITY)
        this.#open.set(entry.producerId, [...(this.#open.get(entry.producerId) ?? []), offset]);
    }
    const known = new Map(this.#log.activeProducers().map((entry) => [entry.producerId, entry.lastSequence]));
    for (const producerId of [0, 1, 2]) this.#sequences.set(producerId, (known.get(producerId) ?? -1) + 1);
    return `truncate to ${endOffset}`;
  }

  async #reopen(): Promise<string> {
    await this.#directory.close({ clean: true });
    this.#syncedOffset = this.#log.endOffset;
    this.#promise('close');
    [this.#directory, this.#log] = open(this.#host);
    return 'reopen';
  }

  #promise(what: string): void {
    const { endOffset } = this.#log;
    this.promises.push({
      operationCount: this.disk.operationCount,
      what,
      entries: this.#entries.slice(),
      endOffset,
      syncedOffset: this.#syncedOffset,
    });
  }
}

function open(host: TestHost): [LogDirectory, Log] {
  const directory = LogDirectory.open(host, path, { nodeId: 1 });
  return [directory, directory.openLog('t', 0, 'AAAAAAAAAAAAAAAAAAAAAA', config)];
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface Found {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
  readonly producerId: number;
  readonly isTransactional: boolean;
}

function contentOf(log: Log): Found[] {
  const found: Found[] = [];
  for (let at = log.startOffset; at < log.endOffset;) {
    const read = log.read(at, { bytesMax: 700, minOneBatch: true, upTo: log.endOffset });
    const bytes = Buffer.alloc(read.bytes);
    const { spans } = splitBatches(bytes.subarray(0, read.fillSync(bytes)));
    assert.ok(spans.length > 0, `there is something at ${at}, before the end at ${log.endOffset}`);
    for (const span of spans) {
      assert.ok(header.lastOffset(bytes, span.at) >= at, `offsets ascend at ${at}`);
      at = header.lastOffset(bytes, span.at) + 1;
      if (header.isControl(bytes, span.at)) continue;
      const producerId = header.producerId(bytes, span.at);
      const isTransactional = header.isTransactional(bytes, span.at);
      for (const { offset, key, value } of decodeBatch(bytes, span.at, 1 << 20))
        found.push({ offset, key: String(key), value: value?.toString() ?? null, producerId, isTransactional });
    }
  }
  return found;
}

/** The state that fits what was found: before the step in which the crash came, or after it. */
function check(log: Log, before: Expected, after: Expected): void {
  const synced = Math.min(before.syncedOffset, after.syncedOffset);
  assert.ok(log.endOffset >= synced, `synced up to ${synced}, found up to ${log.endOffset}`);
  // The name of the first segment may be lost when that of the second is not, as long as neither was synced.
  assert.ok(log.startOffset === 0 || synced === 0, `the log starts at ${log.startOffset}`);
  const content = contentOf(log);
  const states = [before, after].filter(({ endOffset }) => endOffset >= log.endOffset);
  assert.ok(states.length > 0, `the log ends at ${log.endOffset}, not at ${before.endOffset} or ${after.endOffset}`);
  const problems = states.map((state) => problemOf(log, content, state));
  assert.ok(problems.includes(undefined), problems.join('; '));
}

function problemOf(log: Log, content: readonly Found[], { entries }: Expected): string | undefined {
  const transactions = log.abortedTransactions(log.startOffset, log.endOffset);
  const last = new Map<string, string | null>();
  const aborted = new Map<number, boolean>();
  for (const { offset, key, value, producerId, isTransactional } of content) {
    const entry = entries[offset];
    if (entry?.key !== key || entry.value !== value) return `offset ${offset} holds ${key}=${value}`;
    const isAborted =
      isTransactional &&
      transactions.some(
        (found) => found.producerId === producerId && found.firstOffset <= offset && offset < found.lastOffset,
      );
    if (isAborted !== (entry.isAborted && entry.endedAt < log.endOffset))
      return `offset ${offset} is ${isAborted ? '' : 'not '}aborted`;
    aborted.set(offset, isAborted);
    if (!isAborted) last.set(key, value);
  }
  for (let number = 0; number < 8; number++) {
    const key = `k${number}`;
    let value: string | null = null;
    for (let offset = log.startOffset; offset < log.endOffset; offset++) {
      const entry = entries[offset];
      if (entry?.key === key && !(aborted.get(offset) ?? entry.isAborted)) value = entry.value;
    }
    if ((last.get(key) ?? null) !== value) return `${key} is ${last.get(key)}, not ${value}`;
  }
  return undefined;
}

/** For the message of a test that failed: what lay on the disk. */
let found: string[] = [];

async function recover(disk: Disk, before: Expected, after: Expected): Promise<void> {
  found = disk.list(`${path}/t-0`).map((name) => `${name} ${disk.stat(`${path}/t-0/${name}`)?.size}`);
  const host = new TestHost({ disk });
  const [directory, log] = open(host);
  check(log, before, after);
  // And it can be cleaned again.
  const content = lastValues(log);
  log.roll();
  await directory.synced();
  const range = log.cleaning.range(undefined, log.lastStableOffset, host.clock.now());
  if (range.cleanableBytes > 0) {
    const limits = { mapBytes: 24 * 100, mapLoadFactor: 0.9, bufferBytes: 500, bytesPerSecondMax: Number.MAX_VALUE };
    const { job, signal } = await log.cleaning.job(range, host.clock.now() + 1000, limits);
    await logCleanerFor(disk).clean({ job, signal, swap: (by) => log.replaceSegments(by) });
    assert.deepEqual(lastValues(log), content);
  }
  await directory.close({ clean: false });
}

/** Of what is decided; a tombstone is as good as nothing. */
function lastValues(log: Log): Map<string, string> {
  const transactions = log.abortedTransactions(log.startOffset, log.endOffset);
  const last = new Map<string, string>();
  for (const { offset, key, value, producerId } of contentOf(log)) {
    const isAborted = transactions.some(
      (aborted) => aborted.producerId === producerId && aborted.firstOffset <= offset && offset < aborted.lastOffset,
    );
    if (isAborted) continue;
    last.delete(key);
    if (value !== null) last.set(key, value);
  }
  return new Map([...last].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function recoverTwice(
  script: Script,
  count: number,
  random: Random,
  before: Expected,
  after: Expected,
): Promise<void> {
  const disk = new CrashDisk(script.disk.crash(count, random));
  const begun = disk.operationCount;
  const [directory] = open(new TestHost({ disk }));
  const again = begun + random.below(disk.operationCount - begun + 1);
  await recover(disk.crash(again, random), before, after);
  await directory.close({ clean: false });
}

test(`${stateCount} crashes in and around cleanings lose no value and bring none back`, async () => {
  let [states, seed] = [0, firstSeed];
  for (; states < stateCount; seed++) {
    const script = new Script(seed);
    await script.run();
    const random = seededRandom(seed * 7919);
    for (let state = 0; state < statesPerScript; state++, states++) {
      const count = random.below(script.disk.operationCount + 1);
      const next = script.promises.findIndex(({ operationCount }) => operationCount >= count);
      if (next < 0) continue;
      const [before, after] = [script.promises[Math.max(0, next - 1)]!, script.promises[next]!];
      try {
        if (state % 4 === 0) await recoverTwice(script, count, random, before, after);
        else await recover(script.disk.crash(count, random), before, after);
      } catch (error) {
        const steps = script.promises
          .slice(Math.max(0, next - 8), next + 1)
          .map(({ what, operationCount }) => `${operationCount}: ${what}`);
        const told = ['', ...steps, ...script.disk.describe(count, 20), ...found].join('\n  ');
        throw new Error(`seed ${seed}, state ${state}, crash after ${count} operations (${after.what}):${told}`, {
          cause: error,
        });
      }
    }
  }
});
