/** What quotas and limits did: whom they held back, and for how long. */
import type { QuotaKind, QuotaUse } from '../../quota/client-quotas.ts';
import type { ConnectionCounters } from '../../quota/connection-admission.ts';
import type { Measure } from '../measure.ts';

/** Of every client that has a quota and used it. */
function perClient(
  type: Measure['type'],
  help: string,
  kind: QuotaKind,
  read: (use: QuotaUse, nowMs: number) => number,
): Measure {
  return {
    type,
    help,
    labels: ['user', 'client_id'],
    *samples({ doors }) {
      const nowMs = doors.host.clock.monotonic();
      for (const use of doors.quotas.uses())
        if (use.kind === kind) yield { labels: [use.user, use.clientId], value: read(use, nowMs) };
    },
  };
}

function throttleTime(kind: QuotaKind): Measure {
  return perClient('gauge', 'Milliseconds that a client was throttled for, on average', kind, (use) =>
    use.throttleCount === 0 ? 0 : use.throttleMs / use.throttleCount,
  );
}

function perListener(type: Measure['type'], help: string, read: (counters: ConnectionCounters) => number): Measure {
  return {
    type,
    help,
    labels: ['listener'],
    *samples({ doors, readings }) {
      for (const { name } of readings.listeners) yield { labels: [name], value: read(doors.admission.counters(name)) };
    },
  };
}

export const quotaMeasures = {
  produceRate: perClient('gauge', 'Bytes a second that a client produces', 'produce', ({ meter }, now) =>
    meter.rate(now),
  ),
  fetchRate: perClient('gauge', 'Bytes a second that a client fetches', 'fetch', ({ meter }, now) => meter.rate(now)),
  requestTime: perClient(
    'gauge',
    'Share of the event loop that a client takes, in percent',
    'request',
    ({ meter }, now) => meter.rate(now),
  ),
  mutationRate: perClient(
    'gauge',
    'Partitions a second that a client makes and deletes',
    'mutation',
    ({ meter }, now) => meter.rate(now),
  ),
  mutationTokens: perClient(
    'gauge',
    'Partitions that a client may make and delete at once',
    'mutation',
    ({ bucket, limit }, now) => bucket?.tokens(limit, now) ?? 0,
  ),
  produceThrottle: throttleTime('produce'),
  fetchThrottle: throttleTime('fetch'),
  requestThrottle: throttleTime('request'),
  mutationThrottle: throttleTime('mutation'),
  throttled: {
    type: 'counter',
    help: 'Answers that told a client to wait',
    labels: ['quota', 'user', 'client_id'],
    *samples({ doors }) {
      for (const { kind, user, clientId, throttleCount } of doors.quotas.uses())
        yield { labels: [kind, user, clientId], value: throttleCount };
    },
  },
  accepted: perListener('counter', 'Connections that came in', ({ acceptedCount }) => acceptedCount),
  refused: perListener(
    'counter',
    'Connections that were closed because of a limit',
    ({ refusedCount }) => refusedCount,
  ),
  acceptThrottle: perListener(
    'counter',
    'Milliseconds that connections waited because too many came',
    ({ throttleMs }) => throttleMs,
  ),
  addressThrottle: perListener(
    'counter',
    'Milliseconds that connections of one address were kept unread because too many came from it',
    ({ addressThrottleMs }) => addressThrottleMs,
  ),
} as const satisfies Record<string, Measure>;
