/**
 * DescribeQuorum (55), versions 0 to 2. In: the metadata partition, by the name Kafka gives it. Out: a quorum of one, this node, with
 * the end of its metadata log.
 */
import { apis, errors, zeroUuid, type DescribeQuorumRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';

const metadataTopic = '__cluster_metadata';
/** The first version that names the voters' directories and endpoints. */
const nodesSince = 2;

export function describeQuorum(
  doors: Doors,
  request: DescribeQuorumRequest,
  exchange: Exchange,
): Answer<typeof apis.describeQuorum> {
  const nowMs = doors.host.clock.now();
  const self = {
    replicaId: doors.nodeId,
    ...(exchange.apiVersion < nodesSince ? undefined : { replicaDirectoryId: zeroUuid }),
    logEndOffset: doors.metadata.endOffset,
    lastFetchTimestamp: nowMs,
    lastCaughtUpTimestamp: nowMs,
  };
  return {
    errorCode: errors.NONE,
    errorMessage: '',
    topics: request.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => {
        const isKnown = topicName === metadataTopic && partitionIndex === 0;
        return {
          partitionIndex,
          errorCode: isKnown ? errors.NONE : errors.UNKNOWN_TOPIC_OR_PARTITION,
          errorMessage: '',
          leaderId: isKnown ? doors.nodeId : -1,
          leaderEpoch: isKnown ? doors.metadata.epoch : -1,
          highWatermark: isKnown ? doors.metadata.endOffset : -1,
          currentVoters: isKnown ? [self] : [],
          observers: [],
        };
      }),
    })),
    ...(exchange.apiVersion < nodesSince
      ? undefined
      : { nodes: [{ nodeId: doors.nodeId, listeners: [...doors.endpoints('controller')] }] }),
  };
}
