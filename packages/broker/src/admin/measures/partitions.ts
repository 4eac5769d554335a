/** What is known of each partition. This node is the only replica, so it leads and nobody lags. */
import { perPartition, type Measure } from '../measure.ts';

export const partitionMeasures = {
  size: perPartition('Bytes of the partition on disk', ({ log }) => log.bytes),
  startOffset: perPartition('First offset of the partition', ({ log }) => log.startOffset),
  endOffset: perPartition('End offset of the partition', ({ log }) => log.endOffset),
  highWatermark: perPartition('Offset below which consumers read', ({ highWatermark }) => highWatermark),
  underMinInSync: perPartition('1 where fewer replicas are in sync than min.insync.replicas', (partition, { doors }) =>
    doors.partitions.minInSync(partition) > 1 ? 1 : 0,
  ),
  atMinInSync: perPartition('1 where just min.insync.replicas are in sync', (partition, { doors }) =>
    doors.partitions.minInSync(partition) === 1 ? 1 : 0,
  ),
  leader: perPartition('Node id of the leader', (_, { doors }) => doors.nodeId),
  leaderIsPreferred: perPartition('1 where the leader is the first replica', () => 1),
  replicas: perPartition('Replicas of the partition', () => 1),
  inSyncReplicas: perPartition('Replicas in sync', () => 1),
  underReplicated: perPartition('1 where a replica is not in sync', () => 0),
} as const satisfies Record<string, Measure>;
