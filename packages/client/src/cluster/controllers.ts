/** The controllers of a cluster, asked for by themselves (KIP-919). In: the answer to DescribeCluster. Out: the same as if it were Metadata. */
import { errors, type MetadataResponse } from '@millrace/protocol';

import { answerError } from '../error.ts';
import type { Cluster } from './cluster.ts';

const controllers = 2;

/** Throws `ClientError`: UNSUPPORTED or MISMATCHED_ENDPOINT_TYPE of what is no controller. */
export async function controllersOf(cluster: Cluster): Promise<MetadataResponse> {
  const answer = await cluster.request('any', 'describeCluster', {
    includeClusterAuthorizedOperations: false,
    endpointType: controllers,
  });
  const { brokers, clusterId, controllerId, clusterAuthorizedOperations, errorCode, errorMessage, throttleTimeMs } =
    answer;
  if (errorCode !== errors.NONE)
    throw answerError(errorCode, 'Looking up controllers (bootstrap.controllers)', errorMessage);
  return {
    throttleTimeMs,
    clusterId,
    controllerId,
    clusterAuthorizedOperations,
    errorCode,
    brokers: brokers.map(({ brokerId: nodeId, host, port, rack }) => ({ nodeId, host, port, rack })),
    topics: [],
  };
}
