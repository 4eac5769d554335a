import type { ExactResponse } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import { answerError } from '../error.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import type { GroupOffsetsQuery } from './list-group-offsets.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toCoordinators } from './routes.ts';

export interface ShareGroupOffset extends TopicPartition {
  /** Everything before it is done with. */
  readonly startOffset: bigint;
  readonly leaderEpoch: number | undefined;
  /** How many records are still to be done; undefined where the broker does not tell. */
  readonly lag: number | undefined;
}

export interface ShareGroupOffsets {
  readonly groupId: string;
  readonly offsets: readonly ShareGroupOffset[];
}

export function listShareGroupOffsets(
  cluster: Cluster,
  groups: readonly (string | GroupOffsetsQuery)[],
  options: CallOptions,
): Promise<ShareGroupOffsets[]> {
  const queries = groups.map((group): GroupOffsetsQuery => (typeof group === 'string' ? { groupId: group } : group));
  return Call.run(cluster, 'Listing share group offsets', options, (call) =>
    runErrand<GroupOffsetsQuery, ShareGroupOffsets>(call, queries, {
      nameOf: ({ groupId }) => groupId,
      what: ({ groupId }) => `Listing the offsets of share group "${groupId}"`,
      route: toCoordinators('group', ({ groupId }) => groupId),
      async ask(target, share, fates) {
        const answer = await call.request(target, 'describeShareGroupOffsets', {
          groups: share.map(({ groupId, partitions }) => ({
            groupId,
            topics:
              partitions === undefined
                ? null
                : byTopic(partitions).map(([topicName, items]) => ({
                    topicName,
                    partitions: items.map(({ partition }) => partition),
                  })),
          })),
        });
        for (const { groupId, errorCode, errorMessage, topics } of answer.groups) {
          const fault = topics.flatMap(({ partitions }) => partitions).find((partition) => partition.errorCode !== 0);
          if (errorCode === 0 && fault !== undefined)
            fates.failures.set(
              groupId,
              answerError(fault.errorCode, `Listing the offsets of share group "${groupId}"`, fault.errorMessage),
            );
          else fates.take(groupId, errorCode, errorMessage, () => ({ groupId, offsets: topics.flatMap(offsetsOf) }));
        }
      },
    }),
  );
}

type WireTopic = ExactResponse<'describeShareGroupOffsets'>['groups'][number]['topics'][number];

/** -1 stands for a partition that the group has not begun. */
function offsetsOf({ topicName: topic, partitions }: WireTopic): ShareGroupOffset[] {
  return partitions
    .filter(({ startOffset }) => startOffset >= 0n)
    .map(({ partitionIndex: partition, startOffset, leaderEpoch, lag }) => ({
      topic,
      partition,
      startOffset,
      leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
      lag: lag < 0 ? undefined : lag,
    }));
}

export interface NewShareGroupOffset extends TopicPartition {
  readonly startOffset: bigint;
}

/** Only of a group without members; a group that is not there is made. */
export async function alterShareGroupOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly NewShareGroupOffset[],
  options: CallOptions,
): Promise<void> {
  const what = `Altering the offsets of share group "${groupId}"`;
  await Call.run(cluster, what, options, (call) =>
    runErrand<NewShareGroupOffset, true>(call, offsets, {
      nameOf: nameOfPartition,
      what: (item) =>
        `Setting the offset of ${nameOfPartition(item)} in share group "${groupId}" to ${item.startOffset}`,
      route: toCoordinators('group', () => groupId),
      async ask(target, share, fates) {
        const answer = await call.request(target, 'alterShareGroupOffsets', {
          groupId,
          topics: byTopic(share).map(([topicName, items]) => ({
            topicName,
            partitions: items.map(({ partition, startOffset }) => ({ partitionIndex: partition, startOffset })),
          })),
        });
        checkAnswer(answer.errorCode, what, answer.errorMessage);
        for (const { topicName: topic, partitions } of answer.responses)
          for (const { partitionIndex: partition, errorCode, errorMessage } of partitions)
            fates.take(nameOfPartition({ topic, partition }), errorCode, errorMessage, () => true);
      },
    }),
  );
}

/** Of whole topics, and only of a group without members. */
export async function deleteShareGroupOffsets(
  cluster: Cluster,
  groupId: string,
  topics: readonly string[],
  options: CallOptions,
): Promise<void> {
  const what = `Deleting offsets of share group "${groupId}"`;
  await Call.run(cluster, what, options, (call) =>
    runErrand<string, true>(call, topics, {
      nameOf: (topic) => topic,
      what: (topic) => `Deleting the offsets of topic "${topic}" in share group "${groupId}"`,
      route: toCoordinators('group', () => groupId),
      async ask(target, share, fates) {
        const answer = await call.request(target, 'deleteShareGroupOffsets', {
          groupId,
          topics: share.map((topicName) => ({ topicName })),
        });
        checkAnswer(answer.errorCode, what, answer.errorMessage);
        for (const { topicName, errorCode, errorMessage } of answer.responses)
          fates.take(topicName, errorCode, errorMessage, () => true);
      },
    }),
  );
}
