import type { ExactResponse } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import type { DescribeGroupsOptions } from './describe-classic-groups.ts';
import { describeGroups, type GroupDescription } from './describe-groups.ts';

type WireGroup = ExactResponse<'streamsGroupDescribe'>['groups'][number];

export type StreamsGroupMember = Omit<WireGroup['members'][number], 'clientHost' | 'instanceId'> & {
  readonly groupInstanceId: string | null;
  readonly host: string;
};

export interface StreamsGroupDescription extends GroupDescription {
  readonly members: readonly StreamsGroupMember[];
  /** Null until a member has told it. */
  readonly topology: WireGroup['topology'];
}

/** Groups of Kafka Streams with `group.protocol=streams` (KIP-1071). */
export function describeStreamsGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<StreamsGroupDescription[]> {
  return describeGroups(cluster, groupIds, options, {
    type: 'streams',
    ask: (call, target, request) => call.request(target, 'streamsGroupDescribe', request),
    more: ({ members, topology }) => ({
      members: members.map(({ clientHost: host, instanceId: groupInstanceId, ...member }) => ({
        ...member,
        groupInstanceId,
        host,
      })),
      topology,
    }),
  });
}
