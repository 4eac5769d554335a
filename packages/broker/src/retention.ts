/** Deletes what is too old or too much, every `log.retention.check.interval.ms`. */
import type { Host, Timer } from '@millrace/base';

import type { Partitions } from './partitions.ts';

export interface RetentionOptions {
  readonly host: Host;
  readonly partitions: Partitions;
  readonly checkMs: () => number;
}

export class Retention {
  readonly #options: RetentionOptions;
  #timer: Timer | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#checkLater();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** One pass over all partitions. */
  check(): void {
    const { host, partitions } = this.#options;
    const nowMs = host.clock.now();
    for (const partition of partitions.all()) {
      try {
        partition.log.expireProducers(nowMs);
        const count = partition.log.deleteOldSegments(nowMs, partition.highWatermark);
        if (count > 0)
          host.log.info(
            { topic: partition.topic, partition: partition.index, segments: count },
            'retention deleted segments',
          );
      } catch (error) {
        host.log.error(
          { topic: partition.topic, partition: partition.index, error },
          'retention could not delete segments',
        );
      }
    }
  }

  #checkLater(): void {
    const { host, checkMs } = this.#options;
    this.#timer = host.timers.after(checkMs(), () => {
      this.check();
      this.#checkLater();
    });
  }
}
