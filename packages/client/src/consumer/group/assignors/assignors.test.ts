/** Against Apache Kafka's assignors where results must be equal; against what must be true of any group where they need not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { partitionKey, type TopicPartition } from '../../../record.ts';
import type { AssignableGroup, AssignableMember, Assignor, MemberAssignment } from './assignor.ts';
import { checksum, goldenGroup, textOf } from './golden-groups.ts';
import { rangeAssignor } from './range.ts';
import { roundRobinAssignor } from './round-robin.ts';
import { encodeStickyUserData } from './sticky-claim.ts';
import { cooperativeStickyAssignor, stickyAssignor } from './sticky.ts';
import { assignorsOf, protocolOf } from './strategy.ts';

const golden = JSON.parse(readFileSync(new URL('testdata/golden.json', import.meta.url), 'utf8')) as Record<
  'range' | 'roundrobin' | 'sticky' | 'stickyUserData' | 'cooperativeUserData',
  string
>;

type Assigned = ReadonlyMap<string, MemberAssignment>;

/** The same group as its members would describe it after they were given this. */
function after(group: AssignableGroup, assigned: Assigned, generationId: number): AssignableGroup {
  const members = new Map<string, AssignableMember>();
  for (const [id, member] of group.members) {
    const ownedPartitions = assigned.get(id)?.partitions ?? [];
    const userData = encodeStickyUserData({ partitions: ownedPartitions, generationId });
    members.set(id, { ...member, rackId: null, ownedPartitions, generationId, userData });
  }
  return { ...group, members };
}

const newcomer = (topics: readonly string[]): AssignableMember => ({
  groupInstanceId: null,
  rackId: null,
  topics,
  ownedPartitions: [],
  generationId: -1,
  userData: null,
});

function ownersOf(assigned: Assigned): Map<string, string> {
  const owners = new Map<string, string>();
  for (const [id, { partitions }] of assigned)
    for (const { topic, partition } of partitions) {
      const key = partitionKey(topic, partition);
      assert.ok(!owners.has(key), `${key} has two owners`);
      owners.set(key, id);
    }
  return owners;
}

/** Each partition that somebody reads has one owner, who reads it. */
function checkWhole(group: AssignableGroup, assigned: Assigned): void {
  const owners = ownersOf(assigned);
  for (const [topic, { partitionCount }] of group.topics)
    for (let partition = 0; partition < partitionCount; partition++) {
      const readers = [...group.members].filter(([, { topics }]) => topics.includes(topic)).map(([id]) => id);
      const owner = owners.get(partitionKey(topic, partition));
      assert.ok(
        readers.length === 0 ? owner === undefined : readers.includes(owner!),
        `${topic}-${partition}: ${owner}`,
      );
    }
}

suite('range and roundrobin', () => {
  for (const make of [rangeAssignor, roundRobinAssignor]) {
    const assignor = make();
    test(`${assignor.name} gives 3,000 groups what Apache Kafka gives them`, () => {
      const sums = golden[assignor.name as 'range'];
      for (let number = 0; number < 3000; number++) {
        const text = textOf(assignor.assign(goldenGroup(number)));
        assert.equal(checksum(text), sums.slice(number * 8, number * 8 + 8), `group ${number}: ${text}`);
      }
    });
  }
});

suite('sticky', () => {
  test('is at least as even as Apache Kafka’s, and moves no more, when a member leaves or comes', () => {
    const expected = golden.sticky.split(' ').map((pair) => pair.split(',').map(Number));
    let moves = 0;
    let javaMoves = 0;
    for (const [number, [javaSquares, javaMoved]] of expected.entries()) {
      const start = goldenGroup(number);
      // Java gives partitions to members that read nothing when those come first.
      if ([...start.members.values()].some(({ topics }) => topics.length === 0)) continue;
      const had = roundRobinAssignor().assign(start);
      const group = after(start, had, 5);
      const members = new Map(group.members);
      const first = [...members.keys()].sort()[0]!;
      if (number % 2 === 0 && members.size > 1) members.delete(first);
      else members.set('new', newcomer(members.get(first)!.topics));
      const assigned = stickyAssignor().assign({ ...group, members });
      checkWhole({ ...group, members }, assigned);
      const squares = [...assigned.values()].reduce((sum, { partitions }) => sum + partitions.length ** 2, 0);
      assert.ok(squares <= javaSquares!, `group ${number}: squares ${squares}, Java has ${javaSquares}`);
      const before = ownersOf(had);
      let moved = 0;
      for (const [key, owner] of ownersOf(assigned))
        if (members.has(before.get(key)!) && before.get(key) !== owner) moved++;
      if (squares < javaSquares!) continue;
      moves += moved;
      javaMoves += javaMoved!;
    }
    assert.ok(moves <= javaMoves, `${moves} partitions moved, Java moves ${javaMoves}`);
  });

  test('moves nothing in a group where nothing changes', () => {
    for (let number = 0; number < 300; number++) {
      const start = goldenGroup(number);
      const group = { ...start, members: after(start, new Map(), -1).members };
      const first = stickyAssignor().assign(group);
      assert.equal(textOf(stickyAssignor().assign(after(group, first, 1))), textOf(first), `group ${number}`);
    }
  });

  test('nobody has two more than somebody who could take one, however subscriptions differ', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (number) => {
        const group = goldenGroup(number);
        const assigned = stickyAssignor().assign(group);
        checkWhole(group, assigned);
        for (const { partitions } of assigned.values())
          for (const [other, { topics }] of group.members) {
            const couldTake = partitions.some(({ topic }) => topics.includes(topic));
            const difference = partitions.length - assigned.get(other)!.partitions.length;
            assert.ok(!couldTake || difference < 2, `group ${number}`);
          }
      }),
      { numRuns: 300 },
    );
  });

  test('what an older generation says it had counts less, and what two say of one generation counts for neither', () => {
    const t = (partition: number): TopicPartition => ({ topic: 't', partition });
    const member = (ownedPartitions: TopicPartition[], generationId: number): AssignableMember => ({
      ...newcomer(['t']),
      ownedPartitions,
      generationId,
    });
    const topics = new Map([['t', { partitionCount: 4, racks: [] }]]);
    const stale = new Map([
      ['a', member([t(0), t(1), t(2)], 3)],
      ['b', member([t(2), t(3)], 4)],
    ]);
    const settled = cooperativeStickyAssignor().assign({ members: stale, topics });
    assert.equal(textOf(settled), 'a=t-0,t-1,;b=t-2,t-3,;');
    const contested = new Map([
      ['a', member([t(0), t(1)], 4)],
      ['b', member([t(1), t(2)], 4)],
    ]);
    const shared = ownersOf(cooperativeStickyAssignor().assign({ members: contested, topics }));
    assert.equal(shared.get(partitionKey('t', 1)), undefined);
    assert.equal(shared.get(partitionKey('t', 0)), 'a');
    assert.equal(shared.get(partitionKey('t', 2)), 'b');
    assert.ok(shared.has(partitionKey('t', 3)));
  });

  test('user data is byte for byte what Apache Kafka’s clients write, and bytes that are none count as nothing', () => {
    const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes!).toString('hex');
    const sticky = stickyAssignor();
    assert.equal(sticky.userData!(['topic']), null);
    const partitions = [3, 1].map((partition) => ({ topic: 'topic', partition }));
    sticky.onAssignment!({ partitions }, 7);
    assert.equal(hex(sticky.userData!(['topic'])), golden.stickyUserData);
    const cooperative = cooperativeStickyAssignor();
    cooperative.onAssignment!({ partitions }, 7);
    assert.equal(hex(cooperative.userData!([])), golden.cooperativeUserData);
    const members = new Map([['a', { ...newcomer(['t']), userData: Uint8Array.of(1, 2, 3) }]]);
    const topics = new Map([['t', { partitionCount: 1, racks: [] }]]);
    assert.equal(textOf(sticky.assign({ members, topics })), 'a=t-0,;');
    assert.equal(textOf(cooperative.assign({ members, topics })), 'a=t-0,;');
  });
});

suite('cooperative-sticky', () => {
  test('a partition that moves is given to nobody until its owner has given it up', () => {
    for (let number = 0; number < 300; number++) {
      const start = goldenGroup(number);
      const plain = { ...start, members: after(start, new Map(), -1).members };
      const assignor = cooperativeStickyAssignor();
      const first = assignor.assign(plain);
      const members = new Map(after(plain, first, 1).members);
      members.set('new', newcomer([...plain.topics.keys()]));
      const group = { ...plain, members };
      const second = assignor.assign(group);
      const before = ownersOf(first);
      for (const [key, owner] of ownersOf(second))
        assert.equal(before.get(key) ?? owner, owner, `group ${number}: ${key}`);
      const third = assignor.assign(after(group, second, 2));
      checkWhole(group, third);
      assert.equal(textOf(assignor.assign(after(group, third, 3))), textOf(third), `group ${number} is at rest`);
    }
  });

  test('members get partitions of their rack where that costs no balance', () => {
    const racks = Array.from({ length: 12 }, (_, partition) => [`r${partition % 3}`]);
    const topics = new Map([['t', { partitionCount: 12, racks }]]);
    const members = new Map(
      [0, 1, 2].map((rack): [string, AssignableMember] => [
        `m${rack}`,
        { ...newcomer(['t']), rackId: `r${(rack + 1) % 3}` },
      ]),
    );
    const assigned: [string, Assignor][] = [
      ['cooperative-sticky', cooperativeStickyAssignor()],
      ['sticky', stickyAssignor()],
    ];
    for (const [name, assignor] of assigned)
      for (const [id, { partitions }] of assignor.assign({ members, topics })) {
        assert.equal(partitions.length, 4);
        for (const { partition } of partitions) assert.equal(racks[partition]![0], members.get(id)!.rackId, name);
      }
  });
});

suite('partition.assignment.strategy', () => {
  const names = (assignors: readonly Assignor[]): string[] => assignors.map(({ name }) => name);

  test('takes short names, Java’s classes and assignors of the user’s own', () => {
    const own: Assignor = { name: 'own', protocols: ['eager'], assign: () => new Map() };
    assert.deepEqual(names(assignorsOf(['range', 'org.apache.kafka.clients.consumer.StickyAssignor'])), [
      'range',
      'sticky',
    ]);
    assert.deepEqual(names(assignorsOf(['range'], [own])), ['own', 'range']);
    assert.deepEqual(names(assignorsOf(['range', 'own'], [own])), ['range', 'own']);
  });

  test('refuses what it does not know, and twice the same', () => {
    assert.throws(() => assignorsOf(['rnage']), { code: 'CONFIG' });
    assert.throws(() => assignorsOf(['range', 'RangeAssignor']), { code: 'CONFIG' });
    assert.throws(() => assignorsOf([]), { code: 'CONFIG' });
  });

  test('is cooperative only when all of them are', () => {
    assert.equal(protocolOf(assignorsOf(['cooperative-sticky'])), 'cooperative');
    assert.equal(protocolOf(assignorsOf(['range', 'cooperative-sticky'])), 'eager');
    const neither: Assignor = { name: 'own', protocols: ['cooperative'], assign: () => new Map() };
    assert.throws(() => assignorsOf(['range'], [neither]), { code: 'CONFIG' });
  });
});
