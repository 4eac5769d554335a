import {
  api,
  arrayOf,
  bool,
  bytes,
  int16,
  int32,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** State and members of classic groups. */
export const describeGroups = api(
  15,
  'DescribeGroups',
  '0-6',
  5,
  {
    groups: arrayOf(string()),
    includeAuthorizedOperations: bool('3+'),
  },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    groups: arrayOf({
      errorCode: int16(),
      errorMessage: nullable(string('6+', { default: null })),
      groupId: string(),
      groupState: string(),
      protocolType: string(),
      protocolData: string(),
      members: arrayOf({
        memberId: string(),
        groupInstanceId: nullable(string('4+', { default: null, ignorable: true })),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      }),
      authorizedOperations: int32('3+', { default: -0x8000_0000 }),
    }),
  },
);

export interface DescribeGroupsRequest extends RequestOf<typeof describeGroups> {}
export interface DescribeGroupsResponse extends ResponseOf<typeof describeGroups> {}
