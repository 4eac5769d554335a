/** Offsets by time. In: partitions and the times that are asked for. Out: the first offset at or after each, from the leaders. */
import { errors } from '@millrace/protocol';

import type { Cluster } from '../../cluster/cluster.ts';
import { answerError, ClientError, isClientError } from '../../error.ts';
import { partitionKey, type TopicPartition } from '../../record.ts';

export const latestTimestamp = -1;
export const earliestTimestamp = -2;

export interface OffsetQuery extends TopicPartition {
  /** Ms since 1970, or one of the marks above. */
  readonly timestamp: number;
}

export interface ListedOffset {
  /** -1: no record is that young. */
  readonly offset: bigint;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

export interface ListedOffsets {
  /** By `partitionKey`. */
  readonly found: Map<string, ListedOffset>;
  readonly failures: Map<string, ClientError>;
}

export interface ListOptions {
  readonly isolationLevel: 0 | 1;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Of each, in the order asked for. Throws `ClientError`: what fails for good, or is still in the way when the time is over. */
export async function listOffsets(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  options: ListOptions,
): Promise<ListedOffset[]> {
  const found: ListedOffset[] = [];
  // A broker takes a partition once a request.
  for (let left = queries.map((query, index) => ({ query, index })); left.length > 0;) {
    const round = new Map<string, { readonly query: OffsetQuery; readonly index: number }>();
    const rest: typeof left = [];
    for (const one of left) {
      const key = partitionKey(one.query.topic, one.query.partition);
      if (round.has(key)) rest.push(one);
      else round.set(key, one);
    }
    const answers = await listDistinct(
      cluster,
      [...round.values()].map(({ query }) => query),
      options,
    );
    for (const [key, { index }] of round) found[index] = answers.get(key)!;
    left = rest;
  }
  return found;
}

async function listDistinct(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  { deadlineMs, isolationLevel, signal }: ListOptions,
): Promise<Map<string, ListedOffset>> {
  const found = new Map<string, ListedOffset>();
  const attempt = async (): Promise<void> => {
    const open = queries.filter(({ topic, partition }) => !found.has(partitionKey(topic, partition)));
    const topics = [...new Set(open.map(({ topic }) => topic))];
    await Promise.all(topics.map((topic) => cluster.metadata.topicReady(topic, deadlineMs)));
    const answer = await listOffsetsOnce(cluster, open, isolationLevel);
    for (const [key, offset] of answer.found) found.set(key, offset);
    const failures = [...answer.failures.values()];
    const failure = failures.find(({ retriable }) => !retriable) ?? failures[0];
    if (failure !== undefined) throw failure;
  };
  await cluster.retry(deadlineMs, attempt, signal);
  return found;
}

/** One try for each partition, by what is known of leaders now. Never throws. */
export async function listOffsetsOnce(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  isolationLevel: 0 | 1,
): Promise<ListedOffsets> {
  const found = new Map<string, ListedOffset>();
  const failures = new Map<string, ClientError>();
  const byLeader = new Map<number, OffsetQuery[]>();
  for (const query of queries) {
    const { topic, partition } = query;
    const leaderId = cluster.metadata.partition(topic, partition)?.leaderId ?? -1;
    if (leaderId < 0) failures.set(partitionKey(topic, partition), leaderless(cluster, query));
    else if (byLeader.has(leaderId)) byLeader.get(leaderId)!.push(query);
    else byLeader.set(leaderId, [query]);
  }
  await Promise.all(
    [...byLeader].map(async ([leaderId, asked]) => {
      try {
        await askLeader(cluster, leaderId, asked, isolationLevel, { found, failures });
      } catch (error) {
        if (!isClientError(error)) throw error;
        for (const { topic, partition } of asked) failures.set(partitionKey(topic, partition), error);
      }
    }),
  );
  return { found, failures };
}

/** Of a partition that has no leader at present. */
export function leaderless(cluster: Cluster, { topic, partition }: TopicPartition): ClientError {
  const known = cluster.metadata.topic(topic);
  if (known === undefined) {
    const fault = cluster.metadata.fault(topic);
    return fault ?? answerError(errors.UNKNOWN_TOPIC_OR_PARTITION, `Looking up topic "${topic}"`);
  }
  if (partition < known.partitions.length)
    return answerError(errors.LEADER_NOT_AVAILABLE, `Looking up the leader of ${topic}-${partition}`);
  const text = `Topic "${topic}" has ${known.partitions.length} partitions; there is no partition ${partition}.`;
  return new ClientError('UNKNOWN_TOPIC_OR_PARTITION', text);
}

async function askLeader(
  cluster: Cluster,
  leaderId: number,
  queries: readonly OffsetQuery[],
  isolationLevel: 0 | 1,
  { found, failures }: ListedOffsets,
): Promise<void> {
  const topics = [...Map.groupBy(queries, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, timestamp }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: cluster.metadata.partition(name, partition)?.leaderEpoch ?? -1,
      timestamp,
    })),
  }));
  const timeoutMs = cluster.config['request.timeout.ms'];
  const answer = await cluster.request(leaderId, 'listOffsets', { replicaId: -1, isolationLevel, topics, timeoutMs });
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode, offset, timestamp, leaderEpoch } of partitions) {
      const key = partitionKey(name, partitionIndex);
      if (errorCode === errors.NONE) found.set(key, { offset, timestamp, leaderEpoch });
      else failures.set(key, answerError(errorCode, `Asking for an offset of ${name}-${partitionIndex}`));
    }
  }
  for (const { topic, partition } of queries) {
    const key = partitionKey(topic, partition);
    if (!found.has(key) && !failures.has(key))
      failures.set(
        key,
        new ClientError(
          'BROKEN_ANSWER',
          `Broker ${leaderId} said nothing of ${topic}-${partition}, which it was asked for.`,
        ),
      );
  }
}
