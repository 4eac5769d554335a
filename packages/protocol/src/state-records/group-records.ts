import { groupMetadataRecord } from './classic-group-records.ts';
import * as consumerGroup from './consumer-group-records.ts';
import { decodeCoordinatorRecord, type DecodedRecordOf } from './coordinator-record.ts';
import { legacyOffsetCommitRecord, offsetCommitRecord } from './offset-records.ts';
import * as shareGroup from './share-group-records.ts';
import * as streamsGroup from './streams-group-records.ts';

/** The records of `__consumer_offsets`, in the order of their types. */
export const groupRecords = {
  legacyOffsetCommit: legacyOffsetCommitRecord,
  offsetCommit: offsetCommitRecord,
  groupMetadata: groupMetadataRecord,
  consumerGroupMetadata: consumerGroup.consumerGroupMetadataRecord,
  consumerGroupPartitionMetadata: consumerGroup.consumerGroupPartitionMetadataRecord,
  consumerGroupMemberMetadata: consumerGroup.consumerGroupMemberMetadataRecord,
  consumerGroupTargetAssignmentMetadata: consumerGroup.consumerGroupTargetAssignmentMetadataRecord,
  consumerGroupTargetAssignmentMember: consumerGroup.consumerGroupTargetAssignmentMemberRecord,
  consumerGroupCurrentMemberAssignment: consumerGroup.consumerGroupCurrentMemberAssignmentRecord,
  shareGroupMemberMetadata: shareGroup.shareGroupMemberMetadataRecord,
  shareGroupMetadata: shareGroup.shareGroupMetadataRecord,
  shareGroupTargetAssignmentMetadata: shareGroup.shareGroupTargetAssignmentMetadataRecord,
  shareGroupTargetAssignmentMember: shareGroup.shareGroupTargetAssignmentMemberRecord,
  shareGroupCurrentMemberAssignment: shareGroup.shareGroupCurrentMemberAssignmentRecord,
  shareGroupStatePartitionMetadata: shareGroup.shareGroupStatePartitionMetadataRecord,
  consumerGroupRegularExpression: consumerGroup.consumerGroupRegularExpressionRecord,
  streamsGroupMetadata: streamsGroup.streamsGroupMetadataRecord,
  streamsGroupMemberMetadata: streamsGroup.streamsGroupMemberMetadataRecord,
  streamsGroupTargetAssignmentMetadata: streamsGroup.streamsGroupTargetAssignmentMetadataRecord,
  streamsGroupTargetAssignmentMember: streamsGroup.streamsGroupTargetAssignmentMemberRecord,
  streamsGroupCurrentMemberAssignment: streamsGroup.streamsGroupCurrentMemberAssignmentRecord,
  streamsGroupTopology: streamsGroup.streamsGroupTopologyRecord,
} as const;

/** Told apart by `name`; type 0 and 1 alike are offsets, and old brokers wrote both. */
export type GroupRecord = DecodedRecordOf<(typeof groupRecords)[keyof typeof groupRecords]>;

const table = Object.values(groupRecords);

/** `undefined` for a type that only a newer broker knows. */
export function decodeGroupRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord | undefined {
  return decodeCoordinatorRecord(table, key, value);
}
