/** Records as users see them, the same words for producer and consumer. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A header's value may be null; a key may come more than once, and order counts. */
export interface Header {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Headers as they are given: a list, or an object where each key comes once. Texts are written as UTF-8. */
export type HeadersInput =
  | readonly { readonly key: string; readonly value: Uint8Array | string | null }[]
  | Readonly<Record<string, Uint8Array | string | null | undefined>>;

/** Where a group goes on reading: the offset of the next record, not of the last one. */
export interface OffsetAndMetadata {
  readonly offset: bigint;
  /** Of the last record that was read; lets a consumer notice that its log was cut (KIP-320). */
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

export interface TopicPartitionOffset extends TopicPartition, OffsetAndMetadata {}

/** For Maps: no topic's name has a line feed in it. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}\n${partition}`;
}
