/**
 * `uniform` for members who do not all read the same topics. Everyone keeps what it had and still reads; what is free goes, topic by
 * topic, to the reader who has least; then partitions move from who has more to who has at least two fewer, until none can.
 */
import { give, take, type AssignorInput, type Draft } from './assignor.ts';
import type { Assignment } from './member.ts';

/** Each round moves nothing or makes the sizes more equal; few are needed, and this many never. */
const roundsMax = 16;

interface Reader {
  readonly id: string;
  readonly draft: Draft;
  size: number;
}

interface ReadTopic {
  readonly id: string;
  readonly readers: Reader[];
  /** Of each partition who is to get it. */
  readonly owners: (Reader | undefined)[];
}

export function assignUneven(input: AssignorInput): ReadonlyMap<string, Assignment> {
  const readers = input.members.map(({ id }): Reader => ({ id, draft: new Map(), size: 0 }));
  const topics = readTopics(input, readers);
  for (const topic of topics) handOut(topic);
  const shared = topics.filter((topic) => topic.readers.length > 1);
  for (let round = 0; round < roundsMax && evenOut(shared); round++);
  return new Map(readers.map(({ id, draft }) => [id, draft]));
}

/** With what everyone keeps; those first that leave least choice: many partitions for each reader, few readers. */
function readTopics({ members, partitionCounts }: AssignorInput, readers: readonly Reader[]): ReadTopic[] {
  const topics = new Map<string, ReadTopic>();
  for (const [index, { topicIds, previous }] of members.entries()) {
    const reader = readers[index];
    if (reader === undefined) continue;
    for (const id of topicIds) {
      let topic = topics.get(id);
      if (topic === undefined) {
        const owners = Array.from<Reader | undefined>({ length: partitionCounts.get(id) ?? 0 });
        topics.set(id, (topic = { id, readers: [], owners }));
      }
      topic.readers.push(reader);
      for (const partition of previous.get(id) ?? []) {
        if (partition >= topic.owners.length || topic.owners[partition] !== undefined) continue;
        topic.owners[partition] = reader;
        give(reader.draft, id, partition);
        reader.size++;
      }
    }
  }
  const share = ({ owners, readers: { length } }: ReadTopic): number => owners.length / length;
  return [...topics.values()].sort(
    (left, right) => share(right) - share(left) || left.readers.length - right.readers.length,
  );
}

function handOut({ id, readers, owners }: ReadTopic): void {
  const heap = new Heap(readers);
  for (const [partition, owner] of owners.entries()) {
    if (owner !== undefined) continue;
    const reader = heap.least;
    if (reader === undefined) return;
    owners[partition] = reader;
    give(reader.draft, id, partition);
    reader.size++;
    heap.grown();
  }
}

function evenOut(topics: readonly ReadTopic[]): boolean {
  let moved = false;
  for (const topic of topics) if (evenOutTopic(topic)) moved = true;
  return moved;
}

/** Who has most gives to who has least, one partition of this topic at a time. */
function evenOutTopic({ id, readers, owners }: ReadTopic): boolean {
  const held = new Map<Reader, number[]>();
  for (const [partition, owner] of owners.entries()) {
    if (owner === undefined) continue;
    const partitions = held.get(owner);
    if (partitions === undefined) held.set(owner, [partition]);
    else partitions.push(partition);
  }
  const givers = [...held.keys()].sort((left, right) => right.size - left.size);
  let moved = false;
  let heap = new Heap(readers);
  for (const giver of givers) {
    const partitions = held.get(giver) ?? [];
    const before = giver.size;
    for (let least = heap.least; least !== undefined && giver.size > least.size + 1; least = heap.least) {
      const partition = partitions.pop();
      if (partition === undefined) break;
      take(giver.draft, id, partition);
      give(least.draft, id, partition);
      owners[partition] = least;
      giver.size--;
      least.size++;
      heap.grown();
      moved = true;
    }
    // Who gave has its place in the heap by what it had.
    if (giver.size < before) heap = new Heap(readers);
  }
  return moved;
}

/** Readers, the one with the fewest partitions on top; no one's size may shrink meanwhile. */
class Heap {
  readonly #readers: Reader[];

  constructor(readers: readonly Reader[]) {
    this.#readers = [...readers].sort((left, right) => left.size - right.size);
  }

  get least(): Reader | undefined {
    return this.#readers[0];
  }

  /** The one on top has become larger. */
  grown(): void {
    const readers = this.#readers;
    for (let at = 0; ;) {
      let next = 2 * at + 1;
      const [left, right] = [readers[next], readers[next + 1]];
      if (left === undefined) return;
      if (right !== undefined && right.size < left.size) next++;
      const [parent, child] = [readers[at], readers[next]];
      if (parent === undefined || child === undefined || parent.size <= child.size) return;
      [readers[at], readers[next]] = [child, parent];
      at = next;
    }
  }
}
