/** How the user reads. In: when a reader comes for more, and when it gets it. Out: Kafka's metrics of poll(), which is just that. */
import type { Clock } from '@millrace/base';

import type { MetricRegistry, OpenMetrics } from '../../metrics/metric-registry.ts';
import { avg, gauge, max } from '../../metrics/metric-table.ts';

export const pollTable = (kind: ReaderKind) =>
  ({
    group: `${kind}-metrics`,
    tags: [],
    rows: {
      'last-poll-seconds-ago': gauge('Seconds since a reader last came for more, -1 for never'),
      'time-between-poll-avg': avg('between', 'Milliseconds from one time that a reader came for records to the next'),
      'time-between-poll-max': max('between', 'The longest of these'),
      'poll-idle-ratio-avg': avg('idle', 'Share of the time that readers wait for records, 0 to 1'),
    },
  }) as const;

type ReaderKind = 'consumer' | 'consumer-share';
type PollTable = ReturnType<typeof pollTable>;

export class PollMetrics {
  readonly #clock: Clock;
  readonly #open: OpenMetrics<PollTable>;
  #lastAtMs: number | undefined;
  #takenAtMs: number | undefined;
  /** Since when the reader waits. */
  #idleSinceMs: number | undefined;

  constructor(clock: Clock, registry: MetricRegistry, kind: ReaderKind) {
    this.#clock = clock;
    this.#open = registry.open(pollTable(kind), {
      'last-poll-seconds-ago': () =>
        this.#lastAtMs === undefined ? -1 : Math.floor((clock.monotonic() - this.#lastAtMs) / 1000),
    });
  }

  read(): ReturnType<OpenMetrics<PollTable>['read']> {
    return this.#open.read();
  }

  /** A reader has come, and there is nothing. `isIdle`: it has nothing else in hand. */
  waits(isIdle: boolean): void {
    const nowMs = this.#clock.monotonic();
    this.#lastAtMs = nowMs;
    if (isIdle) this.#idleSinceMs ??= nowMs;
  }

  /** A reader has come, and there is something. */
  took(): void {
    const nowMs = this.#clock.monotonic();
    const { between, idle } = this.#open.sensors;
    const sinceMs = this.#takenAtMs ?? this.#idleSinceMs ?? nowMs;
    const betweenMs = nowMs - sinceMs;
    if (this.#takenAtMs !== undefined) between.record(betweenMs, nowMs);
    const idleMs = this.#idleSinceMs === undefined ? 0 : nowMs - this.#idleSinceMs;
    if (betweenMs > 0) idle.record(Math.min(1, idleMs / betweenMs), nowMs);
    this.#lastAtMs = nowMs;
    this.#takenAtMs = nowMs;
    this.#idleSinceMs = undefined;
  }
}
