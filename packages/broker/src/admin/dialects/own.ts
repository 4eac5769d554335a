/** What only we have. */
import type { Names } from '../measure.ts';
import { nodeMeasures as node } from '../measures/node.ts';
import { quotaMeasures as quotas } from '../measures/quotas.ts';

export const own: Names = {
  millrace_fetch_sessions: node.fetchSessions,
  millrace_throttled_answers_total: quotas.throttled,
  millrace_connections_accepted_total: quotas.accepted,
  millrace_connections_refused_total: quotas.refused,
  millrace_connection_accept_throttle_ms_total: quotas.acceptThrottle,
  millrace_connection_address_throttle_ms_total: quotas.addressThrottle,
  millrace_event_loop_delay_p99_seconds: node.loopDelay,
};
