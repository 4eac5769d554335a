/** What a server-side assignor is given and gives: who reads what in, who is to get which partitions out. */
import type { Assignment } from './member.ts';

export interface AssignedMember {
  readonly id: string;
  readonly instanceId: string | null;
  /** Ids of the topics that it reads and that exist. */
  readonly topicIds: readonly string[];
  /** What it was to get until now. */
  readonly previous: Assignment;
}

export interface AssignorInput {
  readonly members: readonly AssignedMember[];
  /** Every member reads the same topics. */
  readonly isHomogeneous: boolean;
  /** Of each topic that anyone reads how many partitions it has. */
  readonly partitionCounts: ReadonlyMap<string, number>;
}

/** An assignment by member id; who stays without anything may be missing. */
export type Assignor = (input: AssignorInput) => ReadonlyMap<string, Assignment>;

/** An assignment that is being put together. */
export type Draft = Map<string, Set<number>>;

export function give(draft: Draft, topicId: string, partition: number): void {
  const partitions = draft.get(topicId);
  if (partitions === undefined) draft.set(topicId, new Set([partition]));
  else partitions.add(partition);
}

export function take(draft: Draft, topicId: string, partition: number): void {
  const partitions = draft.get(topicId);
  partitions?.delete(partition);
  if (partitions?.size === 0) draft.delete(topicId);
}
