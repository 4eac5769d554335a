/**
 * Committed offsets of all groups of a shard. Only `replay` and `endTransaction` change them. What a transaction committed lies
 * aside until its end is known.
 */
import type { CommittedOffset, RecordPlace } from './records.ts';

/** A committed offset and where its record stands: of two, the later record counts. */
interface PlacedOffset extends CommittedOffset {
  readonly recordOffset: number;
}

type OffsetsOfGroup = Map<string, Map<number, PlacedOffset>>;
type OffsetsByGroup = Map<string, OffsetsOfGroup>;

export class Offsets {
  readonly #committed: OffsetsByGroup = new Map();
  /** By producer id. */
  readonly #pending = new Map<number, OffsetsByGroup>();

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#committed.get(group)?.get(topic)?.get(partition);
  }

  /** All offsets of a group by topic and partition. */
  ofGroup(group: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#committed.get(group) ?? none;
  }

  /** A transaction that is not over has committed another offset. */
  isUnstable(group: string, topic: string, partition: number): boolean {
    for (const groups of this.#pending.values())
      if (groups.get(group)?.get(topic)?.has(partition) === true) return true;
    return false;
  }

  /** Every partition of which the group has an offset, committed or pending, each once. */
  *partitionsOf(group: string): Generator<{ readonly topic: string; readonly partition: number }> {
    const seen = new Set<string>();
    for (const groups of [this.#committed, ...this.#pending.values()]) {
      for (const [topic, partitions] of groups.get(group) ?? none) {
        for (const partition of partitions.keys()) {
          const key = `${partition} ${topic}`;
          if (seen.has(key)) continue;
          seen.add(key);
          yield { topic, partition };
        }
      }
    }
  }

  /** Groups that have an offset in the topic, committed or pending. */
  groupsWith(topic: string): Set<string> {
    const found = new Set<string>();
    for (const groups of [this.#committed, ...this.#pending.values()]) {
      for (const [group, topics] of groups) if (topics.has(topic)) found.add(group);
    }
    return found;
  }

  hasOpenTransaction(group: string): boolean {
    for (const groups of this.#pending.values()) if (groups.has(group)) return true;
    return false;
  }

  replay(group: string, topic: string, partition: number, value: CommittedOffset | null, place: RecordPlace): void {
    if (value === null) {
      remove(this.#committed, group, topic, partition);
      for (const groups of this.#pending.values()) remove(groups, group, topic, partition);
      return;
    }
    const placed = { ...value, recordOffset: place.offset };
    if (place.producerId === -1) {
      put(this.#committed, group, topic, partition, placed);
      return;
    }
    let groups = this.#pending.get(place.producerId);
    if (groups === undefined) this.#pending.set(place.producerId, (groups = new Map()));
    put(groups, group, topic, partition, placed);
  }

  endTransaction(producerId: number, committed: boolean): void {
    const groups = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    if (groups === undefined || !committed) return;
    for (const [group, topics] of groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, placed] of partitions) {
          const present = this.#committed.get(group)?.get(topic)?.get(partition);
          if (present === undefined || placed.recordOffset > present.recordOffset)
            put(this.#committed, group, topic, partition, placed);
        }
      }
    }
  }
}

const none: OffsetsOfGroup = new Map();

function put(groups: OffsetsByGroup, group: string, topic: string, partition: number, placed: PlacedOffset): void {
  let topics = groups.get(group);
  if (topics === undefined) groups.set(group, (topics = new Map()));
  let partitions = topics.get(topic);
  if (partitions === undefined) topics.set(topic, (partitions = new Map()));
  partitions.set(partition, placed);
}

function remove(groups: OffsetsByGroup, group: string, topic: string, partition: number): void {
  const topics = groups.get(group);
  const partitions = topics?.get(topic);
  if (topics === undefined || partitions === undefined) return;
  partitions.delete(partition);
  if (partitions.size === 0) topics.delete(topic);
  if (topics.size === 0) groups.delete(group);
}
