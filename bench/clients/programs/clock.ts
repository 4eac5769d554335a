/** Time, and the CPU time of this process: what a client costs whoever uses it. */
export class Clock {
  readonly #startedAtMs = performance.now();
  readonly #cpu = process.cpuUsage();

  /** What was measured since the clock was made. */
  stop(records: number, bytes: number): Record<string, number> {
    const ms = performance.now() - this.#startedAtMs;
    const { user, system } = process.cpuUsage(this.#cpu);
    const cpuMs = (user + system) / 1000;
    return {
      records,
      bytes,
      ms,
      cpuMs,
      recordsPerSecond: (records / ms) * 1000,
      megabytesPerSecond: bytes / 1000 / ms,
      cpuMicrosecondsPerRecord: (cpuMs * 1000) / records,
      rssMiB: process.memoryUsage.rss() / 2 ** 20,
    };
  }
}

export function print(figures: Record<string, number>): void {
  console.log(JSON.stringify(figures));
}
