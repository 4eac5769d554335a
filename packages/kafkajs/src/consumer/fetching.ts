/**
 * Reading from brokers. In: partitions that are ours, and where they stand. Out: a batch for each partition that has something new. While
 * handlers work on one answer, the next is asked for already, where it is known that there is more.
 */
import { errors, type ExactResponse } from '@millrace/protocol';

import { protocolError } from '../broker-errors.ts';
import type { DoorCluster } from '../cluster.ts';
import { KafkaJSOffsetOutOfRange } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { FetchedBatch } from './batch.ts';
import type { ConsumerGroup } from './group.ts';
import { messagesOf } from './messages.ts';

export interface FetchingOptions {
  readonly cluster: DoorCluster;
  readonly group: ConsumerGroup;
  readonly logger: Logger;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly maxWaitTimeInMs: number;
  readonly isReadCommitted: boolean;
  readonly rackId: string;
  readonly metadataMaxAge: number;
}

interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

interface Ahead {
  readonly generationId: number;
  readonly wanted: readonly Wanted[];
  readonly answer: Promise<FetchResponse>;
}

type FetchResponse = ExactResponse<'fetch'>;

/** Newer versions name topics by their ids. */
const versionMax = 12;
const patienceMs = 500;
const pauseMsFirst = 50;
const pauseMsMax = 1000;
const staleTypes = new Set<string>([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

/** The broker is not there, or not any more: others may lead its partitions now. */
const goneNames = new Set<string>(['KafkaJSBrokerNotFound', 'KafkaJSConnectionError', 'KafkaJSConnectionClosedError']);

export class Fetching {
  readonly #options: FetchingOptions;
  readonly #replicas = new Map<string, { readonly nodeId: number; readonly untilMs: number }>();
  readonly #ahead = new Map<number, Ahead>();
  /** How often each broker has failed in a row. */
  readonly #failures = new Map<number, number>();
  #wake: (() => void) | undefined;
  #isStopped = false;

  constructor(options: FetchingOptions) {
    this.#options = options;
  }

  /** What is under way comes to an end, and is not tried again: that would connect a consumer that is disconnected. */
  stop(): void {
    this.#isStopped = true;
    this.wake();
  }

  /** Something may be read now that could not be. */
  wake(): void {
    this.#wake?.();
  }

  /** What one broker has; empty after `maxWaitTimeInMs` without anything. */
  async fetch(nodeId: number): Promise<FetchedBatch[]> {
    const { cluster, group } = this.#options;
    try {
      await cluster.refreshMetadataIfNecessary();
      if (group.isOutgrown) {
        this.#options.logger.warn('Topics have grown, joining the group again', { groupId: group.options.groupId });
        await group.joinAndSync();
      }
      await group.settlePositions();
      const wanted = this.#wanted(nodeId);
      if (wanted.length === 0) {
        await this.#rest();
        return [];
      }
      const batches = await this.#batches(await this.#answer(nodeId, wanted), wanted);
      this.#failures.delete(nodeId);
      this.#askAhead(nodeId, wanted, batches);
      return batches;
    } catch (error) {
      if (this.#isStopped) return [];
      await this.#recover(error);
      await this.#pause(nodeId);
      return [];
    }
  }

  #wanted(nodeId: number): Wanted[] {
    const { group } = this.#options;
    const wanted: Wanted[] = [];
    for (const { topic, partitions } of group.subscriptions.assigned()) {
      for (const partition of partitions) {
        if (this.#sourceOf(topic, partition) !== nodeId || group.subscriptions.isPaused(topic, partition)) continue;
        const offset = group.offsets.nextOffset(topic, partition);
        if (offset !== undefined) wanted.push({ topic, partition, offset });
      }
    }
    return wanted;
  }

  /** A replica that the leader has sent us to (KIP-392), else the leader. */
  #sourceOf(topic: string, partition: number): number | undefined {
    const key = `${topic}\n${partition}`;
    const replica = this.#replicas.get(key);
    if (replica !== undefined && Date.now() < replica.untilMs) return replica.nodeId;
    this.#replicas.delete(key);
    return this.#options.cluster.leaderOf(topic, partition);
  }

  async #answer(nodeId: number, wanted: readonly Wanted[]): Promise<FetchResponse> {
    const ahead = this.#ahead.get(nodeId);
    this.#ahead.delete(nodeId);
    if (ahead !== undefined && ahead.generationId === this.#options.group.generationId && areSame(ahead.wanted, wanted))
      return await ahead.answer;
    return await this.#ask(nodeId, wanted);
  }

  #ask(nodeId: number, wanted: readonly Wanted[]): Promise<FetchResponse> {
    const { cluster, minBytes, maxBytes, maxBytesPerPartition, maxWaitTimeInMs, isReadCommitted, rackId } =
      this.#options;
    const topics = new Map<
      string,
      { topic: string; partitions: { partition: number; fetchOffset: bigint; partitionMaxBytes: number }[] }
    >();
    // Who comes first in a request may fill the answer: each has its turn (KIP-74).
    const first = Math.floor(Math.random() * wanted.length);
    for (let n = 0; n < wanted.length; n++) {
      const { topic, partition, offset: fetchOffset } = wanted[(first + n) % wanted.length]!;
      const entry = topics.get(topic) ?? { topic, partitions: [] };
      topics.set(topic, entry);
      entry.partitions.push({ partition, fetchOffset, partitionMaxBytes: maxBytesPerPartition });
    }
    return cluster.request(
      nodeId,
      'fetch',
      {
        maxWaitMs: maxWaitTimeInMs,
        minBytes,
        maxBytes,
        isolationLevel: isReadCommitted ? 1 : 0,
        topics: [...topics.values()],
        rackId,
      },
      { purpose: 'fetch', versionMax, timeoutMs: maxWaitTimeInMs + patienceMs },
    );
  }

  async #batches({ errorCode, responses }: FetchResponse, wanted: readonly Wanted[]): Promise<FetchedBatch[]> {
    if (errorCode !== errors.NONE) throw protocolError(errorCode);
    const { group, isReadCommitted } = this.#options;
    const batches: FetchedBatch[] = [];
    for (const { topic, partitions } of responses) {
      for (const {
        partitionIndex: partition,
        errorCode,
        highWatermark,
        abortedTransactions,
        preferredReadReplica,
        records,
      } of partitions) {
        if (errorCode === errors.OFFSET_OUT_OF_RANGE)
          throw new KafkaJSOffsetOutOfRange(protocolError(errorCode), { topic, partition });
        if (errorCode !== errors.NONE) throw protocolError(errorCode);
        if (preferredReadReplica >= 0) this.#prefer(topic, partition, preferredReadReplica);
        if (records === null || records.length === 0) continue;
        if (group.hasSeek(topic, partition) || group.subscriptions.isPaused(topic, partition)) continue;
        const fetchOffset = wanted.find((one) => one.topic === topic && one.partition === partition)?.offset;
        if (fetchOffset === undefined) continue;
        const { messages, nextOffset } = messagesOf(records, fetchOffset, isReadCommitted ? abortedTransactions : null);
        if (nextOffset === undefined || nextOffset <= fetchOffset) continue;
        batches.push(new FetchedBatch(topic, partition, highWatermark, messages, { fetchOffset, nextOffset }));
      }
    }
    return batches;
  }

  #prefer(topic: string, partition: number, nodeId: number): void {
    this.#replicas.set(`${topic}\n${partition}`, { nodeId, untilMs: Date.now() + this.#options.metadataMaxAge });
  }

  #askAhead(nodeId: number, wanted: readonly Wanted[], batches: readonly FetchedBatch[]): void {
    if (!batches.some(({ nextOffset, highWatermark }) => nextOffset < BigInt(highWatermark))) return;
    const next = wanted.map((one) => {
      const batch = batches.find(({ topic, partition }) => topic === one.topic && partition === one.partition);
      return batch === undefined ? one : { ...one, offset: batch.nextOffset };
    });
    const answer = this.#ask(nodeId, next);
    // Who takes it hears of a failure; nobody may.
    answer.catch(() => {});
    this.#ahead.set(nodeId, { generationId: this.#options.group.generationId, wanted: next, answer });
  }

  async #rest(): Promise<void> {
    const { maxWaitTimeInMs, group } = this.#options;
    const ms = Math.min(maxWaitTimeInMs, group.options.heartbeatInterval);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** None after the first failure, which may be cured now; then longer and longer, for a new leader takes its time. */
  async #pause(nodeId: number): Promise<void> {
    const failures = this.#failures.get(nodeId) ?? 0;
    this.#failures.set(nodeId, failures + 1);
    if (failures === 0) return;
    const ms = Math.min(pauseMsFirst * 2 ** (failures - 1), pauseMsMax);
    await new Promise<void>((resolve) => void setTimeout(resolve, ms));
  }

  async #recover(error: unknown): Promise<void> {
    const { cluster, group, logger } = this.#options;
    const {
      type = '',
      name,
      topic,
      partition,
    } = error as { type?: string; name: string; topic: string; partition: number };
    if (name === 'KafkaJSOffsetOutOfRange') {
      if (this.#replicas.delete(`${topic}\n${partition}`)) return;
      logger.error('An offset is not in the log, going to the default', {
        topic,
        partition,
        groupId: group.options.groupId,
      });
      await group.offsets.reset(topic, partition);
      return;
    }
    if (staleTypes.has(type) || goneNames.has(name)) {
      logger.debug('Leaders are looked up anew', { error: (error as Error).message });
      await cluster.refreshMetadata();
      return;
    }
    throw error;
  }
}

function areSame(some: readonly Wanted[], others: readonly Wanted[]): boolean {
  if (some.length !== others.length) return false;
  return some.every(({ topic, partition, offset }, index) => {
    const other = others[index]!;
    return topic === other.topic && partition === other.partition && offset === other.offset;
  });
}
