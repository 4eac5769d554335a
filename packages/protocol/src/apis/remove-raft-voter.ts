import { api, int16, int32, nullable, string, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** Removes a voter from the metadata quorum. */
export const removeRaftVoter = api(
  81,
  'RemoveRaftVoter',
  '0',
  0,
  {
    clusterId: nullable(string()),
    voterId: int32(),
    voterDirectoryId: uuid(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
  },
  { listeners: ['broker', 'controller'] },
);

export interface RemoveRaftVoterRequest extends RequestOf<typeof removeRaftVoter> {}
export interface RemoveRaftVoterResponse extends ResponseOf<typeof removeRaftVoter> {}
