/**
 * CreateTopics (19), versions 2 to 7. In: topics with counts or manual assignments, and settings. Out: per topic what was made, or
 * why not; 5 and later list every setting with its source. A topic can be produced to when its answer arrives.
 */
import { apis, errors, type CreateTopicsRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import { isFault, type Fault, type NewTopic } from '../metadata/controller.ts';
import type { TopicImage } from '../metadata/image.ts';

type CreateTopicsAnswer = Exclude<Awaited<Answer<typeof apis.createTopics>>, symbol>;
type Asked = CreateTopicsRequest['topics'][number];

/** As in Kafka, of all topics of a request together. */
const partitionsPerRequestMax = 10_000;
/** Topics of a request that are made before others have their turn. */
const topicsAtOnceMax = 16;

export async function createTopics(
  doors: Doors,
  request: CreateTopicsRequest,
  exchange: Exchange,
): Promise<CreateTopicsAnswer> {
  if (partitionsIn(doors, request) > partitionsPerRequestMax) {
    return { throttleTimeMs: 0, topics: request.topics.map(({ name }) => refused(name, tooManyPartitions)) };
  }
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const seen = new Set<string>();
  const waiting: Promise<CreateTopicsAnswer['topics'][number]>[] = [];
  for (const topic of request.topics) {
    if (seen.has(topic.name)) continue;
    seen.add(topic.name);
    waiting.push(
      counts.get(topic.name) === 1
        ? createOne(doors, exchange, topic, request.validateOnly)
        : Promise.resolve(repeated(topic.name)),
    );
    if (waiting.length % topicsAtOnceMax === 0) await waiting.at(-1);
  }
  return { throttleTimeMs: 0, topics: await Promise.all(waiting) };
}

const tooManyPartitions: Fault = {
  errorCode: errors.POLICY_VIOLATION,
  errorMessage: 'Excessively large number of partitions per request.',
};

function partitionsIn(doors: Doors, request: CreateTopicsRequest): number {
  const byDefault = doors.settings.partitionCountDefault;
  return request.topics.reduce((sum, { numPartitions, assignments }) => {
    if (assignments.length > 0) return sum + assignments.length;
    return sum + (numPartitions === -1 ? byDefault : Math.max(0, numPartitions));
  }, 0);
}

/** Clients of older versions do not know the error of a quota: they are only throttled. */
const strictSince = 6;

async function createOne(
  doors: Doors,
  exchange: Exchange,
  asked: Asked,
  validateOnly: boolean,
): Promise<CreateTopicsAnswer['topics'][number]> {
  const topic = wanted(asked);
  if (isFault(topic)) return refused(asked.name, topic);
  if (doors.quotas.isActive) {
    const planned = doors.topics.validate(topic);
    const isStrict = exchange.apiVersion >= strictSince;
    if (!isFault(planned) && !doors.quotas.mayChange(exchange, planned.partitions.length, isStrict))
      return { name: topic.name, errorCode: errors.THROTTLING_QUOTA_EXCEEDED, errorMessage: null, configs: [] };
  }
  const made = validateOnly ? doors.topics.validate(topic) : await doors.topics.create(topic);
  if (isFault(made)) return refused(asked.name, made);
  return created(doors, made, topic.settings, validateOnly);
}

function wanted({ name, numPartitions, replicationFactor, assignments, configs }: Asked): NewTopic | Fault {
  const settings = new Map<string, string>();
  for (const config of configs) {
    if (config.value === null) {
      return {
        errorCode: errors.INVALID_CONFIG,
        errorMessage: `Null value not supported for topic configs: ${config.name}`,
      };
    }
    settings.set(config.name, config.value);
  }
  return { name, partitionCount: numPartitions, replicationFactor, assignments, settings };
}

function created(
  doors: Doors,
  topic: TopicImage,
  own: ReadonlyMap<string, string>,
  validateOnly: boolean,
): CreateTopicsAnswer['topics'][number] {
  return {
    name: topic.name,
    ...(validateOnly ? undefined : { topicId: topic.id }),
    errorCode: errors.NONE,
    errorMessage: null,
    numPartitions: topic.partitions.length,
    replicationFactor: 1,
    configs: doors.settings.describeTopic(topic.name, own).map(({ name, value, isReadOnly, source, isSensitive }) => ({
      name,
      value,
      readOnly: isReadOnly,
      configSource: source,
      isSensitive,
    })),
  };
}

function refused(name: string, { errorCode, errorMessage }: Fault): CreateTopicsAnswer['topics'][number] {
  return { name, errorCode, errorMessage, configs: [] };
}

function repeated(name: string): CreateTopicsAnswer['topics'][number] {
  return refused(name, { errorCode: errors.INVALID_REQUEST, errorMessage: 'Duplicate topic name.' });
}
