/** A record as it is given to a producer. */
import type { HeadersInput } from '../record.ts';
import type { TopicSerdesMap, WrittenOf } from '../serdes/serde.ts';
import type { Field } from './record-buffer.ts';

export interface ProducerRecord<K, V, T extends string = string> {
  readonly topic: T;
  readonly key?: K | null | undefined;
  /** Null is a tombstone: in a compacted topic, the key is deleted. */
  readonly value?: V | null | undefined;
  /** Left out: the partitioner's choice. */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970; now, when it is left out. */
  readonly timestamp?: number | undefined;
  readonly headers?: HeadersInput | undefined;
}

/** Without serdes: bytes, or text that is written as UTF-8. */
export type PlainRecord = ProducerRecord<Field, Field>;

/** What can be sent with these serdes: records of their topics with their types, and plain ones when there are none. */
export type RecordOf<Topics extends TopicSerdesMap> = TopicSerdesMap extends Topics
  ? PlainRecord
  : {
      readonly [T in keyof Topics & string]: ProducerRecord<
        WrittenOf<Topics[T]['key'], Uint8Array | string>,
        WrittenOf<Topics[T]['value'], Uint8Array | string>,
        T
      >;
    }[keyof Topics & string];
