import { api, bytes, int16, int64, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** One step of a SASL exchange. */
export const saslAuthenticate = api(
  36,
  'SaslAuthenticate',
  '0-2',
  2,
  {
    authBytes: bytes(),
  },
  {
    errorCode: int16(),
    errorMessage: nullable(string()),
    authBytes: bytes(),
    /** When to authenticate anew; 0: never. */
    sessionLifetimeMs: int64('1+', { default: 0, ignorable: true }),
  },
  { listeners: ['broker', 'controller'] },
);

export interface SaslAuthenticateRequest extends RequestOf<typeof saslAuthenticate> {}
export interface SaslAuthenticateResponse extends ResponseOf<typeof saslAuthenticate> {}
