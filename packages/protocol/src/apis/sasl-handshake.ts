import { api, arrayOf, int16, never, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Chooses the SASL mechanism. After version 0 bare SASL tokens follow, after version 1 SaslAuthenticate. */
export const saslHandshake = api(
  17,
  'SaslHandshake',
  '0-1',
  never,
  {
    mechanism: string(),
  },
  {
    errorCode: int16(),
    /** What the broker offers, also when it refuses. */
    mechanisms: arrayOf(string()),
  },
  { listeners: ['broker', 'controller'] },
);

export interface SaslHandshakeRequest extends RequestOf<typeof saslHandshake> {}
export interface SaslHandshakeResponse extends ResponseOf<typeof saslHandshake> {}
