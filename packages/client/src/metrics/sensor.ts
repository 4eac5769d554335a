/**
 * Something that is measured again and again. In: values, per batch or request, never per record. Out: what came of them in all, and in
 * the windows that `metrics.sample.window.ms` and `metrics.num.samples` speak of: sums, means, extremes, rates.
 *
 * Windows lie on a grid of the host's monotonic clock. A rate is taken over the windows that are complete and what has passed of the present
 * one, even where the sensor is younger: what was just begun is not blown up.
 */
import type { Clock } from '@millrace/base';

export interface SampleWindows {
  readonly windowMs: number;
  readonly count: number;
}

/** What a metric tells of its sensor. */
export type Stat =
  /** All values that ever were. */
  | 'total'
  /** How many there ever were. */
  | 'count'
  /** Values a second. */
  | 'rate'
  /** How many a second. */
  | 'count-rate'
  /** How many an hour. */
  | 'count-rate-per-hour'
  | 'avg'
  | 'max'
  | 'min';

export class Sensor {
  readonly #clock: Clock;
  readonly #windows: SampleWindows;
  readonly #samples: Sample[];
  #total = 0;
  #count = 0;

  constructor(clock: Clock, windows: SampleWindows) {
    this.#clock = clock;
    this.#windows = windows;
    this.#samples = Array.from({ length: windows.count }, () => new Sample());
  }

  /** `times` values of which `value` is the sum. `nowMs`, where it is at hand, by the host's monotonic clock. */
  record(value: number, nowMs: number = this.#clock.monotonic(), times = 1): void {
    const window = Math.floor(nowMs / this.#windows.windowMs);
    const sample = this.#samples[window % this.#windows.count]!;
    if (sample.window !== window) sample.clear(window);
    sample.sum += value;
    sample.count += times;
    if (value > sample.max) sample.max = value;
    if (value < sample.min) sample.min = value;
    this.#total += value;
    this.#count += times;
  }

  get total(): number {
    return this.#total;
  }

  /** NaN where nothing in the windows says anything, as in Java's clients. */
  read(stat: Stat): number {
    if (stat === 'total') return this.#total;
    if (stat === 'count') return this.#count;
    const nowMs = this.#clock.monotonic();
    const { sum, count, max, min } = this.#merged(nowMs);
    if (stat === 'rate') return sum / this.#seconds(nowMs);
    if (stat === 'count-rate') return count / this.#seconds(nowMs);
    if (stat === 'count-rate-per-hour') return (count * 3600) / this.#seconds(nowMs);
    if (count === 0) return Number.NaN;
    if (stat === 'avg') return sum / count;
    return stat === 'max' ? max : min;
  }

  #merged(nowMs: number): Sample {
    const merged = new Sample();
    const oldest = Math.floor(nowMs / this.#windows.windowMs) - this.#windows.count;
    for (const { window, sum, count, max, min } of this.#samples) {
      if (window <= oldest) continue;
      merged.sum += sum;
      merged.count += count;
      merged.max = Math.max(merged.max, max);
      merged.min = Math.min(merged.min, min);
    }
    return merged;
  }

  #seconds(nowMs: number): number {
    const { windowMs, count } = this.#windows;
    return Math.max(1, (nowMs % windowMs) + (count - 1) * windowMs) / 1000;
  }
}

class Sample {
  window = Number.NEGATIVE_INFINITY;
  sum = 0;
  count = 0;
  max = Number.NEGATIVE_INFINITY;
  min = Number.POSITIVE_INFINITY;

  clear(window: number): void {
    this.window = window;
    this.sum = 0;
    this.count = 0;
    this.max = Number.NEGATIVE_INFINITY;
    this.min = Number.POSITIVE_INFINITY;
  }
}
