import { arrayOf, bytes, int32, int64, int8, string, uuid } from '../schema.ts';
import { metadataRecord } from './metadata-record.ts';

/** An ACL was added. */
export const accessControlEntryRecord = metadataRecord(18, 'AccessControlEntryRecord', '0', {
  id: uuid(),
  resourceType: int8(),
  resourceName: string(),
  patternType: int8(),
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
});

/** An ACL was removed. */
export const removeAccessControlEntryRecord = metadataRecord(19, 'RemoveAccessControlEntryRecord', '0', {
  id: uuid(),
});

/** A SCRAM credential was set. */
export const userScramCredentialRecord = metadataRecord(11, 'UserScramCredentialRecord', '0', {
  name: string(),
  mechanism: int8(),
  salt: bytes(),
  storedKey: bytes(),
  serverKey: bytes(),
  iterations: int32(),
});

/** A SCRAM credential was removed. */
export const removeUserScramCredentialRecord = metadataRecord(22, 'RemoveUserScramCredentialRecord', '0', {
  name: string(),
  mechanism: int8(),
});

/** A delegation token was created or prolonged. */
export const delegationTokenRecord = metadataRecord(10, 'DelegationTokenRecord', '0', {
  owner: string(),
  requester: string(),
  renewers: arrayOf(string()),
  issueTimestamp: int64(),
  maxTimestamp: int64(),
  expirationTimestamp: int64(),
  tokenId: string(),
});

/** A delegation token ended. */
export const removeDelegationTokenRecord = metadataRecord(26, 'RemoveDelegationTokenRecord', '0', {
  tokenId: string(),
});
