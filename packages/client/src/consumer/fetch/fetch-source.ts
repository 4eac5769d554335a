/**
 * Fetches from one broker. In: the cursors that are read from it. Out: one Fetch request after the other, on a connection of its own, and
 * what the answers bring put to the cursors. The next request leaves as soon as the headers of what came are looked at.
 *
 * A cursor that has enough buffered is left out. Since a broker that has nothing else to send then holds the request for a while, a
 * cursor that is about to be read empty is waited for a little first; one whose reader is slower than that is not waited for again.
 *
 * A broker that has had nothing for a while is asked to hold its answer for longer than fetch.max.wait.ms, since records come as soon as
 * they are there all the same. What must not wait that long, as a cursor that has jumped, ends the connection and asks on another.
 */
import { errorName, errors, type ExactResponse, zeroUuid } from '@millrace/protocol';

import type { Cluster } from '../../cluster/cluster.ts';
import type { Connection } from '../../cluster/connection.ts';
import { backoffMs } from '../../cluster/backoff.ts';
import { pause } from '../../client-host.ts';
import { ClientError, isClientError, wantsMetadata } from '../../error.ts';
import { partitionKey } from '../../record.ts';
import type { Cursor } from './cursor.ts';
import type { FetchBudget } from './fetch-budget.ts';
import { FetchSession, type FetchTarget, fetchVersionMax } from './fetch-session.ts';
import { Wakeup } from '../../wakeup.ts';

export type PartitionAnswer = ExactResponse<'fetch'>['responses'][number]['partitions'][number];

export interface FetchRules {
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly partitionBytesMax: number;
  readonly isolationLevel: 0 | 1;
  readonly rackId: string;
}

/** Whoever keeps the cursors. */
export interface FetchOwner {
  /** What came for a cursor, from where it stands. */
  took(cursor: Cursor, answer: PartitionAnswer, from: AnsweringBroker): void;
  /** No try will get further until the user does something. */
  failed(error: ClientError): void;
  observed(answer: FetchedAnswer): void;
}

export interface AnsweringBroker {
  readonly id: number;
  /** `host:port`. */
  readonly broker: string;
}

export interface FetchedAnswer {
  readonly tookMs: number;
  readonly bytes: number;
  readonly throttleTimeMs: number;
}

interface CursorTarget extends FetchTarget {
  readonly cursor: Cursor;
  /** Of the cursor when it was asked for: it has jumped when it has another. */
  readonly epoch: number;
}

/** Answers in a row that brought nothing, after which a broker is quiet, and how many times longer it may hold the next. */
const quietAfter = 8;
const quietFactor = 10;

/** Why a connection with a held answer is closed. */
const overtaken = new ClientError('DISCONNECTED', 'Something else is to be fetched.');

/** How long a reader that is about to be done with what it has is waited for. */
const patienceMs = 10;
/** How long a broker may hold a request that leaves out cursors because they are full. */
const heldWaitMs = 20;

/** What is read straight into its place (`AnswerFrames`), with room for what stands around the records. */
const placedBytes = (4 << 20) - (64 << 10);

/** An answer that is only a little larger than what is placed at once would be copied as a whole. */
const answerBytes = (wanted: number): number =>
  wanted > placedBytes && wanted < 2 * placedBytes ? placedBytes : wanted;

export class FetchSource {
  readonly #id: number;
  readonly #cluster: Cluster;
  readonly #rules: FetchRules;
  readonly #budget: FetchBudget;
  readonly #owner: FetchOwner;
  readonly #cursors = new Set<Cursor>();
  readonly #slow = new WeakSet<Cursor>();
  readonly #session = new FetchSession();
  readonly #wakeup: Wakeup;
  #failures = 0;
  #emptyAnswers = 0;
  /** What a quiet broker holds an answer to. */
  #parked: { readonly connection: Connection; readonly targets: readonly CursorTarget[] } | undefined;
  #isStopped = false;
  #isWorking = false;

  constructor(id: number, cluster: Cluster, rules: FetchRules, budget: FetchBudget, owner: FetchOwner) {
    this.#id = id;
    this.#cluster = cluster;
    this.#rules = rules;
    this.#budget = budget;
    this.#owner = owner;
    this.#wakeup = new Wakeup(cluster.host);
  }

  add(cursor: Cursor): void {
    this.#cursors.add(cursor);
    this.wake();
  }

  remove(cursor: Cursor): void {
    this.#cursors.delete(cursor);
    this.wake();
  }

  /** Something about its cursors has changed. */
  wake(): void {
    this.#wakeup.wake();
    if (this.#parked !== undefined && this.#wantsMoreThan(this.#parked.targets))
      this.#parked.connection.close(overtaken);
    if (this.#isWorking || this.#isStopped || this.#cursors.size === 0) return;
    void this.#work();
  }

  /** A cursor has room again. */
  drained(cursor: Cursor): void {
    this.#slow.delete(cursor);
    this.wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cursors.clear();
    this.#wakeup.wake();
  }

  async #work(): Promise<void> {
    const { maxWaitMs } = this.#rules;
    this.#isWorking = true;
    try {
      while (!this.#isStopped && this.#cursors.size > 0) {
        const { targets, full } = await this.#plan();
        if (this.#isStopped) return;
        if (targets.length === 0) await this.#wakeup.wait(this.#dueInMs());
        else if (full.length > 0) await this.#fetch(targets, Math.min(heldWaitMs, maxWaitMs));
        else if (this.#isQuiet) await this.#fetch(targets, maxWaitMs * quietFactor);
        else await this.#fetch(targets, maxWaitMs);
      }
    } finally {
      this.#isWorking = false;
    }
  }

  /** What to ask for now. Waits a little for cursors that are full, so that they can be asked for too. */
  async #plan(): Promise<{ readonly targets: CursorTarget[]; readonly full: Cursor[] }> {
    const { clock } = this.#cluster.host;
    const untilMs = clock.monotonic() + patienceMs;
    for (;;) {
      const look = this.#look();
      const awaited = look.full.filter((cursor) => !this.#slow.has(cursor));
      if (look.targets.length === 0 || awaited.length === 0 || this.#isStopped) return look;
      const leftMs = untilMs - clock.monotonic();
      if (leftMs <= 0) {
        for (const cursor of awaited) this.#slow.add(cursor);
        return look;
      }
      await this.#wakeup.wait(leftMs);
    }
  }

  #look(): { targets: CursorTarget[]; full: Cursor[] } {
    const { partitionBytesMax } = this.#rules;
    const nowMs = this.#cluster.host.clock.monotonic();
    const { hasRoom } = this.#budget;
    const targets: CursorTarget[] = [];
    const full: Cursor[] = [];
    for (const cursor of this.#cursors) {
      if (!cursor.isFetchable || cursor.notBeforeMs > nowMs) continue;
      if (!hasRoom || cursor.bufferedBytes >= partitionBytesMax) full.push(cursor);
      else targets.push(this.#targetOf(cursor));
    }
    return { targets, full };
  }

  /** Where records are waited for until there are many, the wait is the user's. */
  get #isQuiet(): boolean {
    return this.#emptyAnswers >= quietAfter && this.#rules.minBytes <= 1;
  }

  #wantsMoreThan(asked: readonly CursorTarget[]): boolean {
    return this.#look().targets.some(
      ({ cursor, epoch, fetchOffset }) =>
        !asked.some((one) => one.cursor === cursor && one.epoch === epoch && one.fetchOffset === fetchOffset),
    );
  }

  #targetOf(cursor: Cursor): CursorTarget {
    const { key, topic, partition, fetchOffset, leaderEpoch, epoch } = cursor;
    const topicId = this.#cluster.metadata.topic(topic)?.topicId ?? zeroUuid;
    const partitionMaxBytes = this.#rules.partitionBytesMax;
    return {
      cursor,
      epoch,
      key,
      topic,
      topicId,
      partition,
      fetchOffset,
      currentLeaderEpoch: leaderEpoch,
      partitionMaxBytes,
    };
  }

  /** Until the first cursor that is held off after an error may be asked for again. */
  #dueInMs(): number | undefined {
    const nowMs = this.#cluster.host.clock.monotonic();
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { notBeforeMs, isFetchable } of this.#cursors)
      if (isFetchable && notBeforeMs > nowMs && notBeforeMs < dueMs) dueMs = notBeforeMs;
    return dueMs === Number.POSITIVE_INFINITY ? undefined : Math.ceil(dueMs - nowMs);
  }

  async #fetch(targets: readonly CursorTarget[], maxWaitMs: number): Promise<void> {
    const { clock } = this.#cluster.host;
    const { minBytes, isolationLevel, rackId, partitionBytesMax } = this.#rules;
    const maxBytes = this.#budget.reserve(answerBytes(targets.length * partitionBytesMax));
    try {
      const connection = await this.#cluster.connect(this.#id, 'fetch');
      if (maxWaitMs > this.#rules.maxWaitMs) {
        if (this.#wantsMoreThan(targets)) return;
        this.#parked = { connection, targets };
      }
      const sentAtMs = clock.monotonic();
      const fixed = { maxWaitMs, minBytes, maxBytes, isolationLevel, rackId };
      const answer = await connection.send(
        'fetch',
        (version) => ({ ...fixed, ...this.#session.next(version, targets) }),
        { versionMax: fetchVersionMax(targets), timeoutMs: this.#cluster.config['request.timeout.ms'] + maxWaitMs },
      );
      if (this.#isStopped) return;
      const tookMs = clock.monotonic() - sentAtMs;
      await this.#answered(answer, targets, { id: this.#id, broker: connection.broker }, tookMs);
    } catch (error) {
      this.#session.lost();
      this.#emptyAnswers = 0;
      if (!isClientError(error)) throw error;
      if (error !== overtaken) await this.#failed(error);
    } finally {
      this.#parked = undefined;
      this.#budget.release(maxBytes);
    }
  }

  async #answered(
    answer: ExactResponse<'fetch'>,
    targets: readonly CursorTarget[],
    from: AnsweringBroker,
    tookMs: number,
  ): Promise<void> {
    const { metadata, host } = this.#cluster;
    if (!this.#session.answered(answer)) {
      host.log.debug({ broker: from.broker, error: errorName(answer.errorCode) }, 'a fetch session is over');
      // The first time it is opened anew at once.
      if (this.#failures++ > 0) {
        metadata.invalidate();
        await this.#pause();
      }
      return;
    }
    this.#failures = 0;
    metadata.hintNodes(answer.nodeEndpoints);
    const asked = new Map(targets.map((target) => [target.key, target]));
    let bytes = 0;
    let isEmpty = true;
    for (const { topic, topicId, partitions } of answer.responses) {
      const name = topic === '' ? metadata.topicOfId(topicId)?.name : topic;
      if (name === undefined) continue;
      for (const partition of partitions) {
        bytes += partition.records?.length ?? 0;
        isEmpty &&= partition.errorCode === errors.NONE;
        const target = asked.get(partitionKey(name, partition.partitionIndex));
        if (target !== undefined) this.#took(target, partition, from);
      }
    }
    this.#emptyAnswers = isEmpty && bytes === 0 ? this.#emptyAnswers + 1 : 0;
    this.#owner.observed({ tookMs, bytes, throttleTimeMs: answer.throttleTimeMs });
  }

  #took({ cursor, epoch, fetchOffset }: CursorTarget, answer: PartitionAnswer, from: AnsweringBroker): void {
    // It may have jumped, or gone, in the meantime.
    if (cursor.isGone || cursor.epoch !== epoch || cursor.fetchOffset !== fetchOffset) return;
    if ((answer.records?.length ?? 0) > 0 && this.#cursors.delete(cursor)) this.#cursors.add(cursor);
    this.#owner.took(cursor, answer, from);
  }

  async #failed(error: ClientError): Promise<void> {
    if (this.#isStopped || this.#cluster.isClosed) return;
    this.#failures++;
    this.#cluster.host.log.debug({ broker: this.#id, error: error.message }, 'a fetch has failed');
    if (wantsMetadata(error)) this.#cluster.metadata.invalidate();
    if (!error.retriable) this.#owner.failed(error);
    await this.#pause();
  }

  #pause(): Promise<void> {
    const { host, config } = this.#cluster;
    const delayMs = backoffMs(this.#failures, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
    return pause(host, delayMs, this.#cluster.closing);
  }
}
