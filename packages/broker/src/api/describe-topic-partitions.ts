/**
 * DescribeTopicPartitions (75), version 0. In: topics by name (none for all) and where to go on. Out: a page of partitions in the
 * order of topic names, and the cursor of the next page.
 */
import { apis, errors, zeroUuid, type DescribeTopicPartitionsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { topicOperations } from '../authorized-operations.ts';
import type { Doors } from '../doors.ts';
import { topicNameFault } from '../metadata/topic-name.ts';

type DescribeAnswer = Exclude<Awaited<Answer<typeof apis.describeTopicPartitions>>, symbol>;

export function describeTopicPartitions(
  doors: Doors,
  request: DescribeTopicPartitionsRequest,
): Answer<typeof apis.describeTopicPartitions> {
  const { cursor } = request;
  const asksAll = request.topics.length === 0;
  const names = asksAll
    ? [...doors.image.topics()].map(({ name }) => name)
    : [...new Set(request.topics.map(({ name }) => name))];
  const ahead = names.filter((name) => cursor === null || name >= cursor.topicName).sort();
  let left = Math.min(request.responsePartitionLimit, doors.settings.partitionsPerAnswerMax);
  if (left < 1) left = 1;
  const topics: DescribeAnswer['topics'][number][] = [];
  for (const name of ahead) {
    const from = cursor !== null && cursor.topicName === name ? cursor.partitionIndex : 0;
    if (left === 0) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: from } };
    const answer = describe(doors, name, from, left);
    topics.push(answer);
    left -= answer.partitions.length;
    const count = doors.image.topic(name)?.partitions.length ?? 0;
    if (from + answer.partitions.length < count) {
      return {
        throttleTimeMs: 0,
        topics,
        nextCursor: { topicName: name, partitionIndex: from + answer.partitions.length },
      };
    }
  }
  return { throttleTimeMs: 0, topics, nextCursor: null };
}

function describe(
  { image, partitions, nodeId }: Doors,
  name: string,
  from: number,
  countMax: number,
): DescribeAnswer['topics'][number] {
  const topic = image.topic(name);
  if (topic === undefined) {
    const errorCode =
      topicNameFault(name) === undefined ? errors.UNKNOWN_TOPIC_OR_PARTITION : errors.INVALID_TOPIC_EXCEPTION;
    return { errorCode, name, topicId: zeroUuid, partitions: [] };
  }
  return {
    errorCode: errors.NONE,
    name,
    topicId: topic.id,
    isInternal: partitions.isInternal(name),
    partitions: topic.partitions.slice(from, from + countMax).map(({ index, leaderEpoch }) => {
      const isOnline = partitions.byName(name, index) !== undefined;
      return {
        errorCode: isOnline ? errors.NONE : errors.LEADER_NOT_AVAILABLE,
        partitionIndex: index,
        leaderId: isOnline ? nodeId : -1,
        leaderEpoch,
        replicaNodes: [nodeId],
        isrNodes: isOnline ? [nodeId] : [],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
        offlineReplicas: isOnline ? [] : [nodeId],
      };
    }),
    topicAuthorizedOperations: topicOperations,
  };
}
