import type { Cluster } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/topic-metadata.ts';
import { isClientError } from '../error.ts';
import type { AclOperation } from './acl-words.ts';
import { operationsOf } from './authorized-operations.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';

export interface DescribeClusterOptions extends CallOptions {
  readonly includeAuthorizedOperations?: boolean | undefined;
  /** Also brokers that are registered but not alive. */
  readonly includeFencedBrokers?: boolean | undefined;
}

export interface ClusterNode extends BrokerNode {
  readonly isFenced: boolean;
}

export interface ClusterDescription {
  readonly clusterId: string;
  /** In a KRaft cluster any broker that passes requests on; undefined while there is none. */
  readonly controllerId: number | undefined;
  readonly nodes: readonly ClusterNode[];
  readonly authorizedOperations: readonly AclOperation[] | undefined;
}

/** Brokers before 2.8 are asked by Metadata. */
export function describeCluster(cluster: Cluster, options: DescribeClusterOptions): Promise<ClusterDescription> {
  return Call.run(cluster, 'Describing the cluster', options, (call) =>
    call.retry(async () => {
      try {
        return await byDescribeCluster(call, options);
      } catch (error) {
        if (!isClientError(error) || error.code !== 'UNSUPPORTED' || options.includeFencedBrokers === true) throw error;
        if (cluster.nodes === 'controllers') throw error;
        return await byMetadata(call, options);
      }
    }),
  );
}

async function byDescribeCluster(call: Call, options: DescribeClusterOptions): Promise<ClusterDescription> {
  const answer = await call.request('any', 'describeCluster', {
    includeClusterAuthorizedOperations: options.includeAuthorizedOperations ?? false,
    includeFencedBrokers: options.includeFencedBrokers ?? false,
    ...(call.cluster.nodes === 'controllers' && { endpointType: 2 }),
  });
  checkAnswer(answer.errorCode, 'Describing the cluster', answer.errorMessage);
  const { clusterId, controllerId, brokers, clusterAuthorizedOperations } = answer;
  return {
    clusterId,
    controllerId: controllerId < 0 ? undefined : controllerId,
    nodes: brokers.map(({ brokerId: id, host, port, rack, isFenced }) => ({ id, host, port, rack, isFenced })),
    authorizedOperations: operationsOf(clusterAuthorizedOperations),
  };
}

async function byMetadata(call: Call, options: DescribeClusterOptions): Promise<ClusterDescription> {
  const { clusterId, controllerId, brokers, clusterAuthorizedOperations } = await call.request('any', 'metadata', {
    topics: [],
    allowAutoTopicCreation: true,
    ...(options.includeAuthorizedOperations === true ? { includeClusterAuthorizedOperations: true } : {}),
  });
  return {
    clusterId: clusterId ?? '',
    controllerId: controllerId < 0 ? undefined : controllerId,
    nodes: brokers.map(({ nodeId: id, host, port, rack }) => ({ id, host, port, rack, isFenced: false })),
    authorizedOperations: operationsOf(clusterAuthorizedOperations),
  };
}
