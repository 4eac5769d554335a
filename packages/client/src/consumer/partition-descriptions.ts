/** What users see of a topic's partitions. */
import { errors } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import { type BrokerNode, type TopicMetadata, topicMetadataOf } from '../cluster/topic-metadata.ts';
import type { TopicPartition } from '../record.ts';

export interface PartitionDescription extends TopicPartition {
  /** Undefined while there is none. */
  readonly leader: BrokerNode | undefined;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  /** The replicas in sync. */
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export function partitionsOf(
  { name, partitions }: TopicMetadata,
  nodes: ReadonlyMap<number, BrokerNode>,
): PartitionDescription[] {
  return partitions.map(({ index, leaderId, leaderEpoch, replicas, isr, offlineReplicas }) => ({
    topic: name,
    partition: index,
    leader: nodes.get(leaderId),
    leaderEpoch,
    replicas,
    isr,
    offlineReplicas,
  }));
}

/** One try. Throws `ClientError`. */
export async function allTopics(cluster: Cluster): Promise<Map<string, PartitionDescription[]>> {
  const answer = await cluster.request('any', 'metadata', {
    topics: null,
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  });
  const nodes = new Map(answer.brokers.map(({ nodeId: id, host, port, rack }) => [id, { id, host, port, rack }]));
  const found = answer.topics.filter(({ errorCode, name }) => errorCode === errors.NONE && name !== null);
  return new Map(found.map((topic) => [topic.name!, partitionsOf(topicMetadataOf(topic, topic.name!), nodes)]));
}
