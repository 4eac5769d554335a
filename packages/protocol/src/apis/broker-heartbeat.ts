import { api, arrayOf, bool, int16, int32, int64, nullable, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** A broker is alive, asks to be unfenced or to shut down. */
export const brokerHeartbeat = api(
  63,
  'BrokerHeartbeat',
  '0-2',
  0,
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    currentMetadataOffset: int64(),
    wantFence: bool(),
    wantShutDown: bool(),
    /** Directories that failed, by id. */
    offlineLogDirs: arrayOf('1+', { tag: 0 }, uuid()),
    cordonedLogDirs: nullable(arrayOf('2+', { tag: 1, default: null }, uuid())),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
  { listeners: ['controller'] },
);

export interface BrokerHeartbeatRequest extends RequestOf<typeof brokerHeartbeat> {}
export interface BrokerHeartbeatResponse extends ResponseOf<typeof brokerHeartbeat> {}
