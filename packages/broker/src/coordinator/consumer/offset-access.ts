/** May a member of a consumer group commit offsets, and see them? */
import { errors } from '@millrace/protocol';

import type { ConsumerGroup } from './group.ts';
import { ownedSince } from './member.ts';

/** From this version on a request can say a member's epoch. */
const epochsSince = 9;

export interface Committer {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** The generation of a member that speaks the classic protocol; -1 from who is no member. */
  readonly generationId: number;
  readonly topics: readonly {
    readonly topicId: string;
    readonly partitions: readonly { readonly partitionIndex: number }[];
  }[];
}

/**
 * A member may commit in its own epoch, and in an older one for partitions that it has held since then: the heartbeat that told it the
 * newer epoch and the commit may have crossed.
 */
export function commitError(
  group: ConsumerGroup,
  { memberId, groupInstanceId, generationId: epoch, topics }: Committer,
  { apiVersion, isTransactional }: { readonly apiVersion: number; readonly isTransactional: boolean },
): number {
  if (epoch < 0 && group.members.size === 0) return errors.NONE;
  if (isTransactional && epoch === -1 && memberId === '' && groupInstanceId === null) return errors.NONE;
  const member = group.members.get(memberId);
  if (member === undefined) return errors.UNKNOWN_MEMBER_ID;
  const isClassic = member.classic !== null;
  if (!isTransactional && !isClassic && apiVersion < epochsSince) return errors.UNSUPPORTED_VERSION;
  if (epoch === member.epoch) return errors.NONE;
  // Transactions have no word for a stale epoch.
  const stale = isClassic || isTransactional ? errors.ILLEGAL_GENERATION : errors.STALE_MEMBER_EPOCH;
  if (epoch > member.epoch) return stale;
  const holdsAll = topics.every(({ topicId, partitions }) =>
    partitions.every(({ partitionIndex }) => {
      const since = ownedSince(member, topicId, partitionIndex);
      return since !== undefined && epoch >= since;
    }),
  );
  return holdsAll ? errors.NONE : stale;
}

/** Who does not say that it is a member may see all. */
export function fetchError(
  group: ConsumerGroup,
  { id, epoch }: { readonly id: string | null; readonly epoch: number },
): number {
  if (id === null && epoch < 0) return errors.NONE;
  const member = group.members.get(id ?? '');
  if (member === undefined) return errors.UNKNOWN_MEMBER_ID;
  if (member.epoch === epoch) return errors.NONE;
  return member.classic === null ? errors.STALE_MEMBER_EPOCH : errors.ILLEGAL_GENERATION;
}
