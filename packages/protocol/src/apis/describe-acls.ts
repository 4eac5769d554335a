import { api, arrayOf, int16, int32, int8, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** ACLs that match a filter. */
export const describeAcls = api(
  29,
  'DescribeAcls',
  '1-3',
  2,
  {
    /** Here and below 1 means any. */
    resourceTypeFilter: int8(),
    resourceNameFilter: nullable(string()),
    patternTypeFilter: int8({ default: 3 }),
    principalFilter: nullable(string()),
    hostFilter: nullable(string()),
    operation: int8(),
    permissionType: int8(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
    resources: arrayOf({
      resourceType: int8(),
      resourceName: string(),
      patternType: int8({ default: 3 }),
      acls: arrayOf({
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DescribeAclsRequest extends RequestOf<typeof describeAcls> {}
export interface DescribeAclsResponse extends ResponseOf<typeof describeAcls> {}
