import type { Cluster } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/topic-metadata.ts';
import type { TopicPartition } from '../record.ts';
import type { AclOperation } from './acl-words.ts';
import { operationsOf } from './authorized-operations.ts';
import { Call } from './call.ts';
import type { DescribeGroupsOptions } from './describe-classic-groups.ts';
import { partitionsOf } from './describe-consumer-groups.ts';
import { runErrand } from './errand.ts';
import { coordinatorOf, type GroupState, groupStateOf, toGroups, whatOfGroup } from './groups.ts';

export interface ShareGroupMember {
  readonly memberId: string;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly memberEpoch: number;
  readonly assignment: readonly TopicPartition[];
}

export interface ShareGroupDescription {
  readonly groupId: string;
  readonly state: GroupState;
  readonly coordinator: BrokerNode;
  readonly members: readonly ShareGroupMember[];
  readonly groupEpoch: number;
  readonly targetAssignmentEpoch: number;
  readonly authorizedOperations: readonly AclOperation[] | undefined;
}

export function describeShareGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeGroupsOptions,
): Promise<ShareGroupDescription[]> {
  return Call.run(cluster, 'Describing share groups', options, (call) =>
    runErrand<string, ShareGroupDescription>(call, groupIds, {
      nameOf: (groupId) => groupId,
      what: whatOfGroup('Describing'),
      route: toGroups,
      async ask(target, share, fates) {
        const { groups } = await call.request(target, 'shareGroupDescribe', {
          groupIds: share,
          includeAuthorizedOperations: options.includeAuthorizedOperations ?? false,
        });
        const coordinator = await coordinatorOf(call, share[0]!);
        for (const group of groups)
          fates.take(group.groupId, group.errorCode, group.errorMessage, () => ({
            groupId: group.groupId,
            state: groupStateOf(group.groupState),
            coordinator,
            members: group.members.map((member) => ({
              memberId: member.memberId,
              rackId: member.rackId,
              clientId: member.clientId,
              host: member.clientHost,
              memberEpoch: member.memberEpoch,
              assignment: partitionsOf(member.assignment),
            })),
            groupEpoch: group.groupEpoch,
            targetAssignmentEpoch: group.assignmentEpoch,
            authorizedOperations: operationsOf(group.authorizedOperations),
          }));
      },
    }),
  );
}
