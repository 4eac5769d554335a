import { api, arrayOf, int16, int32, int8, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Names of resources that have settings; version 0 knows client metrics only. */
export const listConfigResources = api(
  74,
  'ListConfigResources',
  '0-1',
  0,
  {
    resourceTypes: arrayOf('1+', int8()),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    configResources: arrayOf({
      resourceName: string(),
      resourceType: int8('1+', { default: 16, ignorable: true }),
    }),
  },
);

export interface ListConfigResourcesRequest extends RequestOf<typeof listConfigResources> {}
export interface ListConfigResourcesResponse extends ResponseOf<typeof listConfigResources> {}
