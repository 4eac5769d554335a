/**
 * What only a scrape asks for, and what has to be set against an earlier reading: how idle the loop is, what the process read and
 * wrote, how fast the metadata log grows. Taken once for each scrape, so that all dialects tell the same.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance, type EventLoopUtilization } from 'node:perf_hooks';

import type { Doors } from '../doors.ts';
import { RateWindow } from './rate-window.ts';

export interface ObservedListener {
  readonly name: string;
  readonly connectionCount: number;
}

/** How long a histogram of requests gathers before it is turned. */
const turnMs = 60_000;

interface LogReading {
  readonly atMs: number;
  readonly endOffset: number;
  readonly commitCount: number;
  readonly commitMs: number;
}

export class Readings {
  readonly #doors: Doors;
  readonly #listeners: () => readonly ObservedListener[];
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 20 });
  readonly #loops: RateWindow<EventLoopUtilization>;
  readonly #logs: RateWindow<LogReading>;
  #turnedAtMs: number;
  /** The share of time that the event loop waited for something to do, 0 to 1. */
  loopIdle = 1;
  /** The same since the start, in nanoseconds. */
  loopIdleNs = 0;
  diskReadBytes: number | undefined = undefined;
  diskWriteBytes: number | undefined = undefined;
  /** Of the metadata log: records a second, and how long a commit took; NaN when there was none. */
  metadataAppendRate = 0;
  metadataCommitMs = Number.NaN;

  constructor(doors: Doors, listeners: () => readonly ObservedListener[]) {
    this.#doors = doors;
    this.#listeners = listeners;
    this.#loopDelay.enable();
    const nowMs = doors.host.clock.monotonic();
    this.#turnedAtMs = nowMs;
    this.#loops = new RateWindow(performance.eventLoopUtilization(), nowMs);
    this.#logs = new RateWindow(this.#readLog(nowMs), nowMs);
  }

  /** How late the loop ran, since the start. */
  get loopDelayP99Ms(): number {
    return this.#loopDelay.percentile(99) / 1e6;
  }

  get listeners(): readonly ObservedListener[] {
    return this.#listeners();
  }

  refresh(): void {
    const nowMs = this.#doors.host.clock.monotonic();
    const loop = performance.eventLoopUtilization();
    this.loopIdleNs = loop.idle * 1e6;
    this.loopIdle = 1 - performance.eventLoopUtilization(loop, this.#loops.since(loop, nowMs)).utilization;
    const log = this.#readLog(nowMs);
    const before = this.#logs.since(log, nowMs);
    const commits = log.commitCount - before.commitCount;
    this.metadataCommitMs = commits === 0 ? Number.NaN : (log.commitMs - before.commitMs) / commits;
    const elapsedMs = log.atMs - before.atMs;
    this.metadataAppendRate = elapsedMs <= 0 ? 0 : ((log.endOffset - before.endOffset) / elapsedMs) * 1000;
    this.#readDisk();
    if (nowMs - this.#turnedAtMs < turnMs) return;
    this.#turnedAtMs = nowMs;
    for (const counters of this.#doors.metrics.requests) counters?.times.turn();
  }

  close(): void {
    this.#loopDelay.disable();
  }

  #readLog(atMs: number): LogReading {
    const { endOffset, commitCount, commitMs } = this.#doors.metadata;
    return { atMs, endOffset, commitCount, commitMs };
  }

  /** What the system counts of this process; only Linux tells. */
  #readDisk(): void {
    try {
      const text = readFileSync('/proc/self/io', 'latin1');
      this.diskReadBytes = numberAfter(text, 'read_bytes: ');
      this.diskWriteBytes = numberAfter(text, '\nwrite_bytes: ');
    } catch {
      this.diskReadBytes = undefined;
      this.diskWriteBytes = undefined;
    }
  }
}

function numberAfter(text: string, label: string): number | undefined {
  const at = text.indexOf(label);
  return at < 0 ? undefined : Number.parseInt(text.slice(at + label.length), 10);
}
