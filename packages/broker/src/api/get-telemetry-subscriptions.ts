/**
 * GetTelemetrySubscriptions (71), version 0. In: a client's instance id, or none yet. Out: which metrics are wanted of it, how often, and
 * what a push must name. Served where there is an admin port to show them on.
 */
import { apis, errors, type GetTelemetrySubscriptionsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { compressionTypes } from '../telemetry/telemetry.ts';

export function getTelemetrySubscriptions(
  { telemetry }: Doors,
  request: GetTelemetrySubscriptionsRequest,
  exchange: Exchange,
): Answer<typeof apis.getTelemetrySubscriptions> {
  const found = telemetry.ask(exchange, request.clientInstanceId);
  if (typeof found === 'number') return { ...nothing, errorCode: found };
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    clientInstanceId: found.clientInstanceId,
    subscriptionId: found.subscriptionId,
    acceptedCompressionTypes: compressionTypes,
    pushIntervalMs: found.pushIntervalMs,
    telemetryMaxBytes: telemetry.bytesMax,
    deltaTemporality: true,
    requestedMetrics: found.metrics,
  };
}

const nothing = {
  throttleTimeMs: 0,
  clientInstanceId: 'AAAAAAAAAAAAAAAAAAAAAA',
  subscriptionId: 0,
  acceptedCompressionTypes: [],
  pushIntervalMs: 0,
  telemetryMaxBytes: 0,
  deltaTemporality: false,
  requestedMetrics: [],
};
