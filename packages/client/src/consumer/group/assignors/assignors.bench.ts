/** How long a leader takes: `node packages/client/src/consumer/group/assignors/assignors.bench.ts`. Prints milliseconds, best of five. */
import type { AssignableGroup, AssignableMember, Assignor, MemberAssignment } from './assignor.ts';
import { rangeAssignor } from './range.ts';
import { roundRobinAssignor } from './round-robin.ts';
import { encodeStickyUserData } from './sticky-claim.ts';
import { cooperativeStickyAssignor, stickyAssignor } from './sticky.ts';

const memberCount = 450;
const partitionCount = 3000;

function group(topicCount: number, isMixed: boolean): AssignableGroup {
  const names = Array.from({ length: topicCount }, (_, index) => `topic-${index}`);
  const each = partitionCount / topicCount;
  const members = new Map<string, AssignableMember>();
  for (let index = 0; index < memberCount; index++) {
    const topics = isMixed ? names.filter((_, topic) => (topic * 7 + index) % 3 !== 0) : names;
    const member = {
      groupInstanceId: null,
      rackId: null,
      topics,
      ownedPartitions: [],
      generationId: -1,
      userData: null,
    };
    members.set(`member-${index}`, member);
  }
  return { members, topics: new Map(names.map((name) => [name, { partitionCount: each, racks: [] }])) };
}

/** A tenth of the members is gone, as many have come, and the others say what they had. */
function shaken(start: AssignableGroup, assigned: ReadonlyMap<string, MemberAssignment>): AssignableGroup {
  const members = new Map<string, AssignableMember>();
  for (const [index, [id, member]] of [...start.members].entries()) {
    const ownedPartitions = index % 10 === 0 ? [] : assigned.get(id)!.partitions;
    const userData = encodeStickyUserData({ partitions: ownedPartitions, generationId: 1 });
    members.set(index % 10 === 0 ? `new-${id}` : id, { ...member, ownedPartitions, generationId: 1, userData });
  }
  return { ...start, members };
}

function bestMs(assignor: Assignor, input: AssignableGroup): string {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const startMs = performance.now();
    assignor.assign(input);
    best = Math.min(best, performance.now() - startMs);
  }
  return best.toFixed(1).padStart(9);
}

console.log(`${partitionCount} partitions, ${memberCount} members${' '.repeat(20)}first   again`);
for (const topicCount of [1, 30, 3000])
  for (const isMixed of [false, true])
    for (const make of [rangeAssignor, roundRobinAssignor, stickyAssignor, cooperativeStickyAssignor]) {
      const assignor = make();
      const input = group(topicCount, isMixed);
      const again = shaken(input, stickyAssignor().assign(input));
      const what = `${topicCount} topics, ${isMixed ? 'mixed' : 'alike'}, ${assignor.name}`;
      console.log(`${what.padEnd(40)}${bestMs(assignor, input)}${bestMs(assignor, again)}`);
    }
