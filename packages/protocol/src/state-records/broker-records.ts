import { arrayOf, bool, int16, int32, int64, int8, nullable, string, uint16, uuid } from '../schema.ts';
import { metadataRecord } from './metadata-record.ts';

/** A broker entered the cluster. */
export const registerBrokerRecord = metadataRecord(0, 'RegisterBrokerRecord', '0-4', {
  brokerId: int32(),
  isMigratingZkBroker: bool('2+', { default: false }),
  incarnationId: uuid(),
  brokerEpoch: int64(),
  endPoints: arrayOf({
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
  fenced: bool({ default: true }),
  inControlledShutdown: bool('1+', { default: false }),
  logDirs: arrayOf('3+', { tag: 0 }, uuid()),
  cordonedLogDirs: nullable(arrayOf('4+', { tag: 1, default: null }, uuid())),
});

/** A broker was removed. */
export const unregisterBrokerRecord = metadataRecord(1, 'UnregisterBrokerRecord', '0', {
  brokerId: int32(),
  brokerEpoch: int64(),
});

/** Superseded by BrokerRegistrationChangeRecord. */
export const fenceBrokerRecord = metadataRecord(7, 'FenceBrokerRecord', '0', {
  id: int32(),
  epoch: int64(),
});

/** Superseded by BrokerRegistrationChangeRecord. */
export const unfenceBrokerRecord = metadataRecord(8, 'UnfenceBrokerRecord', '0', {
  id: int32(),
  epoch: int64(),
});

/** What changed of a broker. */
export const brokerRegistrationChangeRecord = metadataRecord(17, 'BrokerRegistrationChangeRecord', '0-3', {
  brokerId: int32(),
  brokerEpoch: int64(),
  /** -1 unfenced, 0 unchanged, 1 fenced. */
  fenced: int8({ tag: 0 }),
  /** 0 unchanged, 1 shutting down. */
  inControlledShutdown: int8('1+', { tag: 1 }),
  logDirs: arrayOf('2+', { tag: 2 }, uuid()),
  cordonedLogDirs: nullable(arrayOf('3+', { tag: 3, default: null }, uuid())),
});

/** A controller registered. */
export const registerControllerRecord = metadataRecord(27, 'RegisterControllerRecord', '0', {
  controllerId: int32(),
  incarnationId: uuid(),
  zkMigrationReady: bool(),
  endPoints: arrayOf({
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
});

/** A controller was removed. */
export const unregisterControllerRecord = metadataRecord(29, 'UnregisterControllerRecord', '0', {
  controllerId: int32(),
});
