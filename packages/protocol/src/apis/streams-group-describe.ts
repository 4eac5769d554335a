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

const endpoint = {
  host: string(),
  port: uint16(),
};

const taskOffset = {
  subtopologyId: string(),
  partition: int32(),
  offset: int64(),
};

const taskIds = {
  subtopologyId: string(),
  partitions: arrayOf(int32()),
};

const assignment = {
  activeTasks: arrayOf(taskIds),
  standbyTasks: arrayOf(taskIds),
  warmupTasks: arrayOf(taskIds),
};

const topologyDescriptionNode = {
  name: string(),
  nodeType: int8(),
  sourceTopics: arrayOf(string()),
  sinkTopic: nullable(string({ default: null })),
  stores: arrayOf(string()),
  successors: arrayOf(string()),
};

const topologyDescriptionSubtopology = {
  subtopologyId: string(),
  nodes: arrayOf(topologyDescriptionNode),
};

const topologyDescriptionGlobalStore = {
  source: struct(topologyDescriptionNode),
  processor: struct(topologyDescriptionNode),
};

const topologyDescription = {
  subtopologies: arrayOf(topologyDescriptionSubtopology),
  globalStores: arrayOf(topologyDescriptionGlobalStore),
};

/** State, topology and members of streams groups. */
export const streamsGroupDescribe = api(
  89,
  'StreamsGroupDescribe',
  '0-1',
  0,
  {
    groupIds: arrayOf(string()),
    includeAuthorizedOperations: bool(),
    includeTopologyDescription: bool('1+', { default: false }),
  },
  {
    throttleTimeMs: int32(),
    groups: arrayOf({
      errorCode: int16(),
      errorMessage: nullable(string({ default: null })),
      groupId: string(),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      topology: nullable(
        struct(
          { default: null },
          {
            epoch: int32(),
            subtopologies: nullable(
              arrayOf(
                { default: null },
                {
                  subtopologyId: string(),
                  sourceTopics: arrayOf(string()),
                  repartitionSinkTopics: arrayOf(string()),
                  stateChangelogTopics: arrayOf(topicInfo),
                  repartitionSourceTopics: arrayOf(topicInfo),
                },
              ),
            ),
          },
        ),
      ),
      members: arrayOf({
        memberId: string(),
        memberEpoch: int32(),
        instanceId: nullable(string({ default: null })),
        rackId: nullable(string({ default: null })),
        clientId: string(),
        clientHost: string(),
        topologyEpoch: int32(),
        processId: string(),
        userEndpoint: nullable(struct({ default: null }, endpoint)),
        clientTags: arrayOf(keyValue),
        taskOffsets: arrayOf(taskOffset),
        taskEndOffsets: arrayOf(taskOffset),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        isClassic: bool(),
      }),
      authorizedOperations: int32({ default: -0x8000_0000 }),
      topologyDescription: nullable(struct('1+', { default: null }, topologyDescription)),
      topologyDescriptionStatus: int8('1+', { default: 0 }),
      assignorName: nullable(string('1+', { default: null, ignorable: true })),
    }),
  },
);

export interface StreamsGroupDescribeRequest extends RequestOf<typeof streamsGroupDescribe> {}
export interface StreamsGroupDescribeResponse extends ResponseOf<typeof streamsGroupDescribe> {}
