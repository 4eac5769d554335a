/** Whoever chooses partitions. What stands here is for records that name none. */
import type { TopicMetadata } from '../cluster/topic-metadata.ts';
import type { PlainRecord } from './producer-record.ts';

/** Keys and values come as they are sent. Gives the index of a partition. Called for every record, so it should be quick. */
export type Partitioner = (record: PlainRecord, topic: TopicMetadata) => number;

/** Every partition in turn, keys or not, beginning with the first; those without a leader are passed over. */
export function roundRobin(): Partitioner {
  const turns = new Map<string, number>();
  return ({ topic }, { partitions }) => {
    const turn = turns.get(topic) ?? 0;
    for (let tried = 0; tried < partitions.length; tried++) {
      const index = (turn + tried) % partitions.length;
      if (partitions[index]!.leaderId < 0) continue;
      turns.set(topic, index + 1);
      return index;
    }
    turns.set(topic, turn + 1);
    return turn % partitions.length;
  };
}
