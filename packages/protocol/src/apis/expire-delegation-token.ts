import { api, bytes, int16, int32, int64, type RequestOf, type ResponseOf } from '../schema.ts';

/** Ends a delegation token now or at a time. */
export const expireDelegationToken = api(
  40,
  'ExpireDelegationToken',
  '1-2',
  2,
  {
    hmac: bytes(),
    expiryTimePeriodMs: int64(),
  },
  {
    errorCode: int16(),
    expiryTimestampMs: int64(),
    throttleTimeMs: int32(),
  },
  { listeners: ['broker', 'controller'] },
);

export interface ExpireDelegationTokenRequest extends RequestOf<typeof expireDelegationToken> {}
export interface ExpireDelegationTokenResponse extends ResponseOf<typeof expireDelegationToken> {}
