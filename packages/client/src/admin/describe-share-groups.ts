import type { Cluster } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import type { DescribeGroupsOptions } from './describe-classic-groups.ts';
import { partitionsOf } from './describe-consumer-groups.ts';
import { describeGroups, type GroupDescription } from './describe-groups.ts';

export interface ShareGroupMember {
  readonly memberId: string;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly memberEpoch: number;
  readonly assignment: readonly TopicPartition[];
}

export interface ShareGroupDescription extends GroupDescription {
  readonly members: readonly ShareGroupMember[];
}

export function describeShareGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<ShareGroupDescription[]> {
  return describeGroups(cluster, groupIds, options, {
    type: 'share',
    ask: (call, target, request) => call.request(target, 'shareGroupDescribe', request),
    more: ({ members }) => ({
      members: members.map(({ memberId, rackId, clientId, clientHost: host, memberEpoch, assignment }) => ({
        memberId,
        rackId,
        clientId,
        host,
        memberEpoch,
        assignment: partitionsOf(assignment),
      })),
    }),
  });
}
