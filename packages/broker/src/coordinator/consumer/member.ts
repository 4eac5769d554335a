/**
 * A member of a consumer group, as its records tell it. It is never changed: a record puts another one in its place. What a process
 * knows besides (when its session ends) lies in `timers.ts`.
 */
import type { Protocol } from '../member.ts';

/** Partitions by topic id. */
export type Assignment = ReadonlyMap<string, ReadonlySet<number>>;
/** Of each partition the epoch in which the member got it. */
export type OwnedPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * How far a member is on its way to its target: there; still holding what it must give up; or waiting for what others hold. UNKNOWN
 * is what a newer broker may have stored.
 */
export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS' | 'UNKNOWN';

/** What a member speaks that came with JoinGroup. */
export interface ClassicTerms {
  readonly sessionTimeoutMs: number;
  /** In the order the member likes best, never empty. */
  readonly protocols: readonly Protocol[];
}

/** What a member says of itself. */
export interface Subscription {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Sorted, each once. */
  readonly topics: readonly string[];
  /** Null and '' alike: none. */
  readonly pattern: string | null;
  readonly rebalanceTimeoutMs: number;
  /** Null: the group's. */
  readonly assignor: string | null;
  /** Null: it speaks the new protocol. */
  readonly classic: ClassicTerms | null;
}

/** What a member has. */
export interface CurrentAssignment {
  readonly epoch: number;
  /** Of the heartbeat before, whose answer the member may not have got. */
  readonly previousEpoch: number;
  readonly state: MemberState;
  readonly assigned: OwnedPartitions;
  /** What it holds still, and was told to give up. */
  readonly revoking: OwnedPartitions;
}

export interface ConsumerMember extends Subscription, CurrentAssignment {
  readonly id: string;
}

/** The epoch of a static member that is away for a while. */
export const awayEpoch = -2;

export const noPartitions: OwnedPartitions = new Map();
export const noAssignment: Assignment = new Map();

/** Someone who has just come. */
export function newMember(id: string): ConsumerMember {
  return {
    id,
    epoch: 0,
    previousEpoch: -1,
    state: 'STABLE',
    assigned: noPartitions,
    revoking: noPartitions,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    topics: [],
    pattern: '',
    rebalanceTimeoutMs: -1,
    assignor: null,
    classic: null,
  };
}

export function hasPattern<M extends Pick<Subscription, 'pattern'>>(
  member: M | undefined,
): member is M & { readonly pattern: string } {
  return member !== undefined && member.pattern !== null && member.pattern !== '';
}

/** Nothing is left to do for it in this epoch. */
export function isReconciledTo(member: CurrentAssignment, assignmentEpoch: number): boolean {
  return member.state === 'STABLE' && member.epoch === assignmentEpoch;
}

/** The epoch in which the member got a partition that it holds; undefined where it holds it not. */
export function ownedSince(member: CurrentAssignment, topicId: string, partition: number): number | undefined {
  return member.assigned.get(topicId)?.get(partition) ?? member.revoking.get(topicId)?.get(partition);
}

export function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left === right || (left.length === right.length && left.every((name, index) => name === right[index]));
}

/** Sorted, each once. */
export function sortedNames(names: Iterable<string>): string[] {
  return [...new Set(names)].sort();
}

export function samePartitions(left: OwnedPartitions, right: OwnedPartitions): boolean {
  if (left === right) return true;
  if (left.size !== right.size) return false;
  for (const [topicId, partitions] of left) {
    const others = right.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const [partition, epoch] of partitions) if (others.get(partition) !== epoch) return false;
  }
  return true;
}

export function sameAssignment(left: Assignment, right: Assignment): boolean {
  if (left === right) return true;
  if (left.size !== right.size) return false;
  for (const [topicId, partitions] of left) {
    const others = right.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions) if (!others.has(partition)) return false;
  }
  return true;
}
