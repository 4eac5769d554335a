/**
 * What lies between brokers and readers: the assigned partitions, what finds their places, what fetches them, and the queue that readers take
 * them from. Each tells the others what has changed.
 */
import type { Cluster } from '../cluster/cluster.ts';
import { ClientError } from '../error.ts';
import type { TopicPartition } from '../record.ts';
import type { TopicSerdesMap } from '../serdes/serde.ts';
import { Assignment, type RebalanceCallbacks } from './assignment.ts';
import { ConsumerMeter } from './consumer-metrics.ts';
import type { ConsumerSettings } from './consumer-options.ts';
import type { Cursor } from './fetch/cursor.ts';
import { Fetcher } from './fetch/fetcher.ts';
import { PositionFinder, type PositionFinderOptions } from './offsets/position-finder.ts';
import { resetPolicyOf } from './offsets/reset-policy.ts';
import { decoderOf } from './reading/decoded-record.ts';
import { Progress } from './reading/progress.ts';
import { ReadyQueue } from './reading/ready-queue.ts';

export interface IntakeOptions {
  readonly cluster: Cluster;
  readonly settings: ConsumerSettings;
  readonly callbacks: RebalanceCallbacks;
  readonly serdes: TopicSerdesMap;
  readonly committed: PositionFinderOptions['committed'];
  /** Commits what was processed, where that is automatic. Does not throw. */
  readonly commit: (cursors: readonly Cursor[]) => Promise<void>;
  /** A reader has come for more; since when it gets on with all that it has in hand, by the monotonic clock. */
  readonly polled: (atMs: number) => void;
  /** The membership has ended with this. */
  readonly ended: () => void;
}

export class Intake {
  readonly assignment: Assignment;
  readonly queue: ReadyQueue;
  readonly meter: ConsumerMeter;
  /** The user is leaving the group, maybe inside of a loop over records: nobody waits for that loop. */
  isLeaving = false;
  readonly #cluster: Cluster;
  readonly #fetcher: Fetcher;
  readonly #finder: PositionFinder;
  readonly #watchers = new Set<() => void>();
  readonly #progress = new Progress();

  constructor(options: IntakeOptions) {
    const { cluster, settings, callbacks, commit, committed, polled, ended } = options;
    const { config, isolationLevel } = settings;
    const serdes = new Map(Object.entries(options.serdes));
    this.#cluster = cluster;
    this.meter = new ConsumerMeter(cluster, {
      bufferedBytes: () => this.#fetcher.bufferedBytes,
      assignedPartitions: () => this.assignment.count,
    });
    this.queue = new ReadyQueue(
      { clientId: config['client.id'], groupId: config['group.id'] ?? undefined },
      {
        wanted: () => polled(this.lookAtUser() ?? cluster.host.clock.monotonic()),
        taken: (cursor, nextOffset) => this.meter.fetch.taken(cursor, nextOffset),
        meter: this.meter.poll,
      },
    );
    this.assignment = new Assignment({
      callbacks,
      commit,
      clock: cluster.host.clock,
      called: (name, tookMs) => this.meter.group.called(name, tookMs),
      decoderOf: (topic) => (serdes.has(topic) ? decoderOf(topic, serdes.get(topic)!) : undefined),
      listener: {
        readable: (cursor) => this.queue.readable(cursor),
        buffered: (cursor, bytes) => this.#fetcher.buffered(cursor, bytes),
        changed: (cursor) => this.#changed(cursor),
      },
      added: (cursor) => this.#added(cursor),
      removed: (cursor) => this.#removed(cursor),
      isWaitedFor: () => !this.isLeaving || this.queue.reader?.isParallel === true,
      failed: (error, isFinal) => {
        this.queue.fail(error, isFinal);
        if (isFinal) ended();
      },
    });
    this.#fetcher = new Fetcher({
      cluster,
      rules: settings.fetchRules,
      fetchBytesMax: config['fetch.max.bytes'],
      outOfRange: (cursor) => this.#finder.outOfRange(cursor),
      failed: (error) => this.queue.fail(error, false),
      observed: (answer, topicBytes) => this.meter.fetch.fetched(answer, topicBytes),
    });
    this.#finder = new PositionFinder({
      cluster,
      policy: resetPolicyOf(config['auto.offset.reset']),
      isolationLevel,
      cursors: () => this.assignment.cursors,
      committed,
    });
    cluster.metadata.onChanged(() => this.#metadataChanged());
  }

  get cursors(): Iterable<Cursor> {
    return this.assignment.cursors;
  }

  /** Since when the user has not got on with what he has longest; now where he has nothing, undefined where nobody reads. */
  lookAtUser(): number | undefined {
    const { reader } = this.queue;
    return reader && this.#progress.look(reader.inHand, this.#cluster.host.clock.monotonic());
  }

  /** Lookups go on asking for topics that are read. */
  want(): void {
    this.#cluster.metadata.want([...this.cursors].map(({ topic }) => topic));
  }

  pause(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) {
      cursor.isPaused = true;
      cursor.stop();
    }
  }

  resume(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) {
      cursor.isPaused = false;
      this.queue.readable(cursor);
      this.#fetcher.place(cursor);
    }
  }

  /** Settles when the position is known. Throws `ClientError`: what stands in its way, TIMEOUT, ABORTED, STATE. */
  async position(partition: TopicPartition, deadlineMs: number, signal?: AbortSignal): Promise<bigint> {
    const { clock } = this.#cluster.host;
    for (;;) {
      const { position, fault } = this.assignment.get(partition);
      if (position !== undefined) return position;
      if (fault !== undefined) throw fault;
      const leftMs = deadlineMs - clock.monotonic();
      const { topic, partition: index } = partition;
      if (leftMs <= 0)
        throw new ClientError('TIMEOUT', `The position of ${topic}-${index} could not be found out in time.`);
      await this.#change(leftMs, signal);
    }
  }

  /** Settles when handlers are done with what they have in hand; nobody waits for loops. */
  async quiet(): Promise<void> {
    if (this.queue.reader?.isParallel === true) await Promise.all([...this.cursors].map((cursor) => cursor.quiet()));
  }

  close(): void {
    this.#finder.close();
    this.#fetcher.close();
    this.#tell();
  }

  #added(cursor: Cursor): void {
    const { metadata } = this.#cluster;
    this.meter.fetch.added(cursor);
    metadata.want([cursor.topic]);
    if (metadata.topic(cursor.topic) === undefined) metadata.refresh().catch(() => metadata.invalidate());
    this.#fetcher.add(cursor);
    this.#learnLeader(cursor);
    this.#finder.wake();
    this.queue.add(cursor);
  }

  #removed(cursor: Cursor): void {
    this.meter.fetch.removed(cursor);
    this.#fetcher.remove(cursor);
    this.queue.remove(cursor);
    this.#tell();
  }

  #changed(cursor: Cursor): void {
    this.#fetcher.place(cursor);
    if (cursor.state !== 'ready') this.#finder.wake();
    this.#tell();
  }

  #metadataChanged(): void {
    for (const cursor of this.cursors) this.#learnLeader(cursor);
    this.#fetcher.placeAll();
    this.#finder.wake();
  }

  /** A new leader may lack what the old one had (KIP-320). */
  #learnLeader(cursor: Cursor): void {
    const leaderEpoch = this.#cluster.metadata.partition(cursor.topic, cursor.partition)?.leaderEpoch ?? -1;
    if (leaderEpoch <= cursor.leaderEpoch) return;
    const isNews = cursor.leaderEpoch >= 0;
    cursor.leaderEpoch = leaderEpoch;
    if (isNews) cursor.doubt();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** Settles when something about positions has changed. Throws `ClientError` ABORTED. */
  async #change(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#cluster.host.timers.after(timeoutMs, resolve);
    const aborted = (): void => resolve();
    this.#watchers.add(resolve);
    signal?.addEventListener('abort', aborted);
    if (signal?.aborted !== true) await promise;
    this.#watchers.delete(resolve);
    signal?.removeEventListener('abort', aborted);
    timer.cancel();
    if (signal?.aborted === true) throw new ClientError('ABORTED', 'The call was aborted.', { cause: signal.reason });
  }
}
