import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  int8,
  nullable,
  string,
  struct,
  uint16,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

const keyValue = {
  key: string(),
  value: string(),
};

const topicInfo = {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: arrayOf(keyValue),
};

const taskIds = {
  subtopologyId: string(),
  partitions: arrayOf(int32()),
};

const endpoint = {
  host: string(),
  port: uint16(),
};

const taskOffset = {
  subtopologyId: string(),
  partition: int32(),
  offset: int64(),
};

const status = {
  statusCode: int8(),
  statusDetail: string(),
};

const topicPartition = {
  topic: string(),
  partitions: arrayOf(int32()),
};

/** The heartbeat of a KIP-1071 streams group member: topology, tasks, endpoint, assignment. */
export const streamsGroupHeartbeat = api(
  88,
  'StreamsGroupHeartbeat',
  '0-1',
  0,
  {
    groupId: string(),
    memberId: string(),
    /** 0 joins, -1 leaves, -2 leaves for a while as a static member. */
    memberEpoch: int32(),
    endpointInformationEpoch: int32(),
    instanceId: nullable(string({ default: null })),
    rackId: nullable(string({ default: null })),
    rebalanceTimeoutMs: int32({ default: -1 }),
    /** Sent when joining. */
    topology: nullable(
      struct(
        { default: null },
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
      ),
    ),
    activeTasks: nullable(arrayOf({ default: null }, taskIds)),
    standbyTasks: nullable(arrayOf({ default: null }, taskIds)),
    warmupTasks: nullable(arrayOf({ default: null }, taskIds)),
    processId: nullable(string({ default: null })),
    userEndpoint: nullable(struct({ default: null }, endpoint)),
    clientTags: nullable(arrayOf({ default: null }, keyValue)),
    taskOffsets: nullable(arrayOf({ default: null }, taskOffset)),
    taskEndOffsets: nullable(arrayOf({ default: null }, taskOffset)),
    shutdownApplication: bool({ default: false }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
    memberId: string(),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    acceptableRecoveryLagLegacy: int32('0'),
    taskOffsetIntervalMs: int32(),
    acceptableRecoveryLag: int64('1+', { default: -1, ignorable: true }),
    status: nullable(arrayOf(status)),
    activeTasks: nullable(arrayOf({ default: null }, taskIds)),
    standbyTasks: nullable(arrayOf({ default: null }, taskIds)),
    warmupTasks: nullable(arrayOf({ default: null }, taskIds)),
    topologyDescriptionRequired: bool('1+', { default: false }),
    endpointInformationEpoch: int32(),
    partitionsByUserEndpoint: nullable(
      arrayOf(
        { default: null },
        {
          userEndpoint: struct(endpoint),
          activePartitions: arrayOf(topicPartition),
          standbyPartitions: arrayOf(topicPartition),
        },
      ),
    ),
  },
);

export interface StreamsGroupHeartbeatRequest extends RequestOf<typeof streamsGroupHeartbeat> {}
export interface StreamsGroupHeartbeatResponse extends ResponseOf<typeof streamsGroupHeartbeat> {}
