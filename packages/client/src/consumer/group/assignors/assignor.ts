/**
 * Who gets what in a classic group. In: every member's subscription, as the group's leader has it, and the topics that anybody reads. Out:
 * the partitions of each member. An assignor belongs to one consumer and may remember what it was given.
 */
import type { TopicPartition } from '../../../record.ts';

/** Whether members give up everything before they join again (eager), or only what moves (cooperative, KIP-429). */
export type RebalanceProtocol = 'eager' | 'cooperative';

export interface Assignor {
  /** All members of a group must have one name in common. */
  readonly name: string;
  readonly protocols: readonly RebalanceProtocol[];
  /** What the leader is told beside topics and owned partitions; null for nothing. */
  userData?(topics: readonly string[]): Uint8Array | null;
  /** Called on the leader alone. A member that is missing in the answer gets nothing. */
  assign(group: AssignableGroup): ReadonlyMap<string, MemberAssignment>;
  /** What this member was given, in which generation. */
  onAssignment?(assignment: MemberAssignment, generationId: number): void;
}

export interface AssignableGroup {
  /** By member id. */
  readonly members: ReadonlyMap<string, AssignableMember>;
  /** The topics that some member reads and that exist, by name. */
  readonly topics: ReadonlyMap<string, AssignableTopic>;
}

export interface AssignableMember {
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  readonly topics: readonly string[];
  /** What it had in `generationId`, where its client says so. */
  readonly ownedPartitions: readonly TopicPartition[];
  /** -1 when it has been in none, or does not say. */
  readonly generationId: number;
  readonly userData: Uint8Array | null;
}

export interface AssignableTopic {
  readonly partitionCount: number;
  /** The racks of each partition's replicas; none where brokers have none. */
  readonly racks: readonly (readonly string[])[];
}

export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly userData?: Uint8Array | null | undefined;
}

/** An assignment that is being put together. */
export type Draft = Map<string, TopicPartition[]>;

export function emptyDraft({ members }: AssignableGroup): Draft {
  return new Map([...members.keys()].map((id) => [id, []]));
}

export function assignmentsOf(draft: Draft): Map<string, MemberAssignment> {
  return new Map([...draft].map(([id, partitions]) => [id, { partitions }]));
}

/** Static members first by instance, then the others by id: the same after each restart of a static member. */
export function sortedMembers({ members }: AssignableGroup): string[] {
  const instanceOf = (id: string): string | null => members.get(id)!.groupInstanceId;
  return [...members.keys()].sort((a, b) => {
    const [first, second] = [instanceOf(a), instanceOf(b)];
    if (first !== null && second !== null) return compareTexts(first, second);
    if (first !== null) return -1;
    return second === null ? compareTexts(a, b) : 1;
  });
}

/** By UTF-16 units, as Java does. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
