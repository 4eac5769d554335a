import { api, arrayOf, int16, int32, int8, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Adds ACLs. */
export const createAcls = api(
  30,
  'CreateAcls',
  '1-3',
  2,
  {
    creations: arrayOf({
      resourceType: int8(),
      resourceName: string(),
      resourcePatternType: int8({ default: 3 }),
      principal: string(),
      host: string(),
      operation: int8(),
      permissionType: int8(),
    }),
  },
  {
    throttleTimeMs: int32(),
    results: arrayOf({
      errorCode: int16(),
      errorMessage: nullable(string()),
    }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface CreateAclsRequest extends RequestOf<typeof createAcls> {}
export interface CreateAclsResponse extends ResponseOf<typeof createAcls> {}
