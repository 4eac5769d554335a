/**
 * Records that cannot be put into a batch at once: their topic is not known yet, a serializer takes its time, or `buffer.memory` is
 * full. They wait in a line, one per topic, and every later record of the topic behind them, so that order is kept.
 */
import { ClientError, isClientError } from '../error.ts';
import type { PlainRecord } from './producer-record.ts';
import type { Field } from './record-buffer.ts';
import type { TopicState } from './topic-state.ts';
import type { Waiter } from './waiters.ts';

/** A key or value that is there, or will be. */
export type SoonField = Field | PromiseLike<Field>;

export interface LineEntry {
  readonly record: PlainRecord;
  readonly key: SoonField;
  readonly value: SoonField;
  readonly waiter: Waiter | null;
  readonly ticket: number;
  /** `max.block.ms` from when it was given. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface LineDoors {
  /** Settles when the topic is known. Throws `ClientError`. */
  readonly ready: (topic: TopicState, entry: LineEntry) => Promise<void>;
  /** False: no memory. Throws `ClientError`. */
  readonly append: (topic: TopicState, entry: LineEntry, key: Field, value: Field) => boolean;
  /** Settles when there may be memory. Throws `ClientError`. */
  readonly room: (entry: LineEntry, key: Field, value: Field) => Promise<void>;
}

const movedUpAfter = 1024;

export class TopicLine {
  readonly topic: TopicState;
  /** Settles when nobody waits any more. */
  readonly ended: Promise<void>;
  readonly #doors: LineDoors;
  readonly #entries: LineEntry[];
  /** Who is first in the line. */
  #at = 0;
  #fails = 0;

  constructor(topic: TopicState, first: LineEntry, doors: LineDoors) {
    this.topic = topic;
    this.#entries = [first];
    this.#doors = doors;
    topic.isWaiting = true;
    this.ended = this.#work();
  }

  push(entry: LineEntry): void {
    this.#entries.push(entry);
  }

  /** All that wait; those that stand in batches already are no concern of the line. */
  fail(error: ClientError): void {
    const waiting = this.#entries.slice(this.#at);
    this.#entries.length = 0;
    this.#at = -1;
    this.#fails++;
    for (const { waiter, ticket } of waiting) waiter?.failed(error, ticket);
  }

  async #work(): Promise<void> {
    const entries = this.#entries;
    for (; this.#at < entries.length; this.#at++) {
      const fails = this.#fails;
      const entry = entries[this.#at]!;
      const failure = await this.#pass(entry);
      // Told already, and those that came since begin with the first place.
      if (fails !== this.#fails) continue;
      if (failure !== undefined) entry.waiter?.failed(failure, entry.ticket);
      // Those that are done leave many at a time: a long line must not be moved up for each of them.
      if (this.#at < movedUpAfter) continue;
      entries.splice(0, this.#at + 1);
      this.#at = -1;
    }
    entries.length = 0;
    this.topic.isWaiting = false;
  }

  async #pass(entry: LineEntry): Promise<ClientError | undefined> {
    const { append, ready, room } = this.#doors;
    const fails = this.#fails;
    try {
      check(entry.signal);
      await ready(this.topic, entry);
      const key = isSoon(entry.key) ? await entry.key : entry.key;
      const value = isSoon(entry.value) ? await entry.value : entry.value;
      while (fails === this.#fails && !append(this.topic, entry, key, value)) {
        await room(entry, key, value);
        check(entry.signal);
      }
      return undefined;
    } catch (error) {
      return asClientError(error);
    }
  }
}

/** Whether it is not there yet. */
export const isSoon = (field: SoonField): field is PromiseLike<Field> =>
  typeof field === 'object' && field !== null && !(field instanceof Uint8Array) && 'then' in field;

/** Throws ABORTED. */
function check(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}

export const aborted = (signal: AbortSignal): ClientError =>
  new ClientError('ABORTED', 'The record was not sent: the call was aborted.', { cause: signal.reason });

/** What a user's serializer or partitioner throws counts as a record that cannot be written. */
export function asClientError(error: unknown): ClientError {
  if (isClientError(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ClientError('SERIALIZATION', `A record cannot be written: ${text}`, { cause: error });
}
