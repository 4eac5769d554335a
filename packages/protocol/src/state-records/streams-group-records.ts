import { arrayOf, int16, int32, int64, int8, nullable, string, struct, uint16 } from '../schema.ts';
import { coordinatorRecord } from './coordinator-record.ts';

const lastAssignmentConfig = {
  key: string(),
  value: string(),
};

/** The epoch of a streams group. */
export const streamsGroupMetadataRecord = coordinatorRecord(
  17,
  'StreamsGroupMetadata',
  {
    groupId: string(),
  },
  '0',
  0,
  {
    epoch: int32(),
    metadataHash: int64(),
    validatedTopologyEpoch: int32({ tag: 0, default: -1 }),
    lastAssignmentConfigs: nullable(arrayOf({ tag: 1 }, lastAssignmentConfig)),
    storedDescriptionTopologyEpoch: int32({ tag: 2, default: -1 }),
    failedDescriptionTopologyEpoch: int32({ tag: 3, default: -1 }),
  },
);

const endpoint = {
  host: string(),
  port: uint16(),
};

const keyValue = {
  key: string(),
  value: string(),
};

/** What a member said of itself. */
export const streamsGroupMemberMetadataRecord = coordinatorRecord(
  19,
  'StreamsGroupMemberMetadata',
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
    rebalanceTimeoutMs: int32({ default: -1 }),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: nullable(struct({ default: null }, endpoint)),
    clientTags: arrayOf(keyValue),
  },
);

/** The epoch of the target assignment. */
export const streamsGroupTargetAssignmentMetadataRecord = coordinatorRecord(
  20,
  'StreamsGroupTargetAssignmentMetadata',
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

const targetTaskIds = {
  subtopologyId: string(),
  partitions: arrayOf(int32()),
};

/** The tasks a member should have. */
export const streamsGroupTargetAssignmentMemberRecord = coordinatorRecord(
  21,
  'StreamsGroupTargetAssignmentMember',
  {
    groupId: string(),
    memberId: string(),
  },
  '0',
  0,
  {
    activeTasks: arrayOf(targetTaskIds),
    standbyTasks: arrayOf(targetTaskIds),
    warmupTasks: arrayOf(targetTaskIds),
  },
);

const currentTaskIds = {
  subtopologyId: string(),
  partitions: arrayOf(int32()),
  assignmentEpochs: nullable(arrayOf({ tag: 0 }, int32())),
};

/** The tasks a member has, and those it still has to give up. */
export const streamsGroupCurrentMemberAssignmentRecord = coordinatorRecord(
  22,
  'StreamsGroupCurrentMemberAssignment',
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
    activeTasks: arrayOf(currentTaskIds),
    standbyTasks: arrayOf(currentTaskIds),
    warmupTasks: arrayOf(currentTaskIds),
    activeTasksPendingRevocation: arrayOf(currentTaskIds),
    standbyTasksPendingRevocation: arrayOf(currentTaskIds),
    warmupTasksPendingRevocation: arrayOf(currentTaskIds),
  },
);

const topicConfig = {
  key: string(),
  value: string(),
};

const topicInfo = {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: arrayOf(topicConfig),
};

/** The topology of a streams group. */
export const streamsGroupTopologyRecord = coordinatorRecord(
  23,
  'StreamsGroupTopology',
  {
    groupId: string(),
  },
  '0',
  0,
  {
    epoch: int32(),
    subtopologies: arrayOf({
      subtopologyId: string(),
      sourceTopics: arrayOf(string()),
      sourceTopicRegex: arrayOf(string()),
      stateChangelogTopics: arrayOf(topicInfo),
      repartitionSinkTopics: arrayOf(string()),
      repartitionSourceTopics: arrayOf(topicInfo),
      copartitionGroups: arrayOf({
        sourceTopics: arrayOf(int16()),
        sourceTopicRegex: arrayOf(int16()),
        repartitionSourceTopics: arrayOf(int16()),
      }),
    }),
  },
);
