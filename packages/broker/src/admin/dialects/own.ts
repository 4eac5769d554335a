/** What only we have. */
import type { Names } from '../measure.ts';
import { nodeMeasures as node } from '../measures/node.ts';

export const own: Names = {
  millrace_fetch_sessions: node.fetchSessions,
  millrace_event_loop_delay_p99_seconds: node.loopDelay,
};
