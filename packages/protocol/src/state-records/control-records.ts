import { arrayOf, int16, int32, int64, message, never, string, struct, uint16, uuid } from '../schema.ts';

/** The key of a control record, behind its version: 0 abort, 1 commit, 2 leader change, 3 snapshot header, 4 snapshot footer, 5 KRaft version, 6 voters. */
export const controlRecordType = message('ControlRecordTypeSchema', '0', never, {
  type: int16(),
});

/** The value of the markers that commit and abort. */
export const endTxnMarker = message('EndTxnMarker', '0', never, {
  coordinatorEpoch: int32(),
});

const voter = {
  voterId: int32(),
  voterDirectoryId: uuid('1+'),
};

/** The first record of a KRaft leader in its epoch. */
export const leaderChangeMessage = message('LeaderChangeMessage', '0-1', 0, {
  version: int16(),
  leaderId: int32(),
  voters: arrayOf(voter),
  grantingVoters: arrayOf(voter),
});

/** The first record of a metadata snapshot. */
export const snapshotHeaderRecord = message('SnapshotHeaderRecord', '0', 0, {
  version: int16(),
  lastContainedLogTimestamp: int64(),
});

/** The last record of a metadata snapshot. */
export const snapshotFooterRecord = message('SnapshotFooterRecord', '0', 0, {
  version: int16(),
});

/** The finalized version of KRaft. */
export const kraftVersionRecord = message('KRaftVersionRecord', '0', 0, {
  version: int16(),
  kRaftVersion: int16(),
});

/** The voters of the metadata quorum. */
export const votersRecord = message('VotersRecord', '0', 0, {
  version: int16(),
  voters: arrayOf({
    voterId: int32(),
    voterDirectoryId: uuid(),
    endpoints: arrayOf({
      name: string(),
      host: string(),
      port: uint16(),
    }),
    kRaftVersionFeature: struct({
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  }),
});
