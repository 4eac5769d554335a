import { arrayOf, int32, int64, int8, nullable, string, uuid } from '../schema.ts';
import { coordinatorRecord } from './coordinator-record.ts';

/** What a member said of itself. */
export const shareGroupMemberMetadataRecord = coordinatorRecord(
  10,
  'ShareGroupMemberMetadata',
  {
    groupId: string(),
    memberId: string(),
  },
  '0',
  0,
  {
    rackId: nullable(string()),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: arrayOf(string()),
  },
);

/** The epoch of a share group. */
export const shareGroupMetadataRecord = coordinatorRecord(
  11,
  'ShareGroupMetadata',
  {
    groupId: string(),
  },
  '0',
  0,
  {
    epoch: int32(),
    metadataHash: int64(),
  },
);

/** The epoch of the target assignment. */
export const shareGroupTargetAssignmentMetadataRecord = coordinatorRecord(
  12,
  'ShareGroupTargetAssignmentMetadata',
  {
    groupId: string(),
  },
  '0',
  0,
  {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, default: 0 }),
  },
);

/** What a member should have. */
export const shareGroupTargetAssignmentMemberRecord = coordinatorRecord(
  13,
  'ShareGroupTargetAssignmentMember',
  {
    groupId: string(),
    memberId: string(),
  },
  '0',
  0,
  {
    topicPartitions: arrayOf({
      topicId: uuid(),
      partitions: arrayOf(int32()),
    }),
  },
);

const topicPartitions = {
  topicId: uuid(),
  partitions: arrayOf(int32()),
};

/** What a member has. */
export const shareGroupCurrentMemberAssignmentRecord = coordinatorRecord(
  14,
  'ShareGroupCurrentMemberAssignment',
  {
    groupId: string(),
    memberId: string(),
  },
  '0',
  0,
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: arrayOf(topicPartitions),
  },
);

const topicPartitionsInfo = {
  topicId: uuid(),
  topicName: string(),
  partitions: arrayOf(int32()),
};

const topicInfo = {
  topicId: uuid(),
  topicName: string(),
};

/** Which share partitions have state, or are about to get it or lose it. */
export const shareGroupStatePartitionMetadataRecord = coordinatorRecord(
  15,
  'ShareGroupStatePartitionMetadata',
  {
    groupId: string(),
  },
  '0',
  0,
  {
    initializingTopics: arrayOf(topicPartitionsInfo),
    initializedTopics: arrayOf(topicPartitionsInfo),
    deletingTopics: arrayOf(topicInfo),
  },
);
