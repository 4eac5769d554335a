import {
  api,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  nullable,
  string,
  uint16,
  uuid,
  type RequestOf,
  type ResponseOf,
} from '../schema.ts';

/** A broker enters the cluster and gets its epoch. */
export const brokerRegistration = api(
  62,
  'BrokerRegistration',
  '0-4',
  0,
  {
    brokerId: int32(),
    clusterId: string(),
    incarnationId: uuid(),
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
    rack: nullable(string()),
    isMigratingZkBroker: bool('1+', { default: false }),
    logDirs: arrayOf('2+', { ignorable: true }, uuid()),
    previousBrokerEpoch: int64('3+', { default: -1, ignorable: true }),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    brokerEpoch: int64({ default: -1 }),
  },
  { listeners: ['controller'] },
);

export interface BrokerRegistrationRequest extends RequestOf<typeof brokerRegistration> {}
export interface BrokerRegistrationResponse extends ResponseOf<typeof brokerRegistration> {}
