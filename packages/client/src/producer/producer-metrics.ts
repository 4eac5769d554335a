/** What a producer has done, under Kafka's names. Totals since it was made; averages over all of them. */
import type { Clock } from '@millrace/base';

import type { ClientError } from '../error.ts';
import type { Batch } from './batch.ts';
import type { BatchObserver } from './batch-fate.ts';

export interface ProducerMetrics {
  readonly 'record-send-total': number;
  /** Per second, since the producer was made. */
  readonly 'record-send-rate': number;
  readonly 'record-error-total': number;
  readonly 'record-retry-total': number;
  /** Of batches, as they were sent. */
  readonly 'byte-total': number;
  readonly 'batch-split-total': number;
  readonly 'batch-size-avg': number;
  readonly 'records-per-batch-avg': number;
  /** Bytes after compression in one before. */
  readonly 'compression-rate-avg': number;
  /** From the first record of a batch to its acknowledgement. */
  readonly 'batch-latency-ms-avg': number;
  readonly 'batch-latency-ms-max': number;
  readonly 'buffer-total-bytes': number;
  readonly 'buffer-available-bytes': number;
  /** Records that wait for metadata or memory are in lines; so many lines wait for memory. */
  readonly 'waiting-threads': number;
}

export class MetricsObserver implements BatchObserver {
  readonly #clock: Clock;
  readonly #bornAtMs: number;
  #records = 0;
  #errors = 0;
  #retries = 0;
  #bytes = 0;
  #plainBytes = 0;
  #batches = 0;
  #splits = 0;
  #latencyMsTotal = 0;
  #latencyMsMax = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bornAtMs = clock.monotonic();
  }

  sent(batch: Batch, _broker: string): void {
    this.#batches++;
    this.#records += batch.count;
    this.#bytes += batch.bytes?.length ?? 0;
    this.#plainBytes += batch.records.at;
    const latencyMs = this.#clock.monotonic() - batch.createdAtMs;
    this.#latencyMsTotal += latencyMs;
    if (latencyMs > this.#latencyMsMax) this.#latencyMsMax = latencyMs;
  }

  failed(batch: Batch, _error: ClientError): void {
    this.#errors += batch.count;
  }

  retried(batch: Batch): void {
    this.#retries += batch.count;
  }

  split(_batch: Batch): void {
    this.#splits++;
  }

  read(memory: { readonly used: number; readonly bytesMax: number; readonly waitingCount: number }): ProducerMetrics {
    const batches = Math.max(1, this.#batches);
    const seconds = Math.max(0.001, (this.#clock.monotonic() - this.#bornAtMs) / 1000);
    return {
      'record-send-total': this.#records,
      'record-send-rate': this.#records / seconds,
      'record-error-total': this.#errors,
      'record-retry-total': this.#retries,
      'byte-total': this.#bytes,
      'batch-split-total': this.#splits,
      'batch-size-avg': this.#bytes / batches,
      'records-per-batch-avg': this.#records / batches,
      'compression-rate-avg': this.#plainBytes === 0 ? 1 : this.#bytes / this.#plainBytes,
      'batch-latency-ms-avg': this.#latencyMsTotal / batches,
      'batch-latency-ms-max': this.#latencyMsMax,
      'buffer-total-bytes': memory.bytesMax,
      'buffer-available-bytes': Math.max(0, memory.bytesMax - memory.used),
      'waiting-threads': memory.waitingCount,
    };
  }
}
