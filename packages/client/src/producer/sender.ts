/**
 * Batches → Produce requests. In: partitions that have something to send. Out: one request per broker with a batch of each of its
 * partitions, up to `max.in.flight.requests.per.connection` at once; `batch-fate.ts` deals with the answers.
 *
 * When a batch is sent: at once when it is full or has lingered; one that is still open, with `linger.ms` 0, at the end of the turn when its
 * broker has nothing to answer or the batch is worth a request. So a lone record leaves without delay, under load batches fill while requests
 * are on their way, and broker and producer work at the same time.
 */
import type { Timer } from '@millrace/base';
import type { ExactResponse } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { ClientError, isClientError } from '../error.ts';
import type { Accumulator } from './accumulator.ts';
import type { Batch } from './batch.ts';
import type { BatchFate } from './batch-fate.ts';
import { Lane } from './lane.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { ProduceRequest } from './produce-request.ts';
import type { ProduceMeter } from './producer-metrics.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import type { ProducerSettings } from './producer-settings.ts';

export interface SenderOptions {
  readonly cluster: Cluster;
  readonly settings: ProducerSettings;
  readonly identity: ProducerIdentity;
  readonly fate: BatchFate;
  /** Undefined without transactions. */
  readonly gate: SenderGate | undefined;
  readonly accumulator: Accumulator;
  /** Open batches do not wait for company: somebody waits for them, or for their memory. */
  readonly isHurried: () => boolean;
  readonly failed: (error: ClientError) => void;
  readonly meter: ProduceMeter;
}

/** A transaction, which has to know its partitions before they are written to. */
export interface SenderGate {
  /** The newest version of Produce that may be used. */
  readonly produceVersionMax: number;
  mayLeave(queue: PartitionQueue): boolean;
  leaving(queue: PartitionQueue): void;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #lanes = new Map<number, Lane>();
  /** Partitions with something to send and no leader. */
  readonly #homeless = new Set<PartitionQueue>();
  #isScheduled = false;
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #isClosed = false;
  #inFlight = 0;
  #quiet: PromiseWithResolvers<void> | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** There is something to send, at the end of this turn. */
  wake(queue?: PartitionQueue): void {
    if (queue !== undefined && queue.lane === undefined) this.#settle(queue);
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#drainAll();
    });
  }

  /** The batch must have had its end by then. */
  watch(atMs: number): void {
    if (this.#timerAtMs <= atMs || this.#isClosed) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    const delayMs = Math.max(0, Math.ceil(atMs - this.#nowMs()));
    this.#timer = this.#options.cluster.host.timers.after(delayMs, () => {
      this.#timer = undefined;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#drainAll();
    });
  }

  /** Leaders may have changed. */
  leadersChanged(): void {
    for (const lane of this.#lanes.values()) for (const queue of lane.active) this.#settle(queue);
    for (const queue of this.#homeless) this.#settle(queue);
    this.wake();
  }

  /** Whether the broker takes what is sent to it. */
  isAvailable(leaderId: number): boolean {
    const { availabilityTimeoutMs } = this.#options.settings;
    const sinceMs = this.#lanes.get(leaderId)?.stuckSinceMs ?? 0;
    return availabilityTimeoutMs === 0 || sinceMs === 0 || this.#nowMs() - sinceMs < availabilityTimeoutMs;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Requests that wait for their answers. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Settles when no request is on its way. */
  quiet(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    this.#quiet ??= Promise.withResolvers<void>();
    return this.#quiet.promise;
  }

  #took(lane: Lane): void {
    lane.inFlight++;
    this.#inFlight++;
  }

  /** Whoever waits for quiet goes on after the answer was dealt with. */
  #gaveBack(lane: Lane): void {
    lane.inFlight--;
    if (--this.#inFlight > 0) return;
    this.#quiet?.resolve();
    this.#quiet = undefined;
  }

  #nowMs(): number {
    return this.#options.cluster.host.clock.monotonic();
  }

  /** Among the partitions of its leader, or of nobody. */
  #settle(queue: PartitionQueue): void {
    const leaderId = this.#options.cluster.metadata.partition(queue.topic.name, queue.index)?.leaderId ?? -1;
    if (queue.lane?.brokerId === leaderId) return;
    queue.lane?.active.delete(queue);
    queue.lane = undefined;
    if (leaderId < 0) {
      if (!this.#homeless.has(queue)) this.#options.cluster.metadata.invalidate();
      this.#homeless.add(queue);
      return;
    }
    this.#homeless.delete(queue);
    let lane = this.#lanes.get(leaderId);
    if (lane === undefined) this.#lanes.set(leaderId, (lane = new Lane(leaderId)));
    queue.lane = lane;
    lane.active.add(queue);
  }

  #drainAll(): void {
    if (this.#isClosed) return;
    const nowMs = this.#nowMs();
    this.#expire(nowMs);
    this.#options.accumulator.turned();
    const { identity, settings } = this.#options;
    if (settings.isIdempotent && !identity.isKnown && settings.transactionalId === undefined) {
      if (this.#options.accumulator.unsettled.size > 0) identity.obtain(() => this.wake(), this.#options.failed);
      return;
    }
    for (const lane of this.#lanes.values()) if (lane.active.size > 0) this.#drain(lane, nowMs);
  }

  #drain(lane: Lane, nowMs: number): void {
    if (lane.notBeforeMs > nowMs) return this.watch(lane.notBeforeMs);
    const { connection } = lane;
    if (connection === undefined || connection.isClosed) return this.#connect(lane);
    while (lane.inFlight < this.#options.settings.inFlightMax) {
      const batches = this.#collect(lane, nowMs);
      if (batches.length === 0) return;
      lane.stuckSinceMs = 0;
      this.#dispatch(lane, connection, batches);
    }
    if (lane.stuckSinceMs === 0) lane.stuckSinceMs = nowMs;
  }

  /** One batch of each partition that has one to send, as many as a request may hold. Partitions that were served queue up anew. */
  #collect(lane: Lane, nowMs: number): Batch[] {
    const { fate, gate, settings } = this.#options;
    const batches: Batch[] = [];
    let bytes = 0;
    const isIdle = lane.inFlight === 0;
    const hasMany = lane.active.size > 1;
    for (const queue of hasMany ? [...lane.active] : lane.active) {
      if (queue.isEmpty) {
        lane.active.delete(queue);
        queue.lane = undefined;
        continue;
      }
      if (gate?.mayLeave(queue) === false) continue;
      const batch = this.#next(queue, lane, isIdle, nowMs);
      if (batch === undefined) continue;
      if (bytes > 0 && bytes + batch.records.at > settings.requestBytesMax) break;
      gate?.leaving(queue);
      fate.seal(batch);
      bytes += batch.bytes!.length;
      queue.ready.shift();
      queue.inFlight.push(batch);
      queue.inFlightLane = lane;
      batches.push(batch);
      if (!hasMany) break;
      lane.active.delete(queue);
      lane.active.add(queue);
    }
    return batches;
  }

  /** The batch that is next, if it may leave now; it stays where it is. */
  #next(queue: PartitionQueue, lane: Lane, isIdle: boolean, nowMs: number): Batch | undefined {
    const { inFlight, ready } = queue;
    if (!this.#options.fate.isFree(queue)) return undefined;
    const first = ready[0];
    if (inFlight.length > 0 && (queue.inFlightLane !== lane || isAlone(inFlight[0]!) || isAgain(first)))
      return undefined;
    if (first !== undefined) {
      if (first.retryAtMs <= nowMs) return first;
      this.watch(first.retryAtMs);
      return undefined;
    }
    const { open } = queue;
    if (open === undefined || !this.#isDue(open, isIdle, nowMs)) return undefined;
    queue.closeOpen();
    return open;
  }

  #isDue(open: Batch, isIdle: boolean, nowMs: number): boolean {
    if (this.#options.isHurried()) return true;
    const { lingerMs } = this.#options.settings;
    if (lingerMs === 0) return isIdle || open.isLoad;
    const dueMs = open.createdAtMs + lingerMs;
    if (dueMs <= nowMs) return true;
    this.watch(dueMs);
    return false;
  }

  #dispatch(lane: Lane, connection: Connection, batches: readonly Batch[]): void {
    const { cluster, fate, gate, meter, settings } = this.#options;
    const request = new ProduceRequest(batches, settings);
    const sentAtMs = this.#nowMs();
    meter.requested(batches, sentAtMs);
    this.#took(lane);
    for (const batch of batches) batch.tries++;
    if (settings.acks === 0) return this.#post(lane, connection, request);
    connection
      .send('produce', request.body, {
        versionMax: Math.min(gate?.produceVersionMax ?? request.versionMax, request.versionMax),
      })
      .then(
        (answer) => {
          this.#gaveBack(lane);
          meter.answered(this.#nowMs() - sentAtMs, answer);
          this.#answered(lane, connection, request, answer);
        },
        (error: unknown) => {
          this.#gaveBack(lane);
          if (!isClientError(error)) throw error;
          if (connection.isClosed && !cluster.isClosed) cluster.metadata.invalidate();
          fate.unanswered(batches, error);
          this.wake();
        },
      );
  }

  /** Nobody answers; it counts as sent when it is written. */
  #post(lane: Lane, connection: Connection, { batches, body, versionMax }: ProduceRequest): void {
    try {
      connection.post(
        'produce',
        body,
        () => {
          this.#gaveBack(lane);
          this.#options.fate.posted(batches);
          this.wake();
        },
        { versionMax },
      );
    } catch (error) {
      this.#gaveBack(lane);
      if (!isClientError(error)) throw error;
      this.#options.fate.unanswered(batches, error);
      this.wake();
    }
  }

  #answered(lane: Lane, connection: Connection, request: ProduceRequest, answer: ExactResponse<'produce'>): void {
    const { accumulator, cluster, fate } = this.#options;
    lane.notBeforeMs = Math.max(lane.notBeforeMs, connection.notBeforeMs);
    if (answer.nodeEndpoints.length > 0) cluster.metadata.hintNodes(answer.nodeEndpoints);
    const parts = request.parts(answer);
    for (const [index, batch] of request.batches.entries()) {
      const isWritten = fate.answered(batch, parts[index], connection.broker);
      // A broker may answer what it has not read to the end.
      if (isWritten && batch.tries === 1 && connection.hasSentAnswered) accumulator.reuse(batch);
    }
    this.wake();
  }

  #connect(lane: Lane): void {
    if (lane.isConnecting) return;
    lane.isConnecting = true;
    if (lane.stuckSinceMs === 0) lane.stuckSinceMs = this.#nowMs();
    const { cluster } = this.#options;
    cluster.connect(lane.brokerId).then(
      (connection) => {
        lane.isConnecting = false;
        lane.connection = connection;
        this.wake();
      },
      (error: unknown) => {
        lane.isConnecting = false;
        if (!isClientError(error)) throw error;
        if (!error.retriable) return this.#refused(lane, error);
        for (const batch of this.#options.accumulator.unsettled) if (batch.queue.lane === lane) batch.failure = error;
        lane.notBeforeMs = this.#nowMs() + cluster.config['retry.backoff.ms'];
        cluster.metadata.invalidate();
        this.wake();
      },
    );
  }

  /** A broker that will not talk to us: what waits for it has no hope. */
  #refused(lane: Lane, error: ClientError): void {
    for (const queue of lane.active) {
      queue.closeOpen();
      while (queue.ready.length > 0) this.#options.fate.giveUp(queue.ready[0]!, error);
    }
    lane.notBeforeMs = this.#nowMs() + this.#options.cluster.config['retry.backoff.max.ms'];
  }

  #expire(nowMs: number): void {
    const { accumulator, fate, settings } = this.#options;
    for (const batch of accumulator.unsettled) {
      const deadlineMs = batch.createdAtMs + settings.deliveryTimeoutMs;
      if (deadlineMs > nowMs) return this.watch(deadlineMs);
      fate.expire(batch);
    }
  }
}

/**
 * What is sent again has the partition for itself: otherwise it would be overtaken without idempotence, and with it more batches could
 * come behind it than brokers remember to tell a repetition by.
 */
const isAgain = (next: Batch | undefined): boolean => next !== undefined && next.tries > 0;
const isAlone = (sent: Batch): boolean => sent.tries > 1;
