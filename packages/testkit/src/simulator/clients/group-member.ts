/**
 * A member of a classic group: joins, is given partitions, reads them from where the group has stored that it is, and stores how far it
 * came. Comes back under a new name after it was forgotten; now and then it leaves, or falls silent.
 */
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
  errorName,
  errors,
  type JoinGroupResponse,
} from '@millrace/protocol';

import type { Place } from '../history.ts';
import { Client, type Surroundings } from './client.ts';
import type { Position } from './fetching.ts';
import { advance } from './reader.ts';

export interface GroupOptions {
  readonly group: string;
  readonly topic: string;
  readonly partitionCount: number;
}

const sessionTimeoutMs = 6_000;
const rebalanceTimeoutMs = 4_000;
const heartbeatMs = 1_000;
const protocolType = 'consumer';
const protocolName = 'range';

/** After these the member is nobody, and has to join as somebody new. */
const forgotten: ReadonlySet<number> = new Set([errors.UNKNOWN_MEMBER_ID, errors.FENCED_INSTANCE_ID]);
/** After these it has to join again. */
const outdated: ReadonlySet<number> = new Set([
  errors.ILLEGAL_GENERATION,
  errors.REBALANCE_IN_PROGRESS,
  errors.NOT_COORDINATOR,
  errors.COORDINATOR_NOT_AVAILABLE,
  errors.COORDINATOR_LOAD_IN_PROGRESS,
]);

export class GroupMember extends Client {
  readonly #options: GroupOptions;
  #memberId = '';
  #generation = -1;
  #positions: Position[] = [];

  constructor(surroundings: Surroundings, name: string, options: GroupOptions) {
    super(surroundings, name);
    this.#options = options;
  }

  async run(): Promise<void> {
    await this.pause(0, 2_000);
    while (!this.isEnding) {
      if (!(await this.#join())) await this.pause(50, 300);
      else await this.#work();
    }
    await this.#leave();
  }

  async #join(): Promise<boolean> {
    const { group, topic } = this.#options;
    if (!(await this.#findCoordinator())) return false;
    const metadata = Buffer.from(
      encodeVersioned(consumerProtocolSubscription, 1, { topics: [topic], ownedPartitions: [] }),
    );
    const answer = await this.ask(
      'joinGroup',
      this.chance.integer(4, 7),
      {
        groupId: group,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.#memberId,
        protocolType,
        protocols: [{ name: protocolName, metadata }],
      },
      2 * rebalanceTimeoutMs,
    );
    if (answer === undefined) return false;
    if (answer.errorCode === errors.MEMBER_ID_REQUIRED) {
      this.#memberId = answer.memberId;
      return false;
    }
    if (answer.errorCode !== errors.NONE) {
      this.#failed('JoinGroup', answer.errorCode);
      return false;
    }
    this.#memberId = answer.memberId;
    this.#generation = answer.generationId;
    return await this.#sync(answer);
  }

  async #findCoordinator(): Promise<boolean> {
    const answer = await this.ask('findCoordinator', 3, { key: this.#options.group, keyType: 0 });
    if (answer === undefined) return false;
    if (answer.errorCode !== errors.NONE) this.mustBeRetriable('FindCoordinator', answer.errorCode);
    return answer.errorCode === errors.NONE;
  }

  async #sync(joined: JoinGroupResponse): Promise<boolean> {
    const { group } = this.#options;
    const askedAtMs = this.nowMs;
    const answer = await this.ask(
      'syncGroup',
      this.chance.integer(2, 4),
      {
        groupId: group,
        generationId: this.#generation,
        memberId: this.#memberId,
        assignments: joined.leader === this.#memberId ? this.#divide(joined) : [],
      },
      2 * rebalanceTimeoutMs,
    );
    if (answer === undefined) return false;
    if (answer.errorCode !== errors.NONE) {
      this.#failed('SyncGroup', answer.errorCode);
      return false;
    }
    const assignment = decodeVersioned(consumerProtocolAssignment, answer.assignment);
    const partitions: Place[] = assignment.assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const [generation, member] = [this.#generation, this.#memberId];
    this.history.add({ kind: 'owned', group, generation, member, askedAtMs, partitions });
    return await this.#findPositions(partitions);
  }

  #divide({ members }: JoinGroupResponse): { memberId: string; assignment: Buffer }[] {
    const { topic, partitionCount } = this.#options;
    const all = Array.from({ length: partitionCount }, (_, index) => index);
    const ids = members.map(({ memberId }) => memberId).sort();
    return ids.map((memberId, place) => {
      const partitions = all.filter((index) => index % ids.length === place);
      const assignedPartitions = [{ topic, partitions }];
      return {
        memberId,
        assignment: Buffer.from(encodeVersioned(consumerProtocolAssignment, 1, { assignedPartitions })),
      };
    });
  }

  async #findPositions(places: readonly Place[]): Promise<boolean> {
    const stored = await fetchStored(this, this.#options.group, places);
    if (stored === undefined) return false;
    this.#positions = stored.map(({ topic, partition, offset }) => ({ topic, partition, offset: Math.max(0, offset) }));
    return true;
  }

  /** Until something calls for another rebalance. */
  async #work(): Promise<void> {
    const until = this.nowMs + this.chance.amount(4_000, 40_000);
    let beatAtMs = this.nowMs + heartbeatMs;
    while (!this.isEnding) {
      if (this.nowMs > until && this.chance.oneIn(3))
        return this.chance.oneIn(2) ? this.#leave() : this.pause(3_000, 9_000);
      if (this.nowMs >= beatAtMs) {
        if (!(await this.#beat())) return;
        beatAtMs = this.nowMs + heartbeatMs;
      }
      await this.#read();
      if (this.chance.oneIn(3) && !(await this.#commit())) return;
      await this.pause(150, 1_000);
    }
    await this.#commit();
  }

  async #read(): Promise<void> {
    const bytesMax = this.chance.pick([500, 1 << 20]);
    await advance(this, this.#positions, { isolation: 'uncommitted', waitMsMax: 200, bytesMax });
  }

  async #beat(): Promise<boolean> {
    const [groupId, generationId, memberId] = [this.#options.group, this.#generation, this.#memberId];
    const answer = await this.ask('heartbeat', 3, { groupId, generationId, memberId });
    if (answer === undefined || answer.errorCode === errors.NONE) return true;
    this.#failed('Heartbeat', answer.errorCode);
    return false;
  }

  /** False when the member has to join again. */
  async #commit(): Promise<boolean> {
    const errorCodes = await commitAll(this, this.#positions, {
      group: this.#options.group,
      member: this.#memberId,
      epoch: this.#generation,
      version: 7,
    });
    for (const errorCode of errorCodes) this.#failed('OffsetCommit', errorCode);
    return !errorCodes.some((errorCode) => forgotten.has(errorCode) || outdated.has(errorCode));
  }

  async #leave(): Promise<void> {
    if (this.#memberId === '') return;
    const { group } = this.#options;
    await this.ask('leaveGroup', 3, { groupId: group, members: [{ memberId: this.#memberId }] });
    this.#memberId = '';
  }

  #failed(what: string, errorCode: number): void {
    this.history.trace(`${this.name} ${what} ${errorName(errorCode)}`);
    if (forgotten.has(errorCode)) this.#memberId = '';
    else if (!outdated.has(errorCode)) this.mustBeRetriable(what, errorCode);
  }
}

export interface Committer {
  readonly group: string;
  readonly member: string;
  /** Generation or member epoch. */
  readonly epoch: number;
  readonly version: number;
}

/** Gives the errors, and nothing when nobody knows what became of it. */
export async function commitAll(
  client: Client,
  current: readonly Position[],
  { group, member, epoch, version }: Committer,
): Promise<number[]> {
  if (current.length === 0) return [];
  const positions = current.map((position) => ({ ...position }));
  const askedAtMs = client.nowMs;
  const answer = await client.ask('offsetCommit', version, {
    groupId: group,
    generationIdOrMemberEpoch: epoch,
    memberId: member,
    topics: positions.map(({ topic, partition, offset }) => ({
      name: topic,
      partitions: [{ partitionIndex: partition, committedOffset: BigInt(offset), committedMetadata: null }],
    })),
  });
  const errorCodes: number[] = [];
  for (const [index, { partitions }] of (answer?.topics ?? []).entries()) {
    const { topic, partition, offset } = positions[index]!;
    const errorCode = partitions[0]?.errorCode ?? errors.NONE;
    if (errorCode !== errors.NONE) errorCodes.push(errorCode);
    else client.history.add({ kind: 'committed', group, member, askedAtMs, topic, partition, offset });
  }
  return errorCodes;
}

/** What the coordinator says a group has stored, -1 for nothing. Undefined when it does not say. */
export async function fetchStored(
  client: Client,
  group: string,
  places: readonly Place[],
  isFinal = false,
): Promise<(Place & { readonly offset: number })[] | undefined> {
  const askedAtMs = client.nowMs;
  const answer = await client.ask('offsetFetch', 7, {
    groupId: group,
    requireStable: true,
    topics: places.map(({ topic, partition }) => ({ name: topic, partitionIndexes: [partition] })),
  });
  if (answer === undefined) return undefined;
  const found: (Place & { readonly offset: number })[] = [];
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, committedOffset, errorCode } of partitions) {
      if (answer.errorCode !== errors.NONE || errorCode !== errors.NONE) return undefined;
      found.push({ topic: name, partition: partitionIndex, offset: Number(committedOffset) });
    }
  }
  if (answer.errorCode !== errors.NONE || found.length < places.length) return undefined;
  for (const place of found) client.history.add({ kind: 'stored', group, askedAtMs, isFinal, ...place });
  return found;
}
