/**
 * How a consumer group becomes a classic one again: its last member of the new protocol goes, and those who stay all speak the classic
 * protocol, with one assignor in common. They keep what they were to have, and rebalance in the old way.
 */
import { assert } from '@millrace/base';

import { selectProtocol } from '../group.ts';
import { rebalance } from '../rebalance.ts';
import type { CoordinatorRecord, StoredMember } from '../records.ts';
import type { Shard } from '../shard.ts';
import { assignmentBytes } from './consumer-protocol.ts';
import type { ConsumerGroup } from './group.ts';
import { noAssignment, type ClassicTerms, type ConsumerMember } from './member.ts';
import { groupGone } from './tombstones.ts';

export interface Downgrade {
  readonly records: CoordinatorRecord[];
  /** The group is classic now. */
  readonly written: () => void;
}

type ClassicMember = ConsumerMember & { readonly classic: ClassicTerms };

export function mayDowngrade(group: ConsumerGroup, gone: readonly ConsumerMember[]): boolean {
  const left = group.members.size - gone.length;
  const { settings } = group.environment;
  if (left <= 0 || !settings.consumer.mayDowngrade || left > settings.membersMax) return false;
  return group.classicCount - gone.filter(({ classic }) => classic !== null).length === left;
}

export function mayDowngradeWithReturn(group: ConsumerGroup, replaced: ConsumerMember): boolean {
  const { settings } = group.environment;
  if (!settings.consumer.mayDowngrade || group.members.size > settings.membersMax) return false;
  return group.classicCount - (replaced.classic === null ? 0 : 1) === group.members.size - 1;
}

/** Undefined where those who stay share no assignor. */
export function downgradeAfterLeave(
  shard: Shard,
  group: ConsumerGroup,
  gone: readonly ConsumerMember[],
): Downgrade | undefined {
  const members = [...group.members.values()].filter((member) => !gone.includes(member)).filter(isClassic);
  const downgrade = downgraded(shard, group, members);
  if (downgrade === undefined) return undefined;
  const reason = `Downgrade group ${group.id} from consumer to classic for member leaving.`;
  return {
    records: [...groupGone(group), downgrade.record],
    written: () => {
      downgrade.written();
      rebalanceClassic(shard, group.id, reason);
    },
  };
}

/** A static member comes back with the classic protocol, and all others speak it already. */
export function downgradeWithReturn(
  shard: Shard,
  group: ConsumerGroup,
  replaced: ConsumerMember,
  come: ConsumerMember,
  hasNewSubscription: boolean,
): Downgrade | undefined {
  const others = [...group.members.values()].filter((member) => member !== replaced);
  const members = [...others, come].filter(isClassic);
  const downgrade = downgraded(shard, group, members);
  if (downgrade === undefined) return undefined;
  const reason = `Downgrade group ${group.id} from consumer to classic for static member replacement with different subscription.`;
  return {
    records: [...groupGone(group, new Map([[replaced.id, come.id]])), downgrade.record],
    written: () => {
      downgrade.written();
      if (hasNewSubscription) rebalanceClassic(shard, group.id, reason);
    },
  };
}

function isClassic(member: ConsumerMember): member is ClassicMember {
  return member.classic !== null;
}

function downgraded(
  shard: Shard,
  group: ConsumerGroup,
  members: readonly ClassicMember[],
): { readonly record: CoordinatorRecord; readonly written: () => void } | undefined {
  const { clock, log } = group.environment;
  const offers = members.map(({ classic }) => classic.protocols);
  const shared = offers[0]?.some(({ name }) => offers.every((each) => each.some((other) => other.name === name)));
  if (shared !== true) return undefined;
  const protocol = selectProtocol(offers);
  const value = {
    protocolType: group.protocolType,
    generation: group.epoch,
    protocol,
    leader: members[0]?.id ?? null,
    currentStateTimestamp: clock.now(),
    members: members.map((member) => storedMember(group, member, protocol)),
  };
  const written = (): void => {
    log.info({ group: group.id, members: members.length }, 'a consumer group is classic again');
    const classic = shard.groups.get(group.id);
    assert(classic?.kind === 'classic', 'replay brings in the classic group');
    for (const { id, rebalanceTimeoutMs, classic: terms } of members) {
      const member = classic.members.get(id);
      assert(member, 'with its members');
      classic.update(member, { ...terms, rebalanceTimeoutMs }, undefined);
      member.keepAlive();
    }
  };
  return { record: { type: 'GroupMetadata', group: group.id, value }, written };
}

function storedMember(group: ConsumerGroup, member: ClassicMember, protocol: string): StoredMember {
  const { classic } = member;
  const spoken = classic.protocols.filter(({ name }) => name === protocol);
  const target = group.targetOf(member);
  return {
    memberId: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: classic.sessionTimeoutMs,
    subscription: spoken[0]?.metadata ?? Buffer.alloc(0),
    assignment: assignmentBytes(target ?? noAssignment, { protocols: spoken }, group.environment.topics),
  };
}

function rebalanceClassic(shard: Shard, groupId: string, reason: string): void {
  const group = shard.groups.get(groupId);
  assert(group?.kind === 'classic', 'replay brings in the classic group');
  assert(rebalance(group, reason).records.length === 0, 'nobody has joined the rebalance yet');
}
