/**
 * One transactional id as the Java client drives it: in the first way (partitions are named to the coordinator, markers keep the epoch)
 * or in the second (KIP-890: none are named, every end raises the epoch). What it cannot know it tries again; what it is refused ends the
 * transaction, and the next one begins with a new epoch.
 */
import { errorName, errors } from '@millrace/protocol';

import type { Place } from '../history.ts';
import { Client, type Surroundings } from './client.ts';
import { batchOfValues } from './value.ts';

/** How often something is tried again before it is given up. */
const attemptsMax = 12;

/** The coordinator has ended the transaction, or another producer has the id: this one begins anew. */
const ending: ReadonlySet<number> = new Set([
  errors.PRODUCER_FENCED,
  errors.INVALID_PRODUCER_EPOCH,
  errors.INVALID_TXN_STATE,
  errors.INVALID_PRODUCER_ID_MAPPING,
  errors.TRANSACTION_ABORTABLE,
  errors.UNKNOWN_PRODUCER_ID,
  errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
]);

export abstract class TransactionalClient extends Client {
  /** The second way of transactions. */
  readonly #isSecond: boolean;
  readonly #timeoutMs: number;
  readonly #sequences = new Map<string, number>();
  readonly #named = new Set<string>();
  #producerId = -1;
  #producerEpoch = -1;
  #count = 0;
  /** Undefined while none is open. */
  protected transaction: string | undefined = undefined;
  #begunAtMs = 0;
  #clockJumpsAtBegin = 0;

  constructor(surroundings: Surroundings, name: string) {
    super(surroundings, name);
    this.#isSecond = this.chance.oneIn(2);
    this.#timeoutMs = this.chance.integer(6_000, 15_000);
  }

  protected begin(): void {
    this.transaction = `${this.name}#${++this.#count}`;
    this.#begunAtMs = this.nowMs;
    this.#clockJumpsAtBegin = this.surroundings.clockJumps();
    this.#named.clear();
  }

  /** Gets an epoch that fences whoever had the id before; what was open is aborted. */
  protected async init(): Promise<void> {
    for (;;) {
      await this.#findCoordinator();
      const answer = await this.ask('initProducerId', 4, {
        transactionalId: this.name,
        transactionTimeoutMs: this.#timeoutMs,
      });
      if (answer?.errorCode === errors.NONE) {
        this.#producerId = answer.producerId;
        this.#producerEpoch = answer.producerEpoch;
        this.#sequences.clear();
        this.transaction = undefined;
        return;
      }
      if (answer !== undefined) this.mustBeRetriable('InitProducerId', answer.errorCode);
      await this.pause(50, 300);
    }
  }

  /** False when the transaction cannot go on. */
  protected async send(place: Place, values: readonly string[]): Promise<boolean> {
    const { topic, partition } = place;
    const name = `${topic}-${partition}`;
    const { transaction } = this;
    if (transaction === undefined) return false;
    if (!this.#isSecond && !this.#named.has(name) && !(await this.#namePartition(place))) return false;
    const first = this.#sequences.get(name) ?? 0;
    this.#sequences.set(name, first + values.length);
    const bytes = batchOfValues(this.chance, values, this.clockMs, {
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      baseSequence: first,
      isTransactional: true,
    });
    this.history.add({ kind: 'sent', ...place, producer: this.name, guarantee: 'transactional', values, transaction });
    return await this.#again(`batch ${values[0]}`, async () => {
      const answer = await this.ask('produce', this.#isSecond ? 12 : 11, {
        transactionalId: this.name,
        acks: -1,
        timeoutMs: 1_000,
        topicData: [{ name: topic, partitionData: [{ index: partition, records: bytes }] }],
      });
      const entry = answer?.responses[0]?.partitionResponses[0];
      if (entry?.errorCode === errors.NONE) {
        const { baseOffset } = entry;
        this.history.add({ kind: 'acked', producer: this.name, ...place, values, baseOffset, acks: -1 });
      }
      return entry?.errorCode;
    });
  }

  /** Stores an offset of a group with the transaction. */
  protected async sendOffset(group: string, { topic, partition }: Place, offset: number): Promise<boolean> {
    const [producerId, producerEpoch] = [this.#producerId, this.#producerEpoch];
    const named =
      this.#isSecond ||
      (await this.#again('AddOffsetsToTxn', async () => {
        const request = { transactionalId: this.name, producerId, producerEpoch, groupId: group };
        return (await this.ask('addOffsetsToTxn', 3, request))?.errorCode;
      }));
    if (!named) return false;
    return await this.#again('TxnOffsetCommit', async () => {
      const answer = await this.ask('txnOffsetCommit', this.#isSecond ? 5 : 3, {
        transactionalId: this.name,
        groupId: group,
        producerId,
        producerEpoch,
        topics: [
          {
            name: topic,
            partitions: [{ partitionIndex: partition, committedOffset: BigInt(offset), committedMetadata: null }],
          },
        ],
      });
      return answer?.topics[0]?.partitions[0]?.errorCode;
    });
  }

  /** False when the transaction did not end so, or nobody knows; then `init` comes next. */
  protected async end(outcome: 'commit' | 'abort'): Promise<boolean> {
    const { transaction } = this;
    if (transaction === undefined) return false;
    this.history.add({ kind: 'ending', transaction, outcome });
    const [producerId, producerEpoch] = [this.#producerId, this.#producerEpoch];
    const ended = await this.#again(`${outcome} of ${transaction}`, async () => {
      const answer = await this.ask('endTxn', this.#isSecond ? 5 : 3, {
        transactionalId: this.name,
        producerId,
        producerEpoch,
        committed: outcome === 'commit',
      });
      if (answer?.errorCode === errors.NONE && this.#isSecond) {
        this.#producerId = answer.producerId;
        this.#producerEpoch = answer.producerEpoch;
        this.#sequences.clear();
      }
      return answer?.errorCode;
    });
    this.transaction = undefined;
    if (ended) this.history.add({ kind: 'ended', transaction, outcome });
    return ended;
  }

  /** Nothing of it is ever read: its commit was not asked for. */
  protected async giveUp(): Promise<void> {
    const { transaction } = this;
    await this.init();
    if (transaction !== undefined) this.history.add({ kind: 'ended', transaction, outcome: 'abort' });
  }

  async #findCoordinator(): Promise<void> {
    for (;;) {
      const answer = await this.ask('findCoordinator', 3, { key: this.name, keyType: 1 });
      if (answer?.errorCode === errors.NONE) return;
      if (answer !== undefined) this.mustBeRetriable('FindCoordinator', answer.errorCode);
      await this.pause(50, 300);
    }
  }

  async #namePartition({ topic, partition }: Place): Promise<boolean> {
    const named = await this.#again('AddPartitionsToTxn', async () => {
      const answer = await this.ask('addPartitionsToTxn', 3, {
        v3AndBelowTransactionalId: this.name,
        v3AndBelowProducerId: this.#producerId,
        v3AndBelowProducerEpoch: this.#producerEpoch,
        v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
      });
      return answer?.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode;
    });
    if (named) this.#named.add(`${topic}-${partition}`);
    return named;
  }

  /** Until it succeeds, or must not be tried again. `attempt` gives an error code, or nothing when there was no answer. */
  async #again(what: string, attempt: () => Promise<number | undefined>): Promise<boolean> {
    for (let count = 0; count < attemptsMax; count++) {
      const errorCode = await attempt();
      if (errorCode === errors.NONE) return true;
      if (errorCode !== undefined) {
        this.history.trace(`${this.name} ${what} ${errorName(errorCode)}`);
        if (ending.has(errorCode)) {
          // A transaction that lasts too long, on the broker's clock, is aborted; nothing else ends it without being asked.
          const tookMs = this.nowMs - this.#begunAtMs;
          if (tookMs < this.#timeoutMs && this.#clockJumpsAtBegin === this.surroundings.clockJumps())
            this.surprise(`${what} was answered with ${errorName(errorCode)}, ${tookMs} ms after the begin`);
          return false;
        }
        this.mustBeRetriable(what, errorCode);
      }
      await this.pause(30, 300);
    }
    return false;
  }
}
