/**
 * Runs one shard of any coordinator: a decision's records become one batch in its partition of the coordinator's topic, are replayed
 * at once, and what was answered leaves when the batch is durable. In: decisions from requests and timers, one at a time. Out: batches
 * to the log, answers to clients.
 *
 * Whatever is answered while a batch is on its way to the disk waits for it, because the answer may tell what the batch says.
 */
import { assert, type Clock, isMillraceError, type Logger } from '@millrace/base';
import { CompressionError, EncodeError, errors } from '@millrace/protocol';

import { noRecords, type Decision, type RecordProducer } from './decision.ts';
import type { RecordPlace } from './records.ts';
import type { Waiter } from './waiter.ts';

/** The partitions of a topic that keeps a coordinator's state, as far as the coordinator needs them. */
export interface StateLog {
  /** Makes the topic when it is not there; settles when it can be appended to. False when that failed. */
  ensure(): Promise<boolean>;
  /** 0 while the topic does not exist. */
  partitionCount(): number;
  isEmpty(partition: number): boolean;
  /** Whole batches from the first on, in buffers of any size; undefined where the partition is not served. */
  read(partition: number): Iterable<Buffer> | undefined;
  /**
   * Appends one batch; it is written, not yet synced, when this returns. An error code means that nothing of it is there. The version
   * decides which epochs the end of a transaction may have.
   */
  append(
    partition: number,
    batch: Buffer,
    transactionVersion?: number,
  ): { readonly baseOffset: number } | { readonly errorCode: number };
  /** Told once, when everything appended before is durable, or is known not to be. */
  afterSync(waiter: { durable(failed: boolean): void }): void;
}

/** The state of one partition: records go in, decisions look at it. */
export interface ReplayedShard<R> {
  record(record: R, place: RecordPlace): void;
  /** All that was stored is in. */
  loaded(): Decision<R>;
  /** Nothing of this shard happens any more. */
  end(errorCode: number): void;
}

export interface RuntimeEnvironment {
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a coordinator's shards are, and how their records are written. */
export interface ShardKind<S extends ReplayedShard<R>, R, E extends RuntimeEnvironment> {
  /** For log lines. */
  readonly what: string;
  create(environment: E & ShardTurns<R>): S;
  encode(records: readonly R[], nowMs: number, producer: RecordProducer | undefined): Buffer;
  /** Reads whole batches, one behind the other. */
  replay(bytes: Buffer, shard: S): void;
}

export interface ShardTurns<R> {
  /** Runs a decision that no request asked for. */
  turn(decide: () => Decision<R>): void;
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

export class ShardRuntime<S extends ReplayedShard<R>, R, E extends RuntimeEnvironment> {
  readonly #log: StateLog;
  readonly #partition: number;
  readonly #environment: E & ShardTurns<R>;
  readonly #kind: ShardKind<S, R, E>;
  #shard: S | undefined = undefined;
  #isDamaged = false;
  #isInTurn = false;
  /** Of the turn under way. */
  #replies: Reply[] = [];
  #unsynced: Unsynced[] = [];

  constructor(log: StateLog, partition: number, environment: E, kind: ShardKind<S, R, E>) {
    this.#log = log;
    this.#partition = partition;
    this.#environment = { ...environment, turn: (decide: () => Decision<R>) => this.#turn(decide) };
    this.#kind = kind;
  }

  /** Undefined until somebody asked for it, or where it cannot be had. */
  get shard(): S | undefined {
    return this.#shard;
  }

  ask<A>(waiter: Waiter<A>, decide: (shard: S, waiter: Waiter<A>) => Decision<R>): void {
    const shard = this.#shard ?? this.load();
    if (shard === undefined) waiter.fail(errors.COORDINATOR_NOT_AVAILABLE);
    else this.#turn(() => decide(shard, this.#held(waiter)));
  }

  /** Nobody waits for the outcome. */
  run(decide: (shard: S) => Decision<R>): void {
    const shard = this.#shard;
    if (shard !== undefined) this.#turn(() => decide(shard));
  }

  /** Appends a batch that is no decision's: the end of a transaction. `apply` replays it. */
  put(batch: Buffer, transactionVersion: number, waiter: Waiter<void>, apply: (shard: S) => void): void {
    this.ask(waiter, (_, held) => {
      const errorCode = this.#append(batch, apply, transactionVersion);
      if (errorCode === errors.NONE) held.answer();
      else held.fail(errorCode);
      return noRecords;
    });
  }

  load(): S | undefined {
    const batches = this.#isDamaged ? undefined : this.#log.read(this.#partition);
    if (batches === undefined) return undefined;
    const shard = this.#kind.create(this.#environment);
    try {
      for (const bytes of batches) this.#kind.replay(bytes, shard);
    } catch (error) {
      if (!isMillraceError(error) && !(error instanceof CompressionError)) throw error;
      this.#isDamaged = true;
      this.#environment.log.error(
        { partition: this.#partition, reason: error.message },
        `${this.#kind.what} of a partition are not available: its log does not read`,
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

  #turn(decide: () => Decision<R>): void {
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

  #carryOut(decision: Decision<R>): void {
    const { records, producer } = decision;
    if (records.length === 0) return;
    for (let from = 0; from < records.length; from += recordsPerBatchMax) {
      const errorCode = this.#write(records.slice(from, from + recordsPerBatchMax), producer);
      if (errorCode !== errors.NONE) {
        decision.failed(errorCode);
        return;
      }
    }
    decision.written();
  }

  #write(records: readonly R[], producer: RecordProducer | undefined): number {
    const batch = this.#encode(records, producer);
    if (batch === undefined) return errors.UNKNOWN_SERVER_ERROR;
    const producerId = producer?.producerId ?? -1;
    return this.#append(batch, (shard, baseOffset) => {
      for (const [index, record] of records.entries()) shard.record(record, { offset: baseOffset + index, producerId });
    });
  }

  #append(batch: Buffer, apply: (shard: S, baseOffset: number) => void, transactionVersion?: number): number {
    const shard = this.#shard;
    assert(shard, 'only a loaded shard decides');
    const appended = this.#log.append(this.#partition, batch, transactionVersion);
    if ('errorCode' in appended) return answerCodeOf(appended.errorCode);
    // The write told that an earlier batch is lost, and the shard went with it.
    if (this.#shard !== shard) return errors.NOT_COORDINATOR;
    apply(shard, appended.baseOffset);
    const unsynced: Unsynced = { replies: [], isSynced: false };
    this.#unsynced.push(unsynced);
    this.#log.afterSync({ durable: (failed) => this.#synced(unsynced, failed) });
    return errors.NONE;
  }

  /** A name that is no UTF-8 grows when it is read, and may then be too long to be written. */
  #encode(records: readonly R[], producer: RecordProducer | undefined): Buffer | undefined {
    let batch: Buffer | undefined;
    const nowMs = this.#environment.clock.now();
    const reason = notEncoded(() => (batch = this.#kind.encode(records, nowMs, producer)));
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
        `${this.#kind.what} of a partition are dropped: their records could not be made durable`,
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

  #held<A>(waiter: Waiter<A>): Waiter<A> {
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
