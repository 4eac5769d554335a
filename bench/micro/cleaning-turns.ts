/**
 * How long compaction keeps the event loop from others: the longest synchronous turn of each of its pieces on the main thread. Run:
 * `node bench/micro/cleaning-turns.ts [folder]`. The work itself is in a thread of its own. Measured from outside, on a real disk, with
 * 2,000 compacted partitions to choose from, and a log of 100,000 producers and 20,000 aborted transactions to clean. A piece of one
 * turn is timed as it is; of one with several the longest is told by whoever asks for every turn of the loop, as the first line is for
 * a loop at rest: it shows what the machine itself adds. Collections of garbage that fall into a turn are told apart: they come as often
 * under any other work, and collect what all of the process has made.
 */
import { mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { type Host, NodeDisk, nodeHost } from '@millrace/base';
import { type CleanLimits, defaultLogConfig, type Log, LogDirectory, logCleanerFor } from '@millrace/log';
import { encodeBatch, encodeEndMarker } from '@millrace/protocol';

import { Cleaning } from '../../packages/broker/src/cleaning.ts';
import { Partition } from '../../packages/broker/src/partition.ts';
import { Partitions } from '../../packages/broker/src/partitions.ts';

const runs = 7;
const partitionCount = 2000;
const segmentsEach = 5;
const producerCount = 100_000;
const abortedCount = 10_000;
const segmentCount = 64;
const keyCount = 1000;

const limits: CleanLimits = {
  mapBytes: 128 << 20,
  mapLoadFactor: 0.9,
  bufferBytes: 512 << 10,
  bytesPerSecondMax: Number.MAX_VALUE,
};
const config = { ...defaultLogConfig, isCompacted: true, isDeleted: false, fileDeleteDelayMs: 0 };

setFlagsFromString('--expose-gc');
/** Before each piece: what was made to set up a case is not to be collected at the expense of what is measured. */
const collectGarbage = runInNewContext('gc') as () => void;

interface Times {
  readonly ms: number[];
  readonly withCollectionsMs: number[];
}

const times = new Map<string, Times>();

function note(piece: string, ms: number, withCollectionsMs = ms): void {
  let known = times.get(piece);
  if (known === undefined) times.set(piece, (known = { ms: [], withCollectionsMs: [] }));
  known.ms.push(ms);
  known.withCollectionsMs.push(withCollectionsMs);
}

/**
 * Time that passed, but for that in which this thread was ready and the system gave the processor to others: with as many busy threads
 * as processors that is several milliseconds at a time, whatever this thread does. Only Linux tells.
 */
class Stopwatch {
  readonly #file = process.platform === 'linux' ? openSync(`/proc/self/task/${process.pid}/schedstat`, 'r') : undefined;
  readonly #bytes = Buffer.alloc(64);
  #beganAtMs = 0;
  #waitedMs = 0;

  begin(): void {
    this.#waitedMs = this.#waited();
    this.#beganAtMs = performance.now();
  }

  get ms(): number {
    const passedMs = performance.now() - this.#beganAtMs;
    return Math.max(0, passedMs - (this.#waited() - this.#waitedMs));
  }

  /** The second number in the file, in nanoseconds. Makes no garbage: it is asked thousands of times a second. */
  #waited(): number {
    if (this.#file === undefined) return 0;
    const bytes = this.#bytes;
    readSync(this.#file, bytes, 0, bytes.length, 0);
    let nanoseconds = 0;
    for (let at = bytes.indexOf(space) + 1; bytes[at] !== space; at++)
      nanoseconds = nanoseconds * 10 + bytes[at]! - zero;
    return nanoseconds / 1e6;
  }
}

const [space, zero] = [0x20, 0x30];
const loopWatch = new Stopwatch();
const watch = new Stopwatch();

interface Turn {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ms: number;
}

/** When the garbage of the main thread was collected, by `performance.now`. */
const collections: { readonly fromMs: number; readonly toMs: number }[] = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries())
    collections.push({ fromMs: startTime, toMs: startTime + duration });
}).observe({ entryTypes: ['gc'] });

/** Turns below it cannot be the longest that matters. */
const turnMsLeast = 0.2;
/** In which an observer hears of what has happened. */
const heardMs = 30;

/** Notes the longest time between two turns of the loop until the piece is done, with and without collections of garbage. */
async function noteLongestTurn<T>(piece: string, work: () => Promise<T>): Promise<T> {
  collectGarbage();
  const turns: Turn[] = [];
  let isDone = false;
  let fromMs = performance.now();
  loopWatch.begin();
  const ask = (): void => {
    if (isDone) return;
    const { ms } = loopWatch;
    if (ms > turnMsLeast) turns.push({ fromMs, toMs: performance.now(), ms });
    fromMs = performance.now();
    loopWatch.begin();
    setImmediate(ask);
  };
  const result = work();
  setImmediate(ask);
  const value = await result;
  await new Promise((resolve) => setImmediate(resolve));
  isDone = true;
  await sleep(heardMs);
  note(piece, Math.max(0, ...turns.map(withoutCollections)), Math.max(0, ...turns.map(({ ms }) => ms)));
  return value;
}

function withoutCollections(turn: Turn): number {
  let { ms } = turn;
  for (const { fromMs, toMs } of collections)
    ms -= Math.max(0, Math.min(toMs, turn.toMs) - Math.max(fromMs, turn.fromMs));
  return Math.max(0, ms);
}

/** Notes the three turns of each replacement: each ends where the folder is to be synced, and the next one begins when it is. */
class TurnDisk extends NodeDisk {
  #turn = 0;
  readonly #watch = new Stopwatch();

  beginSwap(): void {
    this.#turn = 1;
    this.#watch.begin();
  }

  override async syncFolderAsync(path: string): Promise<void> {
    if (this.#turn > 0) note(`replacement, turn ${this.#turn} of 3`, this.#watch.ms);
    await super.syncFolderAsync(path);
    if (this.#turn === 0) return;
    this.#turn = this.#turn === 3 ? 0 : this.#turn + 1;
    this.#watch.begin();
  }
}

const root = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'millrace-turns-'));
const disk = new TurnDisk();
const host: Host = { ...nodeHost(), disk };

const rest = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 200));
for (let run = 0; run < runs; run++) await noteLongestTurn('(a loop at rest)', rest);
await measureLooks();
for (let run = 0; run < runs; run++) await measureCleaning();
print();
if (process.argv[2] === undefined) rmSync(root, { recursive: true, force: true });

/** Nothing is worth it, so a run of `Cleaning` is a look at all partitions and no more. */
async function measureLooks(): Promise<void> {
  const path = join(root, 'looks');
  await withPartitions(path, 0, async (directory, logs) => {
    for (const log of logs) {
      for (let segment = 0; segment < segmentsEach; segment++) {
        append(log, encodeBatch([{ key: Buffer.from('key'), value: Buffer.from('value'), timestamp: Date.now() }]));
        log.roll();
      }
    }
    await directory.synced();
    for (let run = 0; run < runs; run++) await look('look at 2,000 partitions', directory, logs);
  });
  for (let run = 0; run < 3; run++) {
    await withPartitions(path, 1, async (directory, logs) => {
      await look('the first after a start, with min.compaction.lag.ms', directory, logs);
    });
  }
  rmSync(path, { recursive: true, force: true });
}

async function withPartitions(
  path: string,
  compactionLagMinMs: number,
  work: (directory: LogDirectory, logs: readonly Log[]) => Promise<void>,
): Promise<void> {
  const directory = LogDirectory.open(host, path, { nodeId: 1 });
  const settings = { ...config, dirtyRatioMin: 1, compactionLagMinMs };
  const logs = Array.from({ length: partitionCount }, (_, index) =>
    directory.openLog('bench', index, undefined, settings),
  );
  await work(directory, logs);
  await directory.close({ clean: true });
}

async function look(piece: string, directory: LogDirectory, logs: readonly Log[]): Promise<void> {
  const topic = { name: 'bench', id: 'AAAAAAAAAAAAAAAAAAAAAA' };
  const all = logs.map((log, index) => new Partition(topic, index, log, 0, directory));
  const partitions: Pick<Partitions, 'all'> = {
    *all() {
      yield* all;
    },
  };
  const cleaning = new Cleaning({
    host,
    partitions: partitions as Partitions,
    settings: () => ({
      'log.cleaner.enable': false,
      'log.cleaner.threads': 1,
      'log.cleaner.backoff.ms': 15_000,
      'log.cleaner.dedupe.buffer.size': limits.mapBytes,
      'log.cleaner.io.buffer.size': limits.bufferBytes,
      'log.cleaner.io.buffer.load.factor': limits.mapLoadFactor,
      'log.cleaner.io.max.bytes.per.second': limits.bytesPerSecondMax,
    }),
  });
  await noteLongestTurn(piece, async () => await cleaning.run());
}

async function measureCleaning(): Promise<void> {
  const path = join(root, 'log');
  const directory = LogDirectory.open(host, path, { nodeId: 1 });
  const small = directory.openLog('small', 0, undefined, config);
  append(small, encodeBatch([{ key: Buffer.from('key'), value: Buffer.from('value') }]));
  small.roll();
  const log = directory.openLog('large', 0, undefined, config);
  fill(log);
  await directory.synced();
  const cleaner = logCleanerFor(disk);
  const clean = async (piece: string, cleaned: Log): Promise<void> => {
    const range = cleaned.cleaning.range(undefined, cleaned.lastStableOffset, Date.now());
    const { job, signal } = await noteLongestTurn(`put together the job of ${piece}`, async () =>
      cleaned.cleaning.job(range, Date.now(), limits),
    );
    const swap = async (replacement: Parameters<Log['replaceSegments']>[0]): Promise<boolean> => {
      disk.beginSwap();
      return await cleaned.replaceSegments(replacement);
    };
    const outcome = await noteLongestTurn(`all turns until done with ${piece}`, async () => {
      watch.begin();
      const cleaning = cleaner.clean({ job, signal, swap });
      note(`hand over the job of ${piece}`, watch.ms);
      return await cleaning;
    });
    if (outcome === undefined) throw new Error('It was not cleaned.');
  };
  // The first one makes the thread.
  await clean('a small log and a new thread', small);
  await clean('the large log', log);
  await noteLongestTurn('all turns until the thread has ended', async () => {
    watch.begin();
    const resting = cleaner.rest();
    note('tell the thread to end', watch.ms);
    await resting;
  });
  await directory.close({ clean: false });
  rmSync(path, { recursive: true, force: true });
}

/** One record of each producer, and one of each aborted transaction; as many of these again in the active segment. */
function fill(log: Log): void {
  for (let number = 0; number < producerCount; number++) {
    appendOf(log, number, false);
    if (number % (producerCount / abortedCount) === 0) abort(log, producerCount + number);
    if (number % Math.floor(producerCount / segmentCount) === 0) log.roll();
  }
  log.roll();
  for (let number = 0; number < abortedCount; number++) abort(log, 3 * producerCount + number);
  log.writeOut();
}

function appendOf(log: Log, producerId: number, isTransactional: boolean): void {
  const key = Buffer.from(`key-${producerId % keyCount}`);
  const records = [{ key, value: Buffer.alloc(100, 120), timestamp: Date.now() }];
  const batch = encodeBatch(records, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional });
  log.append(batch, { leaderEpoch: 0, origin: 'client' });
}

function abort(log: Log, producerId: number): void {
  appendOf(log, producerId, true);
  const marker = encodeEndMarker({
    kind: 'abort',
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestamp: Date.now(),
  });
  log.append(marker, { leaderEpoch: 0, origin: 'coordinator' });
}

function append(log: Log, batch: Buffer): void {
  log.append(batch, { leaderEpoch: 0, origin: 'client' });
  log.writeOut();
}

function print(): void {
  console.log(`${'longest turn, ms'.padEnd(64)}  median      max   of   median and max with collections`);
  for (const [piece, { ms, withCollectionsMs }] of times)
    console.log(`${piece.padEnd(64)}${figures(ms)} ${String(ms.length).padStart(4)}   ${figures(withCollectionsMs)}`);
}

function figures(all: number[]): string {
  all.sort((a, b) => a - b);
  return [all[all.length >> 1]!, all.at(-1)!].map((ms) => ms.toFixed(2).padStart(8)).join(' ');
}
