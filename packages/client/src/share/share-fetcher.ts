/**
 * Reads all partitions that a member has. In: partitions, metadata that changes, a reader's hunger, acknowledgements. Out: each partition at
 * the source of its leader, deliveries for the queue, results for whoever waits for them.
 */
import type { Timer } from '@millrace/base';
import { errors } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import type { HeldPartition } from '../consumer/group/held-partitions.ts';
import { answerError, type ClientError } from '../error.ts';
import { type AcknowledgementCallback, type AcknowledgementResult, recordsIn } from './acknowledgement.ts';
import type { Delivery } from './delivery.ts';
import { tellSettled } from './share-channel.ts';
import type { ShareMeter } from './share-metrics.ts';
import {
  keyOf,
  type ShareFetchRules,
  type SharePartitionAnswer,
  ShareSource,
  type ShareSourceOwner,
} from './share-source.ts';

export interface ShareFetcherOptions {
  readonly cluster: Cluster;
  readonly rules: ShareFetchRules;
  readonly meter: ShareMeter;
  readonly acknowledged: AcknowledgementCallback;
  /** Whether the user never acknowledges by name. */
  readonly isImplicit: boolean;
  readonly isHungry: () => boolean;
  readonly took: (delivery: Delivery) => void;
  readonly failed: (error: ClientError) => void;
}

/** Acknowledgements that no fetch has taken along are sent after this part of the time that there is for them. */
const flushPart = 4;
const flushMsMin = 50;
const flushMsMax = 5000;

export class ShareFetcher implements ShareSourceOwner {
  readonly #options: ShareFetcherOptions;
  readonly #sources = new Map<number, ShareSource>();
  readonly #collectors = new Set<AcknowledgementResult[]>();
  #partitions: readonly HeldPartition[] = [];
  #timer: Timer | undefined;
  /** How long brokers wait for acknowledgements, by the last that said so. */
  #lockMs = flushMsMax;
  #unlisten: (() => void) | undefined;
  /** The source that was asked last, where only one is asked at a time. */
  #lastId = -1;
  /** Fetches in a row that brought nothing. */
  #emptyFetches = 0;

  constructor(options: ShareFetcherOptions) {
    this.#options = options;
    this.#unlisten = options.cluster.metadata.onChanged(() => this.#place());
  }

  get partitions(): readonly HeldPartition[] {
    return this.#partitions;
  }

  /** All that are not settled. */
  *deliveries(): Iterable<Delivery> {
    for (const source of this.#sources.values()) yield* source.deliveries;
  }

  owns(delivery: Delivery): boolean {
    for (const source of this.#sources.values()) if (source.deliveries.has(delivery)) return true;
    return false;
  }

  /** Reads these and no others. */
  assign(partitions: readonly HeldPartition[]): void {
    this.#partitions = partitions;
    this.#place();
  }

  /** There may be a reader to serve. */
  pump(): void {
    const { rules } = this.#options;
    if (rules.shareAcquireMode === 0) for (const source of this.#sources.values()) source.pump();
    else this.#pumpNext();
  }

  /** Sends what is acknowledged. Gives what was answered meanwhile. */
  async flush(): Promise<AcknowledgementResult[]> {
    const results: AcknowledgementResult[] = [];
    this.#collectors.add(results);
    try {
      await Promise.all([...this.#sources.values()].map((source) => source.flush()));
    } finally {
      this.#collectors.delete(results);
    }
    return results;
  }

  /** Gives back what is not acknowledged, and ends all sessions; can be used again. */
  async release(): Promise<void> {
    this.#partitions = [];
    const sources = [...this.#sources.values()];
    this.#sources.clear();
    await Promise.all(sources.map((source) => source.close()));
  }

  close(): void {
    this.#timer?.cancel();
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  get meter(): ShareMeter {
    return this.#options.meter;
  }

  /** Where one broker is asked at a time, none waits before all have said that they have nothing: another may have something. */
  get maxWaitMs(): number {
    const { shareAcquireMode, maxWaitMs } = this.#options.rules;
    return shareAcquireMode === 0 || this.#emptyFetches >= this.#readers.length ? maxWaitMs : 0;
  }

  mayFetch(source: ShareSource): boolean {
    if (!this.#options.isHungry()) return false;
    if (this.#options.rules.shareAcquireMode === 0) return true;
    return source.id === this.#lastId;
  }

  took(delivery: Delivery): void {
    this.#options.took(delivery);
    this.#lockMs = Math.max(1, delivery.lockedUntilMs - this.#nowMs);
    this.#watch();
  }

  fetched(deliveries: number): void {
    this.#emptyFetches = deliveries === 0 ? this.#emptyFetches + 1 : 0;
    if (this.#options.rules.shareAcquireMode !== 0 && this.#options.isHungry()) this.#pumpNext();
  }

  acknowledged(results: readonly AcknowledgementResult[], brokerId: number): void {
    if (results.length === 0) return;
    for (const { ranges, error } of results) if (error !== undefined) this.meter.acknowledgingFailed(recordsIn(ranges));
    for (const collector of this.#collectors) collector.push(...results);
    const { cluster, rules, acknowledged } = this.#options;
    const who = { clientId: cluster.config['client.id'], groupId: rules.groupId };
    tellSettled(who, results, () => {
      const { host, port } = cluster.metadata.nodes.get(brokerId) ?? {};
      return host === undefined ? '' : `${host}:${port}`;
    });
    acknowledged(results);
  }

  refused({ topic, partition }: HeldPartition, { errorCode, errorMessage, currentLeader }: SharePartitionAnswer): void {
    const { metadata, host } = this.#options.cluster;
    const error = answerError(errorCode, `Reading ${topic}-${partition}`, errorMessage);
    host.log.debug({ error: error.message }, 'a partition was not fetched');
    if (errorCode === errors.TOPIC_AUTHORIZATION_FAILED) this.#options.failed(error);
    const { leaderId, leaderEpoch } = currentLeader;
    metadata.hintLeader(topic, partition, leaderId, leaderEpoch);
    if (leaderId < 0 || metadata.partition(topic, partition)?.leaderId !== leaderId) metadata.invalidate();
  }

  failed(error: ClientError): void {
    this.#options.failed(error);
  }

  /** Each partition at its leader's source. */
  #place(): void {
    const { metadata } = this.#options.cluster;
    const byLeader = new Map<number, Map<string, HeldPartition>>();
    for (const partition of this.#partitions) {
      const leaderId = metadata.partition(partition.topic, partition.partition)?.leaderId ?? -1;
      if (leaderId < 0) continue;
      let group = byLeader.get(leaderId);
      if (group === undefined) byLeader.set(leaderId, (group = new Map()));
      group.set(keyOf(partition.topicId, partition.partition), partition);
    }
    for (const [id, source] of this.#sources) if (!byLeader.has(id)) source.read(new Map());
    for (const [id, partitions] of byLeader) this.#sourceOf(id).read(partitions);
    this.pump();
  }

  #sourceOf(id: number): ShareSource {
    let source = this.#sources.get(id);
    if (source === undefined) {
      source = new ShareSource(id, this.#options.cluster, this.#options.rules, this);
      this.#sources.set(id, source);
    }
    return source;
  }

  /** With a limit of records, brokers are asked one after the other: together they would bring more. */
  #pumpNext(): void {
    const sources = this.#readers;
    if (sources.length === 0 || sources.some(({ isFetching }) => isFetching)) return;
    const after = sources.findIndex(({ id }) => id === this.#lastId);
    const next = sources[(after + 1) % sources.length]!;
    this.#lastId = next.id;
    next.pump();
  }

  /** One timer while records are out: what a slow user has acknowledged does not wait until the records are given to others. */
  #watch(): void {
    const everyMs = Math.min(flushMsMax, Math.max(flushMsMin, this.#lockMs / flushPart));
    this.#timer ??= this.#options.cluster.host.timers.after(everyMs, () => {
      this.#timer = undefined;
      let isAnyOut = false;
      for (const source of this.#sources.values()) {
        source.expire(this.#options.isImplicit ? undefined : this.#lockMs);
        isAnyOut ||= source.deliveries.size > 0;
        if (source.isMarked) void source.flush();
      }
      if (isAnyOut && this.#unlisten !== undefined) this.#watch();
    });
  }

  /** Sources that have something to read. */
  get #readers(): ShareSource[] {
    return [...this.#sources.values()].filter(({ hasPartitions }) => hasPartitions);
  }

  get #nowMs(): number {
    return this.#options.cluster.host.clock.monotonic();
  }
}
