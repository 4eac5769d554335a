/** Where leader epochs ended (KIP-320). In: what was read last of each partition. Out: whether its leader still has it. */
import { errors } from '@millrace/protocol';

import type { Cluster } from '../../cluster/cluster.ts';
import { answerError, ClientError, isClientError } from '../../error.ts';
import { partitionKey, type TopicPartition } from '../../record.ts';
import { leaderless } from './listed-offsets.ts';

export interface EpochQuery extends TopicPartition {
  /** Of what was read last. */
  readonly leaderEpoch: number;
  /** Of the leader that is asked. */
  readonly currentLeaderEpoch: number;
}

export interface EpochEnd {
  /** The newest epoch that the leader has up to the one that was asked for; -1 for none. */
  readonly leaderEpoch: number;
  /** Where it ended; -1 when that is not known. */
  readonly endOffset: bigint;
}

export interface EpochEnds {
  /** By `partitionKey`; `unknown` where a broker is too old to say. */
  readonly found: Map<string, EpochEnd | 'unknown'>;
  readonly failures: Map<string, ClientError>;
}

/** Older ones are for brokers only. */
const versionMin = 3;

/** One try for each partition. Never throws. */
export async function epochEnds(cluster: Cluster, queries: readonly EpochQuery[]): Promise<EpochEnds> {
  const ends: EpochEnds = { found: new Map(), failures: new Map() };
  const byLeader = Map.groupBy(
    queries,
    ({ topic, partition }) => cluster.metadata.partition(topic, partition)?.leaderId ?? -1,
  );
  await Promise.all(
    [...byLeader].map(async ([leaderId, asked]) => {
      try {
        if (leaderId >= 0) return await askLeader(cluster, leaderId, asked, ends);
        for (const query of asked)
          ends.failures.set(partitionKey(query.topic, query.partition), leaderless(cluster, query));
      } catch (error) {
        if (!isClientError(error)) throw error;
        for (const { topic, partition } of asked) ends.failures.set(partitionKey(topic, partition), error);
      }
    }),
  );
  return ends;
}

async function askLeader(
  cluster: Cluster,
  leaderId: number,
  queries: readonly EpochQuery[],
  { found, failures }: EpochEnds,
): Promise<void> {
  const connection = await cluster.connect(leaderId);
  if (
    !connection.versions.has('offsetForLeaderEpoch') ||
    connection.versions.choose('offsetForLeaderEpoch') < versionMin
  ) {
    for (const { topic, partition } of queries) found.set(partitionKey(topic, partition), 'unknown');
    return;
  }
  const topics = [...Map.groupBy(queries, ({ topic }) => topic)].map(([topic, partitions]) => ({ topic, partitions }));
  const answer = await connection.send('offsetForLeaderEpoch', { replicaId: -1, topics });
  for (const { topic, partitions } of answer.topics) {
    for (const { partition, errorCode, leaderEpoch, endOffset } of partitions) {
      const key = partitionKey(topic, partition);
      if (errorCode === errors.NONE) found.set(key, { leaderEpoch, endOffset });
      else
        failures.set(
          key,
          answerError(errorCode, `Asking where epoch ended in ${topic}-${partition}`, null, {
            broker: connection.broker,
          }),
        );
    }
  }
  for (const { topic, partition } of queries) {
    const key = partitionKey(topic, partition);
    if (!found.has(key) && !failures.has(key))
      failures.set(
        key,
        new ClientError(
          'BROKEN_ANSWER',
          `${connection.broker} said nothing of ${topic}-${partition}, which it was asked for.`,
        ),
      );
  }
}
