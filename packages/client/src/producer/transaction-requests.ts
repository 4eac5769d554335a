/**
 * What a transactional producer asks coordinators. Each call goes on until it is answered or its time is over: a coordinator that moved is
 * looked up anew, one that is busy is asked again.
 */
import { errorName, errors, type ApiName, type ExactResponse } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import type { Outgoing } from '../cluster/connection.ts';
import type { CoordinatorType } from '../cluster/coordinators.ts';
import type { GroupMetadata } from '../consumer/group/membership.ts';
import { answerError, type ClientError } from '../error.ts';
import type { OffsetAndMetadata, TopicPartition } from '../record.ts';
import type { ProducerIdentity } from './producer-identity.ts';

export interface Call {
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface TransactionOffset extends TopicPartition, OffsetAndMetadata {}

/** The last versions that know nothing of transactions version 2 (KIP-890). */
const addPartitionsVersionMax = 3;
const commitVersionMax = { v1: 4, v2: 5 } as const;
const endVersionMax = { v1: 4, v2: 5 } as const;

const moved: ReadonlySet<number> = new Set([errors.NOT_COORDINATOR, errors.COORDINATOR_NOT_AVAILABLE]);
/** Somebody else is the producer of this transactional id by now. */
const fenced: ReadonlySet<number> = new Set([errors.PRODUCER_FENCED, errors.INVALID_PRODUCER_EPOCH]);
const fatal: ReadonlySet<number> = new Set([
  errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  errors.CLUSTER_AUTHORIZATION_FAILED,
  errors.INVALID_TXN_STATE,
  errors.INVALID_TRANSACTION_TIMEOUT,
  errors.UNSUPPORTED_VERSION,
  errors.UNSUPPORTED_FOR_MESSAGE_FORMAT,
]);
/** They pass by themselves, although elsewhere they would not. */
const passing: ReadonlySet<number> = new Set([errors.UNKNOWN_TOPIC_OR_PARTITION, errors.REQUEST_TIMED_OUT]);

export class TransactionRequests {
  readonly #cluster: Cluster;
  readonly #identity: ProducerIdentity;
  readonly #transactionalId: string;
  readonly #timeoutMs: number;
  /** Whether the cluster has settled on transactions that every end gives a newer epoch (KIP-890). */
  isV2 = false;

  constructor(cluster: Cluster, identity: ProducerIdentity, transactionalId: string, timeoutMs: number) {
    this.#cluster = cluster;
    this.#identity = identity;
    this.#transactionalId = transactionalId;
    this.#timeoutMs = timeoutMs;
  }

  /** A new identity, or a newer epoch of the one that we have; fences who had it before. */
  async initialize(call: Call): Promise<void> {
    const { id, epoch } = this.#identity;
    const known = this.#identity.isKnown ? { producerId: id, producerEpoch: epoch } : {};
    const what = `Initializing transactions of "${this.#transactionalId}"`;
    const request = { transactionalId: this.#transactionalId, transactionTimeoutMs: this.#timeoutMs, ...known };
    const answer = await this.#ask(call, 'initProducerId', what, request, { isVital: true });
    const connection = await this.#cluster.connect(this.#coordinator('transaction', this.#transactionalId));
    this.isV2 = connection.versions.featureLevel('transaction.version') >= 2;
    this.#identity.set(answer.producerId, answer.producerEpoch);
  }

  /** Before version 2, partitions are announced before they are written to. */
  async addPartitions(call: Call, partitions: readonly TopicPartition[]): Promise<void> {
    const { id, epoch } = this.#identity;
    const what = `Adding partitions to the transaction of "${this.#transactionalId}"`;
    const request = {
      v3AndBelowTransactionalId: this.#transactionalId,
      v3AndBelowProducerId: id,
      v3AndBelowProducerEpoch: epoch,
      v3AndBelowTopics: byTopic(partitions).map(([name, list]) => ({
        name,
        partitions: list.map(({ partition }) => partition),
      })),
    };
    const codesOf = ({ resultsByTopicV3AndBelow }: ExactResponse<'addPartitionsToTxn'>): number[] =>
      resultsByTopicV3AndBelow.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
      );
    await this.#ask(call, 'addPartitionsToTxn', what, request, { versionMax: addPartitionsVersionMax, codesOf });
  }

  async addOffsets(call: Call, groupId: string): Promise<void> {
    const { id, epoch } = this.#identity;
    const what = `Adding offsets of group "${groupId}" to the transaction of "${this.#transactionalId}"`;
    const request = { transactionalId: this.#transactionalId, producerId: id, producerEpoch: epoch, groupId };
    await this.#ask(call, 'addOffsetsToTxn', what, request);
  }

  async commitOffsets(call: Call, offsets: readonly TransactionOffset[], group: GroupMetadata): Promise<void> {
    const { id, epoch } = this.#identity;
    const { groupId, generationId, memberId, groupInstanceId } = group;
    const what = `Committing offsets of group "${groupId}" in the transaction of "${this.#transactionalId}"`;
    const topics = byTopic(offsets).map(([name, list]) => ({
      name,
      partitions: list.map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? '',
      })),
    }));
    await this.#ask(
      call,
      'txnOffsetCommit',
      what,
      {
        transactionalId: this.#transactionalId,
        producerId: id,
        producerEpoch: epoch,
        groupId,
        generationIdOrMemberEpoch: generationId,
        memberId,
        groupInstanceId,
        topics,
      },
      {
        target: this.#coordinator('group', groupId),
        versionMax: this.isV2 ? commitVersionMax.v2 : commitVersionMax.v1,
        codesOf: (answer) => answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
      },
    );
  }

  /** With version 2 the answer brings the epoch to go on with. */
  async end(call: Call, isCommit: boolean): Promise<void> {
    const { id, epoch } = this.#identity;
    const what = `${isCommit ? 'Committing' : 'Aborting'} the transaction of "${this.#transactionalId}"`;
    const request = {
      transactionalId: this.#transactionalId,
      producerId: id,
      producerEpoch: epoch,
      committed: isCommit,
    };
    const versionMax = this.isV2 ? endVersionMax.v2 : endVersionMax.v1;
    const answer = await this.#ask(call, 'endTxn', what, request, { versionMax, isVital: true });
    if (this.isV2 && answer.producerId >= 0) this.#identity.set(answer.producerId, answer.producerEpoch);
  }

  #coordinator(type: CoordinatorType, key: string): { readonly type: CoordinatorType; readonly key: string } {
    return { type, key };
  }

  async #ask<K extends ApiName>(
    { deadlineMs, signal }: Call,
    name: K,
    what: string,
    request: Outgoing<K>,
    options: {
      readonly target?: { readonly type: CoordinatorType; readonly key: string };
      readonly versionMax?: number;
      readonly codesOf?: (answer: ExactResponse<K>) => readonly number[];
      /** Without it there is no way back. */
      readonly isVital?: boolean;
    } = {},
  ): Promise<ExactResponse<K>> {
    const {
      target = this.#coordinator('transaction', this.#transactionalId),
      versionMax,
      codesOf,
      isVital = false,
    } = options;
    return await this.#cluster.retry(
      deadlineMs,
      async () => {
        const answer = await this.#cluster.request(
          target,
          name,
          request,
          versionMax === undefined ? {} : { versionMax },
        );
        const own = (answer as { readonly errorCode?: number }).errorCode ?? errors.NONE;
        const codes = own === errors.NONE && codesOf !== undefined ? codesOf(answer) : [own];
        const code = worst(codes);
        if (code === errors.NONE) return answer;
        if (moved.has(code)) this.#cluster.coordinators.forget(target.type, target.key);
        throw errorOf(code, what, isVital);
      },
      signal,
    );
  }
}

/** Of many codes the one that decides; that something else failed first says nothing. */
function worst(codes: readonly number[]): number {
  const failed = codes.filter((code) => code !== errors.NONE && code !== errors.OPERATION_NOT_ATTEMPTED);
  const isFinal = (code: number): boolean => !answerError(code, '').retriable && !passing.has(code);
  return failed.find((code) => fenced.has(code) || fatal.has(code)) ?? failed.find(isFinal) ?? failed[0] ?? errors.NONE;
}

/** What does not pass ends the producer, or at least the transaction. */
function errorOf(code: number, what: string, isVital: boolean): ClientError {
  if (fenced.has(code))
    return answerError(
      errors.PRODUCER_FENCED,
      what,
      `another producer with this transactional.id has taken over, or the transaction timed out (${errorName(code)}).`,
      { fatal: true, retriable: false },
    );
  if (passing.has(code)) return answerError(code, what, null, { retriable: true });
  const error = answerError(code, what);
  if (error.retriable) return error;
  const isFatal = isVital || fatal.has(code);
  return answerError(code, what, null, { fatal: isFatal, abortable: !isFatal });
}

function byTopic<T extends TopicPartition>(partitions: readonly T[]): [string, T[]][] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)];
}
