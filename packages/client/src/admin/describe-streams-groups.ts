import type { ExactResponse } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/topic-metadata.ts';
import type { AclOperation } from './acl-words.ts';
import { operationsOf } from './authorized-operations.ts';
import { Call } from './call.ts';
import type { DescribeGroupsOptions } from './describe-classic-groups.ts';
import { runErrand } from './errand.ts';
import { coordinatorOf, type GroupState, groupStateOf, toGroups, whatOfGroup } from './groups.ts';

type WireGroup = ExactResponse<'streamsGroupDescribe'>['groups'][number];

export type StreamsGroupMember = Omit<WireGroup['members'][number], 'clientHost' | 'instanceId'> & {
  readonly groupInstanceId: string | null;
  readonly host: string;
};

export interface StreamsGroupDescription {
  readonly groupId: string;
  readonly state: GroupState;
  readonly coordinator: BrokerNode;
  readonly members: readonly StreamsGroupMember[];
  /** Null until a member has told it. */
  readonly topology: WireGroup['topology'];
  readonly groupEpoch: number;
  readonly targetAssignmentEpoch: number;
  readonly authorizedOperations: readonly AclOperation[] | undefined;
}

/** Groups of Kafka Streams with `group.protocol=streams` (KIP-1071). */
export function describeStreamsGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<StreamsGroupDescription[]> {
  return Call.run(cluster, 'Describing streams groups', options, (call) =>
    runErrand<string, StreamsGroupDescription>(call, groupIds, {
      nameOf: (groupId) => groupId,
      what: whatOfGroup('Describing'),
      route: toGroups,
      async ask(target, share, fates) {
        const { groups } = await call.request(target, 'streamsGroupDescribe', {
          groupIds: share,
          includeAuthorizedOperations: options.includeAuthorizedOperations ?? false,
        });
        const coordinator = await coordinatorOf(call, share[0]!);
        for (const group of groups)
          fates.take(group.groupId, group.errorCode, group.errorMessage, () => ({
            groupId: group.groupId,
            state: groupStateOf(group.groupState),
            coordinator,
            members: group.members.map(({ clientHost, instanceId, ...member }) => ({
              ...member,
              groupInstanceId: instanceId,
              host: clientHost,
            })),
            topology: group.topology,
            groupEpoch: group.groupEpoch,
            targetAssignmentEpoch: group.assignmentEpoch,
            authorizedOperations: operationsOf(group.authorizedOperations),
          }));
      },
    }),
  );
}
