/** What a consumer has done, under Kafka's names. Totals since it was made; averages and rates over all of that time. */
import type { Clock } from '@millrace/base';

import type { Cursor } from './fetch/cursor.ts';
import type { FetchedAnswer } from './fetch/fetch-source.ts';

export interface ConsumerMetrics {
  readonly 'records-consumed-total': number;
  /** Per second. */
  readonly 'records-consumed-rate': number;
  /** As they were stored. */
  readonly 'bytes-consumed-total': number;
  readonly 'bytes-consumed-rate': number;
  readonly 'fetch-total': number;
  readonly 'fetch-rate': number;
  /** In ms; the time that brokers wait for records is in it. */
  readonly 'fetch-latency-avg': number;
  readonly 'fetch-latency-max': number;
  readonly 'fetch-size-avg': number;
  readonly 'fetch-size-max': number;
  readonly 'records-per-request-avg': number;
  readonly 'fetch-throttle-time-avg': number;
  readonly 'fetch-throttle-time-max': number;
  /** Of the partition that is furthest behind; 0 for none. */
  readonly 'records-lag-max': number;
  /** Of the partition that is nearest to the beginning of its log, behind which records are deleted; 0 for none. */
  readonly 'records-lead-min': number;
  readonly 'assigned-partitions': number;
  /** Not one of Kafka's: what is kept ahead of readers. */
  readonly 'buffered-bytes': number;
}

export class ConsumerMetricsSource {
  readonly #clock: Clock;
  readonly #bornAtMs: number;
  /** Of partitions that are not ours any more. */
  #records = 0;
  #bytes = 0;
  #fetches = 0;
  #latencyMsTotal = 0;
  #latencyMsMax = 0;
  #sizeTotal = 0;
  #sizeMax = 0;
  #throttleMsTotal = 0;
  #throttleMsMax = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bornAtMs = clock.monotonic();
  }

  fetched({ tookMs, bytes, throttleTimeMs }: FetchedAnswer): void {
    this.#fetches++;
    this.#latencyMsTotal += tookMs;
    this.#latencyMsMax = Math.max(this.#latencyMsMax, tookMs);
    this.#sizeTotal += bytes;
    this.#sizeMax = Math.max(this.#sizeMax, bytes);
    this.#throttleMsTotal += throttleTimeMs;
    this.#throttleMsMax = Math.max(this.#throttleMsMax, throttleTimeMs);
  }

  removed({ recordCount, byteCount }: Cursor): void {
    this.#records += recordCount;
    this.#bytes += byteCount;
  }

  read(cursors: Iterable<Cursor>, bufferedBytes: number): ConsumerMetrics {
    const seconds = Math.max(0.001, (this.#clock.monotonic() - this.#bornAtMs) / 1000);
    const fetches = Math.max(1, this.#fetches);
    let [records, bytes, lagMax, leadMin, count] = [this.#records, this.#bytes, 0, Number.POSITIVE_INFINITY, 0];
    for (const { recordCount, byteCount, position = 0n, readableEnd, logStartOffset } of cursors) {
      count++;
      records += recordCount;
      bytes += byteCount;
      if (readableEnd < 0n) continue;
      lagMax = Math.max(lagMax, Number(readableEnd - position));
      leadMin = Math.min(leadMin, Math.max(0, Number(position - logStartOffset)));
    }
    return {
      'records-consumed-total': records,
      'records-consumed-rate': records / seconds,
      'bytes-consumed-total': bytes,
      'bytes-consumed-rate': bytes / seconds,
      'fetch-total': this.#fetches,
      'fetch-rate': this.#fetches / seconds,
      'fetch-latency-avg': this.#latencyMsTotal / fetches,
      'fetch-latency-max': this.#latencyMsMax,
      'fetch-size-avg': this.#sizeTotal / fetches,
      'fetch-size-max': this.#sizeMax,
      'records-per-request-avg': records / fetches,
      'fetch-throttle-time-avg': this.#throttleMsTotal / fetches,
      'fetch-throttle-time-max': this.#throttleMsMax,
      'records-lag-max': lagMax,
      'records-lead-min': leadMin === Number.POSITIVE_INFINITY ? 0 : leadMin,
      'assigned-partitions': count,
      'buffered-bytes': bufferedBytes,
    };
  }
}
