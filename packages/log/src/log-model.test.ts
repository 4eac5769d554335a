/** A log against an array: any sequence of everything that can be done to it leaves the same records in both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { CompressionName } from '@millrace/protocol';
import { batchOf, MemoryDisk, readBytes, recordsIn, recordsOf, TestHost } from '@millrace/testkit/simulated';

import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';
import type { Log } from './log.ts';

const runCount = Number(process.env['MODEL_RUNS'] ?? 1000);

interface Entry {
  readonly value: string;
  readonly timestampMs: number;
}

/** Entries by offset from `start` to the end of the array. */
class Model {
  entries: (Entry | undefined)[] = [];
  /** First offsets of batches: truncation takes whole ones. */
  begins: number[] = [];
  start = 0;

  get end(): number {
    return this.entries.length;
  }

  cutEnd(offset: number): void {
    this.begins = this.begins.filter((begin) => begin < offset);
    const last = this.begins.at(-1);
    const reaches = last !== undefined && this.#endOf(last) > offset;
    this.entries.length = reaches ? last : Math.min(offset, this.end);
    if (reaches) this.begins.pop();
    this.start = Math.min(this.start, this.end);
  }

  #endOf(begin: number): number {
    return this.ends.get(begin) ?? begin;
  }

  readonly ends = new Map<number, number>();
}

class Real {
  readonly disk = new MemoryDisk();
  readonly host = new TestHost({ disk: this.disk });
  readonly config: LogConfig;
  directory: LogDirectory;
  log: Log;

  constructor(config: LogConfig) {
    this.config = config;
    this.directory = LogDirectory.open(this.host, '/data', { nodeId: 1 });
    this.log = this.directory.openLog('t', 0, undefined, config);
  }

  async reopen(clean: boolean): Promise<void> {
    this.log.writeOut();
    if (!clean) this.directory.checkpoint();
    await this.directory.close({ clean });
    this.disk.releaseLocks();
    this.directory = LogDirectory.open(this.host, '/data', { nodeId: 1 });
    this.log = this.directory.openLog('t', 0, undefined, this.config);
  }
}

function check(model: Model, { log }: Real): void {
  assert.deepEqual([log.startOffset, log.endOffset], [model.start, model.end]);
}

/** Looks at every record, every offset and every time. */
function checkDeeply(model: Model, { log }: Real): void {
  const expected = model.entries.flatMap((entry, offset) =>
    entry === undefined || offset < model.start ? [] : [{ offset, ...entry }],
  );
  const found = recordsOf(log, 300).map(({ offset, value, timestamp }) => ({
    offset,
    value: value?.toString(),
    timestampMs: timestamp,
  }));
  assert.deepEqual(found, expected);
  for (const { offset, timestampMs } of expected) {
    assert.equal(
      recordsIn(readBytes(log, offset, { bytesMax: 1 })).find((record) => record.offset === offset)?.offset,
      offset,
    );
    const first = expected.find((entry) => entry.timestampMs >= timestampMs);
    assert.equal(log.offsetForTimestamp(timestampMs)?.offset, first?.offset);
  }
}

type Command = fc.AsyncCommand<Model, Real>;

const command = (text: string, run: (model: Model, real: Real) => Promise<void> | void): Command => ({
  check: () => true,
  run: async (model, real) => {
    await run(model, real);
    check(model, real);
  },
  toString: () => text,
});

const append = (
  values: readonly string[],
  timestampMs: number,
  compression: CompressionName,
  writes: boolean,
): Command =>
  command(`append ${values.length}`, (model, { log }) => {
    const { baseOffset } = log.append(batchOf(values, { compression, timestampMs }), {
      leaderEpoch: 0,
      origin: 'client',
    });
    assert.equal(baseOffset, model.end);
    model.begins.push(baseOffset);
    for (const value of values) model.entries.push({ value, timestampMs });
    model.ends.set(baseOffset, model.end);
    if (writes) log.writeOut();
  });

const appends = fc
  .tuple(
    fc.array(fc.string({ maxLength: 80 }), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 1, max: 5000 }),
    fc.constantFrom<CompressionName>('none', 'none', 'gzip', 'lz4'),
    fc.boolean(),
  )
  .map((args) => append(...args));

const commands = [
  appends,
  appends,
  appends,
  appends,
  fc.constant(command('roll', (_, { log }) => log.roll())),
  fc.constant(command('sync', (_, { directory }) => directory.synced())),
  fc.nat(60).map((back) =>
    command(`truncate ${back} back`, (model, { log }) => {
      const offset = Math.max(0, model.end - back);
      const hadStart = model.start;
      log.truncateTo(offset);
      model.cutEnd(offset);
      // Where the batch before was deleted already, it need not go as a whole.
      if (offset < hadStart && log.endOffset > model.end) {
        assert.ok(log.endOffset <= offset);
        model.entries.length = model.start = log.endOffset;
      }
    }),
  ),
  fc.nat(100).map((percent) =>
    command(`delete records to ${percent} %`, (model, { log }) => {
      const offset = model.start + Math.floor(((model.end - model.start) * percent) / 100);
      log.deleteRecordsBefore(offset);
      model.start = Math.max(model.start, offset);
    }),
  ),
  fc.constant(
    command('retention', (model, { log, host }) => {
      log.deleteOldSegments(host.clock.now(), log.endOffset);
      assert.ok(log.startOffset >= model.start);
      model.start = log.startOffset;
    }),
  ),
  fc.nat(9).map((past) =>
    command(`begin anew ${past} behind the end`, (model, { log }) => {
      const offset = model.end + past;
      log.truncateFullyAndStartAt(offset);
      model.entries = Array.from({ length: offset }, () => undefined);
      model.begins = [];
      model.start = offset;
    }),
  ),
  fc
    .boolean()
    .map((clean) => command(clean ? 'stop and start' : 'kill and start', async (_, real) => await real.reopen(clean))),
  fc.nat(9000).map((ms) =>
    command(`wait ${ms} ms`, async (_, { host }) => {
      host.advance(ms);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }),
  ),
  fc.constant(
    command('look at everything', (model, real) => {
      real.log.writeOut();
      checkDeeply(model, real);
    }),
  ),
];

test('any sequence of changes leaves the records that an array would hold', async () => {
  const config = {
    ...defaultLogConfig,
    segmentBytes: 900,
    indexIntervalBytes: 150,
    retentionBytes: 3000,
    retentionMs: -1,
  };
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: '+1' }), async (script) => {
      const real = new Real({ ...config, fileDeleteDelayMs: 3000 });
      const model = new Model();
      await fc.asyncModelRun(() => ({ model, real }), script);
      real.log.writeOut();
      checkDeeply(model, real);
    }),
    { numRuns: runCount },
  );
});
