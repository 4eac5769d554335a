import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  nullable,
  string,
  uint16,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Adds a voter to the metadata quorum. */
export const addRaftVoter = api(
  80,
  'AddRaftVoter',
  '0-1',
  0,
  {
    clusterId: nullable(string()),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: arrayOf({
      name: string(),
      host: string(),
      port: uint16(),
    }),
    ackWhenCommitted: bool('1+', { default: true }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
  },
  { listeners: ['broker', 'controller'] },
);

export interface AddRaftVoterRequest extends RequestOf<typeof addRaftVoter> {}
export interface AddRaftVoterResponse extends ResponseOf<typeof addRaftVoter> {}
