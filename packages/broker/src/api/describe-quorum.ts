/**
 * DescribeQuorum (55), versions 0 to 2. In: the metadata partition, by the name Kafka gives it. Out: a quorum of one, this node, with
 * the end of its metadata log.
 */
import { apis, errors, zeroUuid, type DescribeQuorumRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';

type QuorumAnswer = Exclude<Awaited<Answer<typeof apis.describeQuorum>>, symbol>;

const metadataTopic = '__cluster_metadata';
/** The first version that names the voters' directories and endpoints. */
const nodesSince = 2;

export function describeQuorum(
  doors: Doors,
  request: DescribeQuorumRequest,
  exchange: Exchange,
): Answer<typeof apis.describeQuorum> {
  const hasNodes = exchange.apiVersion >= nodesSince;
  if (!isMetadata(request)) return { errorCode: errors.NONE, errorMessage: '', topics: unknown(request) };
  return {
    errorCode: errors.NONE,
    errorMessage: '',
    topics: [{ topicName: metadataTopic, partitions: [quorum(doors, hasNodes)] }],
    ...(hasNodes ? { nodes: [{ nodeId: doors.nodeId, listeners: [...doors.endpoints('controller')] }] } : undefined),
  };
}

/** As in Kafka all or nothing: the one partition, and no other. */
function isMetadata({ topics }: DescribeQuorumRequest): boolean {
  const [topic] = topics;
  if (topics.length !== 1 || topic?.topicName !== metadataTopic) return false;
  return topic.partitions.length === 1 && topic.partitions[0]?.partitionIndex === 0;
}

function unknown({ topics }: DescribeQuorumRequest): QuorumAnswer['topics'] {
  return topics.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode: errors.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: 'This server does not host this topic-partition.',
      leaderId: 0,
      leaderEpoch: 0,
      highWatermark: 0,
      currentVoters: [],
      observers: [],
    })),
  }));
}

function quorum(
  { nodeId, metadata, host }: Doors,
  hasNodes: boolean,
): QuorumAnswer['topics'][number]['partitions'][number] {
  const nowMs = host.clock.now();
  const self = {
    replicaId: nodeId,
    ...(hasNodes ? { replicaDirectoryId: zeroUuid } : undefined),
    logEndOffset: metadata.endOffset,
    lastFetchTimestamp: nowMs,
    lastCaughtUpTimestamp: nowMs,
  };
  return {
    partitionIndex: 0,
    errorCode: errors.NONE,
    errorMessage: '',
    leaderId: nodeId,
    leaderEpoch: metadata.epoch,
    highWatermark: metadata.endOffset,
    currentVoters: [self],
    observers: [],
  };
}
