import {
  api,
  arrayOf,
  int16,
  int32,
  int8,
  nullable,
  string,
  struct,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

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

/** A streams member uploads the description of its topology for the tools (KIP-1331). */
export const streamsGroupTopologyDescriptionUpdate = api(
  93,
  'StreamsGroupTopologyDescriptionUpdate',
  '0',
  0,
  {
    groupId: string(),
    memberId: string(),
    topologyEpoch: int32(),
    topologyDescription: struct(topologyDescription),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string({ default: null })),
  },
);

export interface StreamsGroupTopologyDescriptionUpdateRequest extends RequestOf<
  typeof streamsGroupTopologyDescriptionUpdate
> {}
export interface StreamsGroupTopologyDescriptionUpdateResponse extends ResponseOf<
  typeof streamsGroupTopologyDescriptionUpdate
> {}
