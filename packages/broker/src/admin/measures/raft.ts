/** The metadata log as a quorum of one: this node leads it, votes for itself, and nobody fetches from it. */
import { gauge, type Measure } from '../measure.ts';

export const raftMeasures = {
  state: {
    type: 'gauge',
    help: 'State of this node in the quorum of the metadata log, as a label',
    labels: ['current_state'],
    samples: () => [{ labels: ['leader'], value: 1 }],
  },
  leader: gauge('Node id of the metadata leader', ({ doors }) => doors.nodeId),
  vote: gauge('Node id that this node voted for', ({ doors }) => doors.nodeId),
  epoch: gauge('Epoch of the metadata log', ({ doors }) => doors.metadata.epoch),
  highWatermark: gauge('High watermark of the metadata log', ({ doors }) => doors.metadata.endOffset),
  endOffset: gauge('End of the metadata log', ({ doors }) => doors.metadata.endOffset),
  commitLatency: gauge(
    'Milliseconds from a metadata record to its sync, on average over the last minute; NaN without one',
    ({ readings }) => readings.metadataCommitMs,
  ),
  appendRate: gauge('Metadata records a second over the last minute', ({ readings }) => readings.metadataAppendRate),
  fetchRate: gauge('Metadata records a second that were fetched from the leader', () => 0),
} as const satisfies Record<string, Measure>;
