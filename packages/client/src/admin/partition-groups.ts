import type { TopicPartition } from '../record.ts';

/** Partitions under their topics, as requests have them. */
export function byTopic<I extends TopicPartition>(items: readonly I[]): [topic: string, items: readonly I[]][] {
  return [...Map.groupBy(items, ({ topic }) => topic)];
}
