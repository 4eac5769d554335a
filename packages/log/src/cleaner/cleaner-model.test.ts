/**
 * Compaction against a model: whatever is written, in transactions or not, and however often it is cleaned in between, readers of all
 * records and readers of committed records end with the same value for every key, and no record ever changes its offset.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { batchHeader as header, decodeBatch, encodeBatch, encodeEndMarker, splitBatches } from '@millrace/protocol';
import { TestHost } from '@millrace/testkit/simulated';

import { defaultLogConfig } from '../log-config.ts';
import { LogDirectory } from '../log-directory.ts';
import type { Log } from '../log.ts';
import { logCleanerFor } from './log-cleaner.ts';

const runCount = Number(process.env['CLEANER_RUNS'] ?? 300);
const config = {
  ...defaultLogConfig,
  isCompacted: true,
  isDeleted: false,
  segmentBytes: 900,
  indexIntervalBytes: 150,
  deleteRetentionMs: 1000,
  fileDeleteDelayMs: 0,
};
const codecs = ['none', 'none', 'lz4', 'zstd'] as const;

interface Entry {
  readonly key: string;
  readonly value: string | null;
  readonly timestampMs: number;
}

type Step =
  | { kind: 'put'; records: [number, boolean][]; producer: number; codec: number }
  | { kind: 'end'; producer: number; isCommit: boolean }
  | { kind: 'roll' | 'reopen' | 'crash' }
  | { kind: 'clean'; mapSlots: number }
  | { kind: 'advance'; byMs: number };

const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('put' as const),
        records: fc.array(fc.tuple(fc.nat(9), fc.boolean()), { minLength: 1, maxLength: 5 }),
        /** 0: nobody; 1: idempotent; 2 and 3: in transactions. */
        producer: fc.nat(3),
        codec: fc.nat(codecs.length - 1),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        producer: fc.integer({ min: 2, max: 3 }),
        isCommit: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('roll' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'crash' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('clean' as const), mapSlots: fc.constantFrom(8, 16, 1000) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('advance' as const), byMs: fc.constantFrom(10, 500, 2000) }),
    },
  ),
  { minLength: 10, maxLength: 80 },
);

class Run {
  readonly #host = new TestHost();
  #directory: LogDirectory;
  #log: Log;
  /** All that was ever written. */
  readonly #written = new Map<number, Entry>();
  readonly #aborted = new Set<number>();
  /** Offsets of open transactions by producer. */
  readonly #open = new Map<number, number[]>();
  readonly #sequences = new Map<number, number>();

  constructor() {
    [this.#directory, this.#log] = this.#start();
  }

  #start(): [LogDirectory, Log] {
    const directory = LogDirectory.open(this.#host, '/data', { nodeId: 1 });
    return [directory, directory.openLog('t', 0, 'AAAAAAAAAAAAAAAAAAAAAA', config)];
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'put') this.#put(step);
    else if (step.kind === 'end') this.#end(step.producer, step.isCommit);
    else if (step.kind === 'roll') this.#log.roll();
    else if (step.kind === 'advance') this.#host.advance(step.byMs);
    else if (step.kind === 'clean') await this.#clean(step.mapSlots);
    else {
      await this.#directory.synced();
      await this.#directory.close({ clean: step.kind === 'reopen' });
      [this.#directory, this.#log] = this.#start();
    }
  }

  #put({ records, producer, codec }: Extract<Step, { kind: 'put' }>): void {
    const timestampMs = this.#host.clock.now();
    const entries = records.map(([key, isTombstone], index) => ({
      key: `k${key}`,
      value: isTombstone ? null : `${this.#log.endOffset + index}`,
      timestampMs: timestampMs - index,
    }));
    const baseSequence = producer === 0 ? -1 : (this.#sequences.get(producer) ?? 0);
    const bytes = encodeBatch(
      entries.map(({ key, value, timestampMs: timestamp }) => ({
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        timestamp,
      })),
      {
        compression: codecs[codec]!,
        ...(producer === 0
          ? {}
          : { producerId: producer, producerEpoch: 0, baseSequence, isTransactional: producer > 1 }),
      },
    );
    const { baseOffset } = this.#log.append(bytes, { leaderEpoch: 0, origin: 'client' });
    this.#log.writeOut();
    if (producer > 0) this.#sequences.set(producer, baseSequence + entries.length);
    const open = this.#open.get(producer) ?? [];
    for (const [index, entry] of entries.entries()) {
      this.#written.set(baseOffset + index, entry);
      if (producer > 1) open.push(baseOffset + index);
    }
    if (producer > 1) this.#open.set(producer, open);
  }

  #end(producer: number, isCommit: boolean): void {
    const open = this.#open.get(producer);
    if (open === undefined) return;
    this.#open.delete(producer);
    if (!isCommit) for (const offset of open) this.#aborted.add(offset);
    const marker = { producerId: producer, producerEpoch: 0, coordinatorEpoch: 0, timestamp: this.#host.clock.now() };
    const kind = isCommit ? 'commit' : 'abort';
    this.#log.append(encodeEndMarker({ kind, ...marker }), { leaderEpoch: 0, origin: 'coordinator' });
    this.#log.writeOut();
  }

  async #clean(mapSlots: number): Promise<void> {
    const log = this.#log;
    const nowMs = this.#host.clock.now();
    await this.#directory.synced();
    const range = log.cleaning.range(this.#directory.cleanedTo(log), log.lastStableOffset, nowMs);
    if (range.cleanableBytes === 0) return;
    const limits = {
      mapBytes: 24 * mapSlots,
      mapLoadFactor: 0.9,
      bufferBytes: 400,
      bytesPerSecondMax: Number.MAX_VALUE,
    };
    const { job, signal } = await log.cleaning.job(range, nowMs, limits);
    const untouched = this.#batchesFrom(range.firstUncleanable);
    const swap = (replacement: Parameters<Log['replaceSegments']>[0]): Promise<boolean> =>
      log.replaceSegments(replacement);
    const outcome = await logCleanerFor(this.#host.disk).clean({ job, signal, swap });
    assert.ok(outcome !== undefined && outcome.endOffset > range.firstDirty);
    await this.#directory.noteCleaned(log, outcome.endOffset);
    assert.deepEqual(this.#batchesFrom(range.firstUncleanable), untouched);
  }

  #batchesFrom(from: number): Buffer[] {
    const batches: Buffer[] = [];
    const log = this.#log;
    for (let at = from; at < log.endOffset;) {
      const read = log.read(at, { bytesMax: 700, minOneBatch: true, upTo: log.endOffset });
      const bytes = Buffer.alloc(read.bytes);
      const { spans } = splitBatches(bytes.subarray(0, read.fillSync(bytes)));
      assert.ok(spans.length > 0, `there is something at ${at}, before the end at ${log.endOffset}`);
      for (const span of spans) {
        batches.push(bytes.subarray(span.at, span.at + header.batchBytes(bytes, span.at)));
        assert.ok(header.lastOffset(bytes, span.at) >= at, 'offsets ascend');
        at = header.lastOffset(bytes, span.at) + 1;
      }
    }
    return batches;
  }

  check(): void {
    const log = this.#log;
    const stable = log.lastStableOffset;
    const decided = new Map<string, string | null>();
    const all = new Map<string, string | null>();
    const aborted = abortedOffsets(log, stable);
    for (const batch of this.#batchesFrom(log.startOffset)) {
      if (header.isControl(batch, 0)) continue;
      for (const record of decodeBatch(batch, 0, 1 << 20)) {
        const written = this.#written.get(record.offset);
        const value = record.value?.toString() ?? null;
        assert.deepEqual(
          { key: record.key?.toString(), value, timestampMs: record.timestamp },
          written,
          `offset ${record.offset}`,
        );
        if (!this.#aborted.has(record.offset)) all.set(written!.key, value);
        const isAborted = aborted(header.producerId(batch, 0), record.offset, header.isTransactional(batch, 0));
        assert.equal(
          isAborted && record.offset < stable,
          this.#aborted.has(record.offset) && record.offset < stable,
          `aborted ${record.offset}`,
        );
        if (record.offset < stable && !isAborted) decided.set(written!.key, value);
      }
    }
    this.#checkKeys(decided, (offset) => offset < stable && !this.#aborted.has(offset));
    this.#checkKeys(all, (offset) => !this.#aborted.has(offset));
    this.#checkProducers();
  }

  #checkKeys(found: ReadonlyMap<string, string | null>, counts: (offset: number) => boolean): void {
    const expected = new Map<string, string | null>();
    for (const [offset, { key, value }] of this.#written) if (counts(offset)) expected.set(key, value);
    for (const [key, value] of expected) assert.equal(found.get(key) ?? null, value, `key ${key}`);
  }

  #checkProducers(): void {
    const known = new Map(this.#log.activeProducers().map((entry) => [entry.producerId, entry.lastSequence]));
    for (const [producer, next] of this.#sequences) assert.equal(known.get(producer), next - 1, `producer ${producer}`);
  }

  async end(): Promise<void> {
    await this.#directory.close({ clean: false });
  }
}

/** As a consumer works it out: from the list of aborted transactions, and the offsets at which they begin and end. */
function abortedOffsets(
  log: Log,
  stable: number,
): (producerId: number, offset: number, isTransactional: boolean) => boolean {
  const transactions = log.abortedTransactions(log.startOffset, stable);
  return (producerId, offset, isTransactional) =>
    isTransactional &&
    transactions.some(
      (aborted) => aborted.producerId === producerId && aborted.firstOffset <= offset && offset < aborted.lastOffset,
    );
}

test(`${runCount} random logs keep the last value of every key through any number of cleanings`, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const run = new Run();
      try {
        for (const step of script) {
          await run.step(step);
          if (step.kind === 'clean' || step.kind === 'crash') run.check();
        }
        await run.step({ kind: 'roll' });
        await run.step({ kind: 'clean', mapSlots: 1000 });
        await run.step({ kind: 'advance', byMs: 5000 });
        await run.step({ kind: 'put', records: [[0, false]], producer: 0, codec: 0 });
        await run.step({ kind: 'roll' });
        await run.step({ kind: 'clean', mapSlots: 1000 });
        run.check();
      } finally {
        await run.end();
      }
    }),
    { numRuns: runCount },
  );
});
