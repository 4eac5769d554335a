/**
 * Finds out where reading begins. In: cursors that are new, to be reset, or doubted. Out: cursors that are ready, or that fail. What is
 * committed comes first, then the policy; and where the epoch of what was read is known, the leader is asked whether it still has it.
 *
 * One round after the other as long as some cursor waits; what may pass is asked again after a growing pause.
 */
import { backoffMs } from '../../cluster/backoff.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { ClientError, isClientError, wantsMetadata } from '../../error.ts';
import type { TopicPartition, TopicPartitionOffset } from '../../record.ts';
import type { Cursor } from '../fetch/cursor.ts';
import { Wakeup } from '../../wakeup.ts';
import { type EpochEnd, epochEnds } from './epoch-ends.ts';
import { earliestTimestamp, latestTimestamp, type ListedOffset, listOffsetsOnce } from './listed-offsets.ts';
import type { ResetPolicy } from './reset-policy.ts';

export interface PositionFinderOptions {
  readonly cluster: Cluster;
  readonly policy: ResetPolicy;
  readonly isolationLevel: 0 | 1;
  /** Those that are to be found a place for. */
  readonly cursors: () => Iterable<Cursor>;
  /** One try; undefined without a group. Throws `ClientError`. */
  readonly committed:
    | ((partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, TopicPartitionOffset>>)
    | undefined;
}

export class PositionFinder {
  readonly #options: PositionFinderOptions;
  readonly #wakeup: Wakeup;
  #isWorking = false;
  #isClosed = false;
  #failures = 0;

  constructor(options: PositionFinderOptions) {
    this.#options = options;
    this.#wakeup = new Wakeup(options.cluster.host);
  }

  /** There may be something to do. */
  wake(): void {
    this.#wakeup.wake();
    if (!this.#isWorking && !this.#isClosed) void this.#work();
  }

  close(): void {
    this.#isClosed = true;
    this.#wakeup.wake();
  }

  /** The offset that was asked for is not in the log. */
  outOfRange(cursor: Cursor): void {
    // What came before it is read first.
    if (cursor.position !== cursor.fetchOffset || cursor.isBusy) return;
    if (this.#options.policy.kind === 'none')
      cursor.fail(noOffset(cursor, `Offset ${cursor.fetchOffset} of`, 'is not in the log'));
    else cursor.reset();
  }

  async #work(): Promise<void> {
    const { cluster } = this.#options;
    this.#isWorking = true;
    try {
      for (let waiting = this.#waiting(); waiting.length > 0; waiting = this.#waiting()) {
        const failure = await this.#round(waiting);
        if (this.#isClosed) return;
        if (failure === undefined) {
          this.#failures = 0;
          continue;
        }
        this.#failures++;
        cluster.host.log.debug({ error: failure.message }, 'a position could not be found yet');
        if (wantsMetadata(failure)) cluster.metadata.invalidate();
        const { 'retry.backoff.ms': firstMs, 'retry.backoff.max.ms': maxMs } = cluster.config;
        await this.#wakeup.wait(backoffMs(this.#failures, firstMs, maxMs, cluster.host.random));
      }
    } finally {
      this.#isWorking = false;
    }
  }

  #waiting(): Cursor[] {
    if (this.#isClosed) return [];
    const { metadata } = this.#options.cluster;
    return [...this.#options.cursors()].filter(({ topic, state, fault, isGone, isHeld }) => {
      if (state === 'ready' || fault !== undefined || isGone || isHeld) return false;
      // A topic that is just being looked up: the lookup wakes us.
      return state === 'new' || metadata.topic(topic) !== undefined || metadata.fault(topic) !== undefined;
    });
  }

  /** Gives what is in the way of some, and may pass. */
  async #round(waiting: readonly Cursor[]): Promise<ClientError | undefined> {
    let failure = await this.#begin(waiting.filter(({ state }) => state === 'new'));
    failure = (await this.#reset(waiting.filter(({ state }) => state === 'reset'))) ?? failure;
    return (await this.#check(waiting.filter(({ state }) => state === 'unchecked'))) ?? failure;
  }

  async #begin(cursors: readonly Cursor[]): Promise<ClientError | undefined> {
    if (cursors.length === 0) return undefined;
    const { committed, policy } = this.#options;
    const epochs = epochsOf(cursors);
    let offsets: ReadonlyMap<string, TopicPartitionOffset> = new Map();
    try {
      if (committed !== undefined) offsets = await committed(cursors);
    } catch (error) {
      return passing(error, cursors);
    }
    for (const cursor of cursors) {
      if (hasJumped(cursor, epochs)) continue;
      const found = offsets.get(cursor.key);
      if (found !== undefined) {
        cursor.committed = found.offset;
        cursor.jump(found.offset, found.leaderEpoch ?? -1);
      } else if (policy.kind === 'none') cursor.fail(noOffset(cursor, 'For', 'no offset is committed'));
      else cursor.reset();
    }
    return undefined;
  }

  async #reset(cursors: readonly Cursor[]): Promise<ClientError | undefined> {
    if (cursors.length === 0) return undefined;
    const { cluster, isolationLevel } = this.#options;
    const epochs = epochsOf(cursors);
    cluster.metadata.want(cursors.map(({ topic }) => topic));
    const queries = cursors.map(({ topic, partition, resetTimestamp }) => ({
      topic,
      partition,
      timestamp: resetTimestamp ?? this.#policyTimestamp(),
    }));
    const { found, failures } = await listOffsetsOnce(cluster, queries, isolationLevel);
    for (const cursor of cursors) {
      const offset = found.get(cursor.key);
      if (offset !== undefined && !hasJumped(cursor, epochs)) this.#place(cursor, offset);
    }
    return this.#sort(failures, cursors, epochs);
  }

  #policyTimestamp(): number {
    const { policy, cluster } = this.#options;
    if (policy.kind === 'earliest') return earliestTimestamp;
    return policy.kind === 'duration' ? Math.max(0, cluster.host.clock.now() - policy.durationMs) : latestTimestamp;
  }

  #place(cursor: Cursor, { offset, leaderEpoch }: ListedOffset): void {
    // No record is as young as the time that was asked for: what comes next will be.
    if (offset < 0n) return cursor.reset(latestTimestamp);
    cursor.jump(offset);
    if (leaderEpoch >= 0) cursor.leaderEpoch = Math.max(cursor.leaderEpoch, leaderEpoch);
  }

  async #check(cursors: readonly Cursor[]): Promise<ClientError | undefined> {
    if (cursors.length === 0) return undefined;
    const { cluster } = this.#options;
    const epochs = epochsOf(cursors);
    cluster.metadata.want(cursors.map(({ topic }) => topic));
    const queries = cursors.map(({ topic, partition, fetchedEpoch }) => ({
      topic,
      partition,
      leaderEpoch: fetchedEpoch,
      currentLeaderEpoch: cluster.metadata.partition(topic, partition)?.leaderEpoch ?? -1,
    }));
    const { found, failures } = await epochEnds(cluster, queries);
    for (const cursor of cursors) {
      const end = found.get(cursor.key);
      if (end === undefined || hasJumped(cursor, epochs)) continue;
      if (end === 'unknown') cursor.trust();
      else this.#judge(cursor, end);
    }
    return this.#sort(failures, cursors, epochs);
  }

  #judge(cursor: Cursor, { endOffset, leaderEpoch }: EpochEnd): void {
    const isKnown = endOffset >= 0n && leaderEpoch >= 0;
    if (isKnown && endOffset >= cursor.fetchOffset) return cursor.trust();
    const position = cursor.position ?? cursor.fetchOffset;
    // Nothing that the user has seen is gone.
    if (isKnown && endOffset >= position && position < cursor.fetchOffset) return cursor.rewind();
    if (this.#options.policy.kind === 'none')
      return cursor.fail(truncated(cursor, position, isKnown ? endOffset : undefined));
    this.#options.cluster.host.log.warn(
      { topic: cursor.topic, partition: cursor.partition },
      'a log was truncated below the position',
    );
    if (!isKnown) return cursor.reset();
    cursor.jump(endOffset);
    cursor.fetchedEpoch = leaderEpoch;
  }

  #sort(
    failures: ReadonlyMap<string, ClientError>,
    cursors: readonly Cursor[],
    epochs: Epochs,
  ): ClientError | undefined {
    let passes: ClientError | undefined;
    for (const cursor of cursors) {
      const failure = failures.get(cursor.key);
      if (failure === undefined || hasJumped(cursor, epochs)) continue;
      if (failure.retriable) passes = failure;
      else cursor.fail(failure, true);
    }
    return passes;
  }
}

type Epochs = ReadonlyMap<Cursor, number>;

const epochsOf = (cursors: readonly Cursor[]): Epochs => new Map(cursors.map((cursor) => [cursor, cursor.epoch]));
const hasJumped = (cursor: Cursor, epochs: Epochs): boolean => cursor.isGone || cursor.epoch !== epochs.get(cursor);

function passing(error: unknown, cursors: readonly Cursor[]): ClientError | undefined {
  if (!isClientError(error)) throw error;
  if (error.retriable) return error;
  for (const cursor of cursors) cursor.fail(error, true);
  return undefined;
}

function noOffset({ topic, partition }: TopicPartition, before: string, after: string): ClientError {
  const text = `${before} ${topic}-${partition} ${after}, and auto.offset.reset is none: seek to where reading is to begin.`;
  return new ClientError('NO_OFFSET', text);
}

function truncated({ topic, partition }: TopicPartition, position: bigint, endOffset: bigint | undefined): ClientError {
  const where = endOffset === undefined ? '' : ` What is left ends at ${endOffset}: seek there to go on.`;
  const text = `The log of ${topic}-${partition} was truncated below offset ${position}, up to which it was read (KIP-320).${where}`;
  return new ClientError('LOG_TRUNCATED', text);
}
