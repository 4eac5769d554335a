/** What a membership is made of: its group, a cluster to talk to, and who owns the partitions. */
import type { Cluster } from '../../cluster/cluster.ts';
import type { RebalanceMeter } from './group-metrics.ts';
import type { PartitionOwner } from './membership.ts';

/** What group members need of a `Cluster`. */
export type GroupCluster = Pick<Cluster, 'host' | 'config' | 'metadata' | 'coordinators' | 'request' | 'retry'>;

export interface MemberConfig {
  readonly 'group.id': string;
  readonly 'group.instance.id': string | null;
  readonly 'session.timeout.ms': number;
  readonly 'heartbeat.interval.ms': number;
  readonly 'max.poll.interval.ms': number;
  readonly 'exclude.internal.topics': boolean;
}

export interface MemberOptions {
  readonly cluster: GroupCluster;
  readonly config: MemberConfig;
  readonly owner: PartitionOwner;
  readonly meter?: RebalanceMeter | undefined;
  /** When the user last got on, for a member that would leave because he did not; undefined where nobody reads. */
  readonly lookAtUser?: (() => number | undefined) | undefined;
}
