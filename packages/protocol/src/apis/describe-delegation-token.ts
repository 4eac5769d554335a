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

/** Delegation tokens by owner. */
export const describeDelegationToken = api(
  41,
  'DescribeDelegationToken',
  '1-3',
  2,
  {
    owners: nullable(
      arrayOf({
        principalType: string(),
        principalName: string(),
      }),
    ),
  },
  {
    errorCode: int16(),
    tokens: arrayOf({
      principalType: string(),
      principalName: string(),
      tokenRequesterPrincipalType: string('3+'),
      tokenRequesterPrincipalName: string('3+'),
      issueTimestamp: int64(),
      expiryTimestamp: int64(),
      maxTimestamp: int64(),
      tokenId: string(),
      hmac: bytes(),
      renewers: arrayOf({
        principalType: string(),
        principalName: string(),
      }),
    }),
    throttleTimeMs: int32(),
  },
  { listeners: ['broker', 'controller'] },
);

export interface DescribeDelegationTokenRequest extends RequestOf<typeof describeDelegationToken> {}
export interface DescribeDelegationTokenResponse extends ResponseOf<typeof describeDelegationToken> {}
