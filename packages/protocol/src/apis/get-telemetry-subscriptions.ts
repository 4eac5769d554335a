import { api, arrayOf, bool, int16, int32, int8, string, uuid, type RequestOf, type ResponseOf } from '../schema.ts';

/** Which metrics the broker wants from this client. */
export const getTelemetrySubscriptions = api(
  71,
  'GetTelemetrySubscriptions',
  '0',
  0,
  {
    clientInstanceId: uuid(),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: arrayOf(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: arrayOf(string()),
  },
);

export interface GetTelemetrySubscriptionsRequest extends RequestOf<typeof getTelemetrySubscriptions> {}
export interface GetTelemetrySubscriptionsResponse extends ResponseOf<typeof getTelemetrySubscriptions> {}
