/**
 * Each topic for itself, in runs: the first members get the first partitions, so that topics with the same number of partitions are
 * shared out alike. Where racks are known, members first get partitions with a replica in their own (KIP-881). Equal to Kafka's
 * RangeAssignor.
 */
import {
  type AssignableGroup,
  type AssignableTopic,
  type Assignor,
  assignmentsOf,
  type Draft,
  emptyDraft,
  sortedMembers,
} from './assignor.ts';

export function rangeAssignor(): Assignor {
  return { name: 'range', protocols: ['eager'], assign: (group) => assignmentsOf(assignRanges(group)) };
}

/** What is left to share out of one topic. */
class TopicShare {
  readonly topic: string;
  readonly members: readonly string[];
  readonly isRackAware: boolean;
  readonly partitionCount: number;
  readonly #rackOf: ReadonlyMap<string, string>;
  readonly #racks: readonly ReadonlySet<string>[];
  readonly #counts: Map<string, number>;
  readonly #free: Set<number>;
  readonly #quota: number;
  /** How many members may still get one more than the quota. */
  #extras: number;

  constructor(
    topic: string,
    members: readonly string[],
    { partitionCount, racks }: AssignableTopic,
    rackOf: ReadonlyMap<string, string>,
  ) {
    this.topic = topic;
    this.members = members;
    this.partitionCount = partitionCount;
    this.#rackOf = rackOf;
    this.#racks = racks.map((names) => new Set(names));
    this.#counts = new Map(members.map((id) => [id, 0]));
    this.#free = new Set(Array.from({ length: partitionCount }, (_, index) => index));
    this.#quota = Math.floor(partitionCount / members.length);
    this.#extras = partitionCount % members.length;
    this.isRackAware = this.#doRacksMatter();
  }

  /** Whether any member says where it is. */
  get hasRacks(): boolean {
    return this.members.some((id) => this.#rackOf.has(id));
  }

  get free(): Iterable<number> {
    return this.#free;
  }

  /** Members that say no rack are at home everywhere. */
  isNear(member: string, partition: number): boolean {
    const rack = this.#rackOf.get(member);
    return rack === undefined || this.#racks[partition]?.has(rack) === true;
  }

  roomOf(member: string): number {
    return Math.max(0, this.#quota + (this.#extras > 0 ? 1 : 0) - this.#counts.get(member)!);
  }

  give(member: string, partitions: readonly number[], draft: Draft): void {
    const count = this.#counts.get(member)! + partitions.length;
    this.#counts.set(member, count);
    if (count > this.#quota) this.#extras--;
    const given = draft.get(member)!;
    for (const partition of partitions) {
      this.#free.delete(partition);
      given.push({ topic: this.topic, partition });
    }
  }

  /** Only where some member's rack has replicas, and not every partition has them in the same racks. */
  #doRacksMatter(): boolean {
    const ofMembers = new Set(this.members.map((id) => this.#rackOf.get(id)).filter((rack) => rack !== undefined));
    const all = new Set(this.#racks.flatMap((racks) => [...racks]));
    if (![...ofMembers].some((rack) => all.has(rack))) return false;
    return !this.#racks.every((racks) => racks.size === all.size);
  }
}

function assignRanges(group: AssignableGroup): Draft {
  const draft = emptyDraft(group);
  const shares = sharesOf(group);
  const isRackAware = shares.some((share) => share.isRackAware);
  if (isRackAware) giveNear(shares, draft);
  for (const share of shares) giveRuns(share, draft, () => true);
  if (isRackAware)
    for (const partitions of draft.values())
      partitions.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  return draft;
}

function sharesOf(group: AssignableGroup): TopicShare[] {
  const rackOf = new Map<string, string>();
  for (const [id, { rackId }] of group.members) if (rackId !== null) rackOf.set(id, rackId);
  const readers = new Map<string, string[]>();
  for (const id of sortedMembers(group)) {
    for (const topic of new Set(group.members.get(id)!.topics)) {
      const ids = readers.get(topic);
      if (ids === undefined) readers.set(topic, [id]);
      else ids.push(id);
    }
  }
  const shares: TopicShare[] = [];
  for (const [topic, members] of readers) {
    const assignable = group.topics.get(topic);
    if (assignable !== undefined && assignable.partitionCount > 0)
      shares.push(new TopicShare(topic, members, assignable, rackOf));
  }
  return shares;
}

function giveRuns(share: TopicShare, draft: Draft, may: (member: string, partition: number) => boolean): void {
  for (const member of share.members) {
    const run: number[] = [];
    const room = share.roomOf(member);
    for (const partition of share.free) {
      if (run.length >= room) break;
      if (may(member, partition)) run.push(partition);
    }
    if (run.length > 0) share.give(member, run, draft);
  }
}

/** Topics with the same members and as many partitions stay together: a member gets the same partitions of all of them. */
function giveNear(shares: readonly TopicShare[], draft: Draft): void {
  const alike = Map.groupBy(shares, ({ members, partitionCount }) => `${partitionCount}\n${members.join('\n')}`);
  for (const together of alike.values()) {
    if (!together[0]!.hasRacks) continue;
    if (together.length > 1) giveTogether(together, draft);
    else
      for (const share of together)
        if (share.isRackAware) giveRuns(share, draft, (member, partition) => share.isNear(member, partition));
  }
}

function giveTogether(shares: readonly TopicShare[], draft: Draft): void {
  const { members, partitionCount } = shares[0]!;
  const open = new Set(members);
  for (let partition = 0; partition < partitionCount && open.size > 0; partition++) {
    for (const member of open) {
      if (!shares.every((share) => share.isNear(member, partition) && share.roomOf(member) > 0)) continue;
      for (const share of shares) share.give(member, [partition], draft);
      if (shares.every((share) => share.roomOf(member) === 0)) open.delete(member);
      break;
    }
  }
}
