/** What only we have. */
import type { Names } from '../measure.ts';
import { nodeMeasures as node } from '../measures/node.ts';
import { quotaMeasures as quotas } from '../measures/quotas.ts';
import { telemetryMeasures as telemetry } from '../measures/telemetry.ts';

export const own: Names = {
  millrace_fetch_sessions: node.fetchSessions,
  millrace_throttled_answers_total: quotas.throttled,
  millrace_connections_accepted_total: quotas.accepted,
  millrace_connections_refused_total: quotas.refused,
  millrace_connection_accept_throttle_ms_total: quotas.acceptThrottle,
  millrace_connection_address_throttle_ms_total: quotas.addressThrottle,
  millrace_client_metrics_clients: telemetry.clients,
  millrace_client_metrics_series: telemetry.series,
  millrace_client_metrics_dropped_total: telemetry.dropped,
  millrace_client_metrics_pushes_total: telemetry.pushes,
  millrace_event_loop_delay_p99_seconds: node.loopDelay,
};
