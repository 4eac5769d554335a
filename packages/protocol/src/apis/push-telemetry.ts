import { api, bool, bytes, int16, int32, int8, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** Metrics of a client, as OTLP. */
export const pushTelemetry = api(
  72,
  'PushTelemetry',
  '0',
  0,
  {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    /** The last push of a client that closes. */
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
);

export interface PushTelemetryRequest extends RequestOf<typeof pushTelemetry> {}
export interface PushTelemetryResponse extends ResponseOf<typeof pushTelemetry> {}
