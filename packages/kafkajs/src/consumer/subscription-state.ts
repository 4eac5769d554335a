/** Which partitions are ours, and which of them are paused. A pause outlives a rebalance; one of a whole topic holds for partitions to come. */
import type { TopicPartitions } from '../types/consumer.ts';

interface Pauses {
  readonly paused: Set<number>;
  isWholeTopic: boolean;
  /** Out of a whole topic. */
  readonly resumed: Set<number>;
}

type Given = Array<{ topic: string; partitions?: number[] }>;

export class SubscriptionState {
  #assigned: readonly TopicPartitions[] = [];
  readonly #pauses = new Map<string, Pauses>();

  assign(partitions: readonly TopicPartitions[]): void {
    this.#assigned = partitions.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.toSorted((a, b) => a - b),
    }));
  }

  assigned(): TopicPartitions[] {
    return this.#assigned.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] }));
  }

  paused(): TopicPartitions[] {
    return this.#assigned
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.filter((partition) => this.isPaused(topic, partition)),
      }))
      .filter(({ partitions }) => partitions.length > 0);
  }

  pause(given: Given): void {
    for (const { topic, partitions } of given) {
      const pauses = this.#pausesOf(topic);
      if (partitions === undefined) {
        pauses.paused.clear();
        pauses.resumed.clear();
        pauses.isWholeTopic = true;
        continue;
      }
      pauses.isWholeTopic = false;
      for (const partition of partitions) {
        pauses.paused.add(partition);
        pauses.resumed.delete(partition);
      }
    }
  }

  resume(given: Given): void {
    for (const { topic, partitions } of given) {
      const pauses = this.#pausesOf(topic);
      if (partitions === undefined) {
        pauses.paused.clear();
        pauses.resumed.clear();
        pauses.isWholeTopic = false;
        continue;
      }
      for (const partition of partitions) {
        pauses.paused.delete(partition);
        if (pauses.isWholeTopic) pauses.resumed.add(partition);
      }
    }
  }

  isPaused(topic: string, partition: number): boolean {
    const pauses = this.#pauses.get(topic);
    if (pauses === undefined) return false;
    return pauses.paused.has(partition) || (pauses.isWholeTopic && !pauses.resumed.has(partition));
  }

  #pausesOf(topic: string): Pauses {
    let pauses = this.#pauses.get(topic);
    if (pauses === undefined)
      this.#pauses.set(topic, (pauses = { paused: new Set(), isWholeTopic: false, resumed: new Set() }));
    return pauses;
  }
}
