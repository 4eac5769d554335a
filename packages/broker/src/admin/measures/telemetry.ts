/** How the metrics of clients come in; what they say is told under names of its own. */
import { errorName } from '@millrace/protocol';

import { counter, gauge, type Measure } from '../measure.ts';

export const telemetryMeasures = {
  clients: gauge('Clients that push their metrics', ({ doors }) => doors.telemetry.clientCount),
  series: gauge('Series that clients pushed', ({ doors }) => doors.telemetry.seriesCount),
  dropped: counter('Points that clients pushed and that found no room', ({ doors }) => doors.telemetry.droppedCount),
  pushes: {
    type: 'counter',
    help: 'Pushes of clients, by what was answered',
    labels: ['error'],
    *samples({ doors }) {
      for (const [code, count] of doors.telemetry.pushes) yield { labels: [errorName(code)], value: count };
    },
  },
} as const satisfies Record<string, Measure>;
