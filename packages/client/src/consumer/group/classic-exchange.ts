/**
 * What a member of a classic group says to its coordinator. In: who we are and what we can do. Out: what the coordinator answered; its
 * errors as `ClientError`. JoinGroup and SyncGroup wait on purpose, so they have a connection of their own: commits do not wait behind them.
 */
import {
  type ApiName,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  DecodeError,
  decodeVersioned,
  encodeVersioned,
  errors,
  type ExactResponse,
} from '@millrace/protocol';

import type { RequestOptions } from '../../cluster/cluster.ts';
import type { Outgoing } from '../../cluster/connection.ts';
import { ClientError } from '../../error.ts';
import type { TopicPartition } from '../../record.ts';
import type { AssignableMember, Assignor, MemberAssignment } from './assignors/assignor.ts';
import type { GroupCluster, MemberConfig } from './member-options.ts';
import { askCoordinator, refusal } from './group-request.ts';

export interface JoinInput {
  readonly memberId: string;
  readonly assignors: readonly Assignor[];
  readonly topics: readonly string[];
  readonly ownedPartitions: readonly TopicPartition[];
  readonly generationId: number;
  readonly reason: string;
}

export interface Joined {
  readonly generationId: number;
  readonly memberId: string;
  readonly assignor: Assignor;
  /** For the leader alone: every member, to assign for; undefined when the assignment stands. */
  readonly members: ReadonlyMap<string, AssignableMember> | undefined;
}

/** The same on each side: what Kafka keeps of a reason (KIP-800). */
const reasonCharsMax = 255;
/** How much longer than the coordinator's own time for a rebalance its answer may take. */
const joinGraceMs = 5000;
const leaveMs = 5000;
const subscriptionVersion = 3;
const assignmentVersion = 1;

export class ClassicExchange {
  readonly #cluster: GroupCluster;
  readonly #config: MemberConfig;

  constructor(cluster: GroupCluster, config: MemberConfig) {
    this.#cluster = cluster;
    this.#config = config;
  }

  /**
   * Waits for the group to form. `named` is told the member's id as soon as the coordinator has given one. Throws `ClientError`; what
   * the coordinator said under Kafka's names.
   */
  async join(input: JoinInput, named: (memberId: string) => void): Promise<Joined> {
    const { assignors, reason } = input;
    const protocols = assignors.map((assignor) => ({
      name: assignor.name,
      metadata: this.#subscription(assignor, input),
    }));
    const { 'max.poll.interval.ms': rebalanceTimeoutMs, 'session.timeout.ms': sessionTimeoutMs } = this.#config;
    const ask = async (memberId: string): Promise<ExactResponse<'joinGroup'>> =>
      await this.#ask(
        'joinGroup',
        {
          ...this.#group,
          memberId,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          protocolType: 'consumer',
          protocols,
          reason: reason.slice(0, reasonCharsMax),
        },
        this.#waiting,
      );
    let answer = await ask(input.memberId);
    if (answer.errorCode === errors.MEMBER_ID_REQUIRED) {
      named(answer.memberId);
      answer = await ask(answer.memberId);
    }
    if (answer.errorCode !== errors.NONE) throw this.#refused('Joining', answer.errorCode);
    named(answer.memberId);
    const { generationId, memberId, protocolName, leader, skipAssignment, members } = answer;
    const assignor = assignors.find(({ name }) => name === protocolName);
    if (assignor === undefined)
      throw new ClientError(
        'BROKEN_ANSWER',
        `The coordinator of ${this.#name} chose the assignor "${protocolName}", which nobody offered.`,
      );
    const isSharer = leader === memberId && !skipAssignment;
    return { generationId, memberId, assignor, members: isSharer ? readMembers(members) : undefined };
  }

  /** Out: what this member gets. `assignments` come from the leader alone. Throws as `join`. */
  async sync(
    { generationId, memberId, assignor }: Joined,
    assignments: ReadonlyMap<string, MemberAssignment>,
  ): Promise<MemberAssignment> {
    const answer = await this.#ask(
      'syncGroup',
      {
        ...this.#group,
        generationId,
        memberId,
        protocolType: 'consumer',
        protocolName: assignor.name,
        assignments: [...assignments].map(([id, assignment]) => ({
          memberId: id,
          assignment: encodeAssignment(assignment),
        })),
      },
      this.#waiting,
    );
    if (answer.errorCode !== errors.NONE) throw this.#refused('Waiting for an assignment in', answer.errorCode);
    return readAssignment(answer.assignment, this.#name);
  }

  /** Throws as `join`. */
  async heartbeat(generationId: number, memberId: string): Promise<void> {
    const timeoutMs = Math.min(this.#cluster.config['request.timeout.ms'], this.#config['session.timeout.ms']);
    const { errorCode } = await this.#ask('heartbeat', { ...this.#group, generationId, memberId }, { timeoutMs });
    if (errorCode !== errors.NONE) throw this.#refused('The heartbeat of a member of', errorCode);
  }

  /** One try: a coordinator that does not hear it finds out by the session timeout. Throws as `join`. */
  async leave(memberId: string, reason: string): Promise<void> {
    const { 'group.id': groupId, 'group.instance.id': groupInstanceId } = this.#config;
    const members = [{ memberId, groupInstanceId, reason: reason.slice(0, reasonCharsMax) }];
    const answer = await this.#ask(
      'leaveGroup',
      (version) => (version < 3 ? { groupId, memberId } : { groupId, members }),
      { timeoutMs: leaveMs },
    );
    const errorCode =
      answer.errorCode === errors.NONE ? (answer.members[0]?.errorCode ?? errors.NONE) : answer.errorCode;
    if (errorCode !== errors.NONE) throw this.#refused('Leaving', errorCode);
  }

  get #name(): string {
    return `group "${this.#config['group.id']}"`;
  }

  get #group(): { readonly groupId: string; readonly groupInstanceId: string | null } {
    return { groupId: this.#config['group.id'], groupInstanceId: this.#config['group.instance.id'] };
  }

  get #waiting(): RequestOptions {
    const waitMs = this.#config['max.poll.interval.ms'] + joinGraceMs;
    return { purpose: 'join', timeoutMs: Math.max(this.#cluster.config['request.timeout.ms'], waitMs) };
  }

  async #ask<K extends ApiName>(name: K, request: Outgoing<K>, options: RequestOptions): Promise<ExactResponse<K>> {
    return await askCoordinator(this.#cluster, this.#config['group.id'], name, request, options);
  }

  #refused(what: string, code: number): ClientError {
    return refusal(this.#cluster, this.#config['group.id'], code, `${what} ${this.#name}`);
  }

  #subscription(assignor: Assignor, { topics, ownedPartitions, generationId }: JoinInput): Uint8Array {
    const rackId = this.#cluster.config['client.rack'];
    return encodeVersioned(consumerProtocolSubscription, subscriptionVersion, {
      topics,
      userData: assignor.userData?.(topics) ?? null,
      ownedPartitions: byTopic(ownedPartitions),
      generationId,
      rackId: rackId === '' ? null : rackId,
    });
  }
}

function readMembers(members: ExactResponse<'joinGroup'>['members']): Map<string, AssignableMember> {
  return new Map(
    members.map(({ memberId, groupInstanceId, metadata }) => {
      const { topics, userData, ownedPartitions, generationId, rackId } = readable(
        `The subscription of member "${memberId}"`,
        () => decodeVersioned(consumerProtocolSubscription, metadata),
      );
      const member = {
        groupInstanceId,
        rackId,
        topics,
        ownedPartitions: flat(ownedPartitions),
        generationId,
        userData,
      };
      return [memberId, member];
    }),
  );
}

/** No bytes at all: an assignment of nothing, which coordinators send to members that the leader left out. */
function readAssignment(bytes: Uint8Array, name: string): MemberAssignment {
  if (bytes.length === 0) return { partitions: [] };
  const { assignedPartitions, userData } = readable(`The assignment in ${name}`, () =>
    decodeVersioned(consumerProtocolAssignment, bytes),
  );
  return { partitions: flat(assignedPartitions), userData };
}

function encodeAssignment({ partitions, userData }: MemberAssignment): Uint8Array {
  const assignedPartitions = byTopic(partitions);
  return encodeVersioned(consumerProtocolAssignment, assignmentVersion, {
    assignedPartitions,
    userData: userData ?? null,
  });
}

/** Other members wrote it: the broker does not look into it. */
function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ClientError('BROKEN_ANSWER', `${what} cannot be read: ${error.message}.`, { cause: error });
  }
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

function byTopic(partitions: readonly TopicPartition[]): TopicPartitions[] {
  const grouped = Map.groupBy(partitions, ({ topic }) => topic);
  return [...grouped].map(([topic, of]) => ({ topic, partitions: of.map(({ partition }) => partition) }));
}

function flat(topics: readonly TopicPartitions[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
