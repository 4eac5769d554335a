/**
 * Commits. In: offsets that the user names, or cursors and how far they are. Out: offsets at the group's coordinator, one request after the
 * other, so that an older one never comes after a younger one.
 */
import type { Logger } from '@millrace/base';

import { type ClientError, isClientError } from '../error.ts';
import type { OffsetAndMetadata, TopicPartition, TopicPartitionOffset } from '../record.ts';
import type { Cursor } from './fetch/cursor.ts';
import type { GroupOffsets } from './group/group-offsets.ts';

export class Committer {
  readonly #offsets: GroupOffsets;
  readonly #find: (partition: TopicPartition) => Cursor | undefined;
  readonly #log: Logger;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(offsets: GroupOffsets, find: (partition: TopicPartition) => Cursor | undefined, log: Logger) {
    this.#offsets = offsets;
    this.#find = find;
    this.#log = log;
  }

  /** Tries until it succeeds, fails for good, or the time is over. Throws `ClientError`. */
  untilDone(offsets: readonly TopicPartitionOffset[], deadlineMs: number, signal?: AbortSignal): Promise<void> {
    return this.#inTurn(offsets, () => this.#offsets.commitUntil(offsets, deadlineMs, signal));
  }

  /** One try. Throws `ClientError`. */
  once(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#inTurn(offsets, () => this.#offsets.commit(offsets));
  }

  /** What was processed since the last commit, in the background; nothing while a commit is under way. */
  inPassing(cursors: Iterable<Cursor>): void {
    const offsets = processed(cursors);
    if (offsets.length === 0 || this.#waiting > 0) return;
    this.once(offsets).catch((error: unknown) => this.#complain(error));
  }

  /** What was processed since the last commit, before the partitions go. Does not throw. */
  async atLast(cursors: Iterable<Cursor>, deadlineMs: number): Promise<void> {
    const offsets = processed(cursors);
    if (offsets.length === 0) return;
    try {
      await this.untilDone(offsets, deadlineMs);
    } catch (error) {
      this.#complain(error);
    }
  }

  async #inTurn(offsets: readonly TopicPartitionOffset[], commit: () => Promise<void>): Promise<void> {
    this.#waiting++;
    const turn = this.#last.then(commit);
    this.#last = turn.catch(() => {});
    try {
      await turn;
    } finally {
      this.#waiting--;
    }
    for (const offset of offsets) this.#find(offset)?.commitTo(offset.offset);
  }

  #complain(error: unknown): void {
    if (!isClientError(error)) throw error;
    this.#log.warn({ error: error.message }, 'offsets were not committed');
  }
}

/** What is to be committed so that nothing that was not processed is left out. */
function processed(cursors: Iterable<Cursor>): TopicPartitionOffset[] {
  const offsets: TopicPartitionOffset[] = [];
  for (const { topic, partition, processed: offset, processedEpoch, committed } of cursors)
    if (offset !== undefined && offset !== committed)
      offsets.push({ topic, partition, offset, ...epoch(processedEpoch) });
  return offsets;
}

/** How far reading is, the record in hand included. */
export function positionsOf(cursors: Iterable<Cursor>): TopicPartitionOffset[] {
  const offsets: TopicPartitionOffset[] = [];
  for (const { topic, partition, position: offset, positionEpoch } of cursors)
    if (offset !== undefined) offsets.push({ topic, partition, offset, ...epoch(positionEpoch) });
  return offsets;
}

/** How far handlers are. */
export function processedOf(cursors: Iterable<Cursor>): TopicPartitionOffset[] {
  const offsets: TopicPartitionOffset[] = [];
  for (const { topic, partition, processed: offset, processedEpoch } of cursors)
    if (offset !== undefined) offsets.push({ topic, partition, offset, ...epoch(processedEpoch) });
  return offsets;
}

const epoch = (leaderEpoch: number): Pick<OffsetAndMetadata, 'leaderEpoch'> => (leaderEpoch < 0 ? {} : { leaderEpoch });

export type CommitCallback = (error: ClientError | undefined, offsets: readonly TopicPartitionOffset[]) => void;
