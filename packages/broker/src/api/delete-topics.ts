/**
 * DeleteTopics (20), versions 1 to 6. In: topics by name, or (6) by id. Out: a result each; the folders of the topic are renamed at
 * once and removed later, and fetches that wait in it are answered.
 */
import { apis, errors, zeroUuid, type DeleteTopicsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';

type DeleteTopicsAnswer = Exclude<Awaited<Answer<typeof apis.deleteTopics>>, symbol>;
type TopicResult = DeleteTopicsAnswer['responses'][number];

/** Clients of older versions do not know the error of a quota: they are only throttled. */
const strictSince = 5;

/** Topics of a request that share one sync, and go before others have their turn. */
const topicsAtOnceMax = 16;

export async function deleteTopics(
  doors: Doors,
  request: DeleteTopicsRequest,
  exchange: Exchange,
): Promise<DeleteTopicsAnswer> {
  const named =
    exchange.apiVersion >= 6
      ? request.topics
      : request.topicNames.map((name) => ({ name: name as string | null, topicId: zeroUuid }));
  const seen = new Map<string, number>();
  for (const { name, topicId } of named) seen.set(keyOf(name, topicId), (seen.get(keyOf(name, topicId)) ?? 0) + 1);
  const waiting: Promise<TopicResult>[] = [];
  const done = new Set<string>();
  for (const { name, topicId } of named) {
    const key = keyOf(name, topicId);
    if (done.has(key)) continue;
    done.add(key);
    waiting.push(
      seen.get(key) === 1 ? deleteOne(doors, name, topicId, exchange) : Promise.resolve(repeated(name, topicId)),
    );
    if (waiting.length % topicsAtOnceMax === 0) await Promise.all(waiting);
  }
  return { throttleTimeMs: 0, responses: await Promise.all(waiting) };
}

async function deleteOne(doors: Doors, name: string | null, topicId: string, exchange: Exchange): Promise<TopicResult> {
  const { apiVersion } = exchange;
  if (!doors.settings.deleteTopicEnable) {
    const errorCode = apiVersion < 3 ? errors.INVALID_REQUEST : errors.TOPIC_DELETION_DISABLED;
    return { name, topicId, errorCode, errorMessage: 'Topic deletion is disabled: set delete.topic.enable=true.' };
  }
  if (name !== null && topicId !== zeroUuid) {
    return {
      name,
      topicId,
      errorCode: errors.INVALID_REQUEST,
      errorMessage: 'You may not specify both topic name and topic id.',
    };
  }
  if (name === null && topicId === zeroUuid) {
    return {
      name,
      topicId,
      errorCode: errors.INVALID_REQUEST,
      errorMessage: 'Neither topic name nor id were specified.',
    };
  }
  const topic = name === null ? doors.image.topicById(topicId) : doors.image.topic(name);
  if (topic === undefined) {
    const errorCode = name === null ? errors.UNKNOWN_TOPIC_ID : errors.UNKNOWN_TOPIC_OR_PARTITION;
    const errorMessage =
      name === null ? 'This server does not host this topic ID.' : 'This server does not host this topic-partition.';
    return { name, topicId, errorCode, errorMessage };
  }
  if (doors.quotas.isActive && !doors.quotas.mayChange(exchange, topic.partitions.length, apiVersion >= strictSince)) {
    return { name: topic.name, topicId: topic.id, errorCode: errors.THROTTLING_QUOTA_EXCEEDED };
  }
  await doors.topics.remove(topic);
  return { name: topic.name, topicId: topic.id, errorCode: errors.NONE };
}

function repeated(name: string | null, topicId: string): TopicResult {
  return {
    name,
    topicId,
    errorCode: errors.INVALID_REQUEST,
    errorMessage: name === null ? 'Duplicate topic id.' : 'Duplicate topic name.',
  };
}

function keyOf(name: string | null, topicId: string): string {
  return name === null ? `id ${topicId}` : `name ${name}`;
}
