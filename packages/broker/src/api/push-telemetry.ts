/**
 * PushTelemetry (72), version 0. In: metrics of a client, as OTLP, compressed or not. Out: whether they were taken; a client that may
 * not push now, or pushes something else than is wanted, is told so.
 */
import { apis, type PushTelemetryRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';

export function pushTelemetry(
  { telemetry }: Doors,
  request: PushTelemetryRequest,
  exchange: Exchange,
): Answer<typeof apis.pushTelemetry> {
  return { throttleTimeMs: 0, errorCode: telemetry.push(exchange, request) };
}
