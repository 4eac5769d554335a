/**
 * How the keys or values of a topic become bytes and come back. A producer calls `serialize`, a consumer `deserialize`. Null never gets
 * here: a record without key or value is that on both sides. What is read may be more than what was written, as with a schema that fills in
 * what was left out.
 */
export interface Serde<T, Read = T> {
  /** A text is written as UTF-8, straight into the batch. */
  serialize(value: T, at: SerdePlace): Uint8Array | string | PromiseLike<Uint8Array | string>;
  /** The bytes belong to the record: copy what is to outlive it. */
  deserialize(bytes: Uint8Array, at: SerdePlace): Read | PromiseLike<Read>;
}

export interface SerdePlace {
  readonly topic: string;
  readonly isKey: boolean;
}

/** How one topic's keys and values are written. What is left out is bytes or text. */
export interface TopicSerdes {
  readonly key?: Serde<unknown>;
  readonly value?: Serde<unknown>;
}

export type TopicSerdesMap = { readonly [topic: string]: TopicSerdes };

/** The map of serdes for a map of plain types: `Producer<SerdesOf<{ orders: { key: string; value: Order } }>>`. */
export type SerdesOf<T extends { readonly [topic: string]: { readonly key?: unknown; readonly value?: unknown } }> = {
  readonly [K in keyof T]: {
    readonly [F in keyof T[K] & ('key' | 'value')]: Serde<T[K][F]>;
  };
};

/** What a serde takes; bytes or text where there is none. */
export type WrittenOf<S, Plain> = S extends Serde<infer T, unknown> ? T : Plain;

/** What a serde gives. */
export type ReadOf<S, Plain> = S extends Serde<never, infer T> ? T : Plain;
