/**
 * Runs one shard: a decision's records become one batch in its partition of `__consumer_offsets`, are replayed at once, and what was
 * answered leaves when the batch is durable. In: decisions from requests and timers, one at a time. Out: batches to the log, answers
 * to clients.
 *
 * Whatever is answered while a batch is on its way to the disk waits for it, because the answer may tell what the batch says.
 */
import { assert, isMillraceError } from '@millrace/base';
import { CompressionError, EncodeError, errors } from '@millrace/protocol';

import type { Decision } from './decision.ts';
import type { GroupEnvironment } from './environment.ts';
import { encodeRecords, replayBatches, type CoordinatorRecord } from './records.ts';
import { Shard } from './shard.ts';
import type { Waiter } from './waiter.ts';

/** The partitions of `__consumer_offsets`, as far as their coordinator needs them. */
export interface OffsetsLog {
  /** 0 while the topic does not exist. */
  partitionCount(): number;
  isEmpty(partition: number): boolean;
  /** Whole batches from the first on, in buffers of any size; undefined where the partition is not served. */
  read(partition: number): Iterable<Buffer> | undefined;
  /** Appends one batch; it is written, not yet synced, when this returns. An error code means that nothing of it is there. */
  append(partition: number, batch: Buffer): { readonly baseOffset: number } | { readonly errorCode: number };
  /** Told once, when everything appended before is durable, or is known not to be. */
  afterSync(waiter: { durable(failed: boolean): void }): void;
}

interface Reply {
  send(): void;
  fail(errorCode: number): void;
}

/** A batch on its way to the disk, and what may be said only when it is there. */
interface Unsynced {
  readonly replies: Reply[];
  isSynced: boolean;
}

/** Keeps a batch below any sensible `max.message.bytes`; only removals of many offsets grow so large. */
const recordsPerBatchMax = 2000;

export class ShardRuntime {
  readonly #log: OffsetsLog;
  readonly #partition: number;
  readonly #environment: GroupEnvironment;
  #shard: Shard | undefined = undefined;
  #isDamaged = false;
  #isInTurn = false;
  /** Of the turn under way. */
  #replies: Reply[] = [];
  #unsynced: Unsynced[] = [];

  constructor(log: OffsetsLog, partition: number, environment: Omit<GroupEnvironment, 'turn'>) {
    this.#log = log;
    this.#partition = partition;
    this.#environment = { ...environment, turn: (decide) => this.#turn(decide) };
  }

  /** Undefined until somebody asked for it, or where it cannot be had. */
  get shard(): Shard | undefined {
    return this.#shard;
  }

  ask<R>(waiter: Waiter<R>, decide: (shard: Shard, waiter: Waiter<R>) => Decision): void {
    const shard = this.#shard ?? this.load();
    if (shard === undefined) waiter.fail(errors.COORDINATOR_NOT_AVAILABLE);
    else this.#turn(() => decide(shard, this.#held(waiter)));
  }

  /** Nobody waits for the outcome. */
  run(decide: (shard: Shard) => Decision): void {
    const shard = this.#shard;
    if (shard !== undefined) this.#turn(() => decide(shard));
  }

  load(): Shard | undefined {
    const batches = this.#isDamaged ? undefined : this.#log.read(this.#partition);
    if (batches === undefined) return undefined;
    const shard = new Shard(this.#environment);
    try {
      for (const bytes of batches) replayBatches(bytes, shard);
    } catch (error) {
      if (!isMillraceError(error) && !(error instanceof CompressionError)) throw error;
      this.#isDamaged = true;
      this.#environment.log.error(
        { partition: this.#partition, reason: error.message },
        'groups of a partition are not available: its log does not read',
      );
      return undefined;
    }
    this.#shard = shard;
    this.#turn(() => shard.loaded());
    return shard;
  }

  /** All that wait are told; the next who asks loads the shard anew. */
  unload(errorCode: number): void {
    const unsynced = this.#unsynced;
    const shard = this.#shard;
    this.#unsynced = [];
    this.#shard = undefined;
    for (const { replies } of unsynced) for (const reply of replies) reply.fail(errorCode);
    shard?.end(errorCode);
  }

  #turn(decide: () => Decision): void {
    assert(!this.#isInTurn, 'a decision never leads to another one');
    const replies: Reply[] = [];
    this.#replies = replies;
    this.#isInTurn = true;
    try {
      this.#carryOut(decide());
    } finally {
      this.#isInTurn = false;
    }
    const last = this.#unsynced.at(-1);
    if (last !== undefined) last.replies.push(...replies);
    else for (const reply of replies) this.#send(reply);
  }

  #carryOut(decision: Decision): void {
    const { records } = decision;
    if (records.length === 0) return;
    for (let from = 0; from < records.length; from += recordsPerBatchMax) {
      const errorCode = this.#write(records.slice(from, from + recordsPerBatchMax));
      if (errorCode !== errors.NONE) {
        decision.failed(errorCode);
        return;
      }
    }
    decision.written();
  }

  #write(records: readonly CoordinatorRecord[]): number {
    const shard = this.#shard;
    assert(shard, 'only a loaded shard decides');
    const batch = this.#encode(records);
    if (batch === undefined) return errors.UNKNOWN_SERVER_ERROR;
    const appended = this.#log.append(this.#partition, batch);
    if ('errorCode' in appended) return answerCodeOf(appended.errorCode);
    // The write told that an earlier batch is lost, and the shard went with it.
    if (this.#shard !== shard) return errors.NOT_COORDINATOR;
    for (const [index, record] of records.entries())
      shard.record(record, { offset: appended.baseOffset + index, producerId: -1 });
    const unsynced: Unsynced = { replies: [], isSynced: false };
    this.#unsynced.push(unsynced);
    this.#log.afterSync({ durable: (failed) => this.#synced(unsynced, failed) });
    return errors.NONE;
  }

  /** A name that is no UTF-8 grows when it is read, and may then be too long to be written. */
  #encode(records: readonly CoordinatorRecord[]): Buffer | undefined {
    let batch: Buffer | undefined;
    const reason = notEncoded(() => (batch = encodeRecords(records, this.#environment.clock.now())));
    if (reason !== undefined)
      this.#environment.log.warn({ partition: this.#partition, reason }, 'a client said what cannot be stored');
    return batch;
  }

  /** Nor may one answer that has no form keep the others back: it becomes an error. */
  #send(reply: Reply): void {
    const reason = notEncoded(() => reply.send());
    if (reason === undefined) return;
    this.#environment.log.warn({ partition: this.#partition, reason }, 'an answer could not be written');
    notEncoded(() => reply.fail(errors.UNKNOWN_SERVER_ERROR));
  }

  #synced(batch: Unsynced, failed: boolean): void {
    if (!this.#unsynced.includes(batch)) return;
    if (failed) {
      // The state tells what the disk may not hold: it is read anew.
      this.#environment.log.error(
        { partition: this.#partition },
        'groups of a partition are dropped: their records could not be made durable',
      );
      this.unload(errors.NOT_COORDINATOR);
      return;
    }
    batch.isSynced = true;
    while (this.#unsynced[0]?.isSynced === true) {
      const first = this.#unsynced.shift();
      for (const reply of first?.replies ?? []) this.#send(reply);
    }
  }

  #held<R>(waiter: Waiter<R>): Waiter<R> {
    const hold = (send: () => void): void => {
      if (this.#isInTurn) this.#replies.push({ send, fail: (errorCode) => waiter.fail(errorCode) });
      else send();
    };
    return {
      answer: (response) => hold(() => waiter.answer(response)),
      fail: (errorCode) => hold(() => waiter.fail(errorCode)),
    };
  }
}

/** Gives the reason when something cannot be put into bytes. */
function notEncoded(encode: () => void): string | undefined {
  try {
    encode();
    return undefined;
  } catch (error) {
    if (error instanceof EncodeError) return error.message;
    throw error;
  }
}

/** Why an append failed, in words that make a client of a group do the right thing. */
function answerCodeOf(errorCode: number): number {
  switch (errorCode) {
    case errors.UNKNOWN_TOPIC_OR_PARTITION:
    case errors.NOT_ENOUGH_REPLICAS:
    case errors.REQUEST_TIMED_OUT:
      return errors.COORDINATOR_NOT_AVAILABLE;
    case errors.NOT_LEADER_OR_FOLLOWER:
    case errors.KAFKA_STORAGE_ERROR:
      return errors.NOT_COORDINATOR;
    case errors.MESSAGE_TOO_LARGE:
    case errors.RECORD_LIST_TOO_LARGE:
    case errors.INVALID_FETCH_SIZE:
      return errors.UNKNOWN_SERVER_ERROR;
    default:
      return errorCode;
  }
}
