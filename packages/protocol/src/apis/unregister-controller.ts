import { api, int16, int32, nullable, string, type RequestOf, type ResponseOf } from '../schema.ts';

/** Removes a controller that will not come back. */
export const unregisterController = api(
  94,
  'UnregisterController',
  '0',
  0,
  {
    controllerId: int32(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
  },
  { listeners: ['broker', 'controller'] },
);

export interface UnregisterControllerRequest extends RequestOf<typeof unregisterController> {}
export interface UnregisterControllerResponse extends ResponseOf<typeof unregisterController> {}
