/**
 * Small groups that follow from their number, the same as in tools/golden-assignors/GoldenAssignors.java, so that what Apache Kafka's
 * assignors make of them can be compared. What it prints, compiled and run with the jars of Apache Kafka that tools/reference/install.sh
 * fetches, is testdata/golden.json.
 */
import { crc32 } from 'node:zlib';

import type { AssignableGroup, AssignableMember, AssignableTopic, MemberAssignment } from './assignor.ts';

export function goldenGroup(number: number): AssignableGroup {
  const below = dice(number);
  const racks = below(3);
  const rackOf: (string | null)[] = [];
  for (let id = 0; id < 6; id++) rackOf.push(racks > 0 && id < 3 + below(4) ? `r${id % 3}` : null);
  const topicCount = 1 + below(5);
  const usual = 1 + below(9);
  const topics = new Map<string, AssignableTopic>();
  for (let topic = 0; topic < topicCount; topic++) {
    const partitionCount = below(3) === 0 ? below(10) : usual;
    const ofPartitions: string[][] = [];
    for (let partition = 0; partition < partitionCount; partition++) {
      const replicas = 1 + below(3);
      const first = below(6);
      const near = Array.from({ length: replicas }, (_, index) => rackOf[(first + index) % 6] ?? null);
      ofPartitions.push([...new Set(near)].filter((rack) => rack !== null));
    }
    if (partitionCount > 0) topics.set(`t${topic}`, { partitionCount, racks: ofPartitions });
  }
  return { topics, members: membersOf(below, topicCount, racks > 0) };
}

function membersOf(below: Dice, topicCount: number, hasRacks: boolean): Map<string, AssignableMember> {
  const count = 1 + below(8);
  const isAlike = below(2) === 0;
  const members = new Map<string, AssignableMember>();
  for (let member = 0; member < count; member++) {
    const id = `${String.fromCharCode(97 + below(26))}${member}`;
    const groupInstanceId = below(3) === 0 ? `i${below(100)}-${member}` : null;
    const rackId = hasRacks && below(4) > 0 ? `r${below(3)}` : null;
    const topics: string[] = [];
    for (let topic = 0; topic < topicCount; topic++) if (isAlike || below(3) > 0) topics.push(`t${topic}`);
    if (below(5) === 0) topics.push('x');
    members.set(id, { groupInstanceId, rackId, topics, ownedPartitions: [], generationId: -1, userData: null });
  }
  return members;
}

/** As Java prints them, in order. */
export function textOf(assignments: ReadonlyMap<string, MemberAssignment>): string {
  let text = '';
  for (const id of [...assignments.keys()].sort()) {
    const partitions = [...assignments.get(id)!.partitions].sort((a, b) =>
      a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
    );
    text += `${id}=${partitions.map(({ topic, partition }) => `${topic}-${partition},`).join('')};`;
  }
  return text;
}

export const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

type Dice = (bound: number) => number;

/** mulberry32, with the remainder for a bound, which Java can do as well. */
function dice(seed: number): Dice {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}
