/** Records of a share group. In: a record as it was read. Out: the same with how often it was delivered, and its place in its delivery. */
import type { ConsumerRecord } from '../consumer/reading/consumer-record.ts';
import { RecordAround } from '../consumer/reading/record-around.ts';
import type { ReadOf, TopicSerdesMap } from '../serdes/serde.ts';
import type { Delivery } from './delivery.ts';

export interface ShareRecord<K = Buffer | null, V = Buffer | null, T extends string = string> extends ConsumerRecord<
  K,
  V,
  T
> {
  /** 1 the first time that the group got it. */
  readonly deliveryCount: number;
  copy(): ShareRecord<K, V, T>;
}

/** What is read with these serdes: records of their topics with their types, and of bytes when there are none. */
export type SharedRecord<Topics extends TopicSerdesMap> = string extends keyof Topics
  ? ShareRecord
  : {
      readonly [T in keyof Topics & string]: ShareRecord<
        ReadOf<Topics[T]['key'], Buffer> | null,
        ReadOf<Topics[T]['value'], Buffer> | null,
        T
      >;
    }[keyof Topics & string];

export class HeldRecord
  extends RecordAround<ConsumerRecord<unknown, unknown>>
  implements ShareRecord<unknown, unknown>
{
  readonly deliveryCount: number;
  readonly #delivery: Delivery;
  readonly #index: number;

  /** Where it was delivered; undefined for anything that is no record of a share consumer. */
  static placeOf(record: object): { readonly delivery: Delivery; readonly index: number } | undefined {
    return #delivery in record ? { delivery: record.#delivery, index: record.#index } : undefined;
  }

  constructor(record: ConsumerRecord<unknown, unknown>, deliveryCount: number, delivery: Delivery, index: number) {
    super(record);
    this.deliveryCount = deliveryCount;
    this.#delivery = delivery;
    this.#index = index;
  }

  get key(): unknown {
    return this.inner.key;
  }

  get value(): unknown {
    return this.inner.value;
  }

  /** Can be acknowledged as well. */
  copy(): HeldRecord {
    return new HeldRecord(this.inner.copy(), this.deliveryCount, this.#delivery, this.#index);
  }
}
