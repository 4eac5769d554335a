/**
 * What is read from one broker. In: the partitions that it leads, a reader's hunger, acknowledgements. Out: ShareFetch and ShareAcknowledge
 * requests, one at a time as their common session wants it, deliveries, and results of acknowledgements.
 *
 * Acknowledgements travel with the next fetch where they can. Nothing is fetched ahead: the time that a group has for a record begins when
 * it is acquired.
 */
import { errors, type ExactResponse } from '@millrace/protocol';

import { pause } from '../client-host.ts';
import { backoffMs } from '../cluster/backoff.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { HeldPartition } from '../consumer/group/held-partitions.ts';
import { answerError, ClientError, isClientError, wantsMetadata } from '../error.ts';
import { partitionKey } from '../record.ts';
import { acknowledgedRange, type AcknowledgementResult, recordsIn, type TypedRange } from './acknowledgement.ts';
import { Delivery, type DeliveryOrigin } from './delivery.ts';
import type { ShareMeter } from './share-metrics.ts';
import { finalEpoch, ShareSession } from './share-session.ts';

export interface ShareFetchRules {
  readonly groupId: string;
  readonly memberId: string;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxRecords: number;
  /** 0 batch_optimized, 1 record_limit. */
  readonly shareAcquireMode: number;
}

export interface ShareSourceOwner {
  /** How long a broker waits for `minBytes` now. */
  readonly maxWaitMs: number;
  readonly meter: ShareMeter;
  /** Whether this source is to fetch now. */
  mayFetch(source: ShareSource): boolean;
  /** What came. */
  took(delivery: Delivery): void;
  /** A fetch is over, and has brought so many deliveries: another source may be due. */
  fetched(deliveries: number): void;
  acknowledged(results: readonly AcknowledgementResult[], brokerId: number): void;
  /** The partition was not fetched. */
  refused(partition: HeldPartition, answer: SharePartitionAnswer): void;
  failed(error: ClientError): void;
}

export type SharePartitionAnswer = ExactResponse<'shareFetch'>['responses'][number]['partitions'][number];

/** Acknowledgements of one partition on their way. */
interface Parcel {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly ranges: TypedRange[];
}

type PartitionsOf<A> = A extends { readonly responses: readonly { readonly partitions: readonly (infer P)[] }[] }
  ? P
  : never;

const purpose = 'share';
const renewCode = 4;
const renewalsSince = 2;
const closeMs = 5000;

export class ShareSource {
  readonly id: number;
  readonly #cluster: Cluster;
  readonly #rules: ShareFetchRules;
  readonly #owner: ShareSourceOwner;
  readonly #session = new ShareSession();
  readonly #deliveries = new Set<Delivery>();
  #partitions: ReadonlyMap<string, HeldPartition> = new Map();
  /** Who waits until what is marked now is sent and answered. */
  #flushes: (() => void)[] = [];
  #work: Promise<void> | undefined;
  #isFetching = false;
  /** Acknowledgements are under way. */
  #isCarrying = false;
  #isClosed = false;
  #failures = 0;

  constructor(id: number, cluster: Cluster, rules: ShareFetchRules, owner: ShareSourceOwner) {
    this.id = id;
    this.#cluster = cluster;
    this.#rules = rules;
    this.#owner = owner;
  }

  /** Those that are not settled. */
  get deliveries(): ReadonlySet<Delivery> {
    return this.#deliveries;
  }

  get isFetching(): boolean {
    return this.#isFetching;
  }

  get isMarked(): boolean {
    for (const delivery of this.#deliveries) if (delivery.isMarked) return true;
    return false;
  }

  get hasPartitions(): boolean {
    return this.#partitions.size > 0;
  }

  /** By topic id and partition. */
  read(partitions: ReadonlyMap<string, HeldPartition>): void {
    this.#partitions = partitions;
    this.pump();
  }

  /** There may be something to do. */
  pump(): void {
    if (this.#work !== undefined || this.#isClosed || !this.#isDue) return;
    this.#work = this.#run().finally(() => {
      this.#work = undefined;
      this.pump();
    });
  }

  /** Settles when what is acknowledged now has been answered. */
  async flush(): Promise<void> {
    if (this.#isClosed || !(this.isMarked || this.#isCarrying)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushes.push(resolve);
    this.pump();
    await promise;
  }

  /**
   * What the broker gives to others by now is not handed out any more. What was handed out and not acknowledged is forgotten after
   * `graceMs`, unless that is left out.
   */
  expire(graceMs: number | undefined): void {
    const nowMs = this.#nowMs;
    for (const delivery of this.#deliveries) {
      if (delivery.lockedUntilMs > nowMs) continue;
      delivery.lose();
      if (graceMs !== undefined && delivery.lockedUntilMs + graceMs <= nowMs && !delivery.isMarked) delivery.drop();
      if (delivery.isSettled) this.#deliveries.delete(delivery);
    }
  }

  /** Gives back what is not acknowledged, and ends the session. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    const { isOpen } = this.#session;
    if (isOpen) for (const delivery of this.#deliveries) delivery.releaseAll();
    await this.#acknowledge(isOpen ? finalEpoch : this.#session.epoch);
    this.#session.lost();
    this.#served(this.#flushes.splice(0));
    for (const delivery of this.#deliveries) delivery.drop();
    this.#deliveries.clear();
  }

  get #isDue(): boolean {
    return this.#flushes.length > 0 || (this.hasPartitions && this.#owner.mayFetch(this));
  }

  async #run(): Promise<void> {
    while (!this.#isClosed && this.#isDue) {
      const waiting = this.#flushes.splice(0);
      if (waiting.length > 0) {
        await this.#acknowledge(this.#session.epoch);
        this.#served(waiting);
      } else {
        // Renewals, and partitions that are read elsewhere now, cannot go with a fetch.
        if (this.#hasOutsiders) await this.#acknowledge(this.#session.epoch);
        await this.#fetch();
      }
    }
  }

  #served(waiting: readonly (() => void)[]): void {
    for (const resolve of waiting) resolve();
  }

  get #hasOutsiders(): boolean {
    for (const delivery of this.#deliveries)
      if (delivery.hasRenewals || (delivery.isMarked && !this.#canPiggyback(delivery))) return true;
    return false;
  }

  #canPiggyback({ topicId, partition }: Delivery): boolean {
    const key = keyOf(topicId, partition);
    return this.#session.isOpen && this.#session.has(key) && this.#partitions.has(key);
  }

  async #acknowledge(shareSessionEpoch: number): Promise<void> {
    const session = this.#session;
    const parcels = this.#collect();
    if (parcels.length === 0 && shareSessionEpoch !== finalEpoch) return;
    this.#isCarrying = true;
    const { groupId, memberId } = this.#rules;
    try {
      if (!session.isOpen) throw noSession(this.id);
      const connection = await this.#cluster.connect(this.id, purpose);
      const { broker } = connection;
      const doesRenew = connection.versions.choose('shareAcknowledge') >= renewalsSince;
      if (!doesRenew) this.#refuseRenewals(parcels, broker);
      this.#owner.meter.acknowledging(countOf(parcels));
      const isRenewAck = doesRenew && parcels.some(({ ranges }) => ranges.some(({ code }) => code === renewCode));
      const answer = await connection.send(
        'shareAcknowledge',
        { groupId, memberId, shareSessionEpoch, isRenewAck, topics: topicsOf(parcels) },
        shareSessionEpoch === finalEpoch ? { timeoutMs: closeMs } : {},
      );
      session.answered(answer.errorCode);
      if (answer.errorCode !== errors.NONE) throw this.#refusal(answer.errorCode, answer.errorMessage, broker);
      this.#renewed(parcels, answer.acquisitionLockTimeoutMs);
      this.#cluster.metadata.hintNodes(answer.nodeEndpoints);
      this.#report(parcels, answer, broker, ({ errorCode, errorMessage }) => [errorCode, errorMessage]);
    } catch (error) {
      this.#lost(error, parcels);
    } finally {
      this.#isCarrying = false;
    }
  }

  async #fetch(): Promise<void> {
    const { maxRecords, ...rules } = this.#rules;
    let parcels: readonly Parcel[] = [];
    let deliveries = 0;
    this.#isFetching = true;
    try {
      const connection = await this.#cluster.connect(this.id, purpose);
      const { broker } = connection;
      const { maxWaitMs, meter } = this.#owner;
      // What was marked meanwhile and cannot go along is sent afterwards.
      if (!this.#hasOutsiders) parcels = this.#collect();
      this.#isCarrying = parcels.length > 0;
      const { shareSessionEpoch, added, forgotten } = this.#session.next(this.#partitions);
      meter.acknowledging(countOf(parcels));
      const sentAtMs = this.#nowMs;
      const answer = await connection.send(
        'shareFetch',
        {
          ...rules,
          maxWaitMs,
          shareSessionEpoch,
          maxRecords,
          batchSize: maxRecords,
          topics: topicsOf(parcels, added),
          forgottenTopicsData: forgotten,
        },
        { timeoutMs: this.#cluster.config['request.timeout.ms'] + maxWaitMs },
      );
      this.#session.answered(answer.errorCode);
      if (answer.errorCode !== errors.NONE) throw this.#refusal(answer.errorCode, answer.errorMessage, broker);
      this.#cluster.metadata.hintNodes(answer.nodeEndpoints);
      this.#report(parcels, answer, broker, (part) => [part.acknowledgeErrorCode, part.acknowledgeErrorMessage]);
      parcels = [];
      meter.fetched({
        tookMs: this.#nowMs - sentAtMs,
        bytes: bytesIn(answer),
        throttleTimeMs: answer.throttleTimeMs,
      });
      deliveries = await this.#answered(answer, broker);
    } catch (error) {
      this.#lost(error, parcels);
      await this.#failed(error as ClientError);
    } finally {
      this.#isFetching = false;
      this.#isCarrying = false;
      this.#owner.fetched(deliveries);
    }
  }

  /** Gives how many deliveries came. */
  async #answered(answer: ExactResponse<'shareFetch'>, broker: string): Promise<number> {
    const lockedUntilMs = this.#nowMs + answer.acquisitionLockTimeoutMs;
    const deliveries = answer.responses.flatMap(({ partitions }) => partitions.filter(hasRecords)).length;
    const counted = this.#owner.meter.tally(deliveries);
    let isRefused = false;
    for (const { topicId, partitions } of answer.responses)
      for (const part of partitions) {
        const partition = this.#partitions.get(keyOf(topicId, part.partitionIndex));
        if (part.errorCode !== errors.NONE) {
          isRefused = true;
          if (partition !== undefined) this.#owner.refused(partition, part);
        } else if (hasRecords(part)) this.#took(topicId, part, { broker, lockedUntilMs, counted });
      }
    if (!isRefused) this.#failures = 0;
    else {
      this.#failures++;
      await this.#pause();
    }
    return deliveries;
  }

  #took(
    topicId: string,
    part: SharePartitionAnswer,
    how: Pick<DeliveryOrigin, 'broker' | 'lockedUntilMs' | 'counted'>,
  ): void {
    const key = keyOf(topicId, part.partitionIndex);
    const topic = this.#partitions.get(key)?.topic ?? this.#cluster.metadata.topicOfId(topicId)?.name;
    if (topic === undefined) return;
    const bytes = part.records ?? Buffer.alloc(0);
    const { partitionIndex: partition, acquiredRecords: acquired } = part;
    const delivery = new Delivery({ topic, topicId, partition, bytes, acquired, ...how });
    this.#deliveries.add(delivery);
    this.#owner.took(delivery);
  }

  /** What is marked, by partition; it counts as sent. */
  #collect(): Parcel[] {
    const parcels = new Map<string, Parcel>();
    for (const delivery of this.#deliveries) {
      if (delivery.isMarked) {
        const { topic, topicId, partition } = delivery;
        const key = keyOf(topicId, partition);
        const parcel = parcels.get(key);
        if (parcel === undefined) parcels.set(key, { topic, topicId, partition, ranges: delivery.take() });
        else parcel.ranges.push(...delivery.take());
      }
      if (delivery.isSettled) this.#deliveries.delete(delivery);
    }
    return [...parcels.values()];
  }

  #refuseRenewals(parcels: Parcel[], broker: string): void {
    const text = `${broker} cannot renew records: it has ShareAcknowledge up to version 1.`;
    const error = new ClientError('UNSUPPORTED', text, { broker });
    const refused: Parcel[] = [];
    for (const [at, { ranges, ...place }] of parcels.entries()) {
      const renewals = ranges.filter(({ code }) => code === renewCode);
      if (renewals.length === 0) continue;
      refused.push({ ...place, ranges: renewals });
      parcels[at] = { ...place, ranges: ranges.filter(({ code }) => code !== renewCode) };
    }
    if (refused.length > 0) this.#acknowledged(refused.map((parcel) => resultOf(parcel, error)));
  }

  #renewed(parcels: readonly Parcel[], lockTimeoutMs: number): void {
    const untilMs = this.#nowMs + lockTimeoutMs;
    for (const { topicId, partition, ranges } of parcels)
      for (const delivery of this.#deliveries)
        if (delivery.topicId === topicId && delivery.partition === partition)
          if (ranges.some(({ code, firstOffset }) => code === renewCode && delivery.covers(firstOffset)))
            delivery.lockedUntilMs = untilMs;
  }

  /** What the broker said to each; what it said nothing of is a failure. */
  #report<
    A extends { readonly responses: readonly { readonly topicId: string; readonly partitions: readonly P[] }[] },
    P extends ShareWord = PartitionsOf<A>,
  >(
    parcels: readonly Parcel[],
    { responses }: A,
    broker: string,
    wordOf: (part: P) => readonly [number, string | null],
  ): void {
    if (parcels.length === 0) return;
    const said = new Map<string, P>();
    for (const { topicId, partitions } of responses)
      for (const part of partitions) said.set(keyOf(topicId, part.partitionIndex), part);
    const results = parcels.map((parcel) => {
      const { topic, topicId, partition } = parcel;
      const part = said.get(keyOf(topicId, partition));
      const what = `Acknowledging records of ${topic}-${partition}`;
      if (part === undefined)
        return resultOf(parcel, new ClientError('BROKEN_ANSWER', `${what}: ${broker} said nothing to it.`, { broker }));
      const [code, message] = wordOf(part);
      if (code === errors.NONE) return resultOf(parcel, undefined);
      const { leaderId, leaderEpoch } = part.currentLeader;
      this.#cluster.metadata.hintLeader(topic, partition, leaderId, leaderEpoch);
      return resultOf(parcel, answerError(code, what, message, { broker, retriable: false }));
    });
    this.#acknowledged(results.filter(({ ranges }) => ranges.length > 0));
  }

  /** The request has not been answered, or not well: what the broker has is not known, and it has no session any more. */
  #lost(error: unknown, parcels: readonly Parcel[]): void {
    if (!isClientError(error)) throw error;
    this.#session.lost();
    // A broker gives records back when the connection ends, or the session is over.
    if (error.code !== 'INVALID_SHARE_SESSION_EPOCH')
      for (const delivery of this.#deliveries) {
        delivery.lose();
        if (delivery.isSettled) this.#deliveries.delete(delivery);
      }
    if (wantsMetadata(error)) this.#cluster.metadata.invalidate();
    if (parcels.length > 0) this.#acknowledged(parcels.map((parcel) => resultOf(parcel, error)));
  }

  #acknowledged(results: readonly AcknowledgementResult[]): void {
    this.#owner.acknowledged(results, this.id);
  }

  async #failed(error: ClientError): Promise<void> {
    if (this.#isClosed || this.#cluster.isClosed) return;
    const { host } = this.#cluster;
    host.log.debug({ broker: this.id, error: error.message }, 'a share fetch has failed');
    const isFirst = this.#failures++ === 0;
    if (!error.retriable) this.#owner.failed(error);
    // A session that was forgotten is opened anew at once.
    if (!isFirst || !sessionErrors.has(error.code)) await this.#pause();
  }

  #pause(): Promise<void> {
    const { host, config, closing } = this.#cluster;
    const delayMs = backoffMs(this.#failures, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
    return pause(host, delayMs, closing);
  }

  get #nowMs(): number {
    return this.#cluster.host.clock.monotonic();
  }

  #refusal(code: number, message: string | null, broker: string): ClientError {
    return answerError(code, `Reading for share group "${this.#rules.groupId}"`, message, { broker });
  }
}

interface ShareWord {
  readonly partitionIndex: number;
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number };
}

const sessionErrors: ReadonlySet<string> = new Set(['SHARE_SESSION_NOT_FOUND', 'INVALID_SHARE_SESSION_EPOCH']);

export const keyOf = (topicId: string, partition: number): string => partitionKey(topicId, partition);

const hasRecords = ({ errorCode, acquiredRecords }: SharePartitionAnswer): boolean =>
  errorCode === errors.NONE && acquiredRecords.length > 0;

const bytesIn = ({ responses }: ExactResponse<'shareFetch'>): number =>
  responses.reduce(
    (sum, { partitions }) => partitions.reduce((all, { records }) => all + (records?.length ?? 0), sum),
    0,
  );

const countOf = (parcels: readonly Parcel[]): number => parcels.reduce((sum, { ranges }) => sum + recordsIn(ranges), 0);

function noSession(id: number): ClientError {
  const text = `The share session with broker ${id} is over: it has given what was not acknowledged to others.`;
  return new ClientError('SHARE_SESSION_NOT_FOUND', text);
}

function resultOf({ topic, partition, ranges }: Parcel, error: ClientError | undefined): AcknowledgementResult {
  return { topic, partition, ranges: ranges.map(acknowledgedRange), error };
}

interface RequestPartition {
  readonly partitionIndex: number;
  readonly acknowledgementBatches: readonly {
    readonly firstOffset: bigint;
    readonly lastOffset: bigint;
    readonly acknowledgeTypes: readonly number[];
  }[];
}

/** Acknowledgements, and partitions to read, by topic. */
function topicsOf(
  parcels: readonly Parcel[],
  added: readonly HeldPartition[] = [],
): { readonly topicId: string; readonly partitions: readonly RequestPartition[] }[] {
  const topics = new Map<string, RequestPartition[]>();
  const put = (topicId: string, part: RequestPartition): void => {
    const parts = topics.get(topicId);
    if (parts === undefined) topics.set(topicId, [part]);
    else parts.push(part);
  };
  const told = new Set<string>();
  for (const { topicId, partition, ranges } of parcels) {
    if (ranges.length === 0) continue;
    told.add(keyOf(topicId, partition));
    const acknowledgementBatches = ranges.map(({ firstOffset, lastOffset, code }) => ({
      firstOffset,
      lastOffset,
      acknowledgeTypes: [code],
    }));
    put(topicId, { partitionIndex: partition, acknowledgementBatches });
  }
  for (const { topicId, partition } of added)
    if (!told.has(keyOf(topicId, partition))) put(topicId, { partitionIndex: partition, acknowledgementBatches: [] });
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}
