/**
 * How far each partition was read. Resolved: the handler is done with what is before. Committed: the group's coordinator knows it, or it is
 * where reading began. In: resolved offsets, seeks. Out: where to fetch, what to commit.
 */
import { protocolError } from '../broker-errors.ts';
import type { DoorCluster } from '../cluster.ts';
import { numberOf } from '../loose.ts';
import type { Offsets, OffsetsWanted, TopicOffsets } from '../types/cluster.ts';
import type { IMemberAssignment } from '../types/consumer.ts';

export interface Place {
  readonly topic: string;
  readonly partition: number;
  committed: bigint | undefined;
  resolved: bigint | undefined;
}

export interface OffsetBookOptions {
  readonly cluster: DoorCluster;
  readonly groupId: string;
  readonly memberId: string;
  readonly generationId: number;
  readonly assignment: IMemberAssignment;
  readonly topics: ReadonlyMap<string, { readonly fromBeginning: boolean }>;
  readonly autoCommit: boolean;
  readonly autoCommitInterval: number | null;
  readonly autoCommitThreshold: number | null;
  readonly committed: (payload: CommitPayload) => void;
}

export interface CommitPayload extends Offsets {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupGenerationId: number;
}

/** A commit may carry text along. */
type Commit = { topic: string; partitions: { partition: number; offset: string; metadata?: string | null }[] };

const earliest = -2n;
const latest = -1n;
/** Newer versions name topics by their ids. */
const commitVersionMax = 9;
const fetchVersionMax = 7;

export class OffsetBook {
  readonly #options: OffsetBookOptions;
  readonly #places = new Map<string, Map<number, Place>>();
  /** First or last offset, as a seek asked for it. */
  readonly #specials = new Map<Place, bigint>();
  #lastCommitAtMs = Date.now();

  constructor(options: OffsetBookOptions) {
    this.#options = options;
    for (const [topic, partitions] of Object.entries(options.assignment)) {
      const places = partitions.map((partition) => ({ topic, partition, committed: undefined, resolved: undefined }));
      this.#places.set(topic, new Map(places.map((place) => [place.partition, place])));
    }
  }

  place(topic: string, partition: number): Place | undefined {
    return this.#places.get(topic)?.get(partition);
  }

  /** Undefined while it is not known. */
  nextOffset(topic: string, partition: number): bigint | undefined {
    const place = this.place(topic, partition);
    if (place?.committed === undefined) return undefined;
    place.resolved ??= place.committed;
    return place.resolved;
  }

  /** `offset` is of the last record that the handler is done with. */
  resolve(topic: string, partition: number, offset: bigint): void {
    const place = this.place(topic, partition);
    if (place !== undefined) place.resolved = offset + 1n;
  }

  /** The group is told at once where commits are automatic, so that the seek outlives a rebalance. */
  async seek(topic: string, partition: number, offset: bigint): Promise<void> {
    const place = this.place(topic, partition);
    if (place === undefined) return;
    if (offset >= 0n && !this.#options.autoCommit) {
      place.committed ??= offset;
      place.resolved = offset;
      return;
    }
    if (this.#options.autoCommit) await this.#send([{ topic, partitions: [{ partition, offset: String(offset) }] }]);
    this.#forget(place);
    if (offset < 0n) this.#specials.set(place, offset);
  }

  /** What is fetched next is the first or the last record, as the subscription says. */
  async reset(topic: string, partition: number): Promise<void> {
    const place = this.place(topic, partition);
    if (place === undefined) return;
    const special = this.#options.topics.get(topic)?.fromBeginning === true ? earliest : latest;
    await this.#send([{ topic, partitions: [{ partition, offset: String(special) }] }]);
    this.#forget(place);
  }

  /** Looks up where reading begins, for partitions that have no place yet. */
  async find(): Promise<void> {
    const wanted: Commit[] = [];
    for (const [topic, places] of this.#places) {
      const partitions = [...places.values()].filter(({ committed }) => committed === undefined);
      if (partitions.length > 0)
        wanted.push({ topic, partitions: partitions.map(({ partition }) => ({ partition, offset: '' })) });
    }
    if (wanted.length === 0) return;
    const { cluster, groupId } = this.#options;
    const answer = await cluster.request(
      { type: 'group', key: groupId },
      'offsetFetch',
      {
        groupId,
        topics: wanted.map(({ topic, partitions }) => ({
          name: topic,
          partitionIndexes: partitions.map(({ partition }) => partition),
        })),
      },
      { versionMax: fetchVersionMax },
    );
    if (answer.errorCode !== 0) throw protocolError(answer.errorCode);
    const missing: Place[] = [];
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, committedOffset, errorCode } of partitions) {
        if (errorCode !== 0) throw protocolError(errorCode);
        const place = this.place(name, partitionIndex);
        if (place === undefined) continue;
        if (committedOffset >= 0n) place.committed = committedOffset;
        else missing.push(place);
      }
    }
    if (missing.length > 0) await this.#begin(missing);
  }

  uncommitted(): Offsets {
    const topics: TopicOffsets[] = [];
    for (const [topic, places] of this.#places) {
      const partitions = [...places.values()].flatMap(({ partition, committed, resolved }) =>
        // The partition is a text here at run time, as it is the key of an object in kafkajs.
        resolved === undefined || resolved === committed
          ? []
          : [{ partition: String(partition) as never, offset: String(resolved) }],
      );
      if (partitions.length > 0) topics.push({ topic, partitions });
    }
    return { topics };
  }

  async commit(offsets?: Offsets): Promise<void> {
    const topics = offsets?.topics ?? this.uncommitted().topics;
    if (topics.length > 0) {
      await this.#send(topics);
      const { groupId, memberId, generationId: groupGenerationId, committed } = this.#options;
      committed({ groupId, memberId, groupGenerationId, topics });
      for (const { topic, partitions } of topics) {
        for (const { partition, offset } of partitions) {
          const place = this.place(topic, numberOf(partition));
          if (place !== undefined) place.committed = BigInt(offset);
        }
      }
    }
    this.#lastCommitAtMs = Date.now();
  }

  get isCommitDue(): boolean {
    const { autoCommitInterval, autoCommitThreshold } = this.#options;
    if (autoCommitInterval !== null && Date.now() >= this.#lastCommitAtMs + autoCommitInterval) return true;
    return autoCommitThreshold !== null && this.#resolvedCount() >= BigInt(autoCommitThreshold);
  }

  #resolvedCount(): bigint {
    let count = 0n;
    for (const places of this.#places.values())
      for (const { committed = 0n, resolved } of places.values())
        if (resolved !== undefined) count += resolved - committed;
    return count;
  }

  async #begin(missing: readonly Place[]): Promise<void> {
    const { cluster, topics } = this.#options;
    const byTime = new Map<string, OffsetsWanted>();
    for (const place of missing) {
      const { topic, partition } = place;
      const special = this.#specials.get(place) ?? (topics.get(topic)?.fromBeginning === true ? earliest : latest);
      const key = `${topic}\n${special}`;
      const wanted = byTime.get(key) ?? { topic, partitions: [], fromTimestamp: Number(special) };
      wanted.partitions.push({ partition });
      byTime.set(key, wanted);
    }
    for (const wanted of byTime.values()) {
      for (const { topic, partitions } of await cluster.fetchTopicsOffset([wanted])) {
        for (const { partition, offset } of partitions) {
          const place = this.place(topic, partition);
          if (place === undefined) continue;
          place.committed = BigInt(offset);
          this.#specials.delete(place);
        }
      }
    }
  }

  #forget(place: Place): void {
    place.committed = undefined;
    place.resolved = undefined;
    this.#specials.delete(place);
  }

  async #send(topics: readonly Commit[]): Promise<void> {
    const { cluster, groupId, memberId, generationId } = this.#options;
    const answer = await cluster.request(
      { type: 'group', key: groupId },
      'offsetCommit',
      {
        groupId,
        memberId,
        generationIdOrMemberEpoch: generationId,
        topics: topics.map(({ topic, partitions }) => ({
          name: topic,
          partitions: partitions.map(({ partition, offset, metadata = null }) => ({
            partitionIndex: numberOf(partition),
            committedOffset: BigInt(offset),
            committedMetadata: metadata,
          })),
        })),
      },
      { versionMax: commitVersionMax },
    );
    for (const { partitions } of answer.topics) {
      for (const { errorCode } of partitions) {
        if (errorCode === 0) continue;
        const error = protocolError(errorCode);
        if (error.type === 'NOT_COORDINATOR_FOR_GROUP') cluster.forgetCoordinator('group', groupId);
        throw error;
      }
    }
  }
}
