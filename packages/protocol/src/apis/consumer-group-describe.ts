import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int8,
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

/** State and members of KIP-848 consumer groups. */
export const consumerGroupDescribe = api(
  69,
  'ConsumerGroupDescribe',
  '0-1',
  0,
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
        instanceId: nullable(string({ default: null })),
        rackId: nullable(string({ default: null })),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: arrayOf(string()),
        subscribedTopicRegex: nullable(string({ default: null })),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        memberType: int8('1+', { default: -1, ignorable: true }),
      }),
      authorizedOperations: int32({ default: -0x8000_0000 }),
    }),
  },
);

export interface ConsumerGroupDescribeRequest extends RequestOf<typeof consumerGroupDescribe> {}
export interface ConsumerGroupDescribeResponse extends ResponseOf<typeof consumerGroupDescribe> {}
