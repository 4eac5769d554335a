import { api, arrayOf, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Deletes empty groups with their offsets. */
export const deleteGroups = api(
  42,
  'DeleteGroups',
  '0-3',
  2,
  {
    groupsNames: arrayOf(string()),
  },
  {
    throttleTimeMs: int32(),
    results: arrayOf({
      groupId: string(),
      errorCode: int16(),
      errorMessage: nullable(string('3+', { default: null, ignorable: true })),
    }),
  },
);

export interface DeleteGroupsRequest extends RequestOf<typeof deleteGroups> {}
export interface DeleteGroupsResponse extends ResponseOf<typeof deleteGroups> {}
