import { arrayOf, bytes, int32, int64, nullable, string } from '../schema.ts';
import { coordinatorRecord } from './coordinator-record.ts';

const memberMetadata = {
  memberId: string(),
  groupInstanceId: nullable(string('3+', { default: null, ignorable: true })),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32('1+', { default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
};

/** A generation of a classic group with its members. */
export const groupMetadataRecord = coordinatorRecord(
  2,
  'GroupMetadata',
  {
    group: string(),
  },
  '0-4',
  4,
  {
    protocolType: string(),
    generation: int32(),
    protocol: nullable(string()),
    leader: nullable(string()),
    currentStateTimestamp: int64('2+', { default: -1, ignorable: true }),
    members: arrayOf(memberMetadata),
  },
);
