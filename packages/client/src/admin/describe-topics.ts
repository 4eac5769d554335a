import { type ExactResponse, zeroUuid } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import type { PartitionMetadata } from '../cluster/topic-metadata.ts';
import { ClientError, isClientError } from '../error.ts';
import type { AclOperation } from './acl-words.ts';
import { operationsOf } from './authorized-operations.ts';
import { Call, type CallOptions } from './call.ts';
import { nameOfTopic, type TopicReference } from './delete-topics.ts';
import { type Fates, runErrand } from './errand.ts';
import { toAny } from './routes.ts';

export interface DescribeTopicsOptions extends CallOptions {
  /** Also what this client may do with them. */
  readonly includeAuthorizedOperations?: boolean | undefined;
  /** At most so many partitions in one answer; more are asked for in turn. */
  readonly partitionSizeLimitPerResponse?: number | undefined;
}

export interface DescribedPartition extends PartitionMetadata {
  /** Replicas out of sync that may lead all the same, as they lack nothing that is committed (KIP-966). Undefined: not told. */
  readonly eligibleLeaderReplicas: readonly number[] | undefined;
  readonly lastKnownEligibleLeaderReplicas: readonly number[] | undefined;
}

export interface TopicDescription {
  readonly name: string;
  readonly topicId: string;
  readonly isInternal: boolean;
  /** By index. */
  readonly partitions: readonly DescribedPartition[];
  readonly authorizedOperations: readonly AclOperation[] | undefined;
}

export function describeTopics(
  cluster: Cluster,
  topics: readonly TopicReference[],
  options: DescribeTopicsOptions,
): Promise<TopicDescription[]> {
  return Call.run(cluster, 'Describing topics', options, (call) =>
    runErrand<TopicReference, TopicDescription>(call, topics, {
      nameOf: nameOfTopic,
      what: (topic) => `Describing topic "${nameOfTopic(topic)}"`,
      route: toAny,
      async ask(_target, share, fates) {
        const names = share.filter((topic) => typeof topic === 'string');
        const ids = share.filter((topic) => typeof topic !== 'string').map(({ topicId }) => topicId);
        if (ids.length > 0) await describeByMetadata(call, ids, true, options, fates);
        if (names.length === 0) return;
        try {
          await describeByPages(call, names, options, fates);
        } catch (error) {
          if (!isClientError(error) || error.code !== 'UNSUPPORTED') throw error;
          await describeByMetadata(call, names, false, options, fates);
        }
      },
    }),
  );
}

/** The broker goes on where it stopped; a topic with many partitions may come in several parts. */
async function describeByPages(
  call: Call,
  names: readonly string[],
  options: DescribeTopicsOptions,
  fates: Fates<TopicDescription>,
): Promise<void> {
  let rest = names.toSorted();
  let cursor: Cursor | null = null;
  const told = new Map<string, { readonly errorCode: number; readonly topic: TopicDescription }>();
  for (;;) {
    const answer: ExactResponse<'describeTopicPartitions'> = await call.request('any', 'describeTopicPartitions', {
      topics: rest.map((name) => ({ name })),
      responsePartitionLimit: options.partitionSizeLimitPerResponse ?? 2000,
      cursor,
    });
    for (const {
      name: known,
      topicId,
      isInternal,
      errorCode,
      partitions,
      topicAuthorizedOperations,
    } of answer.topics) {
      const name = known ?? '';
      const before = told.get(name)?.topic.partitions ?? [];
      const authorizedOperations =
        options.includeAuthorizedOperations === true ? operationsOf(topicAuthorizedOperations) : undefined;
      const all = [...before, ...partitions.map((partition) => partitionOf(partition))];
      told.set(name, { errorCode, topic: { name, topicId, isInternal, partitions: all, authorizedOperations } });
    }
    if (answer.nextCursor === null) break;
    if (cursor !== null && !isBeyond(cursor, answer.nextCursor))
      throw new ClientError('BROKEN_ANSWER', 'A broker that describes topics goes on where it was already.');
    const { topicName } = (cursor = answer.nextCursor);
    rest = rest.filter((name) => name >= topicName);
  }
  // Only now: half a topic is none.
  for (const [name, { errorCode, topic }] of told) fates.take(name, errorCode, null, () => topic);
}

interface Cursor {
  readonly topicName: string;
  readonly partitionIndex: number;
}

function isBeyond(last: Cursor, next: Cursor): boolean {
  return next.topicName === last.topicName
    ? next.partitionIndex > last.partitionIndex
    : next.topicName > last.topicName;
}

async function describeByMetadata(
  call: Call,
  names: readonly string[],
  isById: boolean,
  options: DescribeTopicsOptions,
  fates: Fates<TopicDescription>,
): Promise<void> {
  const answer = await call.request('any', 'metadata', (version) => {
    if (isById && version < firstVersionById) throw noIds(version);
    return {
      topics: names.map((name) => (isById ? { topicId: name, name: null } : { topicId: zeroUuid, name })),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: options.includeAuthorizedOperations ?? false,
    };
  });
  for (const { name, topicId, isInternal, errorCode, partitions, topicAuthorizedOperations } of answer.topics)
    fates.take(isById ? topicId : (name ?? ''), errorCode, null, () => ({
      name: name ?? '',
      topicId,
      isInternal,
      partitions: partitions.map((partition) => partitionOf(partition)).toSorted((a, b) => a.index - b.index),
      authorizedOperations: operationsOf(topicAuthorizedOperations),
    }));
}

/** Versions 10 and 11 have a place for ids, and brokers that know no newer one refuse it (KIP-516). */
const firstVersionById = 12;

const noIds = (version: number): ClientError =>
  new ClientError(
    'UNSUPPORTED',
    `Topics cannot be described by their ids: the broker has Metadata up to version ${version}, and ids came with ${firstVersionById}. Ask by name.`,
  );

type WirePartition = ExactResponse<'metadata'>['topics'][number]['partitions'][number] & {
  readonly eligibleLeaderReplicas?: readonly number[] | null;
  readonly lastKnownElr?: readonly number[] | null;
};

function partitionOf(partition: WirePartition): DescribedPartition {
  return {
    index: partition.partitionIndex,
    leaderId: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    isr: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
    eligibleLeaderReplicas: partition.eligibleLeaderReplicas ?? undefined,
    lastKnownEligibleLeaderReplicas: partition.lastKnownElr ?? undefined,
  };
}
