/**
 * The assignor `uniform`: everyone gets equally many partitions, give or take one, and keeps what it had as far as that goes. Members
 * who read different topics are evened out in `uneven.ts`.
 */
import { assert } from '@millrace/base';

import { give, type AssignedMember, type AssignorInput, type Draft } from './assignor.ts';
import type { Assignment } from './member.ts';
import { assignUneven } from './uneven.ts';

interface Unfilled {
  readonly id: string;
  readonly room: number;
}

export function assignUniform(input: AssignorInput): ReadonlyMap<string, Assignment> {
  return input.isHomogeneous ? assignEven(input) : assignUneven(input);
}

function assignEven({ members, partitionCounts }: AssignorInput): ReadonlyMap<string, Assignment> {
  const assignments = new Map<string, Assignment>();
  const first = members[0];
  if (first === undefined || first.topicIds.length === 0) return assignments;
  const counts = new Map(first.topicIds.map((topicId) => [topicId, partitionCounts.get(topicId) ?? 0]));
  let total = 0;
  for (const count of counts.values()) total += count;
  const quotas = quotasOf(members, counts, total);
  const taken = new Map([...counts].map(([topicId, count]) => [topicId, new Uint8Array(count)]));
  const unfilled: Unfilled[] = [];
  for (const [index, member] of members.entries()) {
    const quota = quotas[index] ?? 0;
    const { assignment, size } = keep(member, counts, quota);
    for (const [topicId, partitions] of assignment)
      for (const partition of partitions) mark(taken.get(topicId), partition);
    assignments.set(member.id, assignment);
    if (size < quota) unfilled.push({ id: member.id, room: quota - size });
  }
  fill(assignments, unfilled, free(taken));
  return assignments;
}

/** The extra partitions go to those who have one already, then to the first. */
function quotasOf(members: readonly AssignedMember[], counts: ReadonlyMap<string, number>, total: number): number[] {
  const least = Math.floor(total / members.length);
  let extra = total % members.length;
  const holdsMore = members.map(({ previous }) => sizeWithin(previous, counts) > least);
  const quotas = holdsMore.map((more) => {
    if (!more || extra === 0) return least;
    extra--;
    return least + 1;
  });
  for (let index = 0; extra > 0; index++) {
    if (quotas[index] !== least) continue;
    quotas[index] = least + 1;
    extra--;
  }
  return quotas;
}

function sizeWithin(assignment: Assignment, counts: ReadonlyMap<string, number>): number {
  let size = 0;
  for (const [topicId, partitions] of assignment) if (counts.has(topicId)) size += partitions.size;
  return size;
}

/** What a member keeps of what it had; the same object where it keeps everything. */
function keep(
  { previous }: AssignedMember,
  counts: ReadonlyMap<string, number>,
  quota: number,
): { readonly assignment: Assignment; readonly size: number } {
  const draft: Draft = new Map();
  let [had, size] = [0, 0];
  for (const [topicId, partitions] of previous) {
    const count = counts.get(topicId) ?? 0;
    for (const partition of partitions) {
      had++;
      if (partition >= count || size === quota) continue;
      give(draft, topicId, partition);
      size++;
    }
  }
  return { assignment: had === size ? previous : draft, size };
}

function mark(taken: Uint8Array | undefined, partition: number): void {
  if (taken !== undefined) taken[partition] = 1;
}

function* free(
  taken: ReadonlyMap<string, Uint8Array>,
): Generator<{ readonly topicId: string; readonly partition: number }> {
  for (const [topicId, flags] of taken)
    for (const [partition, flag] of flags.entries()) if (flag === 0) yield { topicId, partition };
}

function fill(
  assignments: Map<string, Assignment>,
  unfilled: readonly Unfilled[],
  partitions: Iterator<{ readonly topicId: string; readonly partition: number }>,
): void {
  for (const { id, room } of unfilled) {
    const draft: Draft = new Map();
    for (const [topicId, kept] of assignments.get(id) ?? []) draft.set(topicId, new Set(kept));
    for (let left = room; left > 0; left--) {
      const next = partitions.next();
      assert(next.done !== true, 'quotas add up to the partitions that there are');
      give(draft, next.value.topicId, next.value.partition);
    }
    assignments.set(id, draft);
  }
  assert(partitions.next().done === true, 'every partition is given to someone');
}
