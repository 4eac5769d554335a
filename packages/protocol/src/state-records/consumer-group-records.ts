import { arrayOf, bigint64, bytes, int32, int64, int8, nullable, string, struct, uuid } from '../schema.ts';
import { coordinatorRecord } from './coordinator-record.ts';

/** The epoch of a KIP-848 consumer group. */
export const consumerGroupMetadataRecord = coordinatorRecord(
  3,
  'ConsumerGroupMetadata',
  {
    groupId: string(),
  },
  '0',
  0,
  {
    epoch: int32(),
    metadataHash: bigint64({ tag: 0, default: 0n }),
  },
);

/** No longer written: what the group knew of its topics. */
export const consumerGroupPartitionMetadataRecord = coordinatorRecord(
  4,
  'ConsumerGroupPartitionMetadata',
  {
    groupId: string(),
  },
  '0',
  0,
  {
    topics: arrayOf({
      topicId: uuid(),
      topicName: string(),
      numPartitions: int32(),
      partitionMetadata: arrayOf({
        partition: int32(),
        racks: arrayOf(string()),
      }),
    }),
  },
);

/** What a member said of itself. */
export const consumerGroupMemberMetadataRecord = coordinatorRecord(
  5,
  'ConsumerGroupMemberMetadata',
  {
    groupId: string(),
    memberId: string(),
  },
  '0',
  0,
  {
    instanceId: nullable(string()),
    rackId: nullable(string()),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: arrayOf(string()),
    subscribedTopicRegex: nullable(string()),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: nullable(string()),
    /** Set when the member speaks the classic protocol in a KIP-848 group. */
    classicMemberMetadata: nullable(
      struct(
        { tag: 0 },
        {
          sessionTimeoutMs: int32(),
          supportedProtocols: arrayOf({
            name: string(),
            metadata: bytes(),
          }),
        },
      ),
    ),
  },
);

/** The epoch of the target assignment. */
export const consumerGroupTargetAssignmentMetadataRecord = coordinatorRecord(
  6,
  'ConsumerGroupTargetAssignmentMetadata',
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
export const consumerGroupTargetAssignmentMemberRecord = coordinatorRecord(
  7,
  'ConsumerGroupTargetAssignmentMember',
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
  assignmentEpochs: nullable(arrayOf({ tag: 0 }, int32())),
};

/** What a member has, and what it still has to give up. */
export const consumerGroupCurrentMemberAssignmentRecord = coordinatorRecord(
  8,
  'ConsumerGroupCurrentMemberAssignment',
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
    partitionsPendingRevocation: arrayOf(topicPartitions),
  },
);

/** The topics that a subscribed pattern matched. */
export const consumerGroupRegularExpressionRecord = coordinatorRecord(
  16,
  'ConsumerGroupRegularExpression',
  {
    groupId: string(),
    regularExpression: string(),
  },
  '0',
  0,
  {
    topics: arrayOf(string()),
    version: int64(),
    timestamp: int64(),
  },
);
