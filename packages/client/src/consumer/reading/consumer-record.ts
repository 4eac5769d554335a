import type { Header } from '../../record.ts';
import type { ReadOf, TopicSerdesMap } from '../../serdes/serde.ts';

/** NoTimestampType: the record is from before Kafka 0.10, which had none; its timestamp is -1. */
export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType';

/**
 * A record as it is read. Its parts are cut out of the answer that brought it when they are looked at; whoever keeps a record, or a slice of
 * one, keeps that whole answer in memory, unless it is a `copy()`.
 */
export interface ConsumerRecord<K = Buffer | null, V = Buffer | null, T extends string = string> {
  readonly topic: T;
  readonly partition: number;
  readonly offset: bigint;
  /** Ms since 1970, -1 for none. */
  readonly timestamp: number;
  readonly timestampType: TimestampType;
  /** Of the leader that wrote it. */
  readonly leaderEpoch: number | undefined;
  readonly key: K;
  readonly value: V;
  readonly headers: readonly Header[];
  /** The size of the key as it is stored, -1 for null. */
  readonly keyBytes: number;
  /** The size of the value as it is stored, -1 for null. */
  readonly valueBytes: number;
  /** The same in memory of its own. */
  copy(): ConsumerRecord<K, V, T>;
}

/** What is read with these serdes: records of their topics with their types, and of bytes when there are none. */
export type ConsumedRecord<Topics extends TopicSerdesMap> = TopicSerdesMap extends Topics
  ? ConsumerRecord
  : {
      readonly [T in keyof Topics & string]: ConsumerRecord<
        ReadOf<Topics[T]['key'], Buffer> | null,
        ReadOf<Topics[T]['value'], Buffer> | null,
        T
      >;
    }[keyof Topics & string];
