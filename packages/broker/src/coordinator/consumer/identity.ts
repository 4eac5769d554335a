/** Is the member who it says it is, and in the epoch that it should be in? Refusals are in Kafka's words. */
import { errors } from '@millrace/protocol';

import type { CoordinatorRecord } from '../records.ts';
import type { ConsumerGroup } from './group.ts';
import { joiningEpoch, refusal, type HeldPartitions, type Refusal } from './heartbeat-request.ts';
import { awayEpoch, noAssignment, type ConsumerMember } from './member.ts';
import { memberGone } from './tombstones.ts';

export function unknownMember(memberId: string, groupId: string): Refusal {
  return refusal(errors.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`);
}

/**
 * A member is in the epoch that it was told last. The one before is good, too, from who holds nothing but what it has in the newer:
 * then the answer that told it was lost.
 */
export function epochFault(member: ConsumerMember, epoch: number, holds: HeldPartitions | null): Refusal | undefined {
  if (epoch === joiningEpoch || epoch === member.epoch) return undefined;
  if (epoch < member.epoch && epoch === member.previousEpoch && holdsOnly(holds, member)) return undefined;
  const which = epoch > member.epoch ? 'greater' : 'smaller';
  return refusal(
    errors.FENCED_MEMBER_EPOCH,
    `The consumer group member has a ${which} member epoch (${epoch}) than the one known by the group coordinator ` +
      `(${member.epoch}). The member must abandon all its partitions and rejoin.`,
  );
}

/** Of a member that comes with its instance id. */
export function instanceFault(
  present: ConsumerMember | undefined,
  memberId: string,
  instanceId: string,
): Refusal | undefined {
  if (present === undefined) return refusal(errors.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`);
  if (present.id === memberId) return undefined;
  return refusal(
    errors.FENCED_INSTANCE_ID,
    `Static member ${memberId} with instance id ${instanceId} was fenced by member ${present.id}.`,
  );
}

/** An instance must have said that it goes before another comes in its place. */
export function unreleased(present: ConsumerMember, memberId: string, instanceId: string): Refusal | undefined {
  if (present.epoch === awayEpoch) return undefined;
  return refusal(
    errors.UNRELEASED_INSTANCE_ID,
    `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${present.id} member.`,
  );
}

/** A static member under its new id, with all that it had under the old one. */
export function replaced(
  group: ConsumerGroup,
  present: ConsumerMember,
  newId: string,
  records: CoordinatorRecord[],
): ConsumerMember {
  const member = { ...present, id: newId, epoch: 0, previousEpoch: 0 };
  const ofMember = { group: group.id, memberId: newId };
  records.push(
    ...memberGone(group.id, present.id),
    { type: 'ConsumerGroupMemberMetadata', ...ofMember, value: member },
    {
      type: 'ConsumerGroupTargetAssignmentMember',
      ...ofMember,
      value: group.targets.get(present.id) ?? noAssignment,
    },
    { type: 'ConsumerGroupCurrentMemberAssignment', ...ofMember, value: member },
  );
  return member;
}

function holdsOnly(holds: HeldPartitions | null, { assigned }: ConsumerMember): boolean {
  if (holds === null) return false;
  return holds.every(({ topicId, partitions }) => {
    const own = assigned.get(topicId);
    return own !== undefined && partitions.every((partition) => own.has(partition));
  });
}
