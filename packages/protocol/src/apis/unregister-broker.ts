import { api, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Removes a broker that will not come back. */
export const unregisterBroker = api(
  64,
  'UnregisterBroker',
  '0',
  0,
  {
    brokerId: int32(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
  },
  { listeners: ['broker', 'controller'] },
);

export interface UnregisterBrokerRequest extends RequestOf<typeof unregisterBroker> {}
export interface UnregisterBrokerResponse extends ResponseOf<typeof unregisterBroker> {}
