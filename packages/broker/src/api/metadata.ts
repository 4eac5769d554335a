/**
 * Metadata (3), versions 0 to 13. In: topics by name or (10 and later) by id, or none for all. Out: brokers as seen from the
 * client's listener, and every partition with its leader. A topic that is missing is made at once when the client and
 * `auto.create.topics.enable` allow it.
 */
import { apis, errors, zeroUuid, type MetadataRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { clusterOperations, operationsNotAsked, topicOperations } from '../authorized-operations.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { isFault } from '../metadata/controller.ts';
import type { TopicImage } from '../metadata/image.ts';
import { topicNameFault } from '../metadata/topic-name.ts';

interface TopicAnswer {
  errorCode: number;
  name: string | null;
  topicId: string;
  isInternal: boolean;
  partitions: object[];
  topicAuthorizedOperations: number;
}

type AskedTopic = NonNullable<MetadataRequest['topics']>[number];
type MetadataAnswer = Exclude<Awaited<Answer<typeof apis.metadata>>, symbol>;

export function metadata(
  doors: Doors,
  request: MetadataRequest,
  exchange: Exchange,
): Answer<typeof apis.metadata> | Promise<MetadataAnswer> {
  if (exchange.apiVersion < firstVersionById && request.topics?.some(isById) === true) return refused(request.topics);
  const asksAll = request.topics === null || (exchange.apiVersion === 0 && request.topics.length === 0);
  const missing = asksAll ? [] : missingNames(doors, request);
  if (missing.length > 0) return makeMissing(doors, request, exchange, missing);
  return answerOf(doors, request, exchange, new Map());
}

/** Missing topics that are made before others have their turn. */
const topicsAtOnceMax = 16;

/** 10 and 11 have a place for ids, but topics are asked for by them since 12 only. */
const firstVersionById = 12;

function isById({ name, topicId }: AskedTopic): boolean {
  return name === null || topicId !== zeroUuid;
}

/** Answered without brokers, as Kafka does. */
function refused(topics: readonly AskedTopic[]): MetadataAnswer {
  return {
    brokers: [],
    clusterId: null,
    controllerId: -1,
    topics: topics.map(({ name, topicId }) => unknown(name ?? '', topicId, errors.INVALID_REQUEST)) as never,
    clusterAuthorizedOperations: operationsNotAsked,
    errorCode: errors.NONE,
  };
}

function missingNames(doors: Doors, request: MetadataRequest): string[] {
  if (!request.allowAutoTopicCreation || !doors.settings.autoCreateTopics) return [];
  const names = new Set<string>();
  for (const asked of request.topics ?? []) {
    const { name } = asked;
    if (name !== null && !isById(asked) && doors.image.topic(name) === undefined && topicNameFault(name) === undefined)
      names.add(name);
  }
  return [...names];
}

async function makeMissing(
  doors: Doors,
  request: MetadataRequest,
  exchange: Exchange,
  names: readonly string[],
): Promise<MetadataAnswer> {
  const codes = new Map<string, number>();
  for (let from = 0; from < names.length; from += topicsAtOnceMax) {
    const turn = names.slice(from, from + topicsAtOnceMax);
    const made = await Promise.all(turn.map((name) => doors.topics.createAutomatically(name)));
    for (const [index, topic] of made.entries()) {
      if (isFault(topic)) codes.set(turn[index] as string, topic.errorCode);
    }
  }
  return answerOf(doors, request, exchange, codes);
}

function answerOf(
  doors: Doors,
  request: MetadataRequest,
  exchange: Exchange,
  codes: ReadonlyMap<string, number>,
): MetadataAnswer {
  const { host, port } = doors.advertised(exchange.listenerName);
  return {
    brokers: [{ nodeId: doors.nodeId, host, port, rack: doors.rack }],
    clusterId: doors.clusterId,
    controllerId: doors.nodeId,
    topics: topicsOf(doors, request, exchange, codes) as never,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
    errorCode: errors.NONE,
  };
}

function topicsOf(
  doors: Doors,
  request: MetadataRequest,
  exchange: Exchange,
  codes: ReadonlyMap<string, number>,
): TopicAnswer[] {
  const operations = request.includeTopicAuthorizedOperations ? topicOperations : operationsNotAsked;
  if (request.topics === null || (exchange.apiVersion === 0 && request.topics.length === 0)) {
    return [...doors.image.topics()].map((topic) => found(doors, topic, operations));
  }
  const answers: TopicAnswer[] = [];
  for (const asked of request.topics) {
    const { name, topicId } = asked;
    const topic = isById(asked) ? doors.image.topicById(topicId) : doors.image.topic(name ?? '');
    if (topic !== undefined) answers.push(found(doors, topic, operations));
    else if (isById(asked) || name === null) answers.push(unknown(null, topicId, errors.UNKNOWN_TOPIC_ID));
    else answers.push(unknown(name, zeroUuid, codes.get(name) ?? missingCode(name)));
  }
  return answers;
}

function missingCode(name: string): number {
  return topicNameFault(name) === undefined ? errors.UNKNOWN_TOPIC_OR_PARTITION : errors.INVALID_TOPIC_EXCEPTION;
}

function unknown(name: string | null, topicId: string, errorCode: number): TopicAnswer {
  return { errorCode, name, topicId, isInternal: false, partitions: [], topicAuthorizedOperations: operationsNotAsked };
}

function found(doors: Doors, topic: TopicImage, topicAuthorizedOperations: number): TopicAnswer {
  return {
    errorCode: errors.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: doors.partitions.isInternal(topic.name),
    partitions: topic.partitions.map((partition) => partitionOf(doors, topic, partition)),
    topicAuthorizedOperations,
  };
}

function partitionOf(
  { nodeId, partitions }: Doors,
  topic: TopicImage,
  { index, leaderEpoch }: TopicImage['partitions'][number],
): object {
  const isOnline = partitions.byName(topic.name, index) !== undefined;
  return {
    errorCode: isOnline ? errors.NONE : errors.LEADER_NOT_AVAILABLE,
    partitionIndex: index,
    leaderId: isOnline ? nodeId : -1,
    leaderEpoch,
    replicaNodes: [nodeId],
    isrNodes: isOnline ? [nodeId] : [],
    offlineReplicas: isOnline ? [] : [nodeId],
  };
}
