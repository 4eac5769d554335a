/** Records that take away what a consumer group's records brought. */
import type { ConsumerGroup } from './group.ts';
import type { ConsumerRecord } from './records.ts';

/** Of one member; the order matters to Kafka, which checks it. */
export function memberGone(group: string, memberId: string): ConsumerRecord[] {
  return [
    { type: 'ConsumerGroupCurrentMemberAssignment', group, memberId, value: null },
    { type: 'ConsumerGroupTargetAssignmentMember', group, memberId, value: null },
    { type: 'ConsumerGroupMemberMetadata', group, memberId, value: null },
  ];
}

/** Of the whole group. `renamed` stands in for a static member that has come back under another id. */
export function groupGone(
  { id: group, members, patterns }: ConsumerGroup,
  renamed: ReadonlyMap<string, string> = new Map(),
): ConsumerRecord[] {
  const memberIds = [...members.keys()].map((id) => renamed.get(id) ?? id);
  return [
    ...memberIds.map((memberId): ConsumerRecord => ({
      type: 'ConsumerGroupCurrentMemberAssignment',
      group,
      memberId,
      value: null,
    })),
    ...memberIds.map((memberId): ConsumerRecord => ({
      type: 'ConsumerGroupTargetAssignmentMember',
      group,
      memberId,
      value: null,
    })),
    { type: 'ConsumerGroupTargetAssignmentMetadata', group, value: null },
    ...memberIds.map((memberId): ConsumerRecord => ({
      type: 'ConsumerGroupMemberMetadata',
      group,
      memberId,
      value: null,
    })),
    ...[...patterns.keys()].map((pattern): ConsumerRecord => ({
      type: 'ConsumerGroupRegularExpression',
      group,
      pattern,
      value: null,
    })),
    { type: 'ConsumerGroupPartitionMetadata', group, value: null },
    { type: 'ConsumerGroupMetadata', group, value: null },
  ];
}
