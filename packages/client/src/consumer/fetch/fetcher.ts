/**
 * Fetches for all cursors. In: cursors that come and go, metadata that changes, answers. Out: each cursor at the source of the broker that it
 * is to be read from, and what went wrong dealt with: leaders that moved, offsets that are gone, replicas that are no good.
 */
import { errorName, errors } from '@millrace/protocol';

import type { Cluster } from '../../cluster/cluster.ts';
import { answerError, type ClientError } from '../../error.ts';
import { scanSegment } from '../reading/fetched-segment.ts';
import type { Cursor } from './cursor.ts';
import { FetchBudget } from './fetch-budget.ts';
import {
  type AnsweringBroker,
  type FetchedAnswer,
  type FetchOwner,
  type FetchRules,
  FetchSource,
  type PartitionAnswer,
} from './fetch-source.ts';

export interface FetcherOptions {
  readonly cluster: Cluster;
  readonly rules: FetchRules;
  readonly fetchBytesMax: number;
  /** The offset that was asked for is not in the log. */
  readonly outOfRange: (cursor: Cursor, answer: PartitionAnswer) => void;
  readonly failed: (error: ClientError) => void;
  /** An answer, and what it had of each topic. */
  readonly observed: (answer: FetchedAnswer, topicBytes: ReadonlyMap<string, number>) => void;
}

/** Answers in a row with bytes and without a whole batch, after which the broker is believed to send no more. */
const fruitlessMax = 16;

export class Fetcher implements FetchOwner {
  readonly #cluster: Cluster;
  readonly #options: FetcherOptions;
  readonly #budget: FetchBudget;
  readonly #sources = new Map<number, FetchSource>();
  readonly #placed = new Map<Cursor, FetchSource>();
  readonly #cursors = new Set<Cursor>();
  /** Of the answer that is being looked at. */
  #topicBytes = new Map<string, number>();

  constructor(options: FetcherOptions) {
    this.#cluster = options.cluster;
    this.#options = options;
    this.#budget = new FetchBudget(options.fetchBytesMax, options.rules.partitionBytesMax, () => {
      for (const source of this.#sources.values()) source.wake();
    });
  }

  get bufferedBytes(): number {
    return this.#budget.bufferedBytes;
  }

  add(cursor: Cursor): void {
    this.#cursors.add(cursor);
    this.place(cursor);
  }

  remove(cursor: Cursor): void {
    this.#cursors.delete(cursor);
    this.#placed.get(cursor)?.remove(cursor);
    this.#placed.delete(cursor);
  }

  /** Metadata may have changed. */
  placeAll(): void {
    for (const cursor of this.#cursors) this.place(cursor);
  }

  /** It may be fetchable now, or from elsewhere. */
  place(cursor: Cursor): void {
    if (!this.#cursors.has(cursor)) return;
    const brokerId = this.#brokerOf(cursor);
    const source = brokerId === undefined ? undefined : this.#sourceOf(brokerId);
    const before = this.#placed.get(cursor);
    if (source === before) return source?.wake();
    before?.remove(cursor);
    if (source === undefined) this.#placed.delete(cursor);
    else {
      this.#placed.set(cursor, source);
      source.add(cursor);
    }
  }

  /** Bytes that a cursor has more, or fewer. */
  buffered(cursor: Cursor, bytes: number): void {
    this.#budget.count(bytes);
    const { partitionBytesMax } = this.#options.rules;
    if (bytes < 0 && cursor.bufferedBytes < partitionBytesMax && cursor.bufferedBytes - bytes >= partitionBytesMax)
      this.#placed.get(cursor)?.drained(cursor);
  }

  close(): void {
    for (const source of this.#sources.values()) source.stop();
    this.#sources.clear();
    this.#placed.clear();
    this.#cursors.clear();
  }

  took(cursor: Cursor, answer: PartitionAnswer, from: AnsweringBroker): void {
    if (answer.errorCode !== errors.NONE) return this.#refused(cursor, answer, from);
    cursor.highWatermark = answer.highWatermark;
    cursor.readableEnd = this.#options.rules.isolationLevel === 1 ? answer.lastStableOffset : answer.highWatermark;
    cursor.logStartOffset = answer.logStartOffset;
    if (answer.preferredReadReplica >= 0) this.#prefer(cursor, answer.preferredReadReplica);
    const { records } = answer;
    if (records === null || records.length === 0) return;
    const { topic, partition } = cursor;
    this.#topicBytes.set(topic, (this.#topicBytes.get(topic) ?? 0) + records.length);
    const aborted = this.#options.rules.isolationLevel === 1 ? (answer.abortedTransactions ?? []) : undefined;
    const segment = scanSegment(records, { topic, partition, broker: from.broker }, aborted);
    if (segment.nextOffset === undefined && segment.fault === undefined && ++cursor.fruitless < fruitlessMax) return;
    if (cursor.fruitless >= fruitlessMax) return cursor.fail(tooLarge(cursor, from));
    if (segment.nextOffset !== undefined) cursor.fruitless = 0;
    cursor.put(segment);
  }

  failed(error: ClientError): void {
    this.#options.failed(error);
  }

  observed(answer: FetchedAnswer): void {
    this.#options.observed(answer, this.#topicBytes);
    this.#topicBytes = new Map();
  }

  #refused(cursor: Cursor, answer: PartitionAnswer, { id, broker }: AnsweringBroker): void {
    const { metadata, host, config } = this.#cluster;
    const { topic, partition } = cursor;
    const { errorCode } = answer;
    host.log.debug({ topic, partition, broker, error: errorName(errorCode) }, 'a partition was not fetched');
    cursor.notBeforeMs = host.clock.monotonic() + config['retry.backoff.ms'];
    const wasPreferred = cursor.preferredReplica?.id === id && metadata.partition(topic, partition)?.leaderId !== id;
    switch (errorCode) {
      case errors.OFFSET_OUT_OF_RANGE:
        if (!wasPreferred) return this.#options.outOfRange(cursor, answer);
        break;
      case errors.TOPIC_AUTHORIZATION_FAILED:
      case errors.CORRUPT_MESSAGE:
        return cursor.fail(
          answerError(errorCode, `Fetching ${topic}-${partition}`, null, { broker, retriable: false }),
          true,
        );
      case errors.NOT_LEADER_OR_FOLLOWER:
      case errors.FENCED_LEADER_EPOCH: {
        const { leaderId, leaderEpoch } = answer.currentLeader;
        metadata.hintLeader(topic, partition, leaderId, leaderEpoch);
        if (metadata.partition(topic, partition)?.leaderId !== leaderId) metadata.invalidate();
        else cursor.notBeforeMs = 0;
        break;
      }
      case errors.UNKNOWN_LEADER_EPOCH:
      case errors.OFFSET_NOT_AVAILABLE:
        break;
      default:
        metadata.invalidate();
    }
    // Whatever it was, the leader knows better.
    cursor.preferredReplica = undefined;
    this.place(cursor);
  }

  #prefer(cursor: Cursor, id: number): void {
    const { clock } = this.#cluster.host;
    cursor.preferredReplica = { id, untilMs: clock.monotonic() + this.#cluster.config['metadata.max.age.ms'] };
    this.place(cursor);
  }

  #brokerOf(cursor: Cursor): number | undefined {
    const { metadata, host } = this.#cluster;
    const preferred = cursor.preferredReplica;
    if (preferred !== undefined) {
      if (preferred.untilMs > host.clock.monotonic() && metadata.nodes.has(preferred.id)) return preferred.id;
      cursor.preferredReplica = undefined;
    }
    const leaderId = metadata.partition(cursor.topic, cursor.partition)?.leaderId;
    return leaderId === undefined || leaderId < 0 ? undefined : leaderId;
  }

  #sourceOf(brokerId: number): FetchSource {
    let source = this.#sources.get(brokerId);
    if (source === undefined) {
      source = new FetchSource(brokerId, this.#cluster, this.#options.rules, this.#budget, this);
      this.#sources.set(brokerId, source);
    }
    return source;
  }
}

function tooLarge({ topic, partition, fetchOffset }: Cursor, { broker }: AnsweringBroker): ClientError {
  const what = `Fetching ${topic}-${partition} from offset ${fetchOffset} brings no whole batch, and`;
  return answerError(errors.RECORD_LIST_TOO_LARGE, what, 'raise max.partition.fetch.bytes and fetch.max.bytes', {
    broker,
  });
}
