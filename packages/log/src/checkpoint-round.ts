/**
 * What a directory's logs may be believed after a crash, written every few seconds: recovery points, start offsets, high watermarks, and
 * the epochs of logs that have new ones. A recovery point is written after everything that it vouches for.
 */
import type { Disk } from '@millrace/base';

import type { Log } from './log.ts';
import { OffsetCheckpoint, replaceSmallFileAsync } from './offset-checkpoint.ts';
import { epochsFile } from './open-log.ts';
import type { Segment } from './segment.ts';

export interface Doomed {
  readonly segment: Segment;
  readonly delayMs: number;
}

type Logs = ReadonlyMap<string, Log>;

export class CheckpointRound {
  readonly #disk: Disk;
  readonly #recoveryFile: OffsetCheckpoint;
  readonly #startFile: OffsetCheckpoint;
  readonly #watermarkFile: OffsetCheckpoint;
  /** Of partitions that are not open. */
  readonly #recoveryPoints: Map<string, number>;
  readonly #startOffsets: Map<string, number>;
  #underway: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#recoveryFile = new OffsetCheckpoint(disk, path, 'recovery-point-offset-checkpoint');
    this.#startFile = new OffsetCheckpoint(disk, path, 'log-start-offset-checkpoint');
    this.#watermarkFile = new OffsetCheckpoint(disk, path, 'replication-offset-checkpoint');
    this.#recoveryPoints = this.#recoveryFile.read();
    this.#startOffsets = this.#startFile.read();
  }

  /** What is known of a partition before it is opened. */
  of(name: string): { recoveryPoint: number; startOffset: number } {
    return { recoveryPoint: this.#recoveryPoints.get(name) ?? 0, startOffset: this.#startOffsets.get(name) ?? 0 };
  }

  forget(name: string): void {
    this.#recoveryPoints.delete(name);
    this.#startOffsets.delete(name);
  }

  /** The log is closed: its offsets stay as they are. */
  keep(log: Log): void {
    const name = `${log.topic}-${log.partition}`;
    this.#recoveryPoints.set(name, log.recoveryPoint);
    this.#startOffsets.set(name, log.startOffset);
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await this.#underway.catch(() => undefined);
  }

  /** Gives the segments whose files may go now: that they are out of the log is durable. `isLate` ends it before it replaces a file. */
  run(logs: Logs, isLate: () => boolean): Promise<Doomed[]> {
    const round = this.idle().then(() => this.#run(logs, isLate));
    this.#underway = round;
    return round;
  }

  /** The two files that decide about recovery, at once. */
  runSync(logs: Logs): void {
    this.#startFile.write(this.#starts(logs));
    this.#recoveryFile.write(this.#recoveries(logs));
    this.#watermarkFile.write(this.#recoveries(logs));
  }

  /** For a log that is about to be cut: before any file is touched. */
  lower(logs: Logs, log: Log, recoveryPoint: number, startOffset: number): void {
    const name = `${log.topic}-${log.partition}`;
    const starts = this.#starts(logs);
    const recoveries = this.#recoveries(logs);
    if (startOffset > 0) starts.set(name, startOffset);
    else starts.delete(name);
    recoveries.set(name, recoveryPoint);
    this.#recoveryFile.write(recoveries);
    this.#startFile.write(starts);
  }

  async #run(logs: Logs, isLate: () => boolean): Promise<Doomed[]> {
    const doomed = [...logs.values()].map((log) => ({ log, segments: log.takeDoomed(), snapshot: log.firstSnapshot }));
    const starts = this.#starts(logs);
    const turn = this.#startFile.turn();
    let mayGo = false;
    try {
      for (const { log, segments, snapshot } of doomed)
        if (segments.length > 0) await this.#syncSnapshot(log, snapshot);
      const isStartDurable = !isLate() && (await this.#startFile.writeAsync(starts, turn));
      await this.#writeEpochs(logs);
      if (!isLate()) await this.#recoveryFile.writeAsync(this.#recoveries(logs), this.#recoveryFile.turn());
      // With one replica, what is synced is what readers may see.
      if (!isLate()) await this.#watermarkFile.writeAsync(this.#recoveries(logs), this.#watermarkFile.turn());
      mayGo = isStartDurable;
    } finally {
      // Also when only a later file failed: segments go oldest first, or a crash leaves a hole.
      if (!mayGo) for (const { log, segments } of doomed) log.putBackDoomed(segments);
    }
    if (!mayGo) return [];
    return doomed.flatMap(({ log, segments }) =>
      segments.map((segment) => ({ segment, delayMs: log.config.fileDeleteDelayMs })),
    );
  }

  /** As long as the segments before it were there, they could tell what is in it. */
  async #syncSnapshot(log: Log, path: string): Promise<void> {
    if (log.isClosed || this.#disk.stat(path) === undefined) return;
    const file = this.#disk.open(path);
    try {
      await file.sync();
      await this.#disk.syncFolderAsync(log.folder);
    } catch (error) {
      if (!log.isClosed) throw error;
    } finally {
      file.close();
    }
  }

  async #writeEpochs(logs: Logs): Promise<void> {
    for (const log of logs.values()) {
      const epochs = log.unsavedEpochs();
      if (epochs === undefined || log.isClosed) continue;
      try {
        const path = `${log.folder}/${epochsFile}`;
        if (!(await replaceSmallFileAsync(this.#disk, path, Buffer.from(epochs.text), () => log.isClosed))) continue;
        await this.#disk.syncFolderAsync(log.folder);
        log.epochsSaved(epochs.version);
      } catch (error) {
        if (!log.isClosed) throw error;
      }
    }
  }

  #recoveries(logs: Logs): Map<string, number> {
    const offsets = new Map(this.#recoveryPoints);
    for (const [name, log] of logs) offsets.set(name, log.recoveryPoint);
    return offsets;
  }

  #starts(logs: Logs): Map<string, number> {
    const offsets = new Map(this.#startOffsets);
    for (const [name, log] of logs) {
      if (log.startOffset > 0) offsets.set(name, log.startOffset);
      else offsets.delete(name);
    }
    return offsets;
  }
}
