import type { MetadataResponse } from '@millrace/protocol';

import { ClientError } from '../error.ts';

export interface BrokerNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionMetadata {
  readonly index: number;
  /** -1 while there is none. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  /** The replicas in sync. */
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
  readonly topicId: string;
  readonly isInternal: boolean;
  /** By index. */
  readonly partitions: readonly PartitionMetadata[];
}

type TopicAnswer = MetadataResponse['topics'][number];

/**
 * What an answer says of a topic. A leader of an older epoch than the known one is old news, and is left out (KIP-320).
 * Throws `ClientError` BROKEN_ANSWER when partitions are missing.
 */
export function topicMetadataOf(
  { topicId, isInternal, partitions }: TopicAnswer,
  name: string,
  known?: TopicMetadata,
): TopicMetadata {
  const before = known?.topicId === topicId ? known.partitions : [];
  const sorted = partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
  return {
    name,
    topicId,
    isInternal,
    partitions: sorted.map((partition, at) => {
      if (partition.partitionIndex !== at) {
        const text = `A broker named partition ${partition.partitionIndex} of topic "${name}" where ${at} was due.`;
        throw new ClientError('BROKEN_ANSWER', text);
      }
      const { partitionIndex: index, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas } = partition;
      const last = before[index];
      if (last !== undefined && leaderEpoch >= 0 && leaderEpoch < last.leaderEpoch) return last;
      return { index, leaderId, leaderEpoch, replicas: replicaNodes, isr: isrNodes, offlineReplicas };
    }),
  };
}
