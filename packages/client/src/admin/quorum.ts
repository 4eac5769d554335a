import type { ExactResponse } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import { ClientError } from '../error.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';

export interface QuorumReplica {
  readonly replicaId: number;
  readonly replicaDirectoryId: string;
  readonly logEndOffset: bigint;
  /** Undefined: not known. */
  readonly lastFetchTimestamp: number | undefined;
  readonly lastCaughtUpTimestamp: number | undefined;
}

export interface RaftVoterEndpoint {
  /** Of the listener. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface QuorumDescription {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: bigint;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  /** Where the voters are reached; empty where the broker does not tell. */
  readonly nodes: readonly { readonly nodeId: number; readonly endpoints: readonly RaftVoterEndpoint[] }[];
}

export interface RaftVoterOptions extends CallOptions {
  /** The change is refused in any other cluster. */
  readonly clusterId?: string | undefined;
}

/** The log of the controllers. */
const topicName = '__cluster_metadata';

export function describeMetadataQuorum(cluster: Cluster, options: CallOptions): Promise<QuorumDescription> {
  const what = 'Describing the metadata quorum';
  return Call.run(cluster, what, options, (call) =>
    call.retry(async () => {
      const answer = await call.request('any', 'describeQuorum', {
        topics: [{ topicName, partitions: [{ partitionIndex: 0 }] }],
      });
      checkAnswer(answer.errorCode, what, answer.errorMessage);
      const partition = answer.topics[0]?.partitions[0];
      if (partition === undefined) throw new ClientError('BROKEN_ANSWER', `${what}: the answer tells nothing of it.`);
      checkAnswer(partition.errorCode, what, partition.errorMessage);
      return {
        leaderId: partition.leaderId,
        leaderEpoch: partition.leaderEpoch,
        highWatermark: partition.highWatermark,
        voters: partition.currentVoters.map(replicaOf),
        observers: partition.observers.map(replicaOf),
        nodes: answer.nodes.map(({ nodeId, listeners }) => ({ nodeId, endpoints: listeners })),
      };
    }),
  );
}

type WireReplica = ExactResponse<'describeQuorum'>['topics'][number]['partitions'][number]['observers'][number];

function replicaOf(replica: WireReplica): QuorumReplica {
  const { replicaId, replicaDirectoryId, logEndOffset, lastFetchTimestamp, lastCaughtUpTimestamp } = replica;
  return {
    replicaId,
    replicaDirectoryId,
    logEndOffset,
    lastFetchTimestamp: lastFetchTimestamp < 0 ? undefined : lastFetchTimestamp,
    lastCaughtUpTimestamp: lastCaughtUpTimestamp < 0 ? undefined : lastCaughtUpTimestamp,
  };
}

export function addRaftVoter(
  cluster: Cluster,
  voterId: number,
  voterDirectoryId: string,
  endpoints: readonly RaftVoterEndpoint[],
  { clusterId, ...options }: RaftVoterOptions,
): Promise<void> {
  const what = `Adding voter ${voterId}`;
  return Call.run(cluster, what, options, (call) =>
    call.retry(async () => {
      const { errorCode, errorMessage } = await call.request('controller', 'addRaftVoter', {
        clusterId: clusterId ?? null,
        timeoutMs: call.brokerTimeoutMs,
        voterId,
        voterDirectoryId,
        listeners: endpoints,
      });
      checkAnswer(errorCode, what, errorMessage);
    }),
  );
}

export function removeRaftVoter(
  cluster: Cluster,
  voterId: number,
  voterDirectoryId: string,
  { clusterId, ...options }: RaftVoterOptions,
): Promise<void> {
  const what = `Removing voter ${voterId}`;
  return Call.run(cluster, what, options, (call) =>
    call.retry(async () => {
      const { errorCode, errorMessage } = await call.request('controller', 'removeRaftVoter', {
        clusterId: clusterId ?? null,
        voterId,
        voterDirectoryId,
      });
      checkAnswer(errorCode, what, errorMessage);
    }),
  );
}
