/**
 * Shares partitions out so that no member could do with one less by giving one to somebody who has two less, while what was kept moves as
 * little as possible. In: what each member keeps. Out: who has what.
 *
 * What is free goes to the member with the least. Then, from the member with the most on, the shortest chain of members is looked for
 * along which partitions can be handed on to somebody with two less: where all members read the same topics a chain has one step.
 */
import { assert } from '@millrace/base';

import type { TopicPartition } from '../../../record.ts';
import { type AssignableGroup, compareTexts, type Draft, sortedMembers } from './assignor.ts';

interface Seat {
  readonly id: string;
  readonly rack: string | null;
  /** Partitions by topic; those that were kept stand first. */
  readonly held: Map<Shelf, number[]>;
  /** How many of them are kept, by topic. */
  readonly kept: Map<Shelf, number>;
  load: number;
}

interface Shelf {
  readonly topic: string;
  readonly racks: readonly (readonly string[])[];
  /** In the order of `sortedMembers`. */
  readonly readers: Set<Seat>;
  readonly free: Set<number>;
}

/** How a chain came to a member: who hands on a partition of which topic. */
interface Step {
  readonly from: Seat;
  readonly shelf: Shelf;
}

export class StickyBalance {
  readonly #seats = new Map<string, Seat>();
  readonly #shelves = new Map<string, Shelf>();

  constructor(group: AssignableGroup) {
    for (const topic of [...group.topics.keys()].sort(compareTexts)) {
      const { partitionCount, racks } = group.topics.get(topic)!;
      const free = new Set(Array.from({ length: partitionCount }, (_, index) => index));
      this.#shelves.set(topic, { topic, racks, readers: new Set(), free });
    }
    for (const id of sortedMembers(group)) {
      const { topics, rackId: rack } = group.members.get(id)!;
      const seat: Seat = { id, rack, held: new Map(), kept: new Map(), load: 0 };
      this.#seats.set(id, seat);
      for (const topic of topics) this.#shelves.get(topic)?.readers.add(seat);
    }
  }

  /** Does nothing when the partition is gone, has an owner, or the member does not read the topic any more. */
  keep(id: string, topic: string, partition: number): void {
    const shelf = this.#shelves.get(topic);
    const seat = this.#seats.get(id)!;
    if (shelf?.free.has(partition) !== true || !shelf.readers.has(seat)) return;
    put(seat, shelf, partition);
    seat.kept.set(shelf, seat.held.get(shelf)!.length);
  }

  settle(): Draft {
    this.#fillNear();
    const scarceFirst = [...this.#shelves.values()].sort((a, b) => a.readers.size - b.readers.size);
    for (const shelf of scarceFirst)
      for (const partition of shelf.readers.size === 0 ? [] : shelf.free)
        put(leastLoaded(shelf.readers, shelf, partition), shelf, partition);
    while (this.#even());
    return new Map([...this.#seats].map(([id, seat]) => [id, partitionsOf(seat)]));
  }

  /** Where racks are known and all read the same, everybody first gets partitions nearby, up to what all have in the end. */
  #fillNear(): void {
    const seats = [...this.#seats.values()];
    const shelves = [...this.#shelves.values()];
    const isAlike = shelves.every(({ readers }) => readers.size === seats.length);
    if (!isAlike || seats.every(({ rack }) => rack === null)) return;
    const total =
      shelves.reduce((sum, { free }) => sum + free.size, 0) + seats.reduce((sum, { load }) => sum + load, 0);
    const quota = Math.floor(total / seats.length);
    for (const shelf of shelves) {
      for (const partition of shelf.free) {
        const near = seats.filter((seat) => seat.load < quota && isNear(seat, shelf, partition));
        if (near.length > 0) put(leastLoaded(near, shelf, partition), shelf, partition);
      }
    }
  }

  /** One pass from the fullest member to the emptiest, nobody further down than the next. Gives whether anything moved. */
  #even(): boolean {
    let hasMoved = false;
    const settled = new Set<Seat>();
    const fullestFirst = [...this.#seats.values()].sort((a, b) => b.load - a.load);
    for (const [index, seat] of fullestFirst.entries()) {
      const next = fullestFirst[index + 1]?.load ?? 0;
      while (seat.load >= next && !settled.has(seat) && this.#lighten(seat, settled)) hasMoved = true;
    }
    return hasMoved;
  }

  /**
   * Hands one partition on, along the chain to a member with at least two less that moves the fewest kept ones. Where there is none,
   * neither is there for any member that was reached and has no more: all of them are settled.
   */
  #lighten(heavy: Seat, settled: Set<Seat>): boolean {
    const cameBy = new Map<Seat, Step>();
    const done = new Set<Seat>();
    const costs = new Map<Shelf, number>();
    /** Who is reached by moving as many kept partitions as the index says. */
    const reached: Set<Seat>[] = [new Set([heavy])];
    for (let cost = 0; cost < reached.length; cost++) {
      let lightest: Seat | undefined;
      for (const from of reached[cost]!) {
        if (done.has(from)) continue;
        done.add(from);
        if (from.load <= heavy.load - 2 && (lightest === undefined || from.load < lightest.load)) lightest = from;
        for (const [shelf, partitions] of from.held) {
          const costThere = cost + (partitions.length > (from.kept.get(shelf) ?? 0) ? 0 : 1);
          if ((costs.get(shelf) ?? Number.POSITIVE_INFINITY) <= costThere) continue;
          costs.set(shelf, costThere);
          const there = (reached[costThere] ??= new Set());
          for (const seat of shelf.readers) {
            if (done.has(seat) || (costThere > cost && reached[cost]!.has(seat))) continue;
            if (costThere > cost && there.has(seat)) continue;
            there.add(seat);
            cameBy.set(seat, { from, shelf });
          }
        }
      }
      if (lightest === undefined) continue;
      handOn(heavy, lightest, cameBy);
      return true;
    }
    for (const seat of done) if (seat.load <= heavy.load) settled.add(seat);
    return false;
  }
}

function handOn(heavy: Seat, light: Seat, cameBy: ReadonlyMap<Seat, Step>): void {
  for (let to = light; to !== heavy;) {
    const { from, shelf } = cameBy.get(to)!;
    put(to, shelf, take(from, shelf));
    to = from;
  }
}

function put(seat: Seat, shelf: Shelf, partition: number): void {
  shelf.free.delete(partition);
  const held = seat.held.get(shelf);
  if (held === undefined) seat.held.set(shelf, [partition]);
  else held.push(partition);
  seat.load++;
}

/** The newest goes first, so that what was kept stays as long as it can. */
function take(seat: Seat, shelf: Shelf): number {
  const held = seat.held.get(shelf)!;
  const partition = held.pop()!;
  if (held.length === 0) seat.held.delete(shelf);
  if (held.length < (seat.kept.get(shelf) ?? 0)) seat.kept.set(shelf, held.length);
  seat.load--;
  return partition;
}

/** Of those with as little, one nearby, else the first. */
function leastLoaded(seats: Iterable<Seat>, shelf: Shelf, partition: number): Seat {
  let best: Seat | undefined;
  for (const seat of seats) {
    if (best === undefined || seat.load < best.load) best = seat;
    else if (seat.load === best.load && isNear(seat, shelf, partition) && !isNear(best, shelf, partition)) best = seat;
  }
  assert(best !== undefined, 'a topic that is shared out has readers');
  return best;
}

const isNear = ({ rack }: Seat, { racks }: Shelf, partition: number): boolean =>
  rack !== null && racks[partition]?.includes(rack) === true;

const partitionsOf = ({ held }: Seat): TopicPartition[] =>
  [...held].flatMap(([{ topic }, partitions]) => partitions.map((partition) => ({ topic, partition })));
