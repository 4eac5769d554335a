/**
 * What a KIP-848 member has, and what it is to have. The coordinator speaks of topics by id, users by name: a topic that was deleted and
 * made again is another one under the same name.
 */
import type { Metadata } from '../../cluster/metadata.ts';
import type { TopicPartition } from '../../record.ts';

export interface TargetTopic {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

export interface Difference {
  readonly goes: readonly HeldPartition[];
  readonly comes: readonly HeldPartition[];
  /** Topics in it have no name yet. */
  readonly isUnclear: boolean;
}

export interface HeldPartition extends TopicPartition {
  readonly topicId: string;
}

export class HeldPartitions {
  readonly #held = new Map<string, HeldPartition>();

  difference(target: readonly TargetTopic[], metadata: Pick<Metadata, 'topicOfId'>): Difference {
    const wanted = new Set<string>();
    const comes: HeldPartition[] = [];
    let isUnclear = false;
    for (const { topicId, partitions } of target) {
      const topic = metadata.topicOfId(topicId)?.name;
      for (const partition of partitions) {
        const key = keyOf(topicId, partition);
        wanted.add(key);
        if (this.#held.has(key)) continue;
        if (topic === undefined) isUnclear = true;
        else comes.push({ topicId, topic, partition });
      }
    }
    const goes = [...this.#held].filter(([key]) => !wanted.has(key)).map(([, partition]) => partition);
    return { goes, comes, isUnclear };
  }

  add(partitions: readonly HeldPartition[]): void {
    for (const held of partitions) this.#held.set(keyOf(held.topicId, held.partition), held);
  }

  remove(partitions: readonly HeldPartition[]): void {
    for (const { topicId, partition } of partitions) this.#held.delete(keyOf(topicId, partition));
  }

  clear(): void {
    this.#held.clear();
  }

  /** By topic id, in order. */
  byTopicId(): Map<string, number[]> {
    const byId = new Map<string, number[]>();
    const sorted = [...this.#held.values()].sort((a, b) =>
      a.topicId === b.topicId ? a.partition - b.partition : a.topicId < b.topicId ? -1 : 1,
    );
    for (const { topicId, partition } of sorted) {
      const partitions = byId.get(topicId);
      if (partitions === undefined) byId.set(topicId, [partition]);
      else partitions.push(partition);
    }
    return byId;
  }
}

const keyOf = (topicId: string, partition: number): string => `${topicId}:${partition}`;
