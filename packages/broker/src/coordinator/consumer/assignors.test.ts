/** Both assignors: fixed cases by which they can be compared with Kafka's, and what must be true of any group. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import type { AssignedMember, AssignorInput } from './assignor.ts';
import type { Assignment } from './member.ts';
import { assignRange } from './range.ts';
import { assignUniform } from './uniform.ts';

type Spec = Record<string, { topics: string[]; had?: Record<string, number[]>; instance?: string }>;

function input(spec: Spec, counts: Record<string, number>): AssignorInput {
  const members = Object.entries(spec).map(([id, { topics, had, instance }]): AssignedMember => ({
    id,
    instanceId: instance ?? null,
    topicIds: topics,
    previous: new Map(Object.entries(had ?? {}).map(([topic, partitions]) => [topic, new Set(partitions)])),
  }));
  const isHomogeneous = new Set(members.map(({ topicIds }) => topicIds.join())).size === 1;
  return { members, isHomogeneous, partitionCounts: new Map(Object.entries(counts)) };
}

function plain(assignments: ReadonlyMap<string, Assignment>): Record<string, Record<string, number[]>> {
  return Object.fromEntries(
    [...assignments].map(([id, assignment]) => [
      id,
      Object.fromEntries(
        [...assignment].map(([topic, partitions]) => [topic, [...partitions].sort((left, right) => left - right)]),
      ),
    ]),
  );
}

test('range gives runs, the first members one more, and cuts topics of one size at the same places', () => {
  const spec = { b: { topics: ['t', 'u'] }, a: { topics: ['t', 'u'] }, c: { topics: ['t', 'u'] } };
  assert.deepEqual(plain(assignRange(input(spec, { t: 7, u: 7 }))), {
    a: { t: [0, 1, 2], u: [0, 1, 2] },
    b: { t: [3, 4], u: [3, 4] },
    c: { t: [5, 6], u: [5, 6] },
  });
});

test('range counts for each topic only who reads it, and leaves the last without where there are too few partitions', () => {
  const spec = { a: { topics: ['t'] }, b: { topics: ['t', 'u'] }, c: { topics: ['u'] } };
  assert.deepEqual(plain(assignRange(input(spec, { t: 3, u: 1 }))), {
    a: { t: [0, 1] },
    b: { t: [2], u: [0] },
    c: {},
  });
});

test('range puts static members first, by their instance ids', () => {
  const spec = { a: { topics: ['t'] }, z: { topics: ['t'], instance: '1' }, y: { topics: ['t'], instance: '2' } };
  assert.deepEqual(plain(assignRange(input(spec, { t: 3 }))), { z: { t: [0] }, y: { t: [1] }, a: { t: [2] } });
});

test('uniform hands out what a member left and moves nothing else', () => {
  const spec = { a: { topics: ['t'], had: { t: [0, 3] } }, b: { topics: ['t'], had: { t: [1, 4] } } };
  assert.deepEqual(plain(assignUniform(input(spec, { t: 6 }))), { a: { t: [0, 2, 3] }, b: { t: [1, 4, 5] } });
});

test('uniform takes from who has most for who is new', () => {
  const spec = {
    a: { topics: ['t'], had: { t: [0, 1, 2] } },
    b: { topics: ['t'], had: { t: [3, 4, 5] } },
    c: { topics: ['t'] },
  };
  assert.deepEqual(plain(assignUniform(input(spec, { t: 6 }))), {
    a: { t: [0, 1] },
    b: { t: [3, 4] },
    c: { t: [2, 5] },
  });
});

test('uniform lets who has one more keep it', () => {
  const spec = { a: { topics: ['t'], had: { t: [0] } }, b: { topics: ['t'], had: { t: [1, 2] } } };
  assert.deepEqual(plain(assignUniform(input(spec, { t: 3 }))), { a: { t: [0] }, b: { t: [1, 2] } });
});

test('uniform evens out members who read different topics', () => {
  const spec = { a: { topics: ['t'] }, b: { topics: ['t', 'u'] }, c: { topics: ['u'] } };
  const sizes = sizesOf(assignUniform(input(spec, { t: 4, u: 4 })));
  assert.deepEqual(sizes, { a: 2, b: 3, c: 3 });
});

test('who reads nothing, or topics without partitions, gets nothing', () => {
  assert.deepEqual(sizesOf(assignUniform(input({ a: { topics: [] } }, {}))), {});
  assert.deepEqual(sizesOf(assignUniform(input({ a: { topics: [] }, b: { topics: ['t'] } }, { t: 2 }))), {
    a: 0,
    b: 2,
  });
  assert.deepEqual(sizesOf(assignRange(input({ a: { topics: ['t'] } }, { t: 0 }))), { a: 0 });
});

function sizesOf(assignments: ReadonlyMap<string, Assignment>): Record<string, number> {
  return Object.fromEntries([...assignments].map(([id, assignment]) => [id, sizeOf(assignment)]));
}

function sizeOf(assignment: Assignment | undefined): number {
  return [...(assignment?.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
}

const topics = ['t', 'u', 'v', 'w'] as const;
const counts = fc.record({ t: fc.nat(9), u: fc.nat(9), v: fc.nat(9), w: fc.nat(9) });
const group = fc.record({
  counts,
  subscriptions: fc.array(fc.subarray([...topics]), { minLength: 1, maxLength: 8 }),
  isHomogeneous: fc.boolean(),
  /** Who had a partition before; beyond the members: nobody. */
  owners: fc.array(fc.nat(12), { minLength: 36, maxLength: 36 }),
});
type Group = typeof group extends fc.Arbitrary<infer G> ? G : never;

function groupInput({ counts, subscriptions, isHomogeneous, owners }: Group): AssignorInput {
  const spec: Spec = {};
  for (const [index, topics] of subscriptions.entries())
    spec[`m${index}`] = { topics: isHomogeneous ? (subscriptions[0] ?? []) : topics, had: {} };
  for (const [index, owner] of owners.entries()) {
    const had = spec[`m${owner}`]?.had;
    if (had !== undefined) (had[topics[index % 4] ?? 't'] ??= []).push(Math.floor(index / 4));
  }
  return input(spec, counts);
}

/** Every partition of a topic that is read has exactly one owner, who reads it. */
function checkWhole({ members, partitionCounts }: AssignorInput, assignments: ReadonlyMap<string, Assignment>): void {
  const given = new Map<string, string>();
  for (const { id, topicIds } of members) {
    for (const [topicId, partitions] of assignments.get(id) ?? []) {
      assert.ok(topicIds.includes(topicId), `${id} reads ${topicId}`);
      for (const partition of partitions) {
        assert.ok(partition < (partitionCounts.get(topicId) ?? 0), 'the partition exists');
        assert.equal(given.get(`${topicId}-${partition}`), undefined, 'it is given once');
        given.set(`${topicId}-${partition}`, id);
      }
    }
  }
  const wanted = new Set(members.flatMap(({ topicIds }) => topicIds));
  const total = [...wanted].reduce((sum, topicId) => sum + (partitionCounts.get(topicId) ?? 0), 0);
  assert.equal(given.size, total, 'nothing is left');
}

/** Nobody could give one of its partitions to someone who has at least two fewer. */
function checkEven({ members }: AssignorInput, assignments: ReadonlyMap<string, Assignment>): void {
  for (const giver of members) {
    for (const topicId of assignments.get(giver.id)?.keys() ?? []) {
      for (const taker of members) {
        if (!taker.topicIds.includes(topicId)) continue;
        assert.ok(sizeOf(assignments.get(giver.id)) <= sizeOf(assignments.get(taker.id)) + 1, `${topicId} is even`);
      }
    }
  }
}

test('whatever a group looks like, everything is given once, to someone who reads it', () => {
  fc.assert(
    fc.property(group, (any) => {
      const given = groupInput(any);
      checkWhole(given, assignRange(given));
      checkWhole(given, assignUniform(given));
    }),
  );
});

test('whatever a group looks like, uniform is even', () => {
  fc.assert(
    fc.property(group, (any) => {
      const given = groupInput(any);
      checkEven(given, assignUniform(given));
    }),
    { numRuns: 300 },
  );
});

test('uniform moves nothing when it is asked again', () => {
  fc.assert(
    fc.property(group, (any) => {
      const given = groupInput(any);
      const first = assignUniform(given);
      const members = given.members.map((member) => ({ ...member, previous: first.get(member.id) ?? new Map() }));
      const again = assignUniform({ ...given, members });
      for (const { id } of members)
        assert.deepEqual(
          plain(new Map([['', again.get(id) ?? new Map()]])),
          plain(new Map([['', first.get(id) ?? new Map()]])),
        );
    }),
  );
});

test('uniform takes from a member no more than it has too many', () => {
  fc.assert(
    fc.property(group, (any) => {
      const given = groupInput({ ...any, isHomogeneous: true });
      const assignments = assignUniform(given);
      const total = [...assignments.values()].reduce((sum, assignment) => sum + sizeOf(assignment), 0);
      const least = Math.floor(total / given.members.length);
      for (const { id, previous, topicIds } of given.members) {
        const had = topicIds.flatMap((topicId) =>
          [...(previous.get(topicId) ?? [])]
            .filter((partition) => partition < (given.partitionCounts.get(topicId) ?? 0))
            .map((partition) => `${topicId}-${partition}`),
        );
        const has = new Set(
          [...(assignments.get(id) ?? [])].flatMap(([topicId, partitions]) =>
            [...partitions].map((one) => `${topicId}-${one}`),
          ),
        );
        const kept = had.filter((one) => has.has(one)).length;
        assert.ok(kept >= Math.min(had.length, least), 'it keeps its share');
      }
    }),
  );
});
