/** Topics: made, grown, described, deleted. */
import { errors, zeroUuid } from '@millrace/protocol';

import { check, faultOf } from '../broker-errors.ts';
import { partitionsOf } from '../cluster.ts';
import { KafkaJSAggregateError, KafkaJSCreateTopicError, KafkaJSTimeout } from '../errors.ts';
import type { Admin, CreateTopics, ITopicConfig } from '../types/admin.ts';
import type { AdminParts } from './admin.ts';
import { checkFilledList, checkList, checkName, checkTopicList, wrong } from './checks.ts';
import { onController } from './on-controller.ts';

const timeoutMsDefault = 5000;
const lookAgainMs = 100;

type TopicCalls = Pick<
  Admin,
  'listTopics' | 'createTopics' | 'createPartitions' | 'deleteTopics' | 'fetchTopicMetadata'
>;

export function topicCalls(parts: AdminParts): TopicCalls {
  const { cluster } = parts;
  return {
    listTopics: async () => (await cluster.describeTopics(null)).topics.map(({ name }) => name ?? ''),
    fetchTopicMetadata: async ({ topics = [] } = { topics: [] }) => {
      for (const topic of topics ?? []) checkName('topic', topic);
      const answer = await cluster.describeTopics(topics === null || topics.length === 0 ? null : topics);
      return { topics: answer.topics.map((topic) => ({ name: topic.name ?? '', partitions: partitionsOf(topic) })) };
    },
    createTopics: async (options) => await createTopics(parts, options),
    createPartitions: async ({ topicPartitions, validateOnly = false, timeout = timeoutMsDefault }) => {
      checkFilledList('"topicPartitions"', topicPartitions);
      checkTopicList('"topicPartitions"', topicPartitions);
      await onController(parts, async () => {
        const { results } = await cluster.request('controller', 'createPartitions', {
          topics: topicPartitions.map(({ topic, count, assignments }) => ({
            name: topic,
            count,
            assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
          })),
          timeoutMs: timeout,
          validateOnly,
        });
        for (const { errorCode, errorMessage } of results) check(errorCode, errorMessage);
      });
      // Nothing, as it is in kafkajs, whatever its types say.
      return undefined as never;
    },
    deleteTopics: async ({ topics, timeout = timeoutMsDefault }) => {
      checkList('"topics"', topics);
      for (const topic of topics)
        if (typeof topic !== 'string') wrong(`"topics" has a ${typeof topic} where a name should be.`);
      const remove = async (): Promise<void> => {
        const { responses } = await cluster.request('controller', 'deleteTopics', (version) =>
          version < 6
            ? { topicNames: topics, timeoutMs: timeout }
            : { topics: topics.map((name) => ({ name, topicId: zeroUuid })), timeoutMs: timeout },
        );
        for (const { errorCode, errorMessage } of responses) check(errorCode, errorMessage);
        for (const topic of topics) cluster.targetTopics.delete(topic);
        await cluster.refreshMetadata();
      };
      await onController(parts, remove, ['UNKNOWN_TOPIC_OR_PARTITION']);
    },
  };
}

/** False when all of them are there already. */
async function createTopics(parts: AdminParts, options: CreateTopics): Promise<boolean> {
  const { topics, validateOnly = false, timeout = timeoutMsDefault, waitForLeaders = true } = options;
  checkTopicList('"topics"', topics);
  for (const topic of topics) checkEntries(topic);
  return await onController(parts, async () => {
    const answer = await parts.cluster.request('controller', 'createTopics', {
      topics: topics.map((topic) => ({
        name: topic.topic,
        numPartitions: topic.replicaAssignment === undefined ? (topic.numPartitions ?? -1) : -1,
        replicationFactor: topic.replicaAssignment === undefined ? (topic.replicationFactor ?? -1) : -1,
        assignments: (topic.replicaAssignment ?? []).map(({ partition, replicas }) => ({
          partitionIndex: partition,
          brokerIds: replicas,
        })),
        configs: (topic.configEntries ?? []).map(({ name, value }) => ({ name, value })),
      })),
      timeoutMs: timeout,
      validateOnly,
    });
    const failed = answer.topics.filter(({ errorCode }) => errorCode !== errors.NONE);
    if (failed.length > 0 && failed.every(({ errorCode }) => errorCode === errors.TOPIC_ALREADY_EXISTS)) return false;
    if (failed.length > 0) {
      const reasons = failed.map(
        ({ name, errorCode, errorMessage }) => new KafkaJSCreateTopicError(faultOf(errorCode, errorMessage), name),
      );
      throw new KafkaJSAggregateError(
        `Some topics could not be made: ${reasons.map(({ topic, message }) => `${topic} (${message})`).join(', ')}`,
        reasons,
      );
    }
    if (waitForLeaders && !validateOnly)
      await untilLed(
        parts,
        topics.map(({ topic }) => topic),
        timeout,
      );
    return true;
  });
}

function checkEntries({ topic, configEntries }: ITopicConfig): void {
  if (configEntries === undefined || configEntries === null) return;
  checkList(`"configEntries" of "${topic}"`, configEntries);
  for (const entry of configEntries as unknown[]) {
    if (typeof entry !== 'object' || entry === null)
      wrong(`"configEntries" of "${topic}" has a ${typeof entry}; it takes objects.`);
    for (const property of ['name', 'value'])
      if (typeof (entry as Record<string, unknown>)[property] !== 'string')
        wrong(`"configEntries" of "${topic}" has an entry whose "${property}" is no text.`);
  }
}

/** Until every broker that is asked knows leaders for all partitions. */
async function untilLed({ cluster }: AdminParts, topics: readonly string[], timeoutMs: number): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const answer = await cluster.request('controller', 'metadata', {
      topics: topics.map((name) => ({ topicId: zeroUuid, name })),
      allowAutoTopicCreation: false,
    });
    const isLed = answer.topics.every(
      ({ errorCode, partitions }) => errorCode === errors.NONE && partitions.every(({ leaderId }) => leaderId >= 0),
    );
    if (isLed) return;
    if (Date.now() >= endMs) throw new KafkaJSTimeout('The topics are made, and have no leaders yet.');
    await new Promise<void>((resolve) => void setTimeout(resolve, lookAgainMs));
  }
}
