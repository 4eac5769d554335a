/**
 * The loops that read and call handlers. In: a group that is joined. Out: calls of `eachMessage` or `eachBatch`, in the order of each
 * partition, commits, heartbeats. One loop for each broker; so many batches are worked on at a time as `concurrency` says.
 */
import { isRebalancing } from '../broker-errors.ts';
import type { DoorCluster } from '../cluster.ts';
import { KafkaJSError, KafkaJSNoBrokerAvailableError } from '../errors.ts';
import { consumerEvents as events, type Instrumentation } from '../events.ts';
import type { Logger } from '../logger.ts';
import { textOf } from '../loose.ts';
import { retrier, type Retrier, type RetryOptions } from '../retry.ts';
import type { EachBatchHandler, EachMessageHandler } from '../types/consumer.ts';
import type { FetchedBatch } from './batch.ts';
import type { Fetching } from './fetching.ts';
import type { ConsumerGroup } from './group.ts';

export interface RunnerOptions {
  readonly cluster: DoorCluster;
  readonly group: ConsumerGroup;
  readonly fetching: Fetching;
  readonly instrumentation: Instrumentation;
  readonly logger: Logger;
  readonly retry: RetryOptions | undefined;
  readonly autoCommit: boolean;
  readonly eachBatchAutoResolve: boolean;
  readonly eachBatch: EachBatchHandler | null;
  readonly eachMessage: EachMessageHandler | null;
  readonly concurrency: number;
  readonly crashed: (error: Error) => Promise<void>;
}

/** The cluster has other brokers now: loops begin anew. */
const otherBrokers = Symbol('other brokers');

export class Runner {
  readonly #options: RunnerOptions;
  readonly #logger: Logger;
  readonly #retrier: Retrier;
  readonly #line: (() => void)[] = [];
  readonly #stopping = Promise.withResolvers<void>();
  #isRunning = false;
  #free: number;
  #loop: Promise<void> | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#logger = options.logger.namespace('Runner');
    this.#retrier = retrier(options.retry);
    this.#free = options.concurrency;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Settles when the group is joined, or has crashed. */
  async start(): Promise<void> {
    const { cluster, group, instrumentation, crashed } = this.#options;
    try {
      await cluster.connect();
      instrumentation.emit(events.CONNECT);
      await cluster.refreshMetadataIfNecessary();
      await group.joinAndSync();
    } catch (error) {
      await crashed(error as Error);
      return;
    }
    this.#isRunning = true;
    this.#loop = this.#run();
  }

  /** Waits for handlers that are at work, then leaves the group. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#stopping.resolve();
    this.#options.fetching.stop();
    await this.#loop;
    // The group notices soon enough when it cannot be told.
    await this.#options.group.leave().catch(() => {});
  }

  async commitOffsets(offsets: Parameters<ConsumerGroup['offsets']['commit']>[0]): Promise<void> {
    if (!this.#isRunning) return;
    await this.#retrier(async (bail) => {
      try {
        await this.#options.group.offsets.commit(offsets);
      } catch (error) {
        if (!this.#isRunning) return;
        if ((error as Error).name === 'KafkaJSNotImplemented') bail(error);
        throw error;
      }
    });
  }

  async #run(): Promise<void> {
    const { group, crashed } = this.#options;
    while (this.#isRunning) {
      try {
        await this.#retrier(async (bail) => {
          if (this.#isRunning) await this.#readUntilFailure().catch((error: unknown) => this.#rejoin(error, bail));
        });
      } catch (error) {
        this.#isRunning = false;
        this.#options.fetching.stop();
        // The others need not wait until our session is over.
        await group.leave().catch(() => {});
        // It ends by itself; whoever stops the consumer now must not wait for the restart that may follow.
        void crashed(error as Error);
      }
    }
  }

  async #rejoin(error: unknown, bail: (error: unknown) => never): Promise<void> {
    const { group, instrumentation } = this.#options;
    const { groupId } = group.options;
    const { memberId } = group;
    const { name, message, type } = error as Error & { type?: string };
    if (isRebalancing(error)) {
      this.#logger.warn('The group is rebalancing, joining again', { groupId, memberId, error: message });
      instrumentation.emit(events.REBALANCING, { groupId, memberId });
      await group.joinAndSync();
      return;
    }
    if (type === 'UNKNOWN_MEMBER_ID') {
      this.#logger.error('The coordinator does not know this member, joining again', {
        groupId,
        memberId,
        error: message,
      });
      group.forgetMember();
      await group.joinAndSync();
      return;
    }
    if (name === 'KafkaJSNotImplemented' || name === 'KafkaJSNoBrokerAvailableError') bail(error);
    this.#logger.debug('Reading failed, trying again', { groupId, memberId, error: message });
    throw error;
  }

  /** One loop for each broker; the first failure ends them all. */
  async #readUntilFailure(): Promise<void> {
    const { cluster } = this.#options;
    while (this.#isRunning) {
      const nodes = cluster.nodeIds;
      if (nodes.length === 0) throw new KafkaJSNoBrokerAvailableError();
      const pass = { isOver: false };
      const loops = nodes.map(async (node) => {
        try {
          await this.#readFrom(node, nodes, pass);
        } finally {
          pass.isOver = true;
        }
      });
      const ends = await Promise.allSettled(loops);
      const failed = ends.filter((end) => end.status === 'rejected').map(({ reason }) => reason as unknown);
      const failure = failed.find((reason) => reason !== otherBrokers);
      if (failure !== undefined) throw failure;
    }
  }

  async #readFrom(node: number, nodes: readonly number[], pass: { readonly isOver: boolean }): Promise<void> {
    const { cluster, fetching, instrumentation } = this.#options;
    while (this.#isRunning && !pass.isOver) {
      const current = cluster.nodeIds;
      if (current.length > 0 && (current.length !== nodes.length || current.some((id) => !nodes.includes(id))))
        throw otherBrokers;
      const beganAt = Date.now();
      instrumentation.emit(events.FETCH_START, { nodeId: String(node) });
      const batches = await Promise.race([fetching.fetch(node), this.#stopping.promise]);
      if (batches === undefined || !this.#isRunning) return;
      instrumentation.emit(events.FETCH, { numberOfBatches: 0, duration: Date.now() - beganAt, nodeId: String(node) });
      this.#options.group.progressed();
      if (batches.length === 0) await this.#heartbeat();
      else await this.#handleAll(batches);
    }
  }

  async #handleAll(batches: readonly FetchedBatch[]): Promise<void> {
    const ends = await Promise.allSettled(batches.map((batch) => this.#inTurn(batch)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async #inTurn(batch: FetchedBatch): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => void this.#line.push(resolve));
    try {
      if (this.#isRunning) await this.#handle(batch);
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  async #handle(batch: FetchedBatch): Promise<void> {
    const { group, instrumentation, eachMessage, eachBatch } = this.#options;
    const { topic, partition, highWatermark, messages } = batch;
    const beganAt = Date.now();
    const payload = {
      topic,
      partition,
      highWatermark,
      offsetLag: batch.offsetLag(),
      offsetLagLow: batch.offsetLagLow(),
      batchSize: messages.length,
      firstOffset: batch.firstOffset(),
      lastOffset: batch.lastOffset(),
    };
    instrumentation.emit(events.START_BATCH_PROCESS, payload);
    const ended = (): void =>
      instrumentation.emit(events.END_BATCH_PROCESS, { ...payload, duration: Date.now() - beganAt });
    // Nothing but control records and aborted ones: there is something to go past, and nothing to show.
    if (batch.isEmpty()) {
      group.offsets.resolve(topic, partition, batch.nextOffset - 1n);
      await this.#commitIfDue();
      ended();
      await this.#heartbeat();
      return;
    }
    if (eachMessage !== null) await this.#eachMessage(batch, eachMessage);
    else if (eachBatch !== null) await this.#eachBatch(batch, eachBatch);
    ended();
    await this.#commit();
    await this.#heartbeat();
  }

  async #eachMessage(batch: FetchedBatch, handler: EachMessageHandler): Promise<void> {
    const { group, autoCommit } = this.#options;
    const { topic, partition, messages } = batch;
    const { offsets, subscriptions } = group;
    const { autoCommitInterval, autoCommitThreshold } = group.options;
    const mayCommit = autoCommit && (autoCommitInterval !== null || autoCommitThreshold !== null);
    const pause = this.#pauseOf(topic, partition);
    // How far the handler has come is written down when somebody looks, not for each message.
    let done = 0;
    const resolve = (): void => {
      if (done > 0) offsets.resolve(topic, partition, BigInt(messages[done - 1]!.offset));
    };
    const heartbeat = async (): Promise<void> => {
      resolve();
      await this.#heartbeat();
    };
    try {
      for (const message of messages) {
        if (!this.#isRunning || group.hasSeek(topic, partition)) return;
        try {
          await handler({ topic, partition, message, heartbeat, pause });
        } catch (error) {
          resolve();
          this.#logFailure('eachMessage', error, { topic, partition, offset: message.offset });
          await this.#commit();
          throw error;
        }
        done++;
        group.progressed();
        const beat = group.heartbeat();
        if (beat !== undefined) {
          resolve();
          await this.#orCommit(beat);
        }
        if (mayCommit) {
          resolve();
          await this.#commitIfDue();
        }
        if (subscriptions.isPaused(topic, partition)) return;
      }
      // Behind records that are left out at the end, too.
      if (done === messages.length) {
        offsets.resolve(topic, partition, batch.nextOffset - 1n);
        done = 0;
      }
    } finally {
      resolve();
    }
  }

  async #eachBatch(batch: FetchedBatch, handler: EachBatchHandler): Promise<void> {
    const { group, eachBatchAutoResolve } = this.#options;
    const { topic, partition, messages } = batch;
    const { offsets } = group;
    const lastShown = messages.at(-1)?.offset;
    try {
      await handler({
        batch,
        // With the last message that is shown, what is left out behind it is done too.
        resolveOffset: (offset) =>
          offsets.resolve(topic, partition, textOf(offset) === lastShown ? batch.nextOffset - 1n : BigInt(offset)),
        heartbeat: async () => await this.#heartbeat(),
        pause: this.#pauseOf(topic, partition),
        commitOffsetsIfNecessary: async (given) => {
          if (given !== undefined && given !== null) await offsets.commit(given);
          else if (offsets.isCommitDue) await offsets.commit();
        },
        uncommittedOffsets: () => offsets.uncommitted(),
        isRunning: () => this.#isRunning,
        isStale: () => group.hasSeek(topic, partition),
      });
    } catch (error) {
      this.#logFailure('eachBatch', error, { topic, partition, offset: batch.firstOffset() });
      await this.#commit();
      throw error;
    }
    if (eachBatchAutoResolve) offsets.resolve(topic, partition, batch.nextOffset - 1n);
  }

  #pauseOf(topic: string, partition: number): () => () => void {
    const { group, fetching } = this.#options;
    const partitions = [{ topic, partitions: [partition] }];
    return () => {
      group.subscriptions.pause(partitions);
      return () => {
        group.subscriptions.resume(partitions);
        fetching.wake();
      };
    };
  }

  #logFailure(handler: string, error: unknown, place: { topic: string; partition: number; offset: string }): void {
    if (error instanceof KafkaJSError) return;
    this.#logger.error(`${handler} threw: ${(error as Error)?.message}`, {
      ...place,
      stack: (error as Error)?.stack,
      error,
    });
  }

  async #heartbeat(): Promise<void> {
    const { group } = this.#options;
    group.progressed();
    const beat = group.heartbeat();
    if (beat !== undefined) await this.#orCommit(beat);
  }

  /** What is done is committed while the partitions are ours still. */
  async #orCommit(beat: Promise<void>): Promise<void> {
    try {
      await beat;
    } catch (error) {
      if (isRebalancing(error)) await this.#commit();
      throw error;
    }
  }

  async #commit(): Promise<void> {
    if (this.#options.autoCommit) await this.#options.group.offsets.commit();
  }

  async #commitIfDue(): Promise<void> {
    const { autoCommit, group } = this.#options;
    if (autoCommit && group.offsets.isCommitDue) await group.offsets.commit();
  }
}
