import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  nullable,
  string,
  uint16,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** A controller tells the active one its endpoints and features. */
export const controllerRegistration = api(
  70,
  'ControllerRegistration',
  '0',
  0,
  {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    listeners: arrayOf({
      name: string(),
      host: string(),
      port: uint16(),
      securityProtocol: int16(),
    }),
    features: arrayOf({
      name: string(),
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: nullable(string()),
  },
  { listeners: ['controller'] },
);

export interface ControllerRegistrationRequest extends RequestOf<typeof controllerRegistration> {}
export interface ControllerRegistrationResponse extends ResponseOf<typeof controllerRegistration> {}
