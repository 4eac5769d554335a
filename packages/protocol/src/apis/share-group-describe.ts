import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  nullable,
  string,
  struct,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

const topicPartitions = {
  topicId: uuid(),
  topicName: string(),
  partitions: arrayOf(int32()),
};

const assignment = {
  topicPartitions: arrayOf(topicPartitions),
};

/** State and members of share groups. */
export const shareGroupDescribe = api(
  77,
  'ShareGroupDescribe',
  '1',
  1,
  {
    groupIds: arrayOf(string()),
    includeAuthorizedOperations: bool(),
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
      assignorName: string(),
      members: arrayOf({
        memberId: string(),
        rackId: nullable(string({ default: null })),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: arrayOf(string()),
        assignment: struct(assignment),
      }),
      authorizedOperations: int32({ default: -0x8000_0000 }),
    }),
  },
);

export interface ShareGroupDescribeRequest extends RequestOf<typeof shareGroupDescribe> {}
export interface ShareGroupDescribeResponse extends ResponseOf<typeof shareGroupDescribe> {}
