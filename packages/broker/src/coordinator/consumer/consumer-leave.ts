/**
 * Members that go: by ConsumerGroupHeartbeat with epoch -1, for a while with -2 (static members, who keep their partitions), or because
 * their time is over. In: who. Out: records without values for them and the group's next epoch; or a classic group, when only members of
 * that protocol stay.
 */
import { errors } from '@millrace/protocol';

import { noRecords, type Decision } from '../decision.ts';
import type { CoordinatorRecord } from '../records.ts';
import type { Shard } from '../shard.ts';
import type { Waiter } from '../waiter.ts';
import { downgradeAfterLeave, mayDowngrade } from './downgrade.ts';
import type { ConsumerGroup, MemberEnded } from './group.ts';
import {
  refusal,
  refusedHeartbeat,
  type HeartbeatAnswer,
  type HeartbeatRequest,
  type Refusal,
} from './heartbeat-request.ts';
import { instanceFault, unknownMember } from './identity.ts';
import { awayEpoch, hasPattern, noPartitions, type ConsumerMember } from './member.ts';
import { memberGone } from './tombstones.ts';

export function decideConsumerLeave(
  shard: Shard,
  request: HeartbeatRequest,
  waiter: Waiter<HeartbeatAnswer>,
): Decision {
  const { groupId, memberId, memberEpoch, instanceId } = request;
  const refuse = (fault: Refusal): Decision => {
    waiter.answer(refusedHeartbeat(fault));
    return noRecords;
  };
  const group = shard.groups.get(groupId);
  if (group?.kind !== 'consumer') return refuse(noConsumerGroup(groupId, group !== undefined));
  const member = instanceId === null ? group.members.get(memberId) : group.memberOfInstance(instanceId);
  const fault = instanceId === null ? undefined : instanceFault(member, memberId, instanceId);
  if (member === undefined || fault !== undefined) return refuse(fault ?? unknownMember(memberId, groupId));
  const answer = (): void =>
    waiter.answer({ ...refusedHeartbeat({ errorCode: errors.NONE, errorMessage: null }), memberId, memberEpoch });
  const failed = (errorCode: number): void => waiter.fail(errorCode);
  return memberEpoch === awayEpoch
    ? { records: [stepAside(group, member)], written: answer, failed }
    : removeMembers(shard, group, [member], answer, failed);
}

export function noConsumerGroup(groupId: string, isThere: boolean): Refusal {
  return refusal(
    errors.GROUP_ID_NOT_FOUND,
    isThere ? `Group ${groupId} is not a consumer group.` : `Group ${groupId} not found.`,
  );
}

/** `group` is another one afterwards when it is classic then. */
export function removeMembers(
  shard: Shard,
  group: ConsumerGroup,
  gone: readonly ConsumerMember[],
  written: () => void,
  failed: (errorCode: number) => void,
): Decision {
  if (gone.length === 0) {
    written();
    return noRecords;
  }
  if (mayDowngrade(group, gone)) {
    const downgrade = downgradeAfterLeave(shard, group, gone);
    if (downgrade !== undefined)
      return {
        records: downgrade.records,
        written: () => {
          downgrade.written();
          written();
        },
        failed,
      };
  }
  return { records: recordsWithout(group, gone), written, failed };
}

/** What a member's timers lead to. */
export function memberEnded(shard: Shard): MemberEnded {
  return (group, memberId, timer) => {
    const member = group.members.get(memberId);
    if (member === undefined || shard.groups.get(group.id) !== group) return noRecords;
    if (timer === 'revocation' && member.state !== 'UNREVOKED_PARTITIONS') return noRecords;
    const { log } = group.environment;
    log.info(
      { group: group.id, member: memberId, timer, epoch: member.epoch },
      'member of a consumer group is removed',
    );
    return removeMembers(
      shard,
      group,
      [member],
      () => {},
      // It stays, and its session begins anew: whoever is gone is found out again.
      (errorCode) => {
        log.warn({ group: group.id, member: memberId, errorCode }, 'a member is gone, and that could not be stored');
        group.timers.set(memberId, timer, group.environment.settings.consumer.of(group.id).sessionTimeoutMs);
      },
    );
  };
}

function recordsWithout(group: ConsumerGroup, gone: readonly ConsumerMember[]): CoordinatorRecord[] {
  const { topics, hashes } = group.environment;
  const records: CoordinatorRecord[] = gone.flatMap(({ id }) => memberGone(group.id, id));
  const users = new Map<string, number>();
  for (const member of gone) if (hasPattern(member)) users.set(member.pattern, (users.get(member.pattern) ?? 0) + 1);
  for (const [pattern, count] of users) {
    if (group.patternUsers.get(pattern) === count)
      records.push({ type: 'ConsumerGroupRegularExpression', group: group.id, pattern, value: null });
  }
  const metadataHash = hashes.of(group.topicNames({ gone }), topics);
  records.push({ type: 'ConsumerGroupMetadata', group: group.id, value: { epoch: group.epoch + 1, metadataHash } });
  return records;
}

/** Away for a while: its partitions wait for it until its session ends. */
function stepAside(group: ConsumerGroup, member: ConsumerMember): CoordinatorRecord {
  const assigned = new Map([...member.assigned].map(([topicId, partitions]) => [topicId, sinceNever(partitions)]));
  const value = { ...member, epoch: awayEpoch, assigned, revoking: noPartitions };
  return { type: 'ConsumerGroupCurrentMemberAssignment', group: group.id, memberId: member.id, value };
}

/** Whoever comes in its place may commit for them in any epoch. */
function sinceNever(partitions: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  return new Map([...partitions.keys()].map((partition) => [partition, 0]));
}
