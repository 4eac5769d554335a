/** What there is once for this node: counts of partitions, connections, how busy it is. */
import { counter, gauge, type Measure, type Observed } from '../measure.ts';

/** Kafka's number for a broker that serves. */
const runningState = 3;

function served({ doors }: Observed): number {
  let count = 0;
  for (const { partitions } of doors.partitions.topics())
    for (const partition of partitions) if (partition !== undefined) count++;
  return count;
}

function wanted({ doors }: Observed): number {
  let count = 0;
  for (const { partitions } of doors.image.topics()) count += partitions.length;
  return count;
}

/** Where the system does not tell there is no line, rather than a wrong one. */
function ifKnown(type: 'gauge' | 'counter', help: string, read: (observed: Observed) => number | undefined): Measure {
  return {
    type,
    help,
    labels: [],
    samples: (observed) => {
      const value = read(observed);
      return value === undefined ? [] : [{ labels: [], value }];
    },
  };
}

export const nodeMeasures = {
  partitionCount: gauge('Partitions on this broker', served),
  leaderCount: gauge('Partitions that this broker leads', served),
  underReplicatedCount: gauge('Partitions with fewer replicas in sync than assigned', () => 0),
  underMinInSyncCount: gauge('Partitions below min.insync.replicas', ({ doors }) => {
    let count = 0;
    for (const { partitions, minInSync } of doors.partitions.topics()) if (minInSync > 1) count += partitions.length;
    return count;
  }),
  offlineReplicaCount: gauge(
    'Replicas of this broker that are offline',
    (observed) => wanted(observed) - served(observed),
  ),
  offlinePartitionCount: gauge('Partitions without a leader', (observed) => wanted(observed) - served(observed)),
  inSyncShrinks: counter('Times that a replica fell out of sync', () => 0),
  inSyncExpands: counter('Times that a replica caught up', () => 0),
  activeControllerCount: gauge('1 where the controller is', () => 1),
  activeBrokerCount: gauge('Brokers that serve', () => 1),
  fencedBrokerCount: gauge('Brokers that are registered and do not serve', () => 0),
  brokerState: gauge('State of this broker as a number of Kafka: 3 serves', () => runningState),
  uncleanLeaderElections: counter('Leaders chosen at the price of records', () => 0),
  topicCount: gauge('Topics', ({ doors }) => doors.image.topicCount),
  allPartitionCount: gauge('Partitions of all topics', wanted),
  offlineDirectoryCount: gauge(
    'Log directories that failed',
    ({ doors }) => doors.directories.filter(({ failure }) => failure !== undefined).length,
  ),
  connectionCount: {
    type: 'gauge',
    help: 'Open connections',
    labels: ['listener', 'networkProcessor'],
    *samples({ readings }) {
      for (const { name, connectionCount } of readings.listeners) yield { labels: [name, '0'], value: connectionCount };
    },
  },
  loopIdle: gauge(
    'Share of the last minute that the event loop waited for work, 0 to 1',
    ({ readings }) => readings.loopIdle,
  ),
  loopIdleNs: counter('Nanoseconds that the event loop waited for work', ({ readings }) => readings.loopIdleNs),
  loopDelay: gauge(
    'How late the event loop ran, 99th percentile since start',
    ({ readings }) => readings.loopDelayP99Ms / 1000,
  ),
  diskReadBytes: ifKnown('gauge', 'Bytes that the process read from disks', ({ readings }) => readings.diskReadBytes),
  diskWriteBytes: ifKnown('gauge', 'Bytes that the process wrote to disks', ({ readings }) => readings.diskWriteBytes),
  fetchSessions: gauge('Incremental fetch sessions', ({ doors }) => doors.sessions.count),
  brokers: gauge('Brokers of the cluster', () => 1),
  brokerAddress: {
    type: 'gauge',
    help: 'Where clients are told to connect',
    labels: ['address', 'id'],
    *samples({ doors }) {
      const [first] = doors.endpoints('broker');
      if (first !== undefined)
        yield { labels: [`${first.host}:${first.port}`, String(doors.nodeId)], value: doors.nodeId };
    },
  },
} as const satisfies Record<string, Measure>;
