import { api, bytes, int16, int32, int64, type RequestOf, type ResponseOf } from '../schema.ts';

/** Prolongs a delegation token. */
export const renewDelegationToken = api(
  39,
  'RenewDelegationToken',
  '1-2',
  2,
  {
    hmac: bytes(),
    renewPeriodMs: int64(),
  },
  {
    errorCode: int16(),
    expiryTimestampMs: int64(),
    throttleTimeMs: int32(),
  },
  { listeners: ['broker', 'controller'] },
);

export interface RenewDelegationTokenRequest extends RequestOf<typeof renewDelegationToken> {}
export interface RenewDelegationTokenResponse extends ResponseOf<typeof renewDelegationToken> {}
