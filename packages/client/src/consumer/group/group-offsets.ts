/**
 * How far a group has read. In: offsets to keep, or partitions to ask about. Out: what the coordinator keeps. With a membership as that
 * member, without one from outside, for consumers that choose their partitions themselves.
 */
import { errorName, errors, type ExactResponse, zeroUuid } from '@millrace/protocol';

import { ClientError } from '../../error.ts';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from '../../record.ts';
import { askCoordinator, refusal } from './group-request.ts';
import type { GroupCluster } from './member-options.ts';
import type { GroupMetadata, Membership } from './membership.ts';

export interface GroupOffsetsOptions {
  readonly cluster: GroupCluster;
  readonly groupId: string;
  /** Whether offsets of transactions that have not ended are waited for (`isolation.level` read_committed). */
  readonly requireStable: boolean;
  /** Undefined while partitions are chosen by hand. */
  readonly membership: () => Membership | undefined;
  /** Only the new protocol checks members that ask for offsets. */
  readonly protocol: 'classic' | 'consumer';
}

const outgrown =
  'The group has gone on without this member: too long between two batches (max.poll.interval.ms), or not heard of for session.timeout.ms. Its partitions belong to others, who begin where was committed last. Handle fewer records at once (max.poll.records), or raise max.poll.interval.ms.';
const sentences: ReadonlyMap<string, string> = new Map([
  ['UNKNOWN_MEMBER_ID', outgrown],
  ['ILLEGAL_GENERATION', outgrown],
  ['FENCED_MEMBER_EPOCH', outgrown],
  [
    'REBALANCE_IN_PROGRESS',
    'The group is rebalancing. What was read may be read again by whoever gets the partition; commit again when partitions have been assigned.',
  ],
  ['STALE_MEMBER_EPOCH', 'The group has just changed this member’s epoch; the commit can be repeated.'],
  ['FENCED_INSTANCE_ID', 'Another consumer has joined with the same group.instance.id.'],
]);
/** The membership has to find out what has become of it. */
const doubtful: ReadonlySet<string> = new Set(sentences.keys());

/** Topic ids take the place of names. */
const sinceTopicIds = 10;

export class GroupOffsets {
  readonly #options: GroupOffsetsOptions;

  constructor(options: GroupOffsetsOptions) {
    this.#options = options;
  }

  /**
   * One try, as Java's commitAsync. Throws `ClientError`: UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION or FENCED_INSTANCE_ID when the
   * partitions belong to others by now, REBALANCE_IN_PROGRESS, what the coordinator says of a partition, or that there is no answer.
   */
  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const { cluster, groupId } = this.#options;
    const as = this.#self();
    const ids = this.#topicIds(offsets);
    const byTopic = [...Map.groupBy(offsets, ({ topic }) => topic)];
    const answer = await askCoordinator(
      cluster,
      groupId,
      'offsetCommit',
      (version) => ({
        groupId,
        generationIdOrMemberEpoch: as.generationId,
        memberId: as.memberId,
        // Older coordinators know no static members; nobody is one there.
        groupInstanceId: version >= 7 ? as.groupInstanceId : null,
        topics: byTopic.map(([name, ofTopic]) => ({
          name,
          topicId: ids?.get(name) ?? zeroUuid,
          partitions: ofTopic.map(({ partition: partitionIndex, offset, leaderEpoch, metadata }) => ({
            partitionIndex,
            committedOffset: offset,
            committedLeaderEpoch: leaderEpoch ?? -1,
            committedMetadata: metadata ?? '',
          })),
        })),
      }),
      ids === undefined ? { versionMax: sinceTopicIds - 1 } : {},
    );
    const failure = this.#commitFailure(answer, ids);
    if (failure === undefined) return;
    const membership = this.#options.membership();
    if (membership === undefined || !doubtful.has(failure.code)) throw failure;
    const { isRebalancing, metadata } = membership;
    membership.doubt(failure, as);
    // A rebalance has ended the generation in the meantime, and the member may well still have the partitions.
    const isOvertaken = isRebalancing || (metadata.generationId > 0 && metadata.generationId !== as.generationId);
    throw failure.code === 'ILLEGAL_GENERATION' && isOvertaken ? this.#rebalancing() : failure;
  }

  /** Tries until it succeeds, fails for good, or the time is over, as Java's commitSync. Throws as `commit`. */
  async commitUntil(offsets: readonly TopicPartitionOffset[], deadlineMs: number, signal?: AbortSignal): Promise<void> {
    await this.#options.cluster.retry(deadlineMs, () => this.commit(offsets), signal);
  }

  /** By `partitionKey`; a partition without a committed offset is not in it. Tries as `commitUntil`. Throws `ClientError`. */
  async committed(
    partitions: readonly TopicPartition[],
    deadlineMs: number,
    signal?: AbortSignal,
  ): Promise<Map<string, TopicPartitionOffset>> {
    if (partitions.length === 0) return new Map();
    return await this.#options.cluster.retry(deadlineMs, () => this.#fetch(partitions), signal);
  }

  async #fetch(partitions: readonly TopicPartition[]): Promise<Map<string, TopicPartitionOffset>> {
    const { cluster, groupId, requireStable, protocol } = this.#options;
    const ids = this.#topicIds(partitions);
    const as = protocol === 'consumer' ? this.#options.membership()?.metadata : undefined;
    const isMember = as !== undefined && as.generationId > 0;
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      topicId: ids?.get(name) ?? zeroUuid,
      partitionIndexes: ofTopic.map(({ partition }) => partition),
    }));
    const group = {
      groupId,
      memberId: isMember ? as.memberId : null,
      memberEpoch: isMember ? as.generationId : -1,
      topics,
    };
    const answer = await askCoordinator(
      cluster,
      groupId,
      'offsetFetch',
      (version) =>
        version < 8
          ? { groupId, topics, requireStable: requireStable && version >= 7 }
          : { groups: [group], requireStable },
      ids === undefined ? { versionMax: sinceTopicIds - 1 } : {},
    );
    const found = answer.groups[0] ?? answer;
    if (found.errorCode !== errors.NONE) {
      const failure = this.#refusal(found.errorCode, `Asking for the offsets of group "${groupId}"`);
      if (as !== undefined && doubtful.has(failure.code)) this.#options.membership()?.doubt(failure, as);
      throw failure;
    }
    return this.#offsetsIn(found.topics, ids);
  }

  #offsetsIn(
    topics: ExactResponse<'offsetFetch'>['groups'][number]['topics'] | ExactResponse<'offsetFetch'>['topics'],
    ids: ReadonlyMap<string, string> | undefined,
  ): Map<string, TopicPartitionOffset> {
    const found = new Map<string, TopicPartitionOffset>();
    for (const answered of topics) {
      const topic = nameOf(answered, ids);
      for (const { partitionIndex: partition, committedOffset: offset, errorCode, ...rest } of answered.partitions) {
        if (errorCode !== errors.NONE)
          throw this.#refusal(errorCode, `Asking for the committed offset of ${topic}-${partition}`);
        if (offset < 0n) continue;
        const { committedLeaderEpoch: epoch, metadata } = rest;
        const leaderEpoch = epoch < 0 ? undefined : epoch;
        found.set(partitionKey(topic, partition), { topic, partition, offset, leaderEpoch, metadata: metadata ?? '' });
      }
    }
    return found;
  }

  /** What weighs most of what the coordinator said: one that will not pass before one that may. */
  #commitFailure(
    { topics }: ExactResponse<'offsetCommit'>,
    ids: ReadonlyMap<string, string> | undefined,
  ): ClientError | undefined {
    let failure: ClientError | undefined;
    for (const answered of topics) {
      for (const { partitionIndex, errorCode } of answered.partitions) {
        if (errorCode === errors.NONE || failure?.retriable === false) continue;
        const error = this.#refusal(errorCode, `Committing the offset of ${nameOf(answered, ids)}-${partitionIndex}`);
        if (failure === undefined || !error.retriable) failure = error;
      }
    }
    return failure;
  }

  #refusal(code: number, what: string): ClientError {
    const { cluster, groupId } = this.#options;
    const name = errorName(code);
    const error = refusal(cluster, groupId, code, what, sentences.get(name));
    if (name !== 'STALE_MEMBER_EPOCH') return error;
    // The next heartbeat brings the new epoch.
    return new ClientError('STALE_MEMBER_EPOCH', error.message, { retriable: true });
  }

  /** Who commits. A member that is in no generation must not commit as somebody from outside: others may own the partitions. */
  #self(): GroupMetadata {
    const membership = this.#options.membership();
    if (membership === undefined)
      return { groupId: this.#options.groupId, generationId: -1, memberId: '', groupInstanceId: null };
    const { metadata, isRebalancing } = membership;
    if (metadata.generationId > 0 || (metadata.generationId === 0 && this.#options.protocol === 'classic'))
      return metadata;
    throw isRebalancing ? this.#rebalancing() : this.#uncommitted('UNKNOWN_MEMBER_ID');
  }

  #rebalancing(): ClientError {
    return this.#uncommitted('REBALANCE_IN_PROGRESS');
  }

  #uncommitted(code: 'REBALANCE_IN_PROGRESS' | 'UNKNOWN_MEMBER_ID'): ClientError {
    return new ClientError(
      code,
      `Offsets of group "${this.#options.groupId}" were not committed. ${sentences.get(code)!}`,
    );
  }

  /** Undefined unless all are known. */
  #topicIds(partitions: readonly TopicPartition[]): Map<string, string> | undefined {
    const ids = new Map<string, string>();
    for (const { topic } of partitions) {
      const id = this.#options.cluster.metadata.topic(topic)?.topicId;
      if (id === undefined || id === zeroUuid) return undefined;
      ids.set(topic, id);
    }
    return ids;
  }
}

/** The name of a topic in an answer, which may have its id only. */
function nameOf(
  answered: { readonly name: string; readonly topicId?: string },
  ids: ReadonlyMap<string, string> | undefined,
): string {
  if (answered.name !== '') return answered.name;
  for (const [name, id] of ids ?? []) if (id === answered.topicId) return name;
  throw new ClientError(
    'BROKEN_ANSWER',
    `The coordinator answered for a topic ${answered.topicId} that was not asked about.`,
  );
}
