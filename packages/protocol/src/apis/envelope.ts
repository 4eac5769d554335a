import { api, bytes, int16, nullable, type RequestOf, type ResponseOf } from '../schema.ts';

/** A broker forwards a request to the controller in the name of its client. */
export const envelope = api(
  58,
  'Envelope',
  '0',
  0,
  {
    /** A whole request with its header, without its length. */
    requestData: bytes(),
    requestPrincipal: nullable(bytes()),
    clientHostAddress: bytes(),
  },
  {
    responseData: nullable(bytes({ default: null })),
    errorCode: int16(),
  },
  { listeners: ['controller'] },
);

export interface EnvelopeRequest extends RequestOf<typeof envelope> {}
export interface EnvelopeResponse extends ResponseOf<typeof envelope> {}
