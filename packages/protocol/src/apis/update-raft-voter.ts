import {
  api,
  arrayOf,
  int16,
  int32,
  nullable,
  string,
  struct,
  uint16,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** A voter tells the leader its new endpoints and versions. */
export const updateRaftVoter = api(
  82,
  'UpdateRaftVoter',
  '0',
  0,
  {
    clusterId: nullable(string()),
    currentLeaderEpoch: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: arrayOf({
      name: string(),
      host: string(),
      port: uint16(),
    }),
    kRaftVersionFeature: struct({
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    currentLeader: struct(
      { tag: 0 },
      {
        leaderId: int32({ default: -1 }),
        leaderEpoch: int32({ default: -1 }),
        host: string(),
        port: int32(),
      },
    ),
  },
  { listeners: ['controller'] },
);

export interface UpdateRaftVoterRequest extends RequestOf<typeof updateRaftVoter> {}
export interface UpdateRaftVoterResponse extends ResponseOf<typeof updateRaftVoter> {}
