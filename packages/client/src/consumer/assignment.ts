/**
 * The partitions that are ours. In: what a membership, or the user, says of them. Out: a cursor for each, with the fetcher, the finder of
 * positions and the readers told, and the user's callbacks called, one after the other.
 */
import type { Clock } from '@millrace/base';

import { ClientError, isClientError } from '../error.ts';
import { partitionKey, type TopicPartition } from '../record.ts';
import { Cursor, type CursorListener, type RecordDecoder } from './fetch/cursor.ts';
import type { PartitionOwner } from './group/membership.ts';

export interface RebalanceCallbacks {
  /** These are ours; nothing is read of them before this settles. */
  readonly onPartitionsAssigned?: ((partitions: readonly TopicPartition[]) => unknown) | undefined;
  /** These will be somebody else's when this settles. */
  readonly onPartitionsRevoked?: ((partitions: readonly TopicPartition[]) => unknown) | undefined;
  /** These may be somebody else's already. Left out: `onPartitionsRevoked`. */
  readonly onPartitionsLost?: ((partitions: readonly TopicPartition[]) => unknown) | undefined;
}

export interface AssignmentOptions {
  readonly callbacks: RebalanceCallbacks;
  readonly decoderOf: (topic: string) => RecordDecoder | undefined;
  readonly listener: CursorListener;
  readonly added: (cursor: Cursor) => void;
  readonly removed: (cursor: Cursor) => void;
  /** Commits what was processed of them, where that is automatic. Does not throw. */
  readonly commit: (cursors: readonly Cursor[]) => Promise<void>;
  /** Whether to wait until the user comes back with what is in hand. */
  readonly isWaitedFor: () => boolean;
  readonly failed: (error: ClientError, isFinal: boolean) => void;
  readonly clock: Clock;
  /** A callback of the user's has ended. */
  readonly called: (name: keyof RebalanceCallbacks, tookMs: number) => void;
}

export class Assignment implements PartitionOwner {
  readonly #options: AssignmentOptions;
  readonly #cursors = new Map<string, Cursor>();

  constructor(options: AssignmentOptions) {
    this.#options = options;
  }

  get owned(): readonly TopicPartition[] {
    return [...this.#cursors.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  get count(): number {
    return this.#cursors.size;
  }

  get cursors(): Iterable<Cursor> {
    return this.#cursors.values();
  }

  find({ topic, partition }: TopicPartition): Cursor | undefined {
    return this.#cursors.get(partitionKey(topic, partition));
  }

  /** Throws `ClientError` STATE. */
  get({ topic, partition }: TopicPartition): Cursor {
    const cursor = this.#cursors.get(partitionKey(topic, partition));
    if (cursor === undefined) throw new ClientError('STATE', `${topic}-${partition} is not assigned to this consumer.`);
    return cursor;
  }

  /** Those that are named, or all. Throws `ClientError` STATE. */
  some(partitions: readonly TopicPartition[] | undefined): Cursor[] {
    return partitions === undefined ? [...this.#cursors.values()] : partitions.map((partition) => this.get(partition));
  }

  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    const cursors = partitions.map((partition) => this.#create(partition));
    for (const cursor of cursors) cursor.isHeld = true;
    await this.#tell('onPartitionsAssigned', partitions);
    for (const cursor of cursors) {
      cursor.isHeld = false;
      if (!cursor.isGone) this.#options.added(cursor);
    }
  }

  async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const cursors = this.#found(partitions);
    for (const cursor of cursors) hold(cursor);
    if (this.#options.isWaitedFor()) await Promise.all(cursors.map((cursor) => cursor.quiet()));
    await this.#options.commit(cursors);
    if (partitions.length > 0) await this.#tell('onPartitionsRevoked', partitions);
    this.#remove(cursors);
  }

  async lose(partitions: readonly TopicPartition[]): Promise<void> {
    const cursors = this.#found(partitions);
    for (const cursor of cursors) hold(cursor);
    const { onPartitionsLost } = this.#options.callbacks;
    if (partitions.length > 0)
      await this.#tell(onPartitionsLost === undefined ? 'onPartitionsRevoked' : 'onPartitionsLost', partitions);
    this.#remove(cursors);
  }

  complain(error: ClientError): void {
    this.#options.failed(error, false);
  }

  fail(error: ClientError): void {
    this.#options.failed(error, true);
  }

  /** What the user says is ours, and nothing else. */
  async choose(partitions: readonly TopicPartition[]): Promise<void> {
    const wanted = new Map(
      partitions.map((partition) => [partitionKey(partition.topic, partition.partition), partition]),
    );
    const gone = [...this.#cursors.values()].filter(({ key }) => !wanted.has(key));
    for (const cursor of gone) hold(cursor);
    const added = [...wanted]
      .filter(([key]) => !this.#cursors.has(key))
      .map(([, partition]) => this.#create(partition));
    for (const cursor of added) this.#options.added(cursor);
    await this.#options.commit(gone);
    this.#remove(gone);
  }

  #create(partition: TopicPartition): Cursor {
    const before = this.find(partition);
    if (before !== undefined) return before;
    const cursor = new Cursor(partition, this.#options.listener);
    cursor.decoder = this.#options.decoderOf(cursor.topic);
    this.#cursors.set(cursor.key, cursor);
    return cursor;
  }

  #found(partitions: readonly TopicPartition[]): Cursor[] {
    return partitions.map((partition) => this.find(partition)).filter((cursor) => cursor !== undefined);
  }

  #remove(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) {
      cursor.end();
      this.#cursors.delete(cursor.key);
      this.#options.removed(cursor);
    }
  }

  async #tell(name: keyof RebalanceCallbacks, partitions: readonly TopicPartition[]): Promise<void> {
    const { callbacks, called, clock, failed } = this.#options;
    const callback = callbacks[name];
    if (callback === undefined) return;
    const begunAtMs = clock.monotonic();
    try {
      await callback(partitions);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const failure = isClientError(error)
        ? error
        : new ClientError('HANDLER', `${name} has thrown: ${reason}`, { cause: error });
      failed(failure, false);
    } finally {
      called(name, clock.monotonic() - begunAtMs);
    }
  }
}

function hold(cursor: Cursor): void {
  cursor.isHeld = true;
  cursor.stop();
}
