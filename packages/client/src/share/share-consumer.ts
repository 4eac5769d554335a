/**
 * The door to share groups (KIP-932), which work like a queue: members share partitions, each record is given to one of them at a time, and
 * is acknowledged on its own. In: topics. Out: records, one by one, in batches, or to handlers.
 *
 * `share-member.ts` hears which partitions are ours, `share-fetcher.ts` acquires records of them as a reader asks for them and sends what
 * becomes of them, a `delivery.ts` knows the state of each.
 */
import { atMost, nodeClientHost, pause } from '../client-host.ts';
import { Cluster } from '../cluster/cluster.ts';
import type { CallOptions, ReadOptions } from '../consumer/consumer.ts';
import { decoderOf } from '../consumer/reading/decoded-record.ts';
import type { HandlerContext } from '../consumer/reading/runner.ts';
import { Turns } from '../consumer/reading/turns.ts';
import { ClientError } from '../error.ts';
import type { TopicPartition } from '../record.ts';
import type { TopicSerdesMap } from '../serdes/serde.ts';
import { clientLabels } from '../telemetry/client-labels.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import {
  acknowledgeCodes,
  type AcknowledgementCallback,
  type AcknowledgementResult,
  type AcknowledgeType,
} from './acknowledgement.ts';
import type { Delivery } from './delivery.ts';
import { HeldRecord, type SharedRecord } from './held-record.ts';
import type { ShareBatch } from './share-batch.ts';
import { ShareFetcher } from './share-fetcher.ts';
import { ShareBatchIterator, ShareRecordIterator } from './share-iterator.ts';
import { ShareMember } from './share-member.ts';
import { type ShareConsumerMetrics, ShareMeter } from './share-metrics.ts';
import { type ShareConsumerOptions, type ShareSettings, shareSettings } from './share-options.ts';
import { ShareQueue } from './share-queue.ts';
import { ShareRunner } from './share-runner.ts';

export interface ShareRunOptions<R> extends ReadOptions {
  /** One of the two. */
  readonly eachRecord?: ((record: R, context: HandlerContext) => unknown) | undefined;
  readonly eachBatch?: ((batch: ShareBatch<R>, context: HandlerContext) => unknown) | undefined;
  /** How many calls are at work at a time; 1 when it is left out. */
  readonly concurrency?: number | undefined;
}

/** A record, or its place: of a record that could not be read there is only that. */
export type Acknowledgeable = TopicPartition & { readonly offset: bigint };

const closeMs = 30_000;

export class ShareConsumer<const Topics extends TopicSerdesMap = TopicSerdesMap>
  implements AsyncDisposable, AsyncIterable<SharedRecord<Topics>, undefined, undefined>
{
  readonly cluster: Cluster;
  readonly #settings: ShareSettings;
  readonly #meter: ShareMeter;
  readonly #telemetry: Telemetry;
  readonly #memberId: string;
  readonly #queue: ShareQueue;
  readonly #turns: Turns;
  readonly #fetcher: ShareFetcher;
  #member: ShareMember | undefined;
  #subscription: readonly string[] = [];
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #lastHandedCount = 0;

  /** Connects when something is subscribed to. Throws `ClientError` CONFIG. */
  constructor(options: ShareConsumerOptions<Topics>) {
    const settings = shareSettings(options as Readonly<Record<string, unknown>>);
    const { config } = settings;
    const { host = nodeClientHost(), observe, topics = {}, onAcknowledgementCommit } = options;
    const serdes = new Map(Object.entries<TopicSerdesMap[string]>(topics));
    this.#settings = settings;
    this.cluster = new Cluster({
      host,
      config,
      kind: 'consumer',
      allowAutoCreateTopics: config['allow.auto.create.topics'],
      security: options,
      observe: (request) => {
        this.#meter.answered(request);
        observe?.(request);
      },
    });
    this.#meter = new ShareMeter(this.cluster);
    this.#memberId = Buffer.from(host.random.bytes(16)).toString('base64url');
    this.#telemetry = new Telemetry(this.cluster, () =>
      clientLabels({ group_id: settings.groupId, group_member_id: this.#memberId }),
    );
    this.#turns = new Turns(host.clock);
    this.#queue = new ShareQueue({
      who: { clientId: config['client.id'], groupId: settings.groupId },
      meter: this.#meter.poll,
      readRules: settings.readRules,
      isImplicit: settings.isImplicit,
      decoderOf: (topic) => (serdes.has(topic) ? decoderOf(topic, serdes.get(topic)!) : undefined),
      nowMs: () => host.clock.monotonic(),
      deliveries: () => this.#fetcher.deliveries(),
      asked: () => this.#member?.polled(),
      hungry: () => this.#fetcher.pump(),
    });
    this.#fetcher = this.#openFetcher(onAcknowledgementCommit);
  }

  /** Who we are to the group, for as long as this object lives. */
  get memberId(): string {
    return this.#memberId;
  }

  /** Joins the group for these topics in place of those before. Throws `ClientError` CLOSED, CONFIG. */
  subscribe(to: readonly string[] | { readonly topics: readonly string[] }): void {
    this.#mustBeOpen();
    const topics = [...new Set('topics' in to ? to.topics : to)];
    if (topics.length === 0)
      throw new ClientError('CONFIG', 'subscribe takes at least one topic; unsubscribe ends it.');
    this.#subscription = topics;
    this.#member ??= this.#join();
    this.#member.subscribe(topics);
  }

  get subscription(): readonly string[] {
    return this.#subscription;
  }

  /** The partitions that are read at present, maybe by others too. */
  assignment(): readonly TopicPartition[] {
    return this.#fetcher.partitions.map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Sends what is acknowledged, gives the rest back, and leaves the group. */
  async unsubscribe(): Promise<void> {
    this.#mustBeOpen();
    await this.#letGo();
    this.#queue.clear();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<SharedRecord<Topics>, undefined, undefined> {
    return this.records();
  }

  /** One record after the other. Throws `ClientError` STATE when somebody reads already. */
  records({ signal }: ReadOptions = {}): AsyncIterableIterator<SharedRecord<Topics>, undefined, undefined> {
    this.#mustBeOpen();
    return new ShareRecordIterator<SharedRecord<Topics>>(this.#queue, this.#turns, signal);
  }

  /** Records of one partition at a time. Throws `ClientError` STATE when somebody reads already. */
  batches({ signal }: ReadOptions = {}): AsyncIterableIterator<ShareBatch<SharedRecord<Topics>>, undefined, undefined> {
    this.#mustBeOpen();
    return new ShareBatchIterator<SharedRecord<Topics>>(this.#queue, this.#turns, signal);
  }

  /**
   * Calls a handler for what comes, until the consumer is closed or the signal aborts, which is no failure here. In implicit mode a call that
   * is done accepts its record. Throws `ClientError`: HANDLER with what the handler has thrown, whose record is released, or what stands in
   * the way of reading.
   */
  async run(options: ShareRunOptions<SharedRecord<Topics>>): Promise<void> {
    this.#mustBeOpen();
    const { eachRecord, eachBatch, concurrency = 1, signal } = options;
    if ((eachRecord === undefined) === (eachBatch === undefined))
      throw new ClientError('CONFIG', 'run takes eachRecord or eachBatch, and not both.');
    if (!(concurrency >= 1))
      throw new ClientError('CONFIG', `concurrency is ${concurrency}; it takes numbers from 1 on.`);
    const runner = new ShareRunner<SharedRecord<Topics>>({
      queue: this.#queue,
      clock: this.cluster.host.clock,
      turns: this.#turns,
      eachRecord,
      eachBatch,
      concurrency,
      signal,
    });
    this.#running = runner.ended.catch(() => {});
    await runner.ended;
  }

  /**
   * In explicit mode, what is to become of a record; `accept` when it is left out. It is sent with the next fetch, by a commit, or soon. The
   * last word before that counts. Throws `ClientError` STATE in implicit mode, and for a record that is none of this consumer's or was sent.
   */
  acknowledge(record: Acknowledgeable, type: AcknowledgeType = 'accept'): void {
    this.#mustBeOpen();
    if (this.#settings.isImplicit)
      throw new ClientError('STATE', 'Acknowledging a record needs share.acknowledgement.mode=explicit.');
    const code: number | undefined = Object.hasOwn(acknowledgeCodes, type) ? acknowledgeCodes[type] : undefined;
    if (code === undefined)
      throw new ClientError(
        'CONFIG',
        `"${type}" is no way to acknowledge; there are accept, release, reject and renew.`,
      );
    const place = HeldRecord.placeOf(record);
    if (place === undefined ? this.#markPlace(record, code) : this.#markRecord(place.delivery, place.index, code))
      return;
    const { topic, partition, offset } = record;
    throw new ClientError(
      'STATE',
      `The record at ${topic}-${partition}, offset ${offset}, is not held: it was acknowledged, or given up.`,
    );
  }

  /**
   * Sends what is acknowledged, in implicit mode all that was handed out, and gives what brokers said to it, partition by partition; one that
   * refuses is an `error` there. Throws `ClientError` TIMEOUT, ABORTED.
   */
  async commitSync({ timeoutMs, signal }: CallOptions = {}): Promise<readonly AcknowledgementResult[]> {
    this.#mustBeOpen();
    this.#acceptHanded();
    const { host, config } = this.cluster;
    const over = new AbortController();
    const late = pause(host, timeoutMs ?? config['default.api.timeout.ms'], over.signal, signal);
    try {
      const results = await Promise.race([this.#fetcher.flush(), late]);
      if (results !== undefined) return results;
    } finally {
      over.abort();
    }
    if (signal?.aborted === true) throw new ClientError('ABORTED', 'The call was aborted.', { cause: signal.reason });
    throw new ClientError('TIMEOUT', 'No answer to acknowledgements came in time; what became of them is not known.');
  }

  /** The same in the background; `onAcknowledgementCommit`, and `callback`, hear of it. */
  commitAsync(callback?: AcknowledgementCallback): void {
    this.#mustBeOpen();
    this.#acceptHanded();
    void this.#fetcher.flush().then((results) => callback?.(results));
  }

  metrics(): ShareConsumerMetrics {
    return this.#meter.read();
  }

  /** The id under which brokers know this consumer's metrics (KIP-714). Throws `ClientError` UNSUPPORTED, TIMEOUT; STATE without `enable.metrics.push`. */
  clientInstanceId(options: CallOptions = {}): Promise<string> {
    return this.#telemetry.clientInstanceId(options);
  }

  /** Handlers come to their end, what is acknowledged is sent, everything else that is held is released, and the group is left. */
  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    return (this.#closing ??= this.#close(options.timeoutMs ?? closeMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#queue.end();
    await atMost(this.cluster.host, timeoutMs, this.#finish());
    this.#fetcher.close();
    await this.#telemetry.close(timeoutMs);
    await this.cluster.close();
  }

  async #finish(): Promise<void> {
    await this.#running;
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const member = this.#member;
    this.#member = undefined;
    this.#subscription = [];
    await this.#fetcher.release();
    await member?.leave();
  }

  /** What it says after it was told to leave is not heard. */
  #join(): ShareMember {
    const member: ShareMember = new ShareMember({
      cluster: this.cluster,
      groupId: this.#settings.groupId,
      memberId: this.#memberId,
      pollIntervalMsMax: this.#settings.config['max.poll.interval.ms'],
      isReading: () => this.#isReading(),
      rebalanced: () => this.#meter.rebalanced(),
      assign: (partitions) => {
        if (this.#member === member) this.#fetcher.assign(partitions);
      },
      fail: (error) => {
        if (this.#member === member) this.#queue.fail(error, true);
      },
    });
    return member;
  }

  #openFetcher(onAcknowledgementCommit: AcknowledgementCallback | undefined): ShareFetcher {
    const { config, groupId, isRecordLimit } = this.#settings;
    const { log } = this.cluster.host;
    return new ShareFetcher({
      cluster: this.cluster,
      meter: this.#meter,
      rules: {
        groupId,
        memberId: this.#memberId,
        maxWaitMs: config['fetch.max.wait.ms'],
        minBytes: config['fetch.min.bytes'],
        maxBytes: config['fetch.max.bytes'],
        maxRecords: config['max.poll.records'],
        shareAcquireMode: isRecordLimit ? 1 : 0,
      },
      isImplicit: this.#settings.isImplicit,
      isHungry: () => this.#queue.isHungry,
      took: (delivery) => this.#queue.put(delivery),
      failed: (error) => this.#queue.fail(error, false),
      acknowledged: (results) => {
        for (const { topic, partition, error } of results)
          if (error !== undefined && onAcknowledgementCommit === undefined)
            log.warn({ topic, partition, error: error.message }, 'records were not acknowledged');
        try {
          onAcknowledgementCommit?.(results);
        } catch (error) {
          log.warn({ error }, 'onAcknowledgementCommit has thrown');
        }
      },
    });
  }

  #acceptHanded(): void {
    if (this.#settings.isImplicit) for (const delivery of this.#fetcher.deliveries()) delivery.acceptHanded();
  }

  /** Other consumers' records are none of ours. */
  #markRecord(delivery: Delivery, index: number, code: number): boolean {
    return this.#fetcher.owns(delivery) && delivery.mark(index, code);
  }

  #markPlace({ topic, partition, offset }: Acknowledgeable, code: number): boolean {
    for (const delivery of this.#fetcher.deliveries()) {
      if (delivery.topic !== topic || delivery.partition !== partition) continue;
      const isMarked = delivery.markOffset(offset, code);
      if (isMarked !== undefined) return isMarked;
    }
    return false;
  }

  /** Whether a reader waits for records, or has got on with those in hand since the last look. */
  #isReading(): boolean {
    const { reader, handedCount } = this.#queue;
    const hasMoved = handedCount !== this.#lastHandedCount;
    this.#lastHandedCount = handedCount;
    return hasMoved || reader?.isIdle === true;
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new ClientError('CLOSED', 'This consumer was closed.');
  }
}
