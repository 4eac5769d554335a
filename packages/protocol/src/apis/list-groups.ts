import { api, arrayOf, int16, int32, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** The groups this broker coordinates. */
export const listGroups = api(
  16,
  'ListGroups',
  '0-5',
  3,
  {
    statesFilter: arrayOf('4+', string()),
    typesFilter: arrayOf('5+', string()),
  },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
    groups: arrayOf({
      groupId: string(),
      protocolType: string(),
      groupState: string('4+', { ignorable: true }),
      groupType: string('5+', { ignorable: true }),
    }),
  },
);

export interface ListGroupsRequest extends RequestOf<typeof listGroups> {}
export interface ListGroupsResponse extends ResponseOf<typeof listGroups> {}
