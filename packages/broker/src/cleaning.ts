/**
 * Which log is compacted next: of those that ask for it, the one with the largest part that was never compacted, as soon as that part is
 * large enough or old enough. In: a look at all partitions every `log.cleaner.backoff.ms`. Out: orders for the cleaners of `log`, as many
 * at once as `log.cleaner.threads` says, until nothing is worth it. A log that cannot be cleaned is left alone, and the others go on.
 */
import type { Clock, Host, Timer } from '@millrace/base';
import {
  type CleanLimits,
  type CleanOutcome,
  type CleanRange,
  isDiskFull,
  type Log,
  type LogCleaner,
  logCleanerFor,
} from '@millrace/log';

import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';

export interface CleaningSettings {
  readonly 'log.cleaner.enable': boolean;
  readonly 'log.cleaner.threads': number;
  readonly 'log.cleaner.backoff.ms': number;
  readonly 'log.cleaner.dedupe.buffer.size': number;
  readonly 'log.cleaner.io.buffer.size': number;
  readonly 'log.cleaner.io.buffer.load.factor': number;
  readonly 'log.cleaner.io.max.bytes.per.second': number;
}

export interface CleaningOptions {
  readonly host: Host;
  readonly partitions: Partitions;
  readonly settings: () => CleaningSettings;
}

const bufferBytesMin = 64 << 10;
/** Others have a turn after so many partitions were looked at, or after so long. */
const looksPerTurn = 64;
const turnMs = 1;

export class Cleaning {
  readonly #options: CleaningOptions;
  readonly #cleaners = new Set<LogCleaner>();
  readonly #cleaned = new Set<Log>();
  /** Changed while they were cleaned, or there was no room: their turn comes with the next look. */
  readonly #postponed = new Set<Log>();
  /** By the path of their log directory. */
  readonly #uncleanable = new Map<string, Set<Partition>>();
  #lanes = 0;
  #timer: Timer | undefined;
  #isStopped = false;
  #lastRunAtMs: number;
  #maxDirtyRatio = 0;
  #last: CleanOutcome | undefined;

  constructor(options: CleaningOptions) {
    this.#options = options;
    this.#lastRunAtMs = options.host.clock.now();
    if (options.settings()['log.cleaner.enable']) this.#later();
  }

  /** Partitions of a log directory that could not be cleaned. */
  uncleanable(path: string): readonly Partition[] {
    return [...(this.#uncleanable.get(path) ?? [])].filter(({ isClosed }) => !isClosed);
  }

  /** What of the dirtiest log was never compacted. */
  get maxDirtyRatio(): number {
    return this.#maxDirtyRatio;
  }

  get sinceLastRunMs(): number {
    return this.#options.host.clock.now() - this.#lastRunAtMs;
  }

  get last(): CleanOutcome | undefined {
    return this.#last;
  }

  /** Cleans until nothing is worth it. */
  async run(): Promise<void> {
    const lanes: Promise<void>[] = [];
    this.#postponed.clear();
    while (this.#lanes < this.#options.settings()['log.cleaner.threads']) {
      this.#lanes++;
      lanes.push(this.#lane().finally(() => this.#lanes--));
    }
    await Promise.all(lanes);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const { cleaning } of this.#cleaned) cleaning.stop();
    await Promise.all([...this.#cleaners].map((cleaner) => cleaner.rest()));
  }

  #later(): void {
    const { host, settings } = this.#options;
    this.#timer = host.timers.after(settings()['log.cleaner.backoff.ms'], () => {
      void this.run().finally(() => {
        if (!this.#isStopped) this.#later();
      });
    });
  }

  /** One cleaner, as long as there is something for it. */
  async #lane(): Promise<void> {
    const cleaner = logCleanerFor(this.#options.host.disk);
    this.#cleaners.add(cleaner);
    try {
      for (;;) {
        const partition = await this.#filthiest();
        if (partition === undefined || this.#isStopped) return;
        // Since it was looked at it may have changed, and another lane may have taken it. From here to its mark there is no other turn.
        const range = this.#rangeOf(partition);
        if (range !== undefined && isWorth(partition.log, range)) await this.#clean(cleaner, partition, range);
      }
    } finally {
      this.#cleaners.delete(cleaner);
      await cleaner.rest();
    }
  }

  /** In slices: there may be thousands of partitions, and files to be read. */
  async #filthiest(): Promise<Partition | undefined> {
    const { host, partitions } = this.#options;
    this.#lastRunAtMs = host.clock.now();
    const slice = new Slice(host.clock);
    let filthiest: Partition | undefined;
    let [ratio, maxDirtyRatio] = [0, 0];
    for (const partition of partitions.all()) {
      await slice.step();
      for (const steps = this.#learn(partition); steps.next().done !== true && !this.#isStopped;) await slice.step();
      if (this.#isStopped) return undefined;
      const range = this.#rangeOf(partition);
      if (range === undefined) continue;
      maxDirtyRatio = Math.max(maxDirtyRatio, range.dirtyRatio);
      if (!isWorth(partition.log, range) || range.dirtyRatio < ratio) continue;
      filthiest = partition;
      ratio = range.dirtyRatio;
    }
    this.#maxDirtyRatio = maxDirtyRatio;
    return filthiest;
  }

  #mayClean(partition: Partition): boolean {
    const { log, directory } = partition;
    if (!log.config.isCompacted || log.isClosed || directory.failure !== undefined) return false;
    if (this.#cleaned.has(log) || this.#postponed.has(log)) return false;
    return this.#uncleanable.get(directory.path)?.has(partition) !== true;
  }

  /** What the files of its segments must tell once, step by step. */
  *#learn(partition: Partition): Generator<void, void, void> {
    if (!this.#mayClean(partition)) return;
    const { log, directory } = partition;
    try {
      yield* log.cleaning.learn(directory.cleanedTo(log));
    } catch (error) {
      if (partition.log === log && !log.isClosed) this.#giveUp(partition, error);
    }
  }

  #rangeOf(partition: Partition): CleanRange | undefined {
    if (!this.#mayClean(partition)) return undefined;
    const { log, directory, lastStableOffset } = partition;
    try {
      return log.cleaning.range(directory.cleanedTo(log), lastStableOffset, this.#options.host.clock.now());
    } catch (error) {
      this.#giveUp(partition, error);
      return undefined;
    }
  }

  async #clean(cleaner: LogCleaner, partition: Partition, range: CleanRange): Promise<void> {
    const { host } = this.#options;
    const { topic, index, directory, log } = partition;
    this.#cleaned.add(log);
    const startedAtMs = host.clock.monotonic();
    try {
      const { job, signal } = await log.cleaning.job(range, host.clock.now(), this.#limits());
      const outcome = await cleaner.clean({ job, signal, swap: (replacement) => log.replaceSegments(replacement) });
      if (outcome === undefined) {
        this.#postponed.add(log);
        return;
      }
      await directory.noteCleaned(log, outcome.endOffset);
      this.#last = outcome;
      const { endOffset, bytesRead, bytesWritten } = outcome;
      const tookMs = Math.round(host.clock.monotonic() - startedAtMs);
      host.log.info({ topic, partition: index, endOffset, bytesRead, bytesWritten, tookMs }, 'compacted a log');
    } catch (error) {
      if (this.#isStopped || log.isClosed || partition.log !== log) return;
      if (isDiskFull(error)) {
        this.#postponed.add(log);
        host.log.warn(
          { topic, partition: index },
          'there is no room on the disk to compact a log; it is tried again later',
        );
      } else this.#giveUp(partition, error);
    } finally {
      this.#cleaned.delete(log);
    }
  }

  #limits(): CleanLimits {
    const values = this.#options.settings();
    const threads = Math.max(1, values['log.cleaner.threads']);
    return {
      mapBytes: values['log.cleaner.dedupe.buffer.size'] / threads,
      mapLoadFactor: values['log.cleaner.io.buffer.load.factor'],
      bufferBytes: Math.max(bufferBytesMin, values['log.cleaner.io.buffer.size'] / threads),
      bytesPerSecondMax: values['log.cleaner.io.max.bytes.per.second'] / threads,
    };
  }

  #giveUp(partition: Partition, error: unknown): void {
    const { topic, index, directory } = partition;
    let partitions = this.#uncleanable.get(directory.path);
    if (partitions === undefined) {
      partitions = new Set();
      this.#uncleanable.set(directory.path, partitions);
    }
    partitions.add(partition);
    this.#options.host.log.error(
      { topic, partition: index, error },
      'a log could not be compacted; it is left alone until the broker starts again',
    );
  }
}

function isWorth(log: Log, { isDue, cleanableBytes, dirtyRatio }: CleanRange): boolean {
  return isDue || (cleanableBytes > 0 && dirtyRatio > log.config.dirtyRatioMin);
}

/** Of work that is not to keep others waiting. A clock that is not real may stand still, so steps are counted as well. */
class Slice {
  readonly #clock: Clock;
  #steps = 0;
  #endsAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsAtMs = clock.monotonic() + turnMs;
  }

  async step(): Promise<void> {
    if (++this.#steps <= looksPerTurn && this.#clock.monotonic() < this.#endsAtMs) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#steps = 1;
    this.#endsAtMs = this.#clock.monotonic() + turnMs;
  }
}
