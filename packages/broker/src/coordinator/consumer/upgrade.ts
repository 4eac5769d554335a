/**
 * How a group becomes a consumer group when the first member of that protocol comes: out of nothing, in the place of a classic group
 * without members, or with all members of a classic group, who go on speaking the classic protocol.
 */
import { errors } from '@millrace/protocol';

import type { ClassicGroup } from '../group.ts';
import type { Member } from '../member.ts';
import type { CoordinatorRecord } from '../records.ts';
import type { Shard } from '../shard.ts';
import { assignmentIn, subscriptionIn } from './consumer-protocol.ts';
import { memberEnded } from './consumer-leave.ts';
import { ConsumerGroup } from './group.ts';
import { refusal, type Refusal } from './heartbeat-request.ts';
import { newMember, noPartitions, sortedNames, type Assignment, type ConsumerMember } from './member.ts';
import type { ConsumerRecord } from './records.ts';

/** The group as it will be when the records are in. */
export interface Upgrade {
  readonly group: ConsumerGroup;
  readonly records: CoordinatorRecord[];
}

export function groupToJoin(shard: Shard, groupId: string, classic: ClassicGroup | undefined): Upgrade | Refusal {
  const group = new ConsumerGroup(groupId, shard.environment, memberEnded(shard));
  if (classic === undefined) return { group, records: [] };
  const classicGone: CoordinatorRecord = { type: 'GroupMetadata', group: groupId, value: null };
  if (classic.state === 'Empty') return { group, records: [classicGone] };
  const fault = upgradeFault(classic);
  if (fault !== undefined) return refusal(errors.GROUP_ID_NOT_FOUND, fault);
  const members: ConsumerMember[] = [];
  for (const member of classic.members.values()) {
    const converted = convert(classic, member);
    if (typeof converted === 'string') return refusal(errors.GROUP_ID_NOT_FOUND, converted);
    members.push(converted);
  }
  const records = groupRecords(group, classic.generationId, members);
  // Who waits for a generation that never comes joins again, into the new group.
  classic.sendAway(errors.REBALANCE_IN_PROGRESS);
  return { group, records: [classicGone, ...records] };
}

function upgradeFault({ id, protocolType, members, environment }: ClassicGroup): string | undefined {
  const { mayUpgrade, membersMax } = environment.settings.consumer;
  const because = (reason: string): string => `Cannot upgrade classic group ${id} to consumer group because ${reason}.`;
  if (!mayUpgrade) return because('online upgrade is disabled');
  if (protocolType !== 'consumer') return because('the group does not use the consumer embedded protocol');
  if (members.size > membersMax) return because('the group size exceeds the consumer group maximum size');
  return undefined;
}

/** What it got last stays its own. The text says why it cannot be. */
function convert(group: ClassicGroup, member: Member): ConsumerMember | string {
  const because = `Cannot upgrade classic group ${group.id} to consumer group because `;
  const protocolName = group.protocolName ?? member.protocols[0]?.name ?? '';
  const subscription = subscriptionIn(member.metadata(protocolName));
  const assignment = assignmentIn(member.assignment, group.environment.topics);
  if (subscription === undefined || assignment === undefined)
    return `${because}the embedded consumer protocol is malformed.`;
  if (assignment === 'custom')
    return (
      `${because}an unsupported custom assignor is in use. ` +
      'Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.'
    );
  const { generationId: epoch } = group;
  return {
    ...newMember(member.id),
    epoch,
    previousEpoch: epoch,
    instanceId: member.instanceId,
    rackId: subscription.rackId === '' ? null : subscription.rackId,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    clientId: member.clientId,
    clientHost: member.clientHost,
    topics: sortedNames(subscription.topics),
    assigned: ownedSince(assignment, epoch),
    classic: { sessionTimeoutMs: member.sessionTimeoutMs, protocols: member.protocols },
  };
}

function ownedSince(assignment: Assignment, epoch: number): ConsumerMember['assigned'] {
  if (assignment.size === 0) return noPartitions;
  return new Map(
    [...assignment].map(([topicId, partitions]) => [
      topicId,
      new Map([...partitions].map((partition) => [partition, epoch])),
    ]),
  );
}

/** The records that bring the group about; it has replayed them. */
function groupRecords(group: ConsumerGroup, epoch: number, members: readonly ConsumerMember[]): ConsumerRecord[] {
  const { topics, hashes } = group.environment;
  const ofGroup = { group: group.id };
  const subscriptions = members.map((member): ConsumerRecord => ({
    type: 'ConsumerGroupMemberMetadata',
    ...ofGroup,
    memberId: member.id,
    value: member,
  }));
  for (const record of subscriptions) group.replay(record);
  const metadataHash = hashes.of(group.topicNames(), topics);
  const others: ConsumerRecord[] = [
    { type: 'ConsumerGroupMetadata', ...ofGroup, value: { epoch, metadataHash } },
    ...members.map(({ id, assigned }): ConsumerRecord => ({
      type: 'ConsumerGroupTargetAssignmentMember',
      ...ofGroup,
      memberId: id,
      value: new Map([...assigned].map(([topicId, partitions]) => [topicId, new Set(partitions.keys())])),
    })),
    {
      type: 'ConsumerGroupTargetAssignmentMetadata',
      ...ofGroup,
      value: { assignmentEpoch: epoch, assignmentTimestamp: 0 },
    },
    ...members.map((member): ConsumerRecord => ({
      type: 'ConsumerGroupCurrentMemberAssignment',
      ...ofGroup,
      memberId: member.id,
      value: member,
    })),
  ];
  for (const record of others) group.replay(record);
  return [...subscriptions, ...others];
}
