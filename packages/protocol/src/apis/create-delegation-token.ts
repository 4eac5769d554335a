import {
  api,
  arrayOf,
  bytes,
  int16,
  int32,
  int64,
  nullable,
  string,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** Issues a delegation token. */
export const createDelegationToken = api(
  38,
  'CreateDelegationToken',
  '1-3',
  2,
  {
    ownerPrincipalType: nullable(string('3+')),
    ownerPrincipalName: nullable(string('3+')),
    renewers: arrayOf({
      principalType: string(),
      principalName: string(),
    }),
    maxLifetimeMs: int64(),
  },
  {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string('3+'),
    tokenRequesterPrincipalName: string('3+'),
    issueTimestampMs: int64(),
    expiryTimestampMs: int64(),
    maxTimestampMs: int64(),
    tokenId: string(),
    hmac: bytes(),
    throttleTimeMs: int32(),
  },
  { listeners: ['broker', 'controller'] },
);

export interface CreateDelegationTokenRequest extends RequestOf<typeof createDelegationToken> {}
export interface CreateDelegationTokenResponse extends ResponseOf<typeof createDelegationToken> {}
