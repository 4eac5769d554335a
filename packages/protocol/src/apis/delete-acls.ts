import { api, arrayOf, int16, int32, int8, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Removes the ACLs that match any of the filters. */
export const deleteAcls = api(
  31,
  'DeleteAcls',
  '1-3',
  2,
  {
    filters: arrayOf({
      resourceTypeFilter: int8(),
      resourceNameFilter: nullable(string()),
      patternTypeFilter: int8({ default: 3 }),
      principalFilter: nullable(string()),
      hostFilter: nullable(string()),
      operation: int8(),
      permissionType: int8(),
    }),
  },
  {
    throttleTimeMs: int32(),
    filterResults: arrayOf({
      errorCode: int16(),
      errorMessage: nullable(string()),
      matchingAcls: arrayOf({
        errorCode: int16(),
        errorMessage: nullable(string()),
        resourceType: int8(),
        resourceName: string(),
        patternType: int8({ default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DeleteAclsRequest extends RequestOf<typeof deleteAcls> {}
export interface DeleteAclsResponse extends ResponseOf<typeof deleteAcls> {}
