import type { Cluster, Target } from '../cluster/cluster.ts';
import type { TopicPartition, TopicPartitionOffset } from '../record.ts';
import { Call, type CallOptions } from './call.ts';
import { type Fates, runErrand } from './errand.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toCoordinators } from './routes.ts';

/** Later versions name topics by ids. */
const versionMax = 9;

/** Only of a group without members; a group that is not there is made. */
export async function alterGroupOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly TopicPartitionOffset[],
  options: CallOptions,
): Promise<void> {
  await Call.run(cluster, `Altering the offsets of group "${groupId}"`, options, (call) =>
    runErrand<TopicPartitionOffset, true>(call, offsets, {
      nameOf: nameOfPartition,
      what: (item) => `Setting the offset of ${nameOfPartition(item)} in group "${groupId}" to ${item.offset}`,
      route: toCoordinators('group', () => groupId),
      ask: (target, share, fates) => commit(call, target, groupId, share, fates),
    }),
  );
}

async function commit(
  call: Call,
  target: Target,
  groupId: string,
  offsets: readonly TopicPartitionOffset[],
  fates: Fates<true>,
): Promise<void> {
  const { topics } = await call.request(
    target,
    'offsetCommit',
    {
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: byTopic(offsets).map(([name, items]) => ({
        name,
        partitions: items.map(({ partition, offset, leaderEpoch, metadata }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: leaderEpoch ?? -1,
          committedMetadata: metadata ?? '',
        })),
      })),
    },
    { versionMax },
  );
  for (const { name: topic, partitions } of topics)
    for (const { partitionIndex: partition, errorCode } of partitions)
      fates.take(nameOfPartition({ topic, partition }), errorCode, null, () => true);
}

/** Only of topics that no member is subscribed to. */
export async function deleteGroupOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  options: CallOptions,
): Promise<void> {
  await Call.run(cluster, `Deleting offsets of group "${groupId}"`, options, (call) =>
    runErrand<TopicPartition, true>(call, partitions, {
      nameOf: nameOfPartition,
      what: (item) => `Deleting the offset of ${nameOfPartition(item)} in group "${groupId}"`,
      route: toCoordinators('group', () => groupId),
      async ask(target, share, fates) {
        const { errorCode: wholeCode, topics } = await call.request(target, 'offsetDelete', {
          groupId,
          topics: byTopic(share).map(([name, items]) => ({
            name,
            partitions: items.map(({ partition }) => ({ partitionIndex: partition })),
          })),
        });
        if (wholeCode !== 0) for (const item of share) fates.take(nameOfPartition(item), wholeCode, null, () => true);
        else
          for (const { name: topic, partitions: answered } of topics)
            for (const { partitionIndex: partition, errorCode } of answered)
              fates.take(nameOfPartition({ topic, partition }), errorCode, null, () => true);
      },
    }),
  );
}
