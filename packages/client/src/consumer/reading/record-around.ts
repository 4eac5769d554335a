/** A record over another record: everything is what the other one has. Who wants a part to be otherwise overrides that one. */
import type { Header } from '../../record.ts';
import type { ConsumerRecord, TimestampType } from './consumer-record.ts';

export abstract class RecordAround<R extends ConsumerRecord<unknown, unknown>> implements ConsumerRecord<
  unknown,
  unknown
> {
  readonly #inner: R;

  constructor(inner: R) {
    this.#inner = inner;
  }

  protected get inner(): R {
    return this.#inner;
  }

  get topic(): string {
    return this.#inner.topic;
  }

  get partition(): number {
    return this.#inner.partition;
  }

  get offset(): bigint {
    return this.#inner.offset;
  }

  get timestamp(): number {
    return this.#inner.timestamp;
  }

  get timestampType(): TimestampType {
    return this.#inner.timestampType;
  }

  get leaderEpoch(): number | undefined {
    return this.#inner.leaderEpoch;
  }

  abstract get key(): unknown;

  abstract get value(): unknown;

  get headers(): readonly Header[] {
    return this.#inner.headers;
  }

  get keyBytes(): number {
    return this.#inner.keyBytes;
  }

  get valueBytes(): number {
    return this.#inner.valueBytes;
  }

  abstract copy(): ConsumerRecord<unknown, unknown>;
}
