/** Offsets of topics and of groups. */
import { check } from '../broker-errors.ts';
import { describeGroup } from '../consumer/consumer.ts';
import { retrier } from '../retry.ts';
import type { Admin, SeekEntry } from '../types/admin.ts';
import type { AdminParts } from './admin.ts';
import { checkList, checkName, wrong } from './checks.ts';

/** Newer versions name topics by their ids. */
const commitVersionMax = 9;
const fetchVersionMax = 7;
const latest = -1;
const earliest = -2;

type OffsetCalls = Pick<
  Admin,
  'fetchTopicOffsets' | 'fetchTopicOffsetsByTimestamp' | 'fetchOffsets' | 'setOffsets' | 'resetOffsets'
>;

export function offsetCalls(parts: AdminParts): OffsetCalls {
  const { cluster } = parts;
  const fetchTopicOffsets = async (topic: string) => {
    checkName('topic', topic);
    return await ofTopic(parts, topic, async (partitions) => {
      const [high] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning: false }]);
      const [low] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning: true }]);
      return (high?.partitions ?? []).map(({ partition, offset }) => ({
        partition,
        offset,
        high: offset,
        low: low?.partitions.find((other) => other.partition === partition)?.offset ?? '',
      }));
    });
  };
  return {
    fetchTopicOffsets,
    fetchTopicOffsetsByTimestamp: async (topic, timestamp = latest) => {
      checkName('topic', topic);
      return await ofTopic(parts, topic, async (partitions) => {
        const [high] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning: false }]);
        const [found] = await cluster.fetchTopicsOffset([{ topic, partitions, fromTimestamp: timestamp }]);
        return (found?.partitions ?? []).map(({ partition, offset }) => ({
          partition,
          offset:
            BigInt(offset) >= 0n
              ? offset
              : (high?.partitions.find((other) => other.partition === partition)?.offset ?? offset),
        }));
      });
    },
    fetchOffsets: async (options) => await fetchOffsets(parts, options, fetchTopicOffsets),
    setOffsets: async (options) => await setOffsets(parts, options),
    resetOffsets: async ({ groupId, topic, earliest: isEarliest }) => {
      checkName('groupId', groupId);
      checkName('topic', topic);
      const offset = String(isEarliest ? earliest : latest);
      const partitions = (await partitionsOf(parts, topic)).map((partition) => ({ partition, offset }));
      await setOffsets(parts, { groupId, topic, partitions });
    },
  };
}

async function ofTopic<T>(
  parts: AdminParts,
  topic: string,
  ask: (partitions: { partition: number }[]) => Promise<T>,
): Promise<T> {
  const { cluster, retry } = parts;
  return await retrier(retry)(async (bail) => {
    try {
      const partitions = await partitionsOf(parts, topic);
      return await ask(partitions.map((partition) => ({ partition })));
    } catch (error) {
      if ((error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION') bail(error);
      await cluster.refreshMetadata();
      throw error;
    }
  });
}

async function partitionsOf({ cluster }: AdminParts, topic: string): Promise<number[]> {
  await cluster.addTargetTopic(topic);
  await cluster.refreshMetadataIfNecessary();
  return cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
}

async function fetchOffsets(
  parts: AdminParts,
  { groupId, topics = [], resolveOffsets = false }: Parameters<Admin['fetchOffsets']>[0],
  fetchTopicOffsets: Admin['fetchTopicOffsets'],
): ReturnType<Admin['fetchOffsets']> {
  checkName('groupId', groupId);
  checkList('"topics"', topics);
  const wanted = await Promise.all(
    topics.map(async (name) => ({ name, partitionIndexes: await partitionsOf(parts, name) })),
  );
  parts.cluster.forgetCoordinator('group', groupId);
  const answer = await parts.cluster.request(
    { type: 'group', key: groupId },
    'offsetFetch',
    { groupId, topics: wanted.length === 0 ? null : wanted },
    { versionMax: fetchVersionMax },
  );
  check(answer.errorCode);
  const found = answer.topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.map(({ partitionIndex, committedOffset, metadata, errorCode }) => {
      check(errorCode);
      return {
        partition: partitionIndex,
        offset: String(committedOffset),
        metadata: metadata === '' ? null : metadata,
      };
    }),
  }));
  if (!resolveOffsets) return found;
  return await Promise.all(
    found.map(async ({ topic, partitions }) => {
      const known = new Map((await fetchTopicOffsets(topic)).map((entry) => [entry.partition, entry]));
      const resolved = partitions.map((entry) => {
        const { low, high } = known.get(entry.partition) ?? {};
        const special = Number(entry.offset) === earliest ? low : Number(entry.offset) === latest ? high : undefined;
        return { ...entry, offset: special ?? entry.offset };
      });
      await setOffsets(parts, { groupId, topic, partitions: resolved });
      return { topic, partitions: resolved };
    }),
  );
}

/** For groups without members only: those who read would not notice. */
async function setOffsets(
  parts: AdminParts,
  { groupId, topic, partitions }: { groupId: string; topic: string; partitions: SeekEntry[] },
): Promise<void> {
  checkName('groupId', groupId);
  checkName('topic', topic);
  if (!partitions || partitions.length === 0) wrong('"partitions" is empty.');
  const { cluster, retry } = parts;
  await cluster.addTargetTopic(topic);
  const { state } = await describeGroup(cluster, groupId, retry);
  if (state !== 'Empty' && state !== 'Dead')
    wrong(`Offsets of a group that reads cannot be set; group "${groupId}" is ${state}.`);
  const answer = await cluster.request(
    { type: 'group', key: groupId },
    'offsetCommit',
    {
      groupId,
      memberId: '',
      topics: [
        {
          name: topic,
          partitions: partitions.map(({ partition, offset }) => ({
            partitionIndex: partition,
            committedOffset: BigInt(offset),
            committedMetadata: null,
          })),
        },
      ],
    },
    { versionMax: commitVersionMax },
  );
  for (const { partitions } of answer.topics) for (const { errorCode } of partitions) check(errorCode);
}
