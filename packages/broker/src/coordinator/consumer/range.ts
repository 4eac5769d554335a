/**
 * The assignor `range`: each topic by itself, partitions in runs, members in the order of their instance ids and then of their own.
 * Topics with equally many partitions are cut at the same places, so that who joins them by key finds both sides at one member.
 */
import type { AssignedMember, AssignorInput } from './assignor.ts';
import type { Assignment } from './member.ts';

interface Cut {
  /** What everyone gets; so many of the first get one more. */
  readonly quota: number;
  extra: number;
  next: number;
  readonly count: number;
}

export function assignRange({ members, partitionCounts }: AssignorInput): ReadonlyMap<string, Assignment> {
  const readers = new Map<string, number>();
  for (const { topicIds } of members)
    for (const topicId of topicIds) readers.set(topicId, (readers.get(topicId) ?? 0) + 1);
  const cuts = new Map<string, Cut>();
  for (const [topicId, readerCount] of readers) {
    const count = partitionCounts.get(topicId) ?? 0;
    cuts.set(topicId, { quota: Math.floor(count / readerCount), extra: count % readerCount, next: 0, count });
  }
  const assignments = new Map<string, Assignment>();
  for (const { id, topicIds } of [...members].sort(inOrder)) {
    const assignment = new Map<string, ReadonlySet<number>>();
    for (const topicId of topicIds) {
      const run = nextRun(cuts.get(topicId));
      if (run.size > 0) assignment.set(topicId, run);
    }
    assignments.set(id, assignment);
  }
  return assignments;
}

function nextRun(cut: Cut | undefined): ReadonlySet<number> {
  const run = new Set<number>();
  if (cut === undefined) return run;
  const end = Math.min(cut.next + cut.quota + (cut.extra > 0 ? 1 : 0), cut.count);
  if (cut.extra > 0) cut.extra--;
  for (; cut.next < end; cut.next++) run.add(cut.next);
  return run;
}

/** Static members first: they keep their places when they come back under another id. */
function inOrder(left: AssignedMember, right: AssignedMember): number {
  if (left.instanceId !== null && right.instanceId !== null) return compare(left.instanceId, right.instanceId);
  if (left.instanceId !== null) return -1;
  if (right.instanceId !== null) return 1;
  return compare(left.id, right.id);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
